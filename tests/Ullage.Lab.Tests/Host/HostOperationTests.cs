using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Xunit.Abstractions;

namespace Ullage.Lab.Tests.Host;

[Collection("host")]
public sealed class HostOperationTests(ITestOutputHelper output)
{
    [Fact]
    public void TouchLoopTwiceHitsWhatTheFirstPassMade()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        PatternSpec twice = new() { Pattern = AccessPattern.Loop, Passes = 2 };
        RunResult result = Run(new MmapOperation("heap", 4 << 20), new TouchOperation("heap", twice, Write: true), new MunmapOperation("heap", null));
        IReadOnlyList<StepResult> steps = result.Processes[0].Steps;
        steps.Select(step => step.Errno).ShouldAllBe(errno => errno == Errno.None);
        steps[1].Done.ShouldBe(2048);
        steps[1].Requested.ShouldBe(2048);
        steps[1].Passes.ShouldNotBeNull().Select(pass => (pass.Hits, pass.Misses)).ShouldBe([(0, 1024), (1024, 0)]);
        result.Processes[0].ExitCode.ShouldBe(0);
        // 1024 pages, their page tables and a little kernel memory, charged in batches.
        long.Parse(result.File("memory.max_usage_in_bytes")).ShouldBeInRange(1024 * 4096, (1024 + 64 + 64) * 4096);
    }

    [Fact]
    public void FailedStepEndsTheListWithItsErrnoUnlessUntilDone()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        RunResult stopped = Run(new RmdirOperation("/none"), new SleepOperation(1));
        stopped.Processes[0].Steps.ShouldHaveSingleItem().Errno.ShouldBe(Errno.ENOENT);
        stopped.Processes[0].Steps[0].Done.ShouldBe(0);
        RunResult went = Run(new RmdirOperation("/none") { UntilDone = true }, new SleepOperation(2_000_000));
        went.Processes[0].Steps.Count.ShouldBe(2);
        went.Processes[0].Steps[1].VirtualNs.ShouldBeGreaterThanOrEqualTo(2_000_000);
    }

    [Fact]
    public void FilesAreReadWrittenCreatedAndMissed()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        PatternSpec once = new();
        Scenario scenario = HostScenarios.Single(
            new ReadOperation("/data/big", once), new ReadOperation("/data/big", once) { ViaMmap = true },
            new WriteOperation("/data/out", 1 << 20, once, Fsync: true), new StatMissingOperation("/data", 1234, 95),
            new CreateFilesOperation("/data/many", 12, 5000), new StatMissingOperation("/data/many", 5, 1), new UnlinkFilesOperation("/data/many", 12))
            with { Files = [new FileSpec("/data/big", 1 << 20)] };
        RunResult result = HostScenarios.Run(scenario);
        output.WriteLine(HostScenarios.Describe(result));
        IReadOnlyList<StepResult> steps = result.Processes[0].Steps;
        steps.ShouldAllBe(step => step.Errno == Errno.None);
        steps.Select(step => step.Done).ShouldBe([256, 256, 256, 1234, 12, 5, 12]);
        PassResult first = steps[0].Passes!.ShouldHaveSingleItem();
        first.ReadBytes.ShouldBeGreaterThanOrEqualTo(1 << 20);
        first.Misses.ShouldBeGreaterThan(0);
        steps[1].Passes![0].Hits.ShouldBe(256);
    }

    [Fact]
    public void ForkWaitMoveKillAndEchoDoWhatTheySay()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        Scenario scenario = HostScenarios.Single(
            new MmapOperation("heap", 1 << 20), new TouchOperation("heap", new PatternSpec(), Write: true),
            new ForkOperation("child", null, [new TouchOperation("heap", new PatternSpec(), Write: true), new ExitOperation(3)]), new WaitOperation(),
            new ForkOperation("sleeper", null, [new PauseOperation()]),
            new MkdirOperation("/000/inner"), new MoveOperation("sleeper", "/000/inner", Thread: false), new RmdirOperation("/000/inner") { UntilDone = true },
            new KillOperation("sleeper", "SIGTERM"), new WaitOperation(), new RmdirOperation("/000/inner"),
            new EchoOperation("/sys/fs/cgroup/memory/000/memory.limit_in_bytes", "300M") { NonBlocking = true },
            new EchoOperation("/sys/fs/cgroup/memory/000/memory.limit_in_bytes", "many"));
        RunResult result = HostScenarios.Run(scenario with { Collect = [HostScenarios.Group + "memory.limit_in_bytes"] });
        output.WriteLine(HostScenarios.Describe(result));
        ProcessResult worker = result.Processes[0];
        worker.Steps[7].Errno.ShouldBe(Errno.EBUSY);
        worker.Steps[^1].Errno.ShouldBe(Errno.EINVAL);
        worker.Steps.Take(7).Concat(worker.Steps.Skip(8).SkipLast(1)).ShouldAllBe(step => step.Errno == Errno.None);
        ProcessResult child = result.Processes.Single(process => process.Name == "child");
        child.ExitCode.ShouldBe(3);
        child.Steps[0].Done.ShouldBe(256);
        ProcessResult sleeper = result.Processes.Single(process => process.Name == "sleeper");
        sleeper.Signal.ShouldBe("SIGTERM");
        sleeper.OomKilled.ShouldBeFalse();
        result.File("memory.limit_in_bytes").ShouldBe("314572800\n");
    }

    [Fact]
    public void KillOfNobodyFailsAndOfItselfIsNoOomKill()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        RunResult result = Run(new ForkOperation("child", null, [new ExitOperation(0)]), new WaitOperation(),
            new KillOperation("child", "KILL") { UntilDone = true }, new KillOperation("self", "SIGKILL"), new ExitOperation(1));
        ProcessResult worker = result.Processes[0];
        worker.Steps.Select(step => (step.Done, step.Errno)).ShouldBe([(1, Errno.None), (1, Errno.None), (0, Errno.ESRCH), (1, Errno.None)]);
        worker.State.ShouldBe("killed");
        worker.Signal.ShouldBe("SIGKILL");
        worker.OomKilled.ShouldBeFalse();
    }

    [Fact]
    public void EveryStartsAgainAndCountMakesSeveral()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        Scenario scenario = HostScenarios.Single(new ExitOperation(4));
        scenario = scenario with
        {
            StopAfterNs = 2_500_000_000, // far from a round of starts, for a busy host
            Processes = [scenario.Processes[0] with { Count = 2, EveryNs = 1_000_000_000, Cgroup = null }],
        };
        RunResult result = HostScenarios.Run(scenario);
        result.Processes.Select(process => (process.Name, process.ExitCode)).ShouldBe(
            Enumerable.Range(0, 3).SelectMany(_ => new (string, int?)[] { ("worker-1", 4), ("worker-2", 4) }));
        result.Ended.ShouldBe("stopped");
        Should.Throw<TargetUnavailableException>(() => HostScenarios.Run(scenario with { StopAfterNs = null })).ExitCode.ShouldBe(2);
    }

    [Fact]
    public void RepeatAndInterleaveCountRounds()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        PatternSpec zipf = new() { Pattern = AccessPattern.Zipf, Seed = 7 };
        RunResult result = Run(
            new MmapOperation("a", 1 << 20), new MmapOperation("b", 1 << 20),
            new InterleaveOperation(300, [new TouchOperation("a", zipf, true), new TouchOperation("b", new PatternSpec(), true)]),
            new RepeatOperation(3, [new MkdirOperation("/000/job{i}"), new RepeatOperation(2, [new MkdirOperation("/000/job{i}/part{j}")]) { Depth = 1 }]),
            new RepeatOperation(3, [new RmdirOperation("/000/job{i}/part1"), new RmdirOperation("/000/job{i}/part2"), new RmdirOperation("/000/job{i}")]),
            new RepeatOperation(5, [new SleepOperation(100_000)]),
            new RepeatOperation(4, [new RmdirOperation("/000/none")]));
        output.WriteLine(HostScenarios.Describe(result));
        IReadOnlyList<StepResult> steps = result.Processes[0].Steps;
        steps.Select(step => step.Done).ShouldBe([1, 1, 300, 3, 3, 5, 0]);
        steps[^1].Errno.ShouldBe(Errno.ENOENT);
    }

    [Fact]
    public void UidRateBrkAndRlimitAreObeyed()
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        Scenario scenario = HostScenarios.Single(
            new GrowOperation(1 << 20, 256 << 10, 10 << 20), new BrkOperation(1 << 20), new MmapOperation("huge", 8L << 30)) with { };
        scenario = scenario with { Processes = [scenario.Processes[0] with { Uid = 65534, Rlimits = new RlimitSpec { As = 1L << 30 } }] };
        RunResult result = HostScenarios.Run(scenario);
        output.WriteLine(HostScenarios.Describe(result));
        IReadOnlyList<StepResult> steps = result.Processes[0].Steps;
        steps[0].Done.ShouldBe(256);
        steps[0].VirtualNs.ShouldBeInRange(99_000_000, 400_000_000);
        steps[1].Done.ShouldBe(1 << 20);
        steps[2].Errno.ShouldBe(Errno.ENOMEM);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void RunRefusesBeforeItMakesAnything(Scenario scenario, int exitCode, string says)
    {
        if (HostScenarios.Skip(output))
        {
            return;
        }
        TargetUnavailableException refusal = Should.Throw<TargetUnavailableException>(() => HostScenarios.Run(scenario));
        output.WriteLine(refusal.Message);
        refusal.ExitCode.ShouldBe(exitCode);
        refusal.Message.ShouldContain(says);
        HostScenarios.Leftovers(Environment.ProcessId).ShouldBeEmpty();
    }

    public static TheoryData<Scenario, int, string> Refused => new()
    {
        { HostScenarios.Single(new MallocOperation(1, 1, true, "m")), 4, "not supported by this version: malloc" },
        { HostScenarios.Single(new EchoOperation("/proc/sys/vm/swappiness", "0")), 3, "/proc/sys/vm/swappiness" },
        { HostScenarios.Single(new MkdirOperation("/../x")), 2, ".." },
        { HostScenarios.Single() with { Sysctl = [new("vm.swappiness", "77")] }, 3, "sysctl vm.swappiness='77'" },
        { HostScenarios.Single() with { Cgroup = new CgroupSpec { Version = 2 } }, 3, "cgroup.controllers does not list memory" },
        { HostScenarios.Single() with { Cgroup = HostScenarios.Groups(new GroupSpec { Path = "/000", Writes = [new("memory.none", "1")] }) }, 4, "memory.none" },
        { HostScenarios.Single() with { Processes = [new ProcessSpec { Name = "lost", Cgroup = "/elsewhere" }] }, 3, "/elsewhere/cgroup.procs: ENOENT" },
    };

    private RunResult Run(params Operation[] operations)
    {
        RunResult result = HostScenarios.Run(HostScenarios.Single(operations));
        output.WriteLine(HostScenarios.Describe(result));
        return result;
    }
}
