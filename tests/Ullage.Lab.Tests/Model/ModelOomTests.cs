using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Model;
using Ullage.Model.Charging;

namespace Ullage.Lab.Tests.Model;

/// <summary>Growth under a limit, from the scenario's file to the kill (ground truth E3).</summary>
public sealed class ModelOomTests
{
    private static string Limited(int version, string processes, string more = "") => $$"""
        name: t
        cgroup: { version: {{version}}, groups: { /g: { {{(version == 1 ? "memory.limit_in_bytes" : "memory.max")}}: 20M {{more}} } } }
        processes:
        {{processes}}
        """;

    private const string Leak = "  - { name: leak, cgroup: /g, do: [ grow: 64M, exit: 0 ] }\n";

    [Theory, MemberData(nameof(ModelRuns.ErasAndVersions), MemberType = typeof(ModelRuns))]
    public void GrowTo20MTouchesWhatTheKernelTouched(string era, int version)
    {
        (RunResult result, Machine machine) = ModelRuns.RunAndKeep(Limited(version, Leak), era);
        ProcessResult leak = result.Process("leak");
        (leak.State, leak.Signal, leak.OomKilled, leak.Cgroup).ShouldBe(("killed", "SIGKILL", true, "/g"));
        // 4.1 charges no page tables: all but the step record are the process's own pages.
        leak.Steps.ShouldHaveSingleItem().Done.ShouldBe(era == "4.1" ? 5119 : 5108);
        (leak.Steps[0].Requested, leak.Steps[0].Errno).ShouldBe((16384, Errno.None));
        MemCgroup memcg = machine.Hierarchy.Find("/g").ShouldNotBeNull().Memcg;
        memcg.Memory.Watermark.ShouldBe(era is "4.19" or "5.3" or "5.4" ? 5121 : 5120); // there the victim may pass the limit by its last page
        memcg.Events(MemcgEvent.OomKill).ShouldBe(1);
        result.Dmesg.ShouldContain(line => line.Text.Contains("leak invoked oom-killer"));
        result.Dmesg.ShouldAllBe(line => !line.Text.Contains('\n'));
        result.Ended.ShouldBe("idle");
    }

    [Theory, MemberData(nameof(ModelRuns.Eras), MemberType = typeof(ModelRuns))]
    public void TwoGrowingProcessesAreKilledOneAfterTheOther(string era)
    {
        string two = "  - { name: one, cgroup: /g, do: [ grow: 12M, pause ] }\n  - { name: two, start: 100ms, cgroup: /g, do: [ grow: 64M ] }\n";
        Watcher watcher = new();
        RunResult result = ModelRuns.Run(Limited(1, two), era, observer: watcher);
        result.Process("one").OomKilled.ShouldBeTrue(); // the larger one goes first
        result.Process("one").Steps[0].Done.ShouldBe(3072);
        result.Process("two").OomKilled.ShouldBeTrue();
        result.Process("two").Steps[0].Done.ShouldBeInRange(era == "4.1" ? 5000 : 4980, era == "4.1" ? 5119 : 5108);
        watcher.Ended.Select(end => end.Process.Name).ShouldBe(["one", "two"]);
        watcher.Calls.IndexOf("log").ShouldBeLessThan(watcher.Calls.IndexOf("ended one")); // the report comes before the end it explains
    }

    [Theory, MemberData(nameof(ModelRuns.ErasAndVersions), MemberType = typeof(ModelRuns))]
    public void SameSeedGivesTheSameBytes(string era, int version)
    {
        string yaml = Limited(version, """
              - { name: p, count: 3, cgroup: /g, do: [ grow: { bytes: 4M, rate: 100MiB/s }, mmap: { region: r, bytes: 2M }, touch: { region: r, pattern: zipf, passes: 2 }, fork: { name: c, do: [ grow: 8M ] }, wait ] }
            """) + "\nsample: { every: 10ms, files: [ /proc/meminfo, /proc/vmstat ] }\ncollect: [ /proc/meminfo ]";
        string json = ModelRuns.Json(ModelRuns.RunAndKeep(yaml, era, 7).Result);
        ModelRuns.Json(ModelRuns.RunAndKeep(yaml, era, 7).Result).ShouldBe(json);
        ModelRuns.Json(ModelRuns.RunAndKeep(yaml, era, 8).Result).ShouldNotBe(json);
    }

