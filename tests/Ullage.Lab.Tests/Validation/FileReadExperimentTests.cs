using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

/// <summary>Files read under limits on six real kernels (E4).</summary>
public sealed class FileReadExperimentTests
{
    private static readonly Lazy<IReadOnlyList<FidelityFigure>> Figures = new(() =>
        [.. GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), "E4-").SelectMany(each => FileReadExperiment.Compare(each, new ModelTarget(), new NobodyWatches()))]);

    private static IEnumerable<FidelityFigure> Of(string counter) => Figures.Value.Where(figure => figure.Counter.StartsWith(counter, StringComparison.Ordinal));

    private static double Share(IEnumerable<FidelityFigure> figures)
    {
        List<FidelityFigure> all = [.. figures];
        all.Count.ShouldBeGreaterThan(90);
        return all.Count(figure => figure.Passed == true) / (double)all.Count;
    }

    [Theory]
    [InlineData("hit ratio", 0.99)] // within 2 points
    [InlineData("pages read", 0.97)] // within 5 %
    [InlineData("refaults", 0.95)] // within 10 %
    [InlineData("pgscan", 0.93)] // within 15 %
    [InlineData("pgsteal", 0.93)]
    [InlineData("active share", 0.95)] // within 10 points
    public void CompareFindsFiguresAsMeasured(string counter, double least) => Share(Of(counter)).ShouldBeGreaterThan(least);

    [Fact]
    public void CompareRandomReadsWithRoomToThePage()
    {
        // What is read with advice: random and fits is a matter of the stream of draws alone. (6.18 was measured on a host that others used, too.)
        FidelityFigure[] exact = [.. Of("pages read").Where(figure => figure.Experiment.Kernel != "6.18" && figure.Experiment.Arguments.GetValueOrDefault("advice") == "random" && figure.Experiment.Id.Contains("-l110-", StringComparison.Ordinal))];
        exact.Length.ShouldBeGreaterThan(40);
        exact.Where(figure => figure.Difference != 0).Select(figure => figure.Experiment.Id).ShouldBeEmpty();
    }

    [Fact]
    public void CompareScansInOrderAsMeasured()
    {
        FidelityFigure scan = Of("pgscan").First(figure => figure.Experiment.Id.StartsWith("E4-5.10-v1-f64M-l25-seq3", StringComparison.Ordinal));
        scan.Model.ShouldBe(45144); // three times 16,384 pages less 4,008 that stay
        scan.Difference.ShouldBe(0);
    }

    [Fact]
    public void CompareLeavesOutOtherLrus()
    {
        MeasuredExperiment measured = GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), "E4-6.12")[0];
        FileReadExperiment.Compare(measured with { Lru = "mglru(0x0007)" }, new ModelTarget(), new NobodyWatches()).ShouldBeEmpty();
    }
}
