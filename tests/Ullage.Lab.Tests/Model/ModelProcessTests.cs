using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;

namespace Ullage.Lab.Tests.Model;

/// <summary>Processes on the model: how they begin, wait, fork and end.</summary>
public sealed class ModelProcessTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void RunWithoutProcessesIsIdleAtOnce()
    {
        RunResult result = ModelRuns.Run("name: t");
        (result.Ended, result.VirtualNs, result.Target, result.Kernel).ShouldBe(("idle", 0, "model", "6.18"));
    }

    [Fact]
    public void ExitGivesItsStatusAndEndsTheList()
    {
        ProcessResult process = ModelRuns.Run("{name: t, processes: [{name: p, do: [exit: 7, sleep: 1s]}]}").Process("p");
        (process.State, process.ExitCode, process.Signal, process.OomKilled).ShouldBe(("exited", 7, null, false));
        process.Steps.Select(step => (step.Op, step.Done, step.Errno)).ShouldBe([("exit", 1L, Errno.None)]);
    }

    [Fact]
    public void SleepTakesItsTime()
    {
        RunResult result = ModelRuns.Run("{name: t, processes: [{name: p, start: 20ms, do: [sleep: 300ms, sleep: 5ms]}]}");
        ProcessResult process = result.Process("p");
        process.Steps[0].VirtualNs.ShouldBeInRange(300 * Ms, 301 * Ms);
        process.Steps[1].VirtualNs.ShouldBeInRange(5 * Ms, 6 * Ms);
        result.VirtualNs.ShouldBeInRange(325 * Ms, 327 * Ms);
        process.ExitCode.ShouldBe(0);
    }

    [Fact]
    public void StartAndCountAndEveryMakeProcesses()
    {
        RunResult result = ModelRuns.Run("""
            name: t
            processes:
              - { name: web, count: 3, do: [sleep: 1ms] }
              - { name: job, start: 10ms, every: 30ms, do: [sleep: 1ms] }
            stop: { after: 100ms }
            """);
        result.Ended.ShouldBe("stopped");
        result.VirtualNs.ShouldBe(100 * Ms);
        result.Processes.Select(process => process.Name).ShouldBe(["web-1", "web-2", "web-3", "job", "job", "job"]);
        result.Processes.ShouldAllBe(process => process.State == "exited");
        result.Processes.Select(process => process.Pid).Distinct().Count().ShouldBe(6);
    }

    [Fact]
    public void EveryWithoutStopIsRefused()
    {
        Scenario endless = new() { Name = "t", Processes = [new ProcessSpec { Name = "p", EveryNs = 1000 }] };
        Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(endless, new ModelTarget())).ExitCode.ShouldBe(2);
    }

    [Fact]
    public void ForkAndWaitEndInOrderAndSeeTheChildsRegions()
    {
        Watcher watcher = new();
        RunResult result = ModelRuns.Run("""
            name: t
            processes:
              - name: parent
                do:
                  - mmap: { region: r, bytes: 64KiB }
                  - touch: { region: r }
                  - fork: { name: child, do: [ { touch: { region: r } }, { sleep: 40ms }, { exit: 3 } ] }
                  - wait
                  - exit: 4
            """, observer: watcher);
        watcher.Ended.Select(end => end.Process.Name).ShouldBe(["child", "parent"]);
        ProcessResult parent = result.Process("parent");
        ProcessResult child = result.Process("child");
        (parent.ExitCode, child.ExitCode).ShouldBe((4, 3));
        parent.Steps[3].VirtualNs.ShouldBeInRange(39 * Ms, 42 * Ms);
        child.Steps[0].Passes.ShouldNotBeNull().Select(pass => (pass.Hits, pass.Misses)).ShouldBe([(16L, 0L)]); // shared with the parent until written
        result.Processes.Select(process => process.Name).ShouldBe(["parent", "child"]);
    }

    [Fact]
    public void WaitWithoutChildrenIsDoneAtOnce() =>
        ModelRuns.Run("{name: t, processes: [{name: p, do: [wait, exit: 1]}]}").Process("p").ExitCode.ShouldBe(1);

    [Fact]
    public void KillEndsAPausedProcessByItsSignal()
    {
        RunResult result = ModelRuns.Run("""
            name: t
            processes:
              - { name: victim, do: [pause] }
              - name: killer
                start: 50ms
                do:
                  - kill: { process: victim, signal: SIGTERM }
                  - sleep: 10ms
                  - kill: { process: victim, signal: SIGKILL, until: done }
                  - kill: { process: self, signal: SIGINT }
            """);
        ProcessResult victim = result.Process("victim");
        (victim.State, victim.Signal, victim.ExitCode, victim.OomKilled).ShouldBe(("killed", "SIGTERM", null, false));
        victim.Steps.ShouldHaveSingleItem().Done.ShouldBe(0);
        ProcessResult killer = result.Process("killer");
        killer.Steps.Select(step => step.Errno).ShouldBe([Errno.None, Errno.None, Errno.ESRCH, Errno.None]);
        killer.Signal.ShouldBe("SIGINT");
    }

    [Fact]
    public void PauseAloneEndsIdleWithTheProcessRunning()
    {
        RunResult result = ModelRuns.Run("{name: t, processes: [{name: p, do: [pause]}]}");
        result.Ended.ShouldBe("idle");
        (result.Process("p").State, result.Process("p").ExitCode).ShouldBe(("running", null));
    }

    [Fact]
    public void ErrnoEndsTheListUnlessToldOtherwise()
    {
        RunResult result = ModelRuns.Run("""
            name: t
            processes:
              - { name: stops, do: [ { rmdir: /nowhere1 }, { exit: 0 } ] }
              - { name: goes-on, do: [ { rmdir: { path: /nowhere1, until: done } }, { exit: 5 } ] }
              - { name: maker, start: 1h, do: [ { mkdir: /nowhere1 } ] }
            """);
        (result.Process("stops").ExitCode, result.Process("stops").Steps.Count).ShouldBe((1, 1));
        result.Process("stops").Steps[0].Errno.ShouldBe(Errno.ENOENT);
        result.Process("stops").Steps[0].Done.ShouldBe(0);
        (result.Process("goes-on").ExitCode, result.Process("goes-on").Steps.Count).ShouldBe((5, 2));
    }

    [Fact]
    public void TouchOfAProtectedRegionEndsWithSegv()
    {
        ProcessResult process = ModelRuns.Run("""
            name: t
            processes:
              - name: p
                do:
                  - mmap: { region: r, bytes: 1MiB }
                  - touch: { region: r, count: 10 }
                  - mprotect: { region: r, prot: none }
                  - touch: { region: r }
                  - exit: 0
            """).Process("p");
        (process.State, process.Signal).ShouldBe(("killed", "SIGSEGV"));
        process.Steps.Select(step => step.Done).ShouldBe([1L, 10L, 1L, 0L]);
    }

    [Fact]
    public void RlimitRefusesMmapAndGrowEndsWithItsErrno()
    {
        ProcessResult process = ModelRuns.Run("{name: t, processes: [{name: p, rlimits: {as: 20M}, do: [grow: 30M]}]}").Process("p");
        process.Steps[0].Errno.ShouldBe(Errno.ENOMEM);
        process.Steps[0].Done.ShouldBeInRange(17 * 256, 20 * 256 - 1);
        (process.Steps[0].Done % 256).ShouldBe(0); // a chunk that cannot be mapped ends it
        process.ExitCode.ShouldBe(1);
    }
}