    [Theory, MemberData(nameof(ModelRuns.Eras), MemberType = typeof(ModelRuns))]
    public void OomKillDisabledWaitsUntilThereIsRoom(string era)
    {
        string waits = """
              - { name: leak, cgroup: /g, do: [ grow: 24M, exit: 0 ] }
              - { name: admin, start: 1s, do: [ echo: { file: /sys/fs/cgroup/memory/g/memory.limit_in_bytes, value: 32M } ] }
            """;
        ProcessResult leak = ModelRuns.Run(Limited(1, waits, ", memory.oom_control: 1"), era).Process("leak");
        (leak.State, leak.ExitCode, leak.Steps[0].Done).ShouldBe(("exited", 0, 6144));
        leak.Steps[0].VirtualNs.ShouldBeInRange(990_000_000, 1_100_000_000);
    }

    [Fact]
    public void OomKillDisabledWaiterCanBeKilled()
    {
        string waits = """
              - { name: leak, cgroup: /g, do: [ grow: 24M ] }
              - { name: admin, start: 1s, do: [ kill: { process: leak, signal: SIGKILL } ] }
            """;
        ProcessResult leak = ModelRuns.Run(Limited(1, waits, ", memory.oom_control: 1")).Process("leak");
        (leak.State, leak.Signal, leak.OomKilled, leak.Steps[0].Done).ShouldBe(("killed", "SIGKILL", false, 5108));
    }

    [Theory, MemberData(nameof(ModelRuns.ErasAndVersions), MemberType = typeof(ModelRuns))]
    public void ForkChargesTheChildsCopies(string era, int version)
    {
        string forks = "  - { name: p, cgroup: /g, do: [ grow: 4M, fork: { name: c, do: [ pause ] }, fork: { name: d, do: [ sleep: 1ms ] }, wait ] }\n";
        (RunResult result, Machine machine) = ModelRuns.RunAndKeep(Limited(version, forks), era);
        result.Process("p").State.ShouldBe("running"); // c never ends
        result.Process("d").ExitCode.ShouldBe(0);
        machine.Hierarchy.Find("/g").ShouldNotBeNull().Memcg.Memory.Usage.ShouldBeInRange(1024 + 2, 1024 + 250);
    }

    [Theory, MemberData(nameof(ModelRuns.Eras), MemberType = typeof(ModelRuns))]
    public void ForkIntoAnotherCgroupAndMoveChargeThere(string era)
    {
        string yaml = """
            name: t
            cgroup: { version: 2, groups: { /a: {}, /a/x: { memory.max: 20M }, /b: {} } }
            processes:
              - name: p
                cgroup: /a/x
                do:
                  - fork: { name: c, cgroup: /b, do: [ { grow: 1M }, pause ] }
                  - move: { process: self, to: /b }
                  - grow: 2M
                  - { move: { process: c, to: /a, until: done } }
                  - pause
            """;
        (RunResult result, Machine machine) = ModelRuns.RunAndKeep(yaml, era);
        machine.Hierarchy.Find("/b").ShouldNotBeNull().Memcg.Memory.Usage.ShouldBeGreaterThanOrEqualTo(768);
        machine.Hierarchy.Find("/a/x").ShouldNotBeNull().Memcg.Memory.Usage.ShouldBeLessThan(256);
        result.Process("p").Steps[3].Errno.ShouldBe(Errno.EBUSY); // v2: no processes in a group that distributes memory
        (result.Process("p").Cgroup, result.Process("c").Cgroup).ShouldBe(("/a/x", "/b"));
    }
}
