using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

/// <summary>Anonymous memory under a limit beside real kernels with the classic LRU (E5).</summary>
public sealed class SwapExperimentTests
{
    private static IReadOnlyList<MeasuredExperiment> Measured(string experiment) => GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), experiment);

    [Fact]
    public void CountsAreThoseOfTheKernels()
    {
        IReadOnlyList<FidelityFigure> figures = SwapExperiment.Compare(Measured("E5-"), Measured("E4-"));
        figures.Count.ShouldBeGreaterThan(70);
        figures.Where(figure => figure.Passed != true).Select(figure => $"{figure.Experiment.Id} {figure.Counter}: {figure.Model} beside {figure.Kernel[0]}").ShouldBe([]);
    }
}
