using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Lab.Validation;

namespace Ullage.Lab.Tests.Validation;

/// <summary>E1: what real kernels did at a limit on kernel memory, and the article's figures.</summary>
public sealed class KmemExperimentTests
{
    private static readonly string Directory = Path.Combine(Repo.Root, "tests", "data", "experiments");

    public static IEnumerable<object[]> Measured => GroundTruth.Read(Directory, "E1-").Select(measured => new object[] { measured.Id });

    [Theory]
    [MemberData(nameof(Measured))]
    public void CompareMeasuredLimitIsReproduced(string id)
    {
        MeasuredExperiment measured = GroundTruth.Read(Directory, id).ShouldHaveSingleItem();
        foreach (FidelityFigure figure in KmemExperiment.Compare(measured, new ModelTarget(), new NobodyWatches()))
        {
            figure.Passed.ShouldBe(true, $"{figure.Counter}: model {figure.Model}, kernel {string.Join(", ", figure.Kernel)}");
        }
    }

    [Theory]
    [InlineData("kmem-limit")]
    [InlineData("kmem-limit-today")]
    public void BuiltInHoldsOnManySeeds(string name)
    {
        ScenarioReadResult read = ScenarioReader.Read(File.ReadAllText(Path.Combine(Repo.Root, "scenarios", name + ".yaml")), name + ".yaml", []);
        read.Problems.ShouldBeEmpty();
        for (ulong seed = 1; seed <= 3; seed++)
        {
            RunResult result = new ModelTarget().Run(read.Scenario!, new RunOptions { Seed = seed }, new NobodyWatches(), CancellationToken.None);
            result.Expectations.ShouldAllBe(expectation => expectation.Ok);
        }
    }
}
