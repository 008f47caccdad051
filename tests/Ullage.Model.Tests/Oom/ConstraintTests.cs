using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Oom;

/// <summary>Allocations that may only look at some nodes, and what the OOM killer makes of it (§8.2 steps 5 and 6, §8.3, §8.6).</summary>
public sealed class ConstraintTests
{
    /// <summary>Two nodes of 128 MiB; v1 has cpusets beside memory, v2 where the era has them there.</summary>
    private static Machine Boot(string era, int version)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), MemoryBytes = 256 << 20, Nodes = 2, CgroupVersion = version, V1Hierarchies = ["cpuset,memory"],
        });
        machine.Overcommit.Mode = 1;
        return machine;
    }

    private static Cgroup Make(Machine machine, string name, string mems)
    {
        string root = machine.CgroupDirectory(machine.Hierarchy.Root);
        if (machine.Options.CgroupVersion == 2)
        {
            machine.Files.Write(root + "/cgroup.subtree_control", "+cpuset +memory").ShouldBe(Errno.None);
        }
        machine.Hierarchy.Mkdir("/" + name).ShouldBe(Errno.None);
        machine.Files.Write($"{root}/{name}/cpuset.cpus", "0-1").ShouldBe(Errno.None);
        machine.Files.Write($"{root}/{name}/cpuset.mems", mems).ShouldBe(Errno.None);
        return machine.Hierarchy.Find("/" + name)!;
    }

    private static TaskStruct Start(Machine machine, string comm, Cgroup? cgroup, int pages, int adj = 0)
    {
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = comm, OomScoreAdj = adj });
        if (cgroup is not null)
        {
            machine.Attach(cgroup, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        }
        machine.As(task);
        machine.Grow(task, pages, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Ok);
        return task;
    }

    private static string[] Log(Machine machine) => [.. machine.Log.Records.Select(record => record.Text)];

    public static TheoryData<string, int> Places
    {
        get
        {
            TheoryData<string, int> places = [];
            foreach (string era in new[] { "4.1", "4.15", "4.19", "5.3", "5.4", "5.10", "6.1", "6.12", "6.18" })
            {
                places.Add(era, 1);
            }
            foreach (string era in new[] { "5.3", "5.4", "5.10", "6.1", "6.12", "6.18" })
            {
                places.Add(era, 2);
            }
            return places;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Section8_2_Step5_ACpusetsFullNodeIsAConstraintAndOnlyWhoSharesItIsEligible(string era, int version)
    {
        Machine machine = Boot(era, version);
        Cgroup other = Make(machine, "other", "0");
        Cgroup job = Make(machine, "job", "1");
        TaskStruct large = Start(machine, "large", other, 20_000);
        TaskStruct leak = Start(machine, "leak", job, 16);
        machine.Grow(leak, 1 << 20, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        (leak.Signal.OomKilled, large.Signal.OomKilled, machine.Oom.Kills).ShouldBe((true, false, 1));
        machine.Frames.Nodes[0].Free.ShouldBeGreaterThan(4000);
        string[] log = Log(machine);
        if (era is "4.1" or "4.15" or "4.19")
        {
            log.ShouldContain("leak cpuset=job mems_allowed=1");
        }
        else
        {
            log.ShouldContain(text => text.StartsWith("oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),cpuset=job,mems_allowed=1,global_oom,task_memcg=/job,task=leak,pid="));
        }
        log.ShouldNotContain(text => text.StartsWith("Node 0 ")); // of Mem-Info only the nodes that count
        log.ShouldContain(text => text.StartsWith("Node 1 DMA32 free:"));
        log.ShouldNotContain(text => text.EndsWith(" large"), "the task table lists who could be chosen");
        machine.Verify();
    }

    [Theory]
    [InlineData("4.1")]
    [InlineData("4.15")]
    [InlineData("5.4")]
    [InlineData("5.10")]
    [InlineData("6.18")]
    public void Section8_2_Step5_ABindingPolicyIsAConstraintAndWhoIsBoundElsewhereIsNotEligible(string era)
    {
        Machine machine = Boot(era, 1);
        TaskStruct bound = Start(machine, "bound", null, 16);
        TaskStruct elsewhere = machine.Spawn(new SpawnOptions { Comm = "elsewhere", OomScoreAdj = 1000 });
        machine.SetMempolicy(elsewhere, PolicyMode.Bind, NodeMask.Of(0)).ShouldBe(Errno.None);
        machine.As(elsewhere);
        machine.Grow(elsewhere, 1000, out _);
        machine.As(bound);
        machine.SetMempolicy(bound, PolicyMode.Bind, NodeMask.Of(1)).ShouldBe(Errno.None);
        machine.Grow(bound, 1 << 20, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        (bound.Signal.OomKilled, elsewhere.Signal.OomKilled).ShouldBe((true, false));
        string[] log = Log(machine);
        if (era is "4.15")
        {
            log.ShouldContain(text => text.Contains("nodemask=1, order=0"));
        }
        else if (era is not "4.1")
        {
            log.ShouldContain(text => text.StartsWith("oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=1,cpuset=/,mems_allowed=0-1,global_oom,"));
        }
        machine.Verify();
    }

    [Theory]
    [InlineData("5.10", true)] // to 5.14 a policy that spreads counts as one that binds
    [InlineData("6.1", false)]
    public void Section8_3_WhoSpreadsItsPagesElsewhereIsSparedBefore5_15(string era, bool spared)
    {
        Machine machine = Boot(era, 1);
        TaskStruct spreads = machine.Spawn(new SpawnOptions { Comm = "spreads", OomScoreAdj = 1000 });
        machine.SetMempolicy(spreads, PolicyMode.Interleave, NodeMask.Of(0)).ShouldBe(Errno.None);
        TaskStruct bound = Start(machine, "bound", null, 16);
        machine.SetMempolicy(bound, PolicyMode.Bind, NodeMask.Of(1)).ShouldBe(Errno.None);
        machine.Grow(bound, 1 << 20, out _);
        spreads.Signal.OomKilled.ShouldBe(!spared);
        machine.Verify();
    }

    [Theory]
    [InlineData("4.15")]
    [InlineData("6.18")]
    public void Section8_2_Step6_PanicOnOom1DoesNotPanicWhenConstrainedAnd2Does(string era)
    {
        foreach ((int panicOnOom, bool constrained, bool panics) in new[] { (1, true, false), (1, false, true), (2, true, true) })
        {
            Machine machine = Boot(era, 1);
            machine.Oom.PanicOnOom = panicOnOom;
            TaskStruct leak = Start(machine, "leak", constrained ? Make(machine, "job", "1") : null, 16);
            machine.Grow(leak, 1 << 20, out _);
            (machine.Panicked is not null).ShouldBe(panics, $"panic_on_oom={panicOnOom}, constrained={constrained}");
            leak.Signal.OomKilled.ShouldBe(!panics);
        }
    }

    [Theory]
    [InlineData("5.4")]
    [InlineData("6.18")]
    public void Section8_2_Step5_BadnessIsMeasuredAgainstTheAllowedNodes(string era)
    {
        Machine machine = Boot(era, 1);
        Cgroup job = Make(machine, "job", "1");
        TaskStruct moved = Start(machine, "moved", job, 2000, adj: 500); // + 500 thousandths of the machine, or of the node
        TaskStruct leak = Start(machine, "leak", job, 16);
        machine.Grow(leak, 1 << 20, out _);
        long node = machine.Frames.Nodes[1].Present;
        long points = 2000 + (500 * (node / 1000));
        points.ShouldBeLessThan(node - 6000); // so the leak has more
        (2000 + (500 * (machine.Frames.Managed / 1000L))).ShouldBeGreaterThan(node - 6000); // which against all of RAM it had not
        (leak.Signal.OomKilled, moved.Signal.OomKilled).ShouldBe((true, false));
    }

    [Theory]
    [InlineData("4.19", false)] // to 5.2 also a memory cgroup's selection asks for a shared node
    [InlineData("5.4", true)]
    public void Section8_3_InAMemcgCpusetsAreAskedForOnlyBefore5_3(string era, bool killsTheOther)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), MemoryBytes = 256 << 20, Nodes = 2, CgroupVersion = 1, V1Hierarchies = ["memory", "cpuset"],
        });
        machine.Hierarchy.Mkdir("/a").ShouldBe(Errno.None);
        machine.Files.Write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "40M").ShouldBe(Errno.None);
        CgroupHierarchy sets = machine.Hierarchies[1];
        foreach (string node in new[] { "0", "1" })
        {
            sets.Mkdir("/n" + node).ShouldBe(Errno.None);
            machine.Files.Write($"/sys/fs/cgroup/cpuset/n{node}/cpuset.cpus", "0").ShouldBe(Errno.None);
            machine.Files.Write($"/sys/fs/cgroup/cpuset/n{node}/cpuset.mems", node).ShouldBe(Errno.None);
        }
        Cgroup limited = machine.Hierarchy.Find("/a")!;
        TaskStruct large = Start(machine, "large", limited, 16);
        machine.Attach(sets.Find("/n0")!, large.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.Grow(large, 6000, out _);
        TaskStruct asks = Start(machine, "asks", limited, 16);
        machine.Attach(sets.Find("/n1")!, asks.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.Grow(asks, 5000, out _);
        (large.Signal.OomKilled, asks.Signal.OomKilled).ShouldBe((killsTheOther, !killsTheOther));
        machine.Verify();
    }

    [Fact]
    public void PageTablesMayLieOutsideTheCpusetUnlessItIsWalledOff()
    {
        foreach (bool wall in new[] { false, true })
        {
            Machine machine = Boot("6.18", 1);
            Cgroup job = Make(machine, "job", "1");
            machine.Files.Write("/sys/fs/cgroup/memory/job/cpuset.mem_hardwall", wall ? "1" : "0").ShouldBe(Errno.None);
            TaskStruct task = Start(machine, "task", job, 16);
            long before = machine.Frames.Nodes[0].Free;
            while (machine.Oom.Kills == 0 && machine.AllocateSlow(PageFlags.Kernel) >= 0 && before - machine.Frames.Nodes[0].Free < 1000)
            {
            }
            (machine.Oom.Kills > 0, before - machine.Frames.Nodes[0].Free > 2).ShouldBe((wall, !wall)); // a victim may have a page of any node
            task.Signal.OomKilled.ShouldBe(wall);
        }
    }
}
