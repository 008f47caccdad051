using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Kernfs;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Limits;

/// <summary>§2.9: memory.high and memory.max below usage, memory.reclaim and memory.force_empty with nothing to reclaim; and the timer wheel's lateness.</summary>
public sealed class HighWriteTests
{
    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task) Grown(string era, int version = 2)
    {
        Machine machine = Workloads.Boot(era, version);
        Cgroup cgroup = machine.Make("/h");
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, 1024, out _).ShouldBe(1024);
        machine.AsHarness();
        return (machine, cgroup, task);
    }

    [Theory]
    [InlineData("4.1", 0)]
    [InlineData("4.15", 1)]
    [InlineData("5.4", 1)]
    [InlineData("5.10", 17)]
    [InlineData("6.1", 17)]
    [InlineData("6.18", 17)]
    public void High_BelowUsage_IsTakenAtOnceAfterThisMuchReclaim(string era, int runs)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Grown(era);
        long before = machine.TimeNs;
        machine.Set(cgroup, "memory.high", "1M").ShouldBe(Errno.None);
        ((machine.TimeNs - before - machine.Costs.ControlWriteNs) / machine.Costs.FruitlessReclaimNs).ShouldBe(runs);
        machine.Show(cgroup, "memory.high").ShouldBe("1048576\n");
        cgroup.Memcg.Memory.Usage.ShouldBeGreaterThan(1024);
        task.FatalSignalPending.ShouldBeFalse();
        cgroup.Memcg.Events(MemcgEvent.High).ShouldBe(0);
    }

    [Theory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void Max_BelowUsage_KillsAndCountsAttempts(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Grown(era);
        machine.Set(cgroup, "memory.max", "1M").ShouldBe(Errno.None);
        task.FatalSignalPending.ShouldBeTrue();
        (cgroup.Memcg.Events(MemcgEvent.Max), cgroup.Memcg.Events(MemcgEvent.OomKill)).ShouldBe((0, 1));
        cgroup.Memcg.Events(MemcgEvent.Oom).ShouldBeGreaterThan(0);
    }

    /// <summary>From 6.15 a writer that must not wait sets the limit and leaves reclaim, and the kill, to the next charge; before, the flag means nothing.</summary>
    [Theory]
    [InlineData("6.12", false)]
    [InlineData("6.18", true)]
    public void Section2_9_WithNonBlock_TheLimitIsOnlySet(string era, bool onlySet)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Grown(era);
        string directory = machine.CgroupDirectory(cgroup) + "/";
        long before = machine.TimeNs;
        machine.Write(directory + "memory.high", "1M", nonBlocking: true).ShouldBe(Errno.None);
        ((machine.TimeNs - before - machine.Costs.ControlWriteNs) / machine.Costs.FruitlessReclaimNs).ShouldBe(onlySet ? 0 : 17);
        machine.Show(cgroup, "memory.high").ShouldBe("1048576\n");
        OpenFile held = machine.Open(directory + "memory.max", nonBlocking: true).File.ShouldNotBeNull();
        held.NonBlocking.ShouldBeTrue();
        held.Write("abc").ShouldBe(Errno.EINVAL);
        held.Write("2M").ShouldBe(Errno.None);
        machine.Show(cgroup, "memory.max").ShouldBe("2097152\n");
        (task.FatalSignalPending, cgroup.Memcg.Events(MemcgEvent.OomKill)).ShouldBe((!onlySet, onlySet ? 0 : 1));
        if (onlySet)
        {
            cgroup.Memcg.Memory.Usage.ShouldBeGreaterThan(1024);
            machine.As(task);
            machine.Grow(task, 200, out FaultOutcome last).ShouldBeLessThan(65, "at most what the stock has");
            last.ShouldBe(FaultOutcome.Killed);
        }
        machine.Write("/sys/fs/cgroup/nothing/memory.max", "1M", nonBlocking: true).ShouldBe(Errno.ENOENT);
        machine.Write(directory + "memory.nothing", "1M", nonBlocking: true).ShouldBe(Errno.EACCES);
    }

    [Theory]
    [InlineData("6.1", "1M", Errno.EAGAIN)]
    [InlineData("6.1", "0", Errno.None)]
    [InlineData("6.1", "", Errno.None)] // a write of no bytes does nothing
    [InlineData("6.1", "1M swappiness=0", Errno.EINVAL)]
    [InlineData("6.12", "1M swappiness=0", Errno.EAGAIN)]
    [InlineData("6.12", "1M swappiness=201", Errno.EINVAL)]
    [InlineData("6.12", "1M swappiness=max", Errno.EINVAL)]
    [InlineData("6.18", "1M swappiness=max", Errno.EAGAIN)]
    [InlineData("6.18", "abc", Errno.EINVAL)]
    public void Reclaim_WithNothingToReclaim(string era, string text, Errno expected)
    {
        (Machine machine, Cgroup cgroup, _) = Grown(era);
        machine.Set(cgroup, "memory.reclaim", text).ShouldBe(expected);
        machine.Files.Read(machine.CgroupDirectory(cgroup) + "/memory.reclaim").Errno.ShouldBe(Errno.EINVAL);
    }

    [Theory]
    [InlineData("4.15", 5, true)]
    [InlineData("6.1", 16, false)]
    public void ForceEmpty_WithNothingToReclaim_TriesAndSucceeds(string era, int tries, bool waits)
    {
        (Machine machine, Cgroup cgroup, _) = Grown(era, 1);
        long before = machine.TimeNs;
        machine.Set(cgroup, "memory.force_empty", "whatever").ShouldBe(Errno.None);
        long took = machine.TimeNs - before;
        took.ShouldBeInRange(waits ? tries * 100_000_000L : tries * (long)machine.Costs.FruitlessReclaimNs, (waits ? tries * 100_000_000L : 0) + 1_000_000);
        machine.Set(machine.Hierarchy.Root, "memory.force_empty", "0").ShouldBe(Errno.EINVAL);
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(100, 62, 163)]
    [InlineData(100, 63, 168)] // buckets of 8 ticks
    [InlineData(101, 67, 176)]
    [InlineData(0, 500, 504)]
    [InlineData(0, 504, 512)] // of 64
    [InlineData(7, 4032, 4096)] // of 512
    public void TimerWheel_ServesABucketAtItsEnd(long now, long ticks, long expires) => TimerWheel.ExpiryTick(now, ticks).ShouldBe(expires);
}
