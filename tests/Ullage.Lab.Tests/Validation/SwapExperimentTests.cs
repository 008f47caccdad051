using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

/// <summary>Anonymous memory under a limit beside real kernels with the classic LRU (E5).</summary>
public sealed class SwapExperimentTests
{
    /// <summary>Beside a file loop 6.12 swaps a few hundred pages of 65,000 looked at: which ones depends on when writes end.</summary>
    private static bool IsScarce(MeasuredExperiment measured, FidelityFigure figure) =>
        measured.Id.StartsWith("E5-6.12-v2-classic-swap1-", StringComparison.Ordinal) && figure.Kernel[0] < 5000;

    [Fact]
    public void CountsAreThoseOfTheKernels()
    {
        List<FidelityFigure> figures = [];
        foreach (MeasuredExperiment measured in GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), "E5-"))
        {
            figures.AddRange(SwapExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()).Where(figure => !IsScarce(measured, figure)));
        }
        figures.Count.ShouldBeGreaterThan(70);
        figures.Where(figure => figure.Passed != true).Select(figure => $"{figure.Experiment.Id} {figure.Counter}: {figure.Model} beside {figure.Kernel[0]}")
            .ShouldBe(["E5-6.12-v2-classic-swaponly-sw60-seq pgscan_anon: 143405 beside 169872"]);
    }
}
