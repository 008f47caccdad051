using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>§10.2 to §10.5: the files of cgroup core.</summary>
public sealed class CoreFileTests
{
    private static Machine Boot(string era, int version, params string[] cgroups)
    {
        Machine machine = Workloads.Boot(era, version);
        foreach (string path in cgroups)
        {
            machine.Hierarchy.Mkdir(path).ShouldBe(Errno.None);
        }
        return machine;
    }

    private static Errno Control(Machine machine, string path, string text) => machine.Files.Write("/sys/fs/cgroup" + path + "/cgroup.subtree_control", text);

    [Theory]
    [InlineData(1, "/sys/fs/cgroup/memory")]
    [InlineData(2, "/sys/fs/cgroup")]
    public void CgroupIdOfOneMadeAgainIsAnother(int version, string mount)
    {
        Machine machine = Boot("6.12", version, "/a", "/a/b");
        ICgroupIds ids = machine.Files.ShouldBeAssignableTo<ICgroupIds>()!;
        ulong?[] before = [ids.CgroupId(mount), ids.CgroupId(mount + "/a"), ids.CgroupId(mount + "/a/b/")];
        before.ShouldAllBe(id => id != null);
        before.Distinct().Count().ShouldBe(3);
        machine.Hierarchy.Rmdir("/a/b").ShouldBe(Errno.None);
        ids.CgroupId(mount + "/a/b").ShouldBeNull();
        machine.Hierarchy.Mkdir("/a/b").ShouldBe(Errno.None);
        ids.CgroupId(mount + "/a/b").ShouldNotBeNull().ShouldBeGreaterThan(before.Max()!.Value);
        ids.CgroupId(mount + "/a").ShouldBe(before[1]);
        ids.CgroupId(mount + "/a/cgroup.procs").ShouldBeNull("a file is no cgroup");
        ids.CgroupId("/proc").ShouldBeNull();
    }

    [Fact]
    public void Section10_3_EnablingMemory_GivesChildrenTheirFiles()
    {
        Machine machine = Boot("6.12", 2, "/p", "/p/c");
        machine.Files.Read("/sys/fs/cgroup/p/memory.max").Errno.ShouldBe(Errno.ENOENT);
        Control(machine, "/p", "+memory").ShouldBe(Errno.ENOENT, "the root does not hand it out yet");
        Control(machine, "", "+memory").ShouldBe(Errno.None);
        Control(machine, "/p", "+memory").ShouldBe(Errno.None);
        machine.Show("/sys/fs/cgroup/p/c/memory.max").ShouldBe("max\n");
        machine.Show("/sys/fs/cgroup/p/c/cgroup.controllers").ShouldBe("memory\n");
        machine.Show("/sys/fs/cgroup/p/c/cgroup.subtree_control").ShouldBe("\n");
        Control(machine, "", "-memory").ShouldBe(Errno.EBUSY, "a child hands it out");
        Control(machine, "/p", "-memory").ShouldBe(Errno.None);
        machine.Files.Read("/sys/fs/cgroup/p/c/memory.max").Errno.ShouldBe(Errno.ENOENT);
    }

    [Theory]
    [InlineData("+foo", Errno.EINVAL)]
    [InlineData("memory", Errno.EINVAL)]
    [InlineData("++memory", Errno.EINVAL)]
    [InlineData("+io", Errno.ENOENT)]
    [InlineData("+memory -memory", Errno.None)]
    [InlineData("", Errno.None)]
    public void Section10_3_Tokens(string text, Errno expected)
    {
        Machine machine = Boot("6.12", 2, "/p");
        Control(machine, "", "+memory").ShouldBe(Errno.None);
        Control(machine, "/p", text).ShouldBe(expected);
        machine.Show("/sys/fs/cgroup/p/cgroup.subtree_control").ShouldBe("\n");
    }

    [Fact]
    public void Section10_3_TasksAndDistributionExcludeEachOther()
    {
        Machine machine = Boot("6.12", 2, "/p", "/p/c");
        Control(machine, "", "+memory").ShouldBe(Errno.None);
        Cgroup p = machine.Hierarchy.Find("/p")!;
        TaskStruct task = machine.Enter(p);
        machine.AsHarness();
        Control(machine, "/p", "+memory").ShouldBe(Errno.EBUSY);
        machine.Set(machine.Hierarchy.Find("/p/c")!, "cgroup.procs", task.Pid.ToString()).ShouldBe(Errno.None);
        Control(machine, "/p", "+memory").ShouldBe(Errno.None);
        machine.Set(p, "cgroup.procs", task.Pid.ToString()).ShouldBe(Errno.EBUSY);
        task.Cgroup.OwnMemcg.ShouldNotBeNull("its cgroup got its own state while it was in it");
    }

