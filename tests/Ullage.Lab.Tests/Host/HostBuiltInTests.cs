using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Host;

/// <summary>The scenarios that come with ullage hold on the kernel of this machine, where it has what they need.</summary>
[Collection("host")]
public sealed class HostBuiltInTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("anon-oom", "processes.leak.do.0.grow.rate=400MiB/s")]
    [InlineData("charge-steps", null)]
    [InlineData("oom-score-adj", null)]
    public void BuiltInScenarioHoldsItsExpectationsHere(string name, string? set)
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        string file = Path.Combine(Repo.Root, "scenarios", name + ".yaml");
        ScenarioReadResult read = ScenarioReader.Read(File.ReadAllText(file), file, set is null ? [] : [set]);
        read.Problems.ShouldBeEmpty();
        RunResult result;
        try
        {
            result = HostScenarios.Run(read.Scenario.ShouldNotBeNull());
        }
        catch (TargetUnavailableException unavailable)
        {
            output.WriteLine($"skipped: {unavailable.Message}");
            return;
        }
        output.WriteLine(HostScenarios.Describe(result));
        foreach (ExpectationResult expectation in Expectations.Judge(read.Scenario, result, _ => null))
        {
            output.WriteLine($"{expectation.Ok} {expectation.Text}: {expectation.Actual}");
            expectation.Ok.ShouldBeTrue($"{expectation.Text}: {expectation.Actual}");
        }
        HostScenarios.Leftovers(Environment.ProcessId).ShouldBeEmpty();
    }
}
