using Ullage.Lab.Targets.Model;
using Ullage.Lab.Tests.Model;
using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

public sealed class DentryExperimentTests
{
    public static IEnumerable<object[]> Measured => Read().Select(measured => new object[] { measured.Id });

    private static IReadOnlyList<MeasuredExperiment> Read() => GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), "E2-");

    [Theory]
    [MemberData(nameof(Measured))]
    public void CompareMeasuredReclaimOfDentriesHoldsWhereTheKernelIsDeterministic(string id)
    {
        MeasuredExperiment measured = Read().Single(each => each.Id == id);

        IReadOnlyList<FidelityFigure> figures = DentryExperiment.Compare(measured, new ModelTarget(), new Watcher());

        figures.Where(figure => figure.Passed == false).Select(figure => $"{figure.Counter}: {figure.Model}, not {string.Join(", ", figure.Kernel)}").ShouldBeEmpty();
        figures.Count(figure => figure.Passed == true).ShouldBeGreaterThanOrEqualTo(4);
        figures.Where(figure => figure.Counter == "psi_delta_us.some").Select(figure => figure.Passed).ShouldBe(measured.Kernel switch { "4.15" => [], "6.18" => [true], _ => [null] });
    }

    [Fact]
    public void CompareOn415KeepsTheSlabsThatTheKernelKept()
    {
        MeasuredExperiment measured = Read().Single(each => each.Kernel == "4.15");

        IReadOnlyList<FidelityFigure> figures = DentryExperiment.Compare(measured, new ModelTarget(), new Watcher());

        FidelityFigure Figure(string counter) => figures.Single(figure => figure.Counter == counter);
        Figure("kmem_slabinfo.dentry.num_slabs").Difference.ShouldBeInRange(-1, 1);
        Figure("memory.failcnt").Difference.ShouldBe(0);
    }
}