    [Fact]
    public void Section10_3_DisabledControllersCharges_KeepItsStateUntilTheyAreFreed()
    {
        Machine machine = Boot("6.12", 2, "/p", "/p/c");
        Control(machine, "", "+memory").ShouldBe(Errno.None);
        Control(machine, "/p", "+memory").ShouldBe(Errno.None);
        Cgroup child = machine.Hierarchy.Find("/p/c")!;
        TaskStruct task = machine.Enter(child);
        machine.Grow(task, 300, out _);
        machine.AsHarness();
        MemCgroup before = child.OwnMemcg!;
        Control(machine, "/p", "-memory").ShouldBe(Errno.None);
        before.Online.ShouldBeFalse();
        child.Memcg.ShouldBe(child.Parent!.OwnMemcg);
        before.Memory.Usage.ShouldBeGreaterThanOrEqualTo(300);
        machine.Verify();
        machine.ExitGroup(task.Signal, 0, 9);
        machine.Hierarchy.Rmdir("/p/c").ShouldBe(Errno.None);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Charge.DrainAllStock(machine.Hierarchy.Root.Memcg);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Hierarchy.Count.ShouldBe(2, "the root and /p");
        machine.Hierarchy.Root.DyingDescendants.ShouldBe(0);
    }

    [Fact]
    public void Section10_2_V1ListsAreSorted_V2ListsAreInOrderOfArrival()
    {
        for (int version = 1; version <= 2; version++)
        {
            Machine machine = Workloads.Boot("6.1", version);
            Cgroup cgroup = machine.Make("/c");
            TaskStruct first = machine.Spawn(new SpawnOptions { Comm = "a" });
            TaskStruct second = machine.Spawn(new SpawnOptions { Comm = "b" });
            TaskStruct thread = machine.Clone(second).Thread!;
            machine.Set(cgroup, "cgroup.procs", second.Pid + "\n").ShouldBe(Errno.None);
            machine.Set(cgroup, "cgroup.procs", first.Pid + "\n").ShouldBe(Errno.None);
            machine.Show(cgroup, "cgroup.procs").ShouldBe(version == 1 ? $"{first.Pid}\n{second.Pid}\n" : $"{second.Pid}\n{first.Pid}\n");
            machine.Show(cgroup, version == 1 ? "tasks" : "cgroup.threads")
                .ShouldBe(version == 1 ? $"{first.Pid}\n{second.Pid}\n{thread.Pid}\n" : $"{second.Pid}\n{thread.Pid}\n{first.Pid}\n");
            machine.Files.Write(machine.CgroupDirectory(machine.Hierarchy.Root) + (version == 1 ? "/tasks" : "/cgroup.threads"), thread.Pid.ToString())
                .ShouldBe(version == 1 ? Errno.None : Errno.EOPNOTSUPP);
        }
    }

    [Fact]
    public void Section10_5_Kill_EndsTheWholeSubtree()
    {
        Machine machine = Boot("6.12", 2, "/p", "/p/c", "/other");
        TaskStruct inside = machine.Enter(machine.Hierarchy.Find("/p/c")!);
        TaskStruct outside = machine.Enter(machine.Hierarchy.Find("/other")!);
        machine.AsHarness();
        Cgroup p = machine.Hierarchy.Find("/p")!;
        machine.Set(p, "cgroup.kill", "0").ShouldBe(Errno.ERANGE);
        machine.Show(p, "cgroup.events").ShouldBe("populated 1\nfrozen 0\n");
        machine.Set(p, "cgroup.kill", "1").ShouldBe(Errno.None);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        (inside.Signal.Ended, outside.Signal.Ended).ShouldBe((true, false));
        machine.Show(p, "cgroup.events").ShouldBe("populated 0\nfrozen 0\n");
        Workloads.Boot("5.10", 2).Files.List("/sys/fs/cgroup").Names.ShouldNotContain("cgroup.kill");
    }

    /// <summary>Counts its slices.</summary>
    private sealed class Counter : ITaskProgram
    {
        public int Slices { get; private set; }

        public ProgramStep Run(Machine machine, TaskStruct task, long budgetNs)
        {
            Slices++;
            machine.Spend(budgetNs);
            return new ProgramStep(ProgramNext.Ready);
        }
    }

