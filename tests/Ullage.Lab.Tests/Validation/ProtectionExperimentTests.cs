using Ullage.Lab.Validation;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Validation;

/// <summary>E7: siblings under protection, as measured.</summary>
public sealed class ProtectionExperimentTests(ITestOutputHelper output)
{
    public static IEnumerable<object[]> Cases => GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), "E7-")
        .Where(each => each.Case.EndsWith("plain", StringComparison.Ordinal)).Select(each => new object[] { each.Id });

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
        figures.Count(figure => figure.Passed == false).ShouldBe(0);
    }
}
