using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;

namespace Ullage.Lab.Tests.Model;

/// <summary>The run around the processes: boot, samples, progress, cancellation, what cannot be run.</summary>
public sealed class ModelTargetTests
{
    private const long Ms = 1_000_000;

    [Theory, MemberData(nameof(ModelRuns.Eras), MemberType = typeof(ModelRuns))]
    public void KernelOfTheOptionsWinsOverTheScenarios(string era) =>
        ModelRuns.Run("{name: t, kernel: '5.3'}", era).Kernel.ShouldBe(era);

    [Fact]
    public void KernelOfTheScenarioIsUsed() => ModelRuns.Run("{name: t, kernel: '5.3'}").Kernel.ShouldBe("5.3");

    [Fact]
    public void KernelUnknownIsToldWithAllThatThereAre()
    {
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run("name: t", "3.10"));
        refused.ExitCode.ShouldBe(2);
        refused.Message.ShouldBe("--kernel: there is no kernel 3.10 to model: choose one of 4.1, 4.15, 4.19, 5.3, 5.4, 5.10, 6.1, 6.12, 6.18; the nearest is 4.1");
    }

    [Theory]
    [InlineData("machine.memory", 1L << 20, 2, 2, 250)]
    [InlineData("machine.cpus", 1L << 30, 2000, 2000, 250)]
    [InlineData("machine.possible_cpus", 1L << 30, 2, 9000, 250)]
    [InlineData("machine.hz", 1L << 30, 2, 2, 123)]
    public void BootRefusalNamesTheKey(string key, long memory, int cpus, int possible, int hz)
    {
        Scenario scenario = new() { Name = "t", Machine = new MachineSpec { MemoryBytes = memory, Cpus = cpus, PossibleCpus = possible, Hz = hz } };
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(scenario, new ModelTarget()));
        refused.ExitCode.ShouldBe(2);
        refused.Message.ShouldStartWith(key + ": ");
    }

    [Theory]
    [InlineData("{name: t, processes: [{name: p, do: [repeat: {times: 2, do: [{kill: {process: p, signal: SIGSTOP}}]}]}]}", "kill SIGSTOP (line 1, process p)")]
    [InlineData("{name: t, processes: [{name: p, do: [fork: {name: c, do: [{kill: {process: p, signal: SIGSTOP}}]}]}]}", "kill SIGSTOP (line 1, process c)")]
    [InlineData("{name: t, processes: [{name: p, do: [mmap: {region: r, bytes: 4K}, madvise: {region: r, advice: cold}]}]}", "madvise cold")]
    public void UnsupportedIsSaidBeforeAnythingRuns(string yaml, string what)
    {
        Watcher watcher = new();
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(yaml, observer: watcher));
        refused.Message.ShouldStartWith("not supported by this version: " + what);
        refused.ExitCode.ShouldBe(4);
        watcher.Calls.ShouldBeEmpty();
    }

    [Fact]
    public void ProbeOfAFunctionThatIsNotThereIsNamed()
    {
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run("{name: t, probes: [psi_memstall_enter]}", "4.15"));
        refused.ExitCode.ShouldBe(4);
        refused.Message.ShouldStartWith("probes: the model of kernel 4.15 has no function psi_memstall_enter to probe: use ");
    }

    [Fact]
    public void ProbesGiveStacks()
    {
        RunResult result = ModelRuns.Run(
            "{name: t, probes: [psi_memstall_enter, oom_kill_process], cgroup: {groups: {/a: {memory.max: 8M}}}, processes: [{name: p, cgroup: /a, do: [grow: 16M]}]}", "6.12");
        result.Stacks.Select(stack => (stack.Probe, stack.Count)).ShouldBe([("oom_kill_process", 1L), ("psi_memstall_enter", 35L)]);
        result.Stacks[1].Frames.Take(2).ShouldBe(["psi_memstall_enter", "try_charge_memcg"]);
    }

    [Theory]
    [InlineData("{name: t, sysctl: {vm.no_such_thing: 1}}", 4, "test.yaml:1:38: sysctl.vm.no_such_thing: /proc/sys/vm/no_such_thing: ENOENT: the model of kernel 6.18 lacks it; take it out of the scenario")]
    [InlineData("{name: t, sysctl: {vm.swapines: 1}}", 2, "test.yaml:1:33: sysctl.vm.swapines: there is no sysctl vm.swapines (/proc/sys/vm/swapines: ENOENT): did you mean 'vm.swappiness'?")]
    [InlineData("{name: t, sysctl: {vm.swappiness: lots}}", 2, "test.yaml:1:35: sysctl.vm.swappiness: vm.swappiness = lots: /proc/sys/vm/swappiness: EINVAL: it does not take this value; change it in the scenario")]
    public void SysctlThatCannotBeSetIsNamedWithItsPlace(string yaml, int exitCode, string message) => Refusal(yaml).ShouldBe((exitCode, message));

    [Theory]
    [InlineData(1, "memory.max", "it is one of cgroup v2")]
    [InlineData(2, "memory.limit_in_bytes", "it is one of cgroup v1")]
    public void ControlFileOfAnotherKernelSaysWhich(int version, string file, string where)
    {
        (int code, string message) = Refusal(Group(version, file, "10M"));
        code.ShouldBe(4);
        message.ShouldStartWith($"test.yaml:1:{message.Split(':')[2]}: cgroup.groups./a/b.{file}: /sys/fs/cgroup/{(version == 1 ? "memory/" : "")}a/b/{file}: ");
        message.ShouldContain($"kernel 6.18 with cgroup v{version} does not have the file, {where}; take it out");
    }

    [Theory]
    [InlineData("5.4", "memory.swap.high", "5.10 to 6.18 have it")]
    [InlineData("4.15", "memory.oom.group", "4.19 to 6.18 have it")]
    public void ControlFileOfANewerKernelSaysSinceWhen(string kernel, string file, string where)
    {
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(Group(2, file, "1"), kernel));
        refused.ExitCode.ShouldBe(4);
        refused.Message.ShouldContain(where);
    }

    [Theory]
    [InlineData("memory.memsw.limit_in_byte", "memory.memsw.limit_in_bytes")]
    [InlineData("memroy.limit_in_bytes", "memory.limit_in_bytes")]
    public void MisspeltControlFileIsAUsageErrorWithTheNearest(string file, string nearest)
    {
        (int code, string message) = Refusal(Group(1, file, "10M"));
        code.ShouldBe(2);
        message.ShouldStartWith("test.yaml:1:");
        message.ShouldEndWith($"no modelled kernel has a file {file} with cgroup v1: did you mean '{nearest}'?");
    }

    [Fact]
    public void MisspeltControlFileOfAnOverrideNamesTheOverride()
    {
        ScenarioReadResult read = ScenarioReader.Read("{name: t, cgroup: {version: 1, groups: {/a: {}}}}", "test.yaml", ["cgroup.groups./a.memory.limit_in_byte=1M"]);
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(read.Scenario!, new ModelTarget()));
        refused.ExitCode.ShouldBe(2);
        refused.Message.ShouldStartWith("--set cgroup.groups./a.memory.limit_in_byte=1M: ");
        refused.Message.ShouldEndWith("did you mean 'memory.limit_in_bytes'?");
    }

    [Fact]
    public void MisspeltFileOfAnExpectationIsAUsageErrorWithTheNearest()
    {
        (int code, string message) = Refusal("""
            name: t
            cgroup: { version: 1, groups: { /a: {} } }
            expect:
              - { file: /sys/fs/cgroup/memory/a/memory.failcount, equals: 0 }
            """);
        code.ShouldBe(2);
        message.ShouldBe("test.yaml:4:13: expect.0.file: no modelled kernel has a file memory.failcount with cgroup v1: did you mean 'memory.failcnt'?");
    }

    [Theory]
    [InlineData(1, "memory.limit_in_bytes")]
    [InlineData(2, "memory.max")]
    public void ControlFileThatRefusesAValueIsNamed(int version, string file)
    {
        (int code, string message) = Refusal($"{{name: t, cgroup: {{version: {version}, groups: {{/a: {{{file}: 100Q}}}}}}}}");
        code.ShouldBe(2);
        message.ShouldStartWith("test.yaml:1:");
        message.ShouldContain($"/a/{file}: EINVAL: the kernel refuses the value");
    }

    private static string Group(int version, string file, string value) => $"{{name: t, cgroup: {{version: {version}, groups: {{/a: {{}}, /a/b: {{{file}: {value}}}}}}}}}";

    private static (int ExitCode, string Message) Refusal(string yaml)
    {
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(yaml));
        refused.NamesPlace.ShouldBeTrue();
        return (refused.ExitCode, refused.Message);
    }

    [Fact]
    public void FileThatASampleCannotReadIsNamedWithItsErrno()
    {
        RunResult result = ModelRuns.Run("{name: t, sample: {every: 1s, files: [/proc/meminfo, /proc/nothing]}, stop: {after: 2s}, processes: [{name: p, do: [sleep: 3s]}]}");
        result.Samples.Count.ShouldBeGreaterThan(1);
        foreach (SampleResult sample in result.Samples)
        {
            sample.Files.ShouldHaveSingleItem().Key.ShouldBe("/proc/meminfo");
            sample.Unavailable.ShouldBe([new("/proc/nothing", Ullage.Abi.Errno.ENOENT)]);
        }
    }

    [Fact]
    public void SamplesAreBoundedWithANote()
    {
        RunResult result = ModelRuns.Run("{name: t, sample: {every: 1us, files: [/proc/meminfo]}, stop: {after: 10s}, processes: [{name: p, do: [sleep: 20s]}]}");
        result.Samples.Count.ShouldBeLessThanOrEqualTo(100_000);
        result.Ended.ShouldBe("stopped");
        result.Notes.ShouldHaveSingleItem().ShouldContain("raise sample.every");
    }

    [Fact]
    public void SysctlIsSet()
    {
        RunResult result = ModelRuns.Run("{name: t, sysctl: {vm.swappiness: 35}, collect: [/proc/sys/vm/swappiness]}");
        result.Files.ShouldHaveSingleItem().Value.ShouldBe("35\n");
    }

    [Fact]
    public void ProcessThatCannotEnterItsCgroupEndsTheRun()
    {
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run("""
            name: t
            cgroup: { version: 1, groups: { /a: {} } }
            processes:
              - { name: remover, do: [ rmdir: /a ] }
              - { name: late, start: 1s, cgroup: /a, do: [ exit: 0 ] }
            """));
        refused.ExitCode.ShouldBe(3);
        refused.Message.ShouldStartWith("process late: cgroup /a: cgroup.procs: ENOENT");
    }

    [Fact]
    public void SamplesAreTakenExactlyAtTheirTimes()
    {
        RunResult result = ModelRuns.Run("""
            name: t
            processes: [ { name: p, do: [ sleep: 100ms ] } ]
            sample: { every: 30ms, files: [ /proc/meminfo, /no/such/file ] }
            collect: [ /proc/meminfo, /no/such/file ]
            """);
        result.Samples.Select(sample => sample.TNs / Ms).ShouldBe([0L, 30L, 60L, 90L]);
        result.Samples.ShouldAllBe(sample => sample.TNs % Ms == 0 && sample.Files.Single().Key == "/proc/meminfo");
        result.Files.ShouldHaveSingleItem().Value.ShouldStartWith("MemTotal:");
        result.UnavailableFiles.ShouldBe([new KeyValuePair<string, Errno>("/no/such/file", Errno.ENOENT)]);
    }

    [Fact]
    public void ProgressComesAtItsInterval()
    {
        Watcher watcher = new();
        ModelRuns.Run("{name: t, processes: [{name: p, do: [sleep: 350ms]}]}", observer: watcher);
        watcher.Progress.ShouldBe([0, 100 * Ms, 200 * Ms, 300 * Ms]);
        watcher.Calls[0].ShouldBe("start model 6.18");
        watcher.Ended.ShouldHaveSingleItem().TNs.ShouldBeInRange(350 * Ms, 351 * Ms);
    }

    [Fact]
    public void StopEndsWhatStillRuns()
    {
        RunResult result = ModelRuns.Run("{name: t, processes: [{name: p, do: [sleep: 10s]}], stop: {after: 1s}}");
        (result.Ended, result.VirtualNs).ShouldBe(("stopped", 1000 * Ms));
        ProcessResult process = result.Process("p");
        process.State.ShouldBe("running");
        process.Steps.ShouldHaveSingleItem().VirtualNs.ShouldBeInRange(999 * Ms, 1000 * Ms);
    }

    [Fact]
    public void CancellationGivesWhatThereIs()
    {
        using CancellationTokenSource source = new();
        Watcher watcher = new() { AtProgress = tNs => { if (tNs >= 200 * Ms) { source.Cancel(); } } };
        RunResult result = ModelRuns.Run("{name: t, processes: [{name: a, do: [sleep: 50ms]}, {name: b, do: [grow: {bytes: 100M, rate: 10MiB/s}]}]}",
            observer: watcher, cancel: source.Token);
        result.Ended.ShouldBe("interrupted");
        result.VirtualNs.ShouldBe(200 * Ms);
        result.Process("a").State.ShouldBe("exited");
        result.Process("b").State.ShouldBe("running");
        result.Process("b").Steps[0].Done.ShouldBeInRange(256, 1024);
    }

    [Fact]
    public void CancellationReachesRoundsThatTakeNoTime()
    {
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(100));
        const string Endless = "{name: t, processes: [{name: p, do: [repeat: {times: 2000000000, do: [repeat: {times: 0, do: [wait]}]}]}]}";
        ModelRuns.Run(Endless, cancel: source.Token).Ended.ShouldBe("interrupted");
    }

    [Fact]
    public void CancellationBeforeTheStartStartsNothing()
    {
        RunResult result = ModelRuns.Run("{name: t, processes: [{name: p, do: [exit: 0]}]}", cancel: new CancellationToken(canceled: true));
        result.Ended.ShouldBe("interrupted");
        result.Processes.ShouldBeEmpty();
    }
}