    [Fact]
    public void CgroupFreeze_StopsTasksUntilThawOrKill()
    {
        Machine machine = Boot("6.12", 2, "/p", "/p/c");
        Cgroup p = machine.Hierarchy.Find("/p")!;
        TaskStruct task = machine.Enter(machine.Hierarchy.Find("/p/c")!);
        machine.AsHarness();
        Counter counter = new();
        machine.Scheduler.Start(task, counter);
        machine.Scheduler.RunUntil(1_000_000);
        counter.Slices.ShouldBeGreaterThan(5);
        machine.Set(p, "cgroup.freeze", "1").ShouldBe(Errno.None);
        machine.Show("/sys/fs/cgroup/p/c/cgroup.events").ShouldBe("populated 1\nfrozen 1\n");
        machine.Scheduler.RunUntil(2_000_000);
        int frozenAt = counter.Slices;
        machine.Scheduler.RunUntil(10_000_000);
        counter.Slices.ShouldBe(frozenAt);
        machine.Set(p, "cgroup.freeze", "0").ShouldBe(Errno.None);
        machine.Scheduler.RunUntil(11_000_000);
        counter.Slices.ShouldBeGreaterThan(frozenAt + 5);
        machine.Set(p, "cgroup.freeze", "1").ShouldBe(Errno.None);
        machine.Scheduler.RunUntil(12_000_000);
        machine.Kill(task.Pid, 9).ShouldBe(Errno.None);
        machine.Scheduler.RunUntil(20_000_000);
        task.Signal.Ended.ShouldBeTrue();
    }

    [Fact]
    public void Section14_MaxDepthAndDescendants_AreAgain()
    {
        Machine machine = Boot("6.12", 2, "/p");
        Cgroup p = machine.Hierarchy.Find("/p")!;
        machine.Set(p, "cgroup.max.descendants", "1").ShouldBe(Errno.None);
        machine.Hierarchy.Mkdir("/p/a").ShouldBe(Errno.None);
        machine.Hierarchy.Mkdir("/p/b").ShouldBe(Errno.EAGAIN);
        machine.Set(p, "cgroup.max.descendants", "max").ShouldBe(Errno.None);
        machine.Set(p, "cgroup.max.depth", "1").ShouldBe(Errno.None);
        machine.Hierarchy.Mkdir("/p/a/x").ShouldBe(Errno.EAGAIN);
        machine.Show(p, "cgroup.max.depth").ShouldBe("1\n");
    }

    [Fact]
    public void Section5_1_CgroupStat_CountsPerControllerFrom6_12()
    {
        Machine machine = Boot("6.1", 2, "/p", "/p/a");
        machine.Show("/sys/fs/cgroup/p/cgroup.stat").ShouldBe("nr_descendants 1\nnr_dying_descendants 0\n");
        machine = Boot("6.12", 2, "/p", "/p/a");
        Control(machine, "", "+memory").ShouldBe(Errno.None);
        string text = machine.Show("/sys/fs/cgroup/cgroup.stat");
        text.ShouldStartWith("nr_descendants 2\nnr_subsys_cpuset 1\n");
        text.ShouldContain("nr_subsys_memory 2\nnr_subsys_perf_event 3\n");
    }

    [Fact]
    public void Section5_3_RemovedParent_StaysInMemoryWhileItsRemovedChildHasCharges()
    {
        Machine machine = Boot("6.1", 1, "/a", "/a/b", "/a/b/c");
        TaskStruct task = machine.Enter(machine.Hierarchy.Find("/a/b/c")!);
        machine.Grow(task, 300, out _);
        machine.AsHarness();
        machine.Attach(machine.Hierarchy.Root, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.Hierarchy.Rmdir("/a/b/c").ShouldBe(Errno.None);
        machine.Hierarchy.Rmdir("/a/b").ShouldBe(Errno.None);
        machine.Verify();
        machine.Show("/proc/cgroups").ShouldContain("memory\t1\t4\t1\n");
        machine.ExitGroup(task.Signal, 0, 9);
        machine.Charge.DrainAllStock(machine.Hierarchy.Root.Memcg);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Verify();
        machine.Show("/proc/cgroups").ShouldContain("memory\t1\t2\t1\n");
    }

    [Fact]
    public void V1SwitchesAndRootFiles()
    {
        Machine machine = Boot("5.4", 1, "/c");
        Cgroup c = machine.Hierarchy.Find("/c")!;
        machine.Set(c, "notify_on_release", "5").ShouldBe(Errno.None);
        machine.Show(c, "notify_on_release").ShouldBe("1\n");
        machine.Set(machine.Hierarchy.Root, "release_agent", " /bin/agent\n").ShouldBe(Errno.None);
        machine.Show("/sys/fs/cgroup/memory/release_agent").ShouldBe("/bin/agent\n");
        machine.Files.Read("/sys/fs/cgroup/memory/c/release_agent").Errno.ShouldBe(Errno.ENOENT);
        machine.Show("/sys/fs/cgroup/memory/cgroup.sane_behavior").ShouldBe("0\n");
    }
}
