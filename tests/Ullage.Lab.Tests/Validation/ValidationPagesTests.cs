using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

/// <summary>The pages with figures are what the command writes now, and no figure is missed.</summary>
public sealed class ValidationPagesTests
{
    private static readonly Lazy<IReadOnlyList<FidelityFigure>> Figures = new(() => Validator.Run(Path.Combine(Repo.Root, "tests", "data", "experiments")));

    [Fact]
    public void ValidationPageIsWhatTheCommandWrites() =>
        File.ReadAllText(Path.Combine(Repo.Root, "docs", "validation.md")).ShouldBe(
            ValidationReport.Write(Figures.Value, DeclaredDeviations.OfModel()), "run ./ullage validate");

    [Fact]
    public void EraPageIsWhatTheCommandWrites() =>
        File.ReadAllText(Path.Combine(Repo.Root, "docs", "eras.md")).ShouldBe(EraTable.Write(), "run ./ullage validate");

    [Fact]
    public void PagesTouchedBeforeTheKillAreTheKernels()
    {
        FidelityFigure[] pages = [.. Figures.Value.Where(figure => figure.Counter == "progress_ops" && figure.Rule == FidelityRule.WithinOnePage)];
        pages.Length.ShouldBeGreaterThan(10);
        pages.ShouldAllBe(figure => figure.Passed == true);
        pages.Where(figure => figure.Experiment.Case == "lim100M").ShouldAllBe(figure => figure.Model == 25548 && figure.Difference == 0);
    }

    [Fact]
    public void GrowthFiguresAllHold() =>
        Figures.Value.Where(figure => figure.Experiment.Id.StartsWith("E3-", StringComparison.Ordinal) && figure.Passed == false).ShouldBeEmpty();

    [Fact]
    public void EveryControlFileWriteIsTheKernels()
    {
        FidelityFigure[] writes = [.. Figures.Value.Where(figure => figure.Experiment.Id.StartsWith("E14-", StringComparison.Ordinal))];
        writes.Length.ShouldBe(8);
        writes.ShouldAllBe(figure => figure.Difference == 0);
        writes.Where(figure => figure.Counter == WriteExperiment.Values).Sum(figure => figure.Model).ShouldBeGreaterThan(1600);
    }

    [Fact]
    public void HighThrottlesAsMeasured() =>
        Figures.Value.Where(figure => figure.Experiment.Id.StartsWith("E6-", StringComparison.Ordinal) && figure.Experiment.Case == "high50M" && figure.Counter == "memory.events.high")
            .Select(figure => (figure.Model, figure.Difference)).ShouldBe([(614L, 0L), (614L, 0L)]);

    [Fact]
    public void CountersMoveOnTheLevelsOfTheKernels()
    {
        FidelityFigure[] figures = [.. Figures.Value.Where(figure => figure.Experiment.Id.StartsWith("E8-", StringComparison.Ordinal))];
        figures.Select(figure => figure.Experiment.Id).Distinct().Count().ShouldBe(27);
        figures.Where(figure => figure.Passed == false).ShouldBeEmpty();
        figures.ShouldContain(figure => figure.Rule == FidelityRule.Moves && figure.Model > 0);
        figures.ShouldContain(figure => figure.Rule == FidelityRule.Moves && figure.Model == 0);
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(5, 9, true)]
    [InlineData(0, 9, false)]
    [InlineData(5, 0, false)]
    public void MovesMeansInBothOrInNeither(long model, long kernel, bool passes)
    {
        MeasuredExperiment experiment = new("E8-5.10-v1-x", "5.10", "5.10.223", 1, "x", 1 << 20, 1 << 30, 2, []);
        new FidelityFigure(experiment, "memory.failcnt", model, [kernel], FidelityRule.Moves, 32, 18).Passed.ShouldBe(passes);
    }

    [Theory]
    [InlineData(38, 70, true)]
    [InlineData(37, 38, false)]
    [InlineData(38, 71, false)]
    public void RoundsMeansFromTheRetriesToABatchMore(long model, long kernel, bool passes)
    {
        MeasuredExperiment experiment = new("E3-5.10-v1-x", "5.10", "5.10.223", 1, "x", 1 << 20, 1 << 30, 2, []);
        new FidelityFigure(experiment, "memory.failcnt", model, [kernel], FidelityRule.Rounds, 32, 38).Passed.ShouldBe(passes);
    }

    [Fact]
    public void OvercommitFiguresAllHold()
    {
        FidelityFigure[] figures = [.. Figures.Value.Where(figure => figure.Experiment.Id.StartsWith("E11-", StringComparison.Ordinal))];
        figures.Length.ShouldBeGreaterThan(200);
        figures.Where(figure => figure.Passed != true).ShouldBeEmpty();
        figures.Where(figure => figure.Counter.EndsWith("errno", StringComparison.Ordinal)).ShouldAllBe(figure => figure.Rule == FidelityRule.Exact);
    }

    [Theory]
    [InlineData(100, 1000, 1010, true)]
    [InlineData(1, 1000, 1010, true)]
    [InlineData(1, 1000, 1012, false)]
    [InlineData(100, 1000, 899, false)]
    public void OnePercentOrOneBatchIsAllowed(int batch, long model, long kernel, bool passes)
    {
        MeasuredExperiment experiment = new("E11-5.10-v1-x", "5.10", "5.10.223", 1, "x", 0, 1 << 30, 2, []);
        new FidelityFigure(experiment, "Committed_AS", model, [kernel], FidelityRule.OnePercentOrBatch, batch, 0).Passed.ShouldBe(passes);
    }

    [Theory]
    [InlineData(36, new long[] { 36 }, true)]
    [InlineData(36, new long[] { 66 }, true)]
    [InlineData(36, new long[] { 69 }, false)]
    [InlineData(36, new long[] { 17 }, false)]
    [InlineData(36, new long[] { 19 }, null)]
    public void FloorAllowsTheRemainderOfOneBatch(long model, long[] kernel, bool? passes)
    {
        MeasuredExperiment experiment = new("E3-5.10-v1-x", "5.10", "5.10.223", 1, "x", 1 << 20, 1 << 30, 2, []);
        new FidelityFigure(experiment, "memory.failcnt", model, kernel, FidelityRule.FloorPlusBatch, 32, 18).Passed.ShouldBe(passes);
    }
}
