using Ullage.Abi;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Scenarios;

public sealed class ScenarioReaderTests
{
    internal const string Everything = """
        name: everything
        description: |
          Two
          lines.
        kernel: v4.15
        machine:
          memory: 4GiB
          cpus: 3
          possible_cpus: 4
          nodes: 2
          swap: 1.5G
          hz: 1000
          disk: { read_latency: 80us, write_latency: 1ms, bandwidth: 1GiB/s, readahead: 64K }
        sysctl: { vm.overcommit_memory: 0, vm.swappiness: 60 }
        cgroup:
          version: 1
          groups:
            /000: { memory.kmem.limit_in_bytes: 100M, memory.limit_in_bytes: -1, slabs: { vm_area_struct: 76 } }
            /000/a:
        files:
          /data/big: 256MiB
          /data/small: 1
        processes:
          - name: perl
            cgroup: /000
            start: 1.5s
            count: 3
            every: 1m
            uid: 1000
            oom_score_adj: -5
            rlimits: { as: 1G, data: 2M, stack: 8192K }
            do:
              - grow: 100M
              - grow: { bytes: 1M, chunk: 4K, rate: 1M/s, until: done, expect_errno: ENOMEM }
              - mmap: { region: r, bytes: 2M, kind: shared, prot: none, noreserve: true, populate: true }
              - mmap: { region: f, bytes: 2M, kind: file, file: /data/big, prot: r }
              - touch: { region: r, pattern: zipf, alpha: 0.8, passes: 2, count: 100, seed: 18446744073709551615, write: false }
              - touch: { region: r, pattern: loop, passes: 3 }
              - munmap: { region: r, bytes: 4K }
              - munmap: { region: r }
              - mremap: { region: f, bytes: 4M }
              - mprotect: { region: f, prot: rw }
              - madvise: { region: f, advice: willneed }
              - brk: -1M
              - malloc: { bytes: 1K, count: 10, touch: false, name: list }
              - free: list
              - read: { file: /data/big, pattern: uniform, count: 5, via: mmap, advice: random }
              - write: { file: /data/new, bytes: 1M, pattern: sequential, fsync: true }
              - read: { file: /data/new }
              - stat_missing: { dir: /, count: 1000000, start: 7, until: error }
              - create_files: { dir: /tmp/d, count: 10, bytes: 4K }
              - read: { file: /tmp/d/3 }
              - unlink_files: { dir: /tmp/d, count: 10 }
              - fork: { name: kid, cgroup: /000/a, do: [ { touch: { region: f } }, { exit: 3 } ] }
              - wait
              - repeat:
                  times: 2
                  do:
                    - mkdir: /job{i}
                    - repeat: { times: 3, do: [ { exec: 'p{i}{j}' } ] }
                    - rmdir: /job{i}
              - interleave: { count: 9, of: [ { stat_missing: { dir: /, count: 9 } }, { read: { file: /data/small } } ] }
              - exec: sh
              - sleep: 10ms
              - sleep: 0
              - echo: { file: /proc/sys/vm/drop_caches, value: '' }
              - echo: { file: /proc/sys/vm/drop_caches, value: 1, nonblock: true }
              - sock: 1M
              - move: { process: self, to: /job1, thread: true }
              - move: { process: kid, to: / }
              - kill: { process: perl-2, signal: 9 }
              - pause:
              - exit: 0
        probes: [psi_memstall_enter, try_charge]
        sample:
          every: 1s
          files: [/proc/pressure/memory]
        collect: [/proc/meminfo]
        stop: { after: 60s }
        expect:
          - { process: perl, step: 0, errno: none }
          - { process: perl, step: 1, done: 256 }
          - { process: kid, exit_code: 3 }
          - { process: perl, signal: term }
          - { process: perl, oom_killed: false }
          - { file: /proc/meminfo, field: MemFree, at_least: 1, at_most: 2.5 }
          - { file: /proc/meminfo, contains: Mem }
          - { dmesg: 'SLUB: Unable', count: 2 }
        """;

    private static readonly Scenario Full = Read(Everything);

    [Fact]
    public void ReadTakesTheHeadAndTheMachine()
    {
        (Full.Name, Full.Description, Full.Kernel, Full.StopAfterNs).ShouldBe(("everything", "Two\nlines.", "4.15", 60_000_000_000));
        Full.Machine.ShouldBe(new MachineSpec
        {
            MemoryBytes = 4L << 30,
            Cpus = 3,
            PossibleCpus = 4,
            Nodes = 2,
            SwapBytes = 3L << 29,
            Hz = 1000,
            Disk = new DiskSpec { ReadLatencyNs = 80_000, WriteLatencyNs = 1_000_000, BandwidthBytesPerSecond = 1L << 30, ReadaheadBytes = 64 << 10 },
        });
        Full.Sysctl.ShouldBe([new("vm.overcommit_memory", "0"), new("vm.swappiness", "60")]);
    }

