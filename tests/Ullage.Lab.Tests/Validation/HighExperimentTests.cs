using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Lab.Validation;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Validation;

/// <summary>E6: growth and reading beyond memory.high, as measured.</summary>
public sealed class HighExperimentTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("E6-6.1-v2-high50M")]
    [InlineData("E6-6.12-v2-high50M")]
    [InlineData("E6-6.1-v2-high32M-fread")]
    public void E6_PagesAndOvershootAreTheKernels(string id)
    {
        MeasuredExperiment measured = GroundTruth.Read(Path.Combine(Repo.Root, "tests", "data", "experiments"), id)[0];
        IReadOnlyList<FidelityFigure> figures = HighExperiment.Compare(measured, new ModelTarget(), new NobodyWatches());
        foreach (FidelityFigure figure in figures)
        {
            output.WriteLine($"{figure.Passed} {figure.Counter} model {figure.Model} kernel {string.Join(", ", figure.Kernel)}");
        }
        figures.ShouldAllBe(figure => figure.Passed == true);
        FidelityFigure pages = figures.Single(figure => figure.Counter == "progress_ops");
        Math.Abs(pages.Difference).ShouldBeLessThanOrEqualTo(pages.Kernel[0] / 10, "10 % is the bar; in the same 30 s, so it is the rate, too");
        FidelityFigure peak = figures.Single(figure => figure.Counter == "memory.peak");
        long overshoot = peak.Kernel[0] - measured.LimitBytes;
        Math.Abs(peak.Difference).ShouldBeLessThanOrEqualTo(overshoot / 10);
    }
}
