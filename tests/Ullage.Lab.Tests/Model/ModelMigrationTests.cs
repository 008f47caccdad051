using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Targets;
using Ullage.Model;
using Ullage.Observe.Dying;

namespace Ullage.Lab.Tests.Model;

/// <summary>Moves and removals in scenarios: threads, hierarchies, the story of a migration, the ledger of what is left.</summary>
public sealed class ModelMigrationTests
{
    private sealed class Listener : IRunObserver
    {
        public List<string> Lines { get; } = [];

        public void OnNarration(NarrationLine line) => Lines.Add(line.Text);
    }

    private const string TwoGroups =
        """
        name: t
        kernel: "5.4"
        cgroup: { version: 1, hierarchies: ['memory,pids'], groups: { /a: {}, /b: { memory.limit_in_bytes: 1M, memory.move_charge_at_immigrate: 1 } } }
        processes: [ { name: p, cgroup: /a, threads: 3, do: [ { grow: 4M }, { move: { process: self, to: /b, expect_errno: ENOMEM } } ] } ]
        """;

    [Fact]
    public void AMigration_IsToldPhaseByPhase()
    {
        Listener listener = new();
        RunResult result = ModelRuns.Run(TwoGroups, observer: listener);
        result.Process("p").Steps[1].Errno.ShouldBe(Errno.ENOMEM);
        int begin = listener.Lines.FindLastIndex(line => line.StartsWith("cgroup_attach_task", StringComparison.Ordinal));
        listener.Lines[begin].ShouldContain("and 2 more threads to memory,pids:/b");
        listener.Lines[begin + 1].ShouldBe("  cgroup_migrate_add_src: leaves css_set 2 (memory,pids:/a), 3 tasks there");
        listener.Lines[begin + 2].ShouldBe("  cgroup_migrate_prepare_dst: css_set 2 -> css_set 3 (memory,pids:/b), made for this");
        listener.Lines[begin + 3].ShouldBe("  can_attach memory: ENOMEM: 1025 pages of /a do not fit into /b: 256 were charged and are given back");
        listener.Lines[begin + 4].ShouldBe("  cgroup_migrate_finish: ENOMEM: every task, count and charge is as before");
        listener.Lines.Count.ShouldBe(begin + 5);
    }

    [Theory]
    [InlineData("{ version: 2, hierarchies: [memory] }", "version 2 has one hierarchy")]
    public void HierarchiesThatCannotBe_AreToldWhenReading(string cgroup, string message)
    {
        Ullage.Lab.Scenarios.ScenarioReadResult read = Ullage.Lab.Scenarios.ScenarioReader.Read($"name: t\ncgroup: {cgroup}\n", "t.yaml", []);
        read.Problems.ShouldHaveSingleItem().Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("5.4", "[memory, cpu]", "cgroup.hierarchies:")]
    [InlineData("4.1", "['memory,pids']", "4.1 has no pids controller")]
    public void HierarchiesThatTheKernelLacks_AreToldBeforeTheRun(string kernel, string hierarchies, string message)
    {
        string yaml = $"name: t\nkernel: \"{kernel}\"\ncgroup: {{ version: 1, hierarchies: {hierarchies} }}\nprocesses: [ {{ name: p, do: [ pause ] }} ]\n";
        Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(yaml)).Message.ShouldContain(message);
    }

    [Fact]
    public void TimesOfANestedRepeat_MayBeTheRoundAroundIt()
    {
        RunResult result = ModelRuns.Run(
            """
            name: t
            kernel: "4.15"
            processes: [ { name: p, do: [ { repeat: { times: 4, do: [ { repeat: { times: '{i}', do: [ { stat_missing: { dir: '/d{j}', count: 1 } } ] } } ] } } ] } ]
            collect: [ /proc/slabinfo ]
            """);
        result.Process("p").Steps[0].Done.ShouldBe(4);
        result.Process("p").ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData(1, "4.15")]
    [InlineData(2, "4.15")]
    [InlineData(1, "5.4")]
    [InlineData(2, "6.12")]
    public void TheLedger_CountsWhatTheMachineKnows(int version, string kernel)
    {
        (RunResult _, Machine machine) = ModelRuns.RunAndKeep(
            $$"""
            name: t
            kernel: "{{kernel}}"
            cgroup: { version: {{version}}, groups: { /jobs: {} {{(version == 2 ? ", /jobs/keep: {}" : "")}} } }
            processes:
              - name: p
                do:
                  - repeat: { times: 20, do: [ { mkdir: '/jobs/j{i}' }, { fork: { name: job, cgroup: '/jobs/j{i}', do: [ { stat_missing: { dir: '/d{i}', count: 60 } } ] } }, wait, { rmdir: '/jobs/j{i}' } ] }
                  - sleep: 1s
            """);
        DyingLedger ledger = DyingLedger.Read(machine.Files, version, version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");
        int dying = machine.DyingCgroups().Count;
        ledger.Dying.Value.ShouldBe(dying);
        ledger.Living.ShouldBe(version == 1 ? 2 : 3);
        dying.ShouldBeInRange(kernel == "4.15" ? 19 : 0, kernel == "4.15" ? 20 : 2);
        long slab = machine.DyingCgroups().Sum(each => each.SlabPages) * 4096;
        (ledger.SlabBytes.Value is null).ShouldBe(version == 1);
        if (kernel == "4.15" && version == 2)
        {
            ledger.SlabBytes.Value.ShouldBe(slab);
        }
        ledger.GrowthPerDay(ledger with { Dying = Ullage.Observe.Sampling.Measured.Of(0) }, 43_200).ShouldBe(2.0 * dying);
    }
}
