using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>§2.7, §2.9, §2.13, §2.14, §11.2, §14: what writing to the memory controller's files does.</summary>
public sealed class LimitFileTests
{
    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task) Holding(string era, int version, long pages)
    {
        Machine machine = Workloads.Boot(era, version);
        Cgroup cgroup = machine.Make("/c");
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, pages, out _).ShouldBe(pages);
        machine.AsHarness();
        return (machine, cgroup, task);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section14_V1LimitBelowUsage_IsRefusedAndChangesNothing(string era)
    {
        (Machine machine, Cgroup cgroup, _) = Holding(era, 1, 1024);
        machine.Set(cgroup, "memory.limit_in_bytes", "1M").ShouldBe(Errno.EBUSY);
        machine.Show(cgroup, "memory.limit_in_bytes").ShouldBe("9223372036854771712\n");
        machine.Set(cgroup, "memory.limit_in_bytes", "8M").ShouldBe(Errno.None);
        machine.Show(cgroup, "memory.limit_in_bytes").ShouldBe("8388608\n");
        machine.Show(cgroup, "memory.failcnt").ShouldBe("0\n", "a refused limit is no failed charge");
        machine.Verify();
    }

    [Fact]
    public void Section2_9_OldLimitWrites_TryFiveRoundsPerCgroup()
    {
        foreach ((string era, int children, int rounds) in (ReadOnlySpan<(string, int, int)>)[("4.15", 0, 5), ("4.15", 2, 15), ("5.4", 2, 1)])
        {
            (Machine machine, Cgroup cgroup, _) = Holding(era, 1, 1024);
            for (int i = 0; i < children; i++)
            {
                machine.Make("/c/" + i);
            }
            long before = machine.TimeNs;
            machine.Set(cgroup, "memory.limit_in_bytes", "1M").ShouldBe(Errno.EBUSY);
            (machine.TimeNs - before - machine.Costs.ControlWriteNs).ShouldBe((long)rounds * machine.Costs.FruitlessReclaimNs, $"{era} with {children} children");
        }
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section14_V1LimitsKeepTheirOrder(string era)
    {
        Machine machine = Workloads.Boot(era, 1);
        Cgroup cgroup = machine.Make("/c");
        machine.Set(cgroup, "memory.memsw.limit_in_bytes", "64M").ShouldBe(Errno.EINVAL, "memory is unlimited still");
        machine.Set(cgroup, "memory.limit_in_bytes", "64M").ShouldBe(Errno.None);
        machine.Set(cgroup, "memory.memsw.limit_in_bytes", "32M").ShouldBe(Errno.EINVAL);
        machine.Set(cgroup, "memory.memsw.limit_in_bytes", "64M").ShouldBe(Errno.None);
        machine.Set(cgroup, "memory.limit_in_bytes", "128M").ShouldBe(Errno.EINVAL);
        machine.Set(machine.Hierarchy.Root, "memory.limit_in_bytes", "1G").ShouldBe(Errno.EINVAL, "the root has no limit");
    }

    [Theory]
    [InlineData("4.15", 2)]
    [InlineData("5.10", 2)]
    [InlineData("6.12", 2)]
    public void Section2_9_V2MaxBelowUsage_KillsAndSucceeds(string era, int version)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Holding(era, version, 1024);
        machine.Set(cgroup, "memory.max", "1M").ShouldBe(Errno.None);
        task.Signal.OomKilled.ShouldBeTrue();
        Dictionary<string, long> events = Keyed(machine.Show(cgroup, "memory.events"));
        events["max"].ShouldBe(0, "no charge failed");
        events["oom_kill"].ShouldBe(1);
        events["oom"].ShouldBeGreaterThanOrEqualTo(2, "attempts are counted until the victim's memory is back (measured: 25 on 6.12)");
        machine.Show(cgroup, "memory.max").ShouldBe("1048576\n");
        cgroup.Memcg.Memory.Usage.ShouldBeLessThanOrEqualTo(256);
        machine.Verify();
    }

    [Fact]
    public void Section2_9_V2MaxBelowUsage_WithNobodyToKill_EndsWithOneEvent()
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Holding("6.12", 2, 1024);
        task.Signal.OomScoreAdj = -1000;
        machine.Set(cgroup, "memory.max", "1M").ShouldBe(Errno.None);
        task.Signal.OomKilled.ShouldBeFalse();
        Dictionary<string, long> events = Keyed(machine.Show(cgroup, "memory.events"));
        (events["oom"], events["oom_kill"]).ShouldBe((1, 0));
        machine.Show(cgroup, "memory.max").ShouldBe("1048576\n");
    }

    [Theory]
    [InlineData("4.15")]
    [InlineData("6.18")]
    public void Section2_7_RaisedLimitOrEnabledKiller_WakesWaiters(string era)
    {
        foreach ((string file, string text) in (ReadOnlySpan<(string, string)>)[("memory.limit_in_bytes", "8M"), ("memory.oom_control", "0")])
        {
            Machine machine = Workloads.Boot(era, 1, swapAccounting: false);
            Cgroup cgroup = machine.Make("/c", 512);
            machine.Set(cgroup, "memory.oom_control", "1").ShouldBe(Errno.None);
            TaskStruct task = machine.Enter(cgroup);
            machine.Grow(task, 4096, out FaultOutcome last);
            last.ShouldBe(FaultOutcome.WaitForOom);
            machine.AsHarness();
            machine.Show(cgroup, "memory.oom_control").ShouldStartWith("oom_kill_disable 1\nunder_oom 1\n");
            machine.Set(cgroup, file, text).ShouldBe(Errno.None);
            task.State.ShouldBe(TaskState.Running, file);
            machine.Show(cgroup, "memory.oom_control").ShouldContain("under_oom 0\n");
        }
        Workloads.Boot(era, 1).Files.Write("/sys/fs/cgroup/memory/memory.oom_control", "1").ShouldBe(Errno.EINVAL, "not on the root");
    }

    [Fact]
    public void Section2_7_OomKillLineExistsFrom4_13()
    {
        Machine old = Workloads.Boot("4.1", 1);
        old.Show(old.Make("/c"), "memory.oom_control").ShouldBe("oom_kill_disable 0\nunder_oom 0\n");
        Machine newer = Workloads.Boot("4.15", 1);
        newer.Show(newer.Make("/c"), "memory.oom_control").ShouldBe("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
    }

    [Theory]
    [InlineData("4.1", false, Errno.None, "4194304")]
    [InlineData("4.1", true, Errno.EBUSY, "9223372036854771712")]
    [InlineData("4.15", true, Errno.None, "4194304")]
    [InlineData("5.10", true, Errno.None, "4194304")]
    [InlineData("6.1", true, Errno.None, "9223372036854771712")]
    [InlineData("6.18", true, Errno.None, "9223372036854771712")]
    public void Section2_13_KmemLimit_ActivatesLimitsOrDoesNothing(string era, bool populated, Errno expected, string shown)
    {
        Machine machine = Workloads.Boot(era, 1);
        Cgroup cgroup = machine.Make("/c");
        if (populated)
        {
            machine.Enter(cgroup);
            machine.AsHarness();
        }
        machine.Set(cgroup, "memory.kmem.limit_in_bytes", "4M").ShouldBe(expected);
        machine.Show(cgroup, "memory.kmem.limit_in_bytes").ShouldBe(shown + "\n");
    }

    [Theory]
    [InlineData("5.10", Errno.EBUSY)]
    [InlineData("6.18", Errno.None)]
    public void Section14_KmemLimitBelowUsage_IsBusyWhereItIsEnforced(string era, Errno expected)
    {
        (Machine machine, Cgroup cgroup, _) = Holding(era, 1, 1024);
        cgroup.Memcg.Kmem.Usage.ShouldBeGreaterThan(0);
        machine.Set(cgroup, "memory.kmem.limit_in_bytes", "0").ShouldBe(expected);
    }

    [Fact]
    public void Section2_13_ActiveKmemAccounting_IsInheritedIn4_1()
    {
        Machine machine = Workloads.Boot("4.1", 1);
        machine.Set(machine.Make("/c"), "memory.kmem.limit_in_bytes", "-1").ShouldBe(Errno.None);
        machine.Make("/c/d").Memcg.KmemActive.ShouldBeTrue();
        machine.Make("/e").Memcg.KmemActive.ShouldBeFalse();
    }

    [Theory]
    [InlineData("4.15", "3", Errno.None)]
    [InlineData("4.15", "4", Errno.EINVAL)]
    [InlineData("6.12", "1", Errno.None)]
    [InlineData("6.18", "1", Errno.EINVAL)]
    [InlineData("6.18", "0", Errno.None)]
    public void Section2_14_MoveChargeValues(string era, string text, Errno expected)
    {
        Machine machine = Workloads.Boot(era, 1);
        machine.Set(machine.Make("/c"), "memory.move_charge_at_immigrate", text).ShouldBe(expected);
    }

    [Fact]
    public void Section11_2_Resets()
    {
        Machine machine = Workloads.Boot("5.4", 1, swapAccounting: false);
        Cgroup cgroup = machine.Make("/c", 512);
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, 4096, out _);
        machine.RunDueWork(machine.TimeNs + 10_000_000_000);
        machine.AsHarness();
        machine.ExitGroup(task.Signal, 0, 9);
        long.Parse(machine.Show(cgroup, "memory.failcnt")).ShouldBeGreaterThan(0);
        long.Parse(machine.Show(cgroup, "memory.max_usage_in_bytes")).ShouldBeGreaterThanOrEqualTo(2 << 20);
        machine.Set(cgroup, "memory.failcnt", "anything").ShouldBe(Errno.None);
        machine.Set(cgroup, "memory.max_usage_in_bytes", "anything").ShouldBe(Errno.None);
        machine.Show(cgroup, "memory.failcnt").ShouldBe("0\n");
        machine.Show(cgroup, "memory.max_usage_in_bytes").ShouldBe(machine.Show(cgroup, "memory.usage_in_bytes"));
    }

    [Theory]
    [InlineData("4.15", true, "1")]
    [InlineData("6.18", false, "0")]
    public void Section11_2_UseHierarchyEras(string era, bool canSwitch, string off)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = 1, RootUseHierarchy = false });
        Cgroup cgroup = machine.Make("/c");
        machine.Set(cgroup, "memory.use_hierarchy", off).ShouldBe(canSwitch ? Errno.None : Errno.EINVAL);
        machine.Set(cgroup, "memory.use_hierarchy", "1").ShouldBe(Errno.None);
        machine.Show(cgroup, "memory.use_hierarchy").ShouldBe("1\n");
        machine.Make("/c/d");
        machine.Set(cgroup, "memory.use_hierarchy", "0").ShouldBe(canSwitch ? Errno.EBUSY : Errno.EINVAL);
    }

    [Fact]
    public void Section11_2_RootSwappiness_IsThatOfTheMachine()
    {
        Machine machine = Workloads.Boot("5.4", 1);
        Cgroup before = machine.Make("/before");
        machine.Set(machine.Hierarchy.Root, "memory.swappiness", "10").ShouldBe(Errno.None);
        machine.Show("/proc/sys/vm/swappiness").ShouldBe("10\n");
        machine.Show(before, "memory.swappiness").ShouldBe("60\n");
        machine.Show(machine.Make("/after"), "memory.swappiness").ShouldBe("10\n");
    }

    [Theory]
    [InlineData("4.15", 5)]
    [InlineData("5.10", 16)]
    [InlineData("6.18", 16)]
    public void Section11_2_ForceEmpty_NeverComplains(string era, int retries)
    {
        (Machine machine, Cgroup cgroup, _) = Holding(era, 1, 100);
        long before = machine.TimeNs;
        machine.Set(cgroup, "memory.force_empty", "0").ShouldBe(Errno.None);
        cgroup.Memcg.Memory.Usage.ShouldBeGreaterThanOrEqualTo(100);
        long waited = era == "6.18" ? 0 : 100_000_000L * retries;
        (machine.TimeNs - before).ShouldBe(machine.Costs.ControlWriteNs + waited + ((long)retries * machine.Costs.FruitlessReclaimNs));
        machine.Set(machine.Hierarchy.Root, "memory.force_empty", "0").ShouldBe(Errno.EINVAL);
    }

    [Theory]
    [InlineData("6.1", "", Errno.None)]
    [InlineData("6.1", "\n", Errno.EAGAIN)]
    [InlineData("6.12", "\n", Errno.EINVAL)]
    [InlineData("6.1", "1M swappiness=10", Errno.EINVAL)]
    [InlineData("6.12", "1M swappiness=10", Errno.EAGAIN)]
    [InlineData("6.12", "1M swappiness=max", Errno.EINVAL)]
    [InlineData("6.18", "1M swappiness=max", Errno.EAGAIN)]
    [InlineData("6.18", "1M swappiness=201", Errno.EINVAL)]
    public void Section2_10_ReclaimSyntax(string era, string text, Errno expected)
    {
        (Machine machine, Cgroup cgroup, _) = Holding(era, 2, 1024);
        machine.Set(cgroup, "memory.reclaim", text).ShouldBe(expected);
    }

    [Fact]
    public void Section2_9_StrictSwapMaxOf4_15_IsBusyBelowUsage()
    {
        foreach ((string era, Errno expected) in (ReadOnlySpan<(string, Errno)>)[("4.15", Errno.EBUSY), ("4.19", Errno.None)])
        {
            Machine machine = Workloads.Boot(era, 2);
            Cgroup cgroup = machine.Make("/c");
            cgroup.Memcg.Swap.Charge(10);
            machine.Set(cgroup, "memory.swap.max", "4096").ShouldBe(expected, era);
        }
    }

    [Fact]
    public void Section11_2_MissingFiles_AreNotCreated()
    {
        Machine machine = Workloads.Boot("4.15", 1);
        machine.Files.Write("/sys/fs/cgroup/memory/memory.mem.limit_in_bytes", "100M").ShouldBe(Errno.EACCES);
        machine.Files.Write("/sys/fs/cgroup/memory/gone/memory.limit_in_bytes", "100M").ShouldBe(Errno.ENOENT);
        machine.Files.Read("/sys/fs/cgroup/memory/memory.mem.limit_in_bytes").Errno.ShouldBe(Errno.ENOENT);
        Cgroup cgroup = machine.Make("/c");
        machine.Hierarchy.Rmdir("/c").ShouldBe(Errno.None);
        machine.Set(cgroup, "memory.limit_in_bytes", "1M").ShouldBe(Errno.ENOENT);
    }

    [Fact]
    public void Write_ByAnUnprivilegedTask_IsRefused()
    {
        Machine machine = Workloads.Boot("6.18", 1);
        Cgroup cgroup = machine.Make("/c");
        TaskStruct user = machine.Spawn(new SpawnOptions { Comm = "user", Uid = 1000 });
        machine.As(user);
        machine.Set(cgroup, "memory.limit_in_bytes", "1M").ShouldBe(Errno.EACCES);
        machine.Files.Write("/proc/sys/vm/swappiness", "1").ShouldBe(Errno.EACCES);
        machine.Set(cgroup, "cgroup.event_control", "1 2").ShouldBe(Errno.EBADF, "mode 0222");
    }

    internal static Dictionary<string, long> Keyed(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' ')).ToDictionary(words => words[0], words => long.Parse(words[1]));
}
