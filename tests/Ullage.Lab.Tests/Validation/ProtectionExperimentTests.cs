using Ullage.Lab.Validation;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Validation;

/// <summary>E7: siblings under protection, as measured.</summary>
public sealed class ProtectionExperimentTests(ITestOutputHelper output)
{
    public static IEnumerable<object[]> Cases => GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), "E7-")
        .Select(each => new object[] { each.Id });

    [Theory]
    [MemberData(nameof(Cases))]
    public void SiblingsKeepWhatTheKernelLeavesThem(string id)
    {
        MeasuredExperiment measured = GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), id)[0];
        IReadOnlyList<FidelityFigure> figures = ProtectionExperiment.Compare(measured);
        foreach (FidelityFigure figure in figures)
        {
            output.WriteLine($"{figure.Passed} {figure.Counter} model {figure.Model} kernel {string.Join(", ", figure.Kernel)}");
        }
        figures.ShouldAllBe(figure => figure.Passed == true);
        figures.Count(figure => figure.Rule == FidelityRule.FivePercentOrMiB).ShouldBeGreaterThanOrEqualTo(6);
        figures.Count(figure => figure.Rule == FidelityRule.WithinFivePercent && figure.Kernel[0] > 0).ShouldBeGreaterThanOrEqualTo(1);
        figures.ShouldContain(figure => figure.Counter.EndsWith("rc", StringComparison.Ordinal) || figure.Counter == "rc170");
    }

    [Fact]
    public void EveryPlainCaseHasItsRecursiveOne()
    {
        string[] ids = [.. Cases.Select(each => (string)each[0])];
        ids.Length.ShouldBe(28);
        ids.Where(id => id.EndsWith("-plain", StringComparison.Ordinal)).Select(id => id.Replace("-plain", "-recursiveprot", StringComparison.Ordinal))
            .ShouldBe(ids.Where(id => id.EndsWith("-recursiveprot", StringComparison.Ordinal)));
    }
}
