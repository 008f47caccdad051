using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Model;

namespace Ullage.Lab.Tests.Model;

/// <summary>A hundred seeds of a scenario in which two processes grow to the kill: every invariant holds all the way, in every era.</summary>
public sealed class ManySeedsTests
{
    private const string Yaml = """
        name: seeds
        cgroup: { version: 1, groups: { /p: { memory.limit_in_bytes: 12M }, /p/a: {}, /p/b: { memory.limit_in_bytes: 9M } } }
        processes:
          - { name: one, cgroup: /p/a, do: [ grow: 4M, sleep: 5ms, grow: 16M ] }
          - { name: two, cgroup: /p/b, start: 3ms, do: [ grow: 3M, fork: { name: child, do: [ grow: 2M ] }, grow: 16M, wait ] }
        """;

    [Fact]
    public void HundredSeedsKeepEveryInvariant()
    {
        Scenario scenario = ScenarioReader.Read(Yaml, "seeds.yaml", []).Scenario.ShouldNotBeNull();
        int kills = 0;
        int checks = 0;
        for (int seed = 1; seed <= 100; seed++)
        {
            Machine? machine = null;
            ModelTarget target = new() { OnBooted = booted => machine = booted };
            Verifier verifier = new(() => machine!);
            string era = Ullage.Model.Eras.KernelEras.All[seed % 9].Name;
            RunResult result = target.Run(scenario, new RunOptions { Seed = (ulong)seed, Kernel = era, ProgressEveryNs = 500_000 }, verifier, CancellationToken.None);
            machine!.Verify();
            kills += result.Processes.Count(process => process.OomKilled);
            checks += verifier.Checks;
        }
        kills.ShouldBeGreaterThan(150);
        checks.ShouldBeGreaterThan(1000);
    }

    private sealed class Verifier(Func<Machine> machine) : IRunObserver
    {
        public int Checks { get; private set; }

        public void OnProgress(long tNs, Abi.IKernelFiles files)
        {
            machine().Verify();
            Checks++;
        }
    }
}