    [Fact]
    public void ReadTakesGroupsFilesAndWhatToWatch()
    {
        Full.Cgroup.Version.ShouldBe(1);
        Full.Cgroup.Groups.Select(g => g.Path).ShouldBe(["/000", "/000/a"]);
        Full.Cgroup.Groups[0].Writes.ShouldBe([new("memory.kmem.limit_in_bytes", "100M"), new("memory.limit_in_bytes", "-1")]);
        Full.Cgroup.Groups[0].Slabs.ShouldBe([new("vm_area_struct", 76)]);
        Full.Files.ShouldBe([new FileSpec("/data/big", 256L << 20), new FileSpec("/data/small", 1)]);
        Full.Probes.ShouldBe(["psi_memstall_enter", "try_charge"]);
        Full.Sample!.EveryNs.ShouldBe(1_000_000_000);
        Full.Sample.Files.ShouldBe(["/proc/pressure/memory"]);
        Full.Collect.ShouldBe(["/proc/meminfo"]);
    }

    [Fact]
    public void ReadTakesTheProcess()
    {
        ProcessSpec perl = Full.Processes.ShouldHaveSingleItem();
        (perl.Name, perl.Cgroup, perl.StartNs, perl.Count, perl.EveryNs, perl.Uid, perl.OomScoreAdj)
            .ShouldBe(("perl", "/000", 1_500_000_000, 3, 60_000_000_000, 1000, -5));
        perl.Rlimits.ShouldBe(new RlimitSpec { As = 1L << 30, Data = 2L << 20, Stack = 8L << 20 });
        perl.Do.Count.ShouldBe(36);
    }

    [Fact]
    public void ReadTakesTheOperationsWithoutLists()
    {
        Operation[] found = [.. Full.Processes[0].Do.Where(o => o is not (ForkOperation or RepeatOperation or InterleaveOperation)).Select(o => o with { Line = 0 })];
        Operation[] expected =
        [
            new GrowOperation(100L << 20, 1 << 20, null),
            new GrowOperation(1 << 20, 4096, 1 << 20) { UntilDone = true, ExpectErrno = Errno.ENOMEM },
            new MmapOperation("r", 2 << 20) { Kind = MapKind.Shared, Protection = MapProtection.None, NoReserve = true, Populate = true },
            new MmapOperation("f", 2 << 20) { Kind = MapKind.File, File = "/data/big", Protection = MapProtection.R },
            new TouchOperation("r", new PatternSpec { Pattern = AccessPattern.Zipf, Alpha = 0.8, Passes = 2, Count = 100, Seed = ulong.MaxValue }, false),
            new TouchOperation("r", new PatternSpec { Pattern = AccessPattern.Loop, Passes = 3 }, true),
            new MunmapOperation("r", 4096), new MunmapOperation("r", null), new MremapOperation("f", 4 << 20), new MprotectOperation("f", MapProtection.Rw),
            new MadviseOperation("f", "willneed"), new BrkOperation(-(1 << 20)), new MallocOperation(1024, 10, false, "list"), new FreeOperation("list"),
            new ReadOperation("/data/big", new PatternSpec { Pattern = AccessPattern.Uniform, Count = 5 }) { ViaMmap = true, Advice = "random" },
            new WriteOperation("/data/new", 1 << 20, new PatternSpec(), true), new ReadOperation("/data/new", new PatternSpec()),
            new StatMissingOperation("/", 1_000_000, 7), new CreateFilesOperation("/tmp/d", 10, 4096), new ReadOperation("/tmp/d/3", new PatternSpec()),
            new UnlinkFilesOperation("/tmp/d", 10), new WaitOperation(), new ExecOperation("sh"), new SleepOperation(10_000_000), new SleepOperation(0),
            new EchoOperation("/proc/sys/vm/drop_caches", ""), new EchoOperation("/proc/sys/vm/drop_caches", "1") { NonBlocking = true }, new SockOperation(1 << 20),
            new MoveOperation("self", "/job1", true), new MoveOperation("kid", "/", false),
            new KillOperation("perl-2", "SIGKILL"), new PauseOperation(), new ExitOperation(0),
        ];
        found.ShouldBe(expected);
        Full.Processes[0].Do[0].Line.ShouldBe(33);
    }

