using Ullage.Lab.Validation;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Lab.Tests.Validation;

/// <summary>Experiment E12: the system calls and statistics of a real glibc 2.36, exactly.</summary>
public sealed class MallocExperimentTests
{
    private static readonly string Directory = Path.Combine(Repo.Root, "tests", "data", "experiments");
    private static readonly Lazy<IReadOnlyList<FidelityFigure>> Figures = new(() => MallocExperiment.Compare(Directory));

    [Fact]
    public void EveryFigureThatIsJudgedIsTheMeasuredOne()
    {
        Figures.Value.Count(figure => figure.Rule == FidelityRule.Exact).ShouldBeGreaterThan(300);
        Figures.Value.Where(figure => figure.Passed == false).Select(figure => $"{figure.Counter}: {figure.Model} instead of {figure.Kernel[0]}").ShouldBeEmpty();
    }
}
