using Ullage.Lab.Tests.Model;
using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

public sealed class DentryExperimentTests
{
    public static IEnumerable<object[]> Measured => Read().Select(measured => new object[] { measured.Id });

    private static IReadOnlyList<MeasuredExperiment> Read() => GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), "E2-");

    [Theory]
    [MemberData(nameof(Measured))]
    public void CompareMeasuredReclaimOfDentriesHolds(string id)
    {
        MeasuredExperiment measured = Read().Single(each => each.Id == id);

        IReadOnlyList<FidelityFigure> figures = DentryExperiment.Compare(measured, new Watcher());

        figures.Where(figure => figure.Passed == false).Select(figure => $"{figure.Counter}: {figure.Model}, not {string.Join(", ", figure.Kernel)}").ShouldBeEmpty();
        figures.Count(figure => figure.Passed == true).ShouldBeGreaterThanOrEqualTo(8);
        // The stall is what the model is told about emulated machines, so it says nothing there; all else is judged.
        figures.Where(figure => figure.Passed is null).Select(figure => figure.Counter).ShouldBe(measured.Kernel is "4.15" or "6.18" ? [] : ["psi_delta_us.some"]);
    }

    [Fact]
    public void CompareOn415KeepsTheSlabsThatTheKernelKept()
    {
        MeasuredExperiment measured = Read().Single(each => each.Kernel == "4.15");

        IReadOnlyList<FidelityFigure> figures = DentryExperiment.Compare(measured, new Watcher());

        FidelityFigure Figure(string counter) => figures.Single(figure => figure.Counter == counter);
        Figure("kmem_slabinfo.dentry.num_slabs").Difference.ShouldBeInRange(-1, 1);
        Figure("memory.failcnt").Difference.ShouldBe(0);
    }
}