    [Fact]
    public void ReadTakesTheOperationsWithLists()
    {
        ForkOperation fork = Full.Processes[0].Do.OfType<ForkOperation>().Single();
        (fork.ChildName, fork.Cgroup).ShouldBe(("kid", "/000/a"));
        fork.Do.Select(o => o.Name).ShouldBe(["touch", "exit"]);
        RepeatOperation repeat = Full.Processes[0].Do.OfType<RepeatOperation>().Single();
        (repeat.Times, repeat.Depth).ShouldBe((2, 0));
        RepeatOperation inner = repeat.Do[1].ShouldBeOfType<RepeatOperation>();
        (inner.Times, inner.Depth).ShouldBe((3, 1));
        InterleaveOperation interleave = Full.Processes[0].Do.OfType<InterleaveOperation>().Single();
        interleave.Count.ShouldBe(9);
        interleave.Of.Select(o => o.Name).ShouldBe(["stat_missing", "read"]);
    }

    [Fact]
    public void ReadTakesTheExpectations() =>
        Full.Expect.Select(e => e with { Line = 0, Place = "" }).ShouldBe(
        [
            new Expectation { Process = "perl", Step = 0, Errno = Errno.None },
            new Expectation { Process = "perl", Step = 1, Done = true, Compare = new Comparison(ComparisonKind.EqualTo, "256") },
            new Expectation { Process = "kid", ExitCode = 3 },
            new Expectation { Process = "perl", Signal = "SIGTERM" },
            new Expectation { Process = "perl", OomKilled = false },
            new Expectation { File = "/proc/meminfo", Field = "MemFree", Compare = new Comparison(ComparisonKind.AtLeast, "1") },
            new Expectation { File = "/proc/meminfo", Field = "MemFree", Compare = new Comparison(ComparisonKind.AtMost, "2.5") },
            new Expectation { File = "/proc/meminfo", Compare = new Comparison(ComparisonKind.Contains, "Mem") },
            new Expectation { Dmesg = "SLUB: Unable", Count = 2 },
        ]);

    [Fact]
    public void ReadOfANameAloneGivesTheDefaults()
    {
        Scenario scenario = Read("name: bare");
        scenario.Machine.ShouldBe(new MachineSpec());
        (scenario.Kernel, scenario.StopAfterNs, scenario.Sample, scenario.Cgroup.Version).ShouldBe((null, null, null, 2));
        scenario.Processes.ShouldBeEmpty();
    }

    [Fact]
    public void ReadOfAnAliasGivesACopy()
    {
        Scenario scenario = ScenarioReader.Read(
            "name: n\nprocesses:\n  - { name: a, do: &work [ { grow: 1M } ] }\n  - { name: b, do: *work }\n", "s.yaml", ["processes.b.do.0.grow=2M"]).Scenario.ShouldNotBeNull();
        scenario.Processes.Select(p => ((GrowOperation)p.Do[0]).Bytes).ShouldBe([1L << 20, 2L << 20]);
    }

    [Fact]
    public void ReadOfAMissingFileOnPurposeIsGood() =>
        Read("name: n\nprocesses:\n  - { name: a, do: [ { read: { file: /nowhere, expect_errno: ENOENT } } ] }\n").Processes.Count.ShouldBe(1);

    [Fact]
    public void ReadOfAliasesOfAliasesEnds()
    {
        string yaml = "name: n\na: &a [x,x,x,x,x,x,x,x,x,x]\n";
        for (char c = 'b'; c <= 'j'; c++)
        {
            char before = (char)(c - 1);
            yaml += $"{c}: &{c} [{string.Join(',', Enumerable.Repeat("*" + before, 10))}]\n";
        }

        ScenarioReader.Read(yaml, "s.yaml", []).Problems.ShouldHaveSingleItem().Message.ShouldContain("more than 200000 values");
    }

    [Fact]
    public void ReadOfManyKeysIsQuickAndTellsEach()
    {
        string yaml = "name: n\nsysctl:\n" + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"  a{i}: 1\n")) + "  a7: 1\n";
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        ScenarioReader.Read(yaml, "s.yaml", []).Problems.ShouldHaveSingleItem().ToString().ShouldBe("s.yaml:60003:3: key 'a7' appears twice (first on line 10): remove one of them");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30), "looking for a key twice must not take the square of their number (minutes)");
    }

    [Fact]
    public void ReadOfDeepNestingEnds() =>
        ScenarioReader.Read("name: " + new string('[', 10_000), "s.yaml", []).Problems.ShouldHaveSingleItem().Message.ShouldContain("nested deeper than 50 levels");

    private static Scenario Read(string yaml)
    {
        ScenarioReadResult result = ScenarioReader.Read(yaml, "s.yaml", []);
        result.Problems.ShouldBeEmpty();
        return result.Scenario!;
    }
}
