using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

/// <summary>E9 and E10: what a move leaves behind, and what removed cgroups leave, beside real kernels.</summary>
public sealed class CgroupLifeExperimentTests
{
    private static readonly string Directory = Path.Combine(Repo.Root, "tests", "data", "experiments");

    public static IEnumerable<object[]> Migrations => GroundTruth.Read(Directory, "E9-").Select(each => new object[] { each.Id });

    public static IEnumerable<object[]> Deaths => GroundTruth.Read(Directory, "E10-").Select(each => new object[] { each.Id });

    [Theory, MemberData(nameof(Migrations))]
    public void E9_UsageOfBothCgroupsAfterAMove_IsTheKernels(string id)
    {
        IReadOnlyList<FidelityFigure> figures = MigrationExperiment.Compare(GroundTruth.Read(Directory, id)[0], new ModelTarget(), new NobodyWatches());
        figures.Count.ShouldBeGreaterThanOrEqualTo(6);
        figures.Where(figure => figure.Passed != true).Select(Text).ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Deaths))]
    public void E10_DyingCgroupsAfter200Jobs_AreTheKernels(string id)
    {
        IReadOnlyList<FidelityFigure> figures = DyingExperiment.Compare(GroundTruth.Read(Directory, id)[0], new ModelTarget(), new NobodyWatches());
        figures.Count.ShouldBe(2);
        figures.Where(figure => figure.Passed != true).Select(Text).ShouldBeEmpty();
    }

    private static string Text(FidelityFigure figure) => $"{figure.Counter}: model {figure.Model}, kernel {string.Join(", ", figure.Kernel)}";
}
