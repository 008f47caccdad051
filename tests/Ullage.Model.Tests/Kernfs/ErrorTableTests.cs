using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>The table of §14: operations that are refused, with the errno of each era.</summary>
public sealed class ErrorTableTests
{
    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task) Boot(string era, int version, long swap = 0)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), CgroupVersion = version, MemoryBytes = 256 << 20, SwapBytes = swap,
            Disk = new DiskOptions { ReadLatencyNs = 20_000, WriteLatencyNs = 20_000, BytesPerSecond = 4L << 30 },
        });
        Cgroup cgroup = machine.Make("/t");
        TaskStruct task = machine.Enter(cgroup);
        return (machine, cgroup, task);
    }

    private static void Grow(Machine machine, TaskStruct task, int pages)
    {
        machine.As(task);
        machine.Grow(task, pages, out FaultOutcome last).ShouldBe(pages);
        last.ShouldBe(FaultOutcome.Ok);
        machine.AsHarness();
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section14_V1LimitsThatDoNotFit(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 1);
        Grow(machine, task, 1000);
        machine.Set(cgroup, "memory.limit_in_bytes", "1M").ShouldBe(Errno.EBUSY);
        machine.Set(cgroup, "memory.limit_in_bytes", "64M").ShouldBe(Errno.None);
        machine.Set(cgroup, "memory.memsw.limit_in_bytes", "32M").ShouldBe(Errno.EINVAL);
        machine.Set(cgroup, "memory.memsw.limit_in_bytes", "64M").ShouldBe(Errno.None);
        machine.Set(cgroup, "memory.limit_in_bytes", "128M").ShouldBe(Errno.EINVAL);
        machine.Show(cgroup, "memory.limit_in_bytes").ShouldBe("67108864\n");
    }

    [Theory]
    [InlineData("4.1", Errno.EBUSY)] // not activated, and there are tasks
    [InlineData("4.15", Errno.EBUSY)]
    [InlineData("5.4", Errno.EBUSY)]
    [InlineData("5.10", Errno.EBUSY)]
    [InlineData("6.1", Errno.None)]
    [InlineData("6.18", Errno.None)]
    public void Section14_KmemLimitBelowUsage(string era, Errno expected)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 1);
        Grow(machine, task, 2000); // page tables
        machine.Set(cgroup, "memory.kmem.limit_in_bytes", "0").ShouldBe(expected);
        machine.Show(cgroup, "memory.kmem.limit_in_bytes").ShouldBe("9223372036854771712\n");
    }

    [Theory]
    [InlineData("4.15", Errno.EBUSY)]
    [InlineData("4.19", Errno.None)]
    [InlineData("5.10", Errno.None)]
    [InlineData("6.18", Errno.None)]
    public void Section14_SwapMaxBelowUsage(string era, Errno expected)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 2, swap: 64 << 20);
        cgroup.Memcg.Memory.TrySetMax(1000).ShouldBe(Errno.None);
        Grow(machine, task, 3000);
        cgroup.Memcg.Swap.Usage.ShouldBeGreaterThan(1000);
        machine.Set(cgroup, "memory.swap.max", "1M").ShouldBe(expected);
        machine.Show(cgroup, "memory.swap.max").ShouldBe(expected == Errno.None ? "1048576\n" : "max\n");
    }

    [Theory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("6.18")]
    public void Section14_ReclaimShortOrInterrupted(string era)
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, 2);
        Grow(machine, task, 500);
        machine.Set(cgroup, "memory.reclaim", "1M").ShouldBe(Errno.EAGAIN);
        machine.Kill(task.Pid, 9).ShouldBe(Errno.None);
        machine.As(task);
        machine.Set(cgroup, "memory.reclaim", "1M").ShouldBe(Errno.EINTR);
    }

    [Theory]
    [InlineData("6.1")]
    [InlineData("6.18")]
    public void Section14_SwitchesOutOfRange(string era)
    {
        (Machine machine, Cgroup cgroup, _) = Boot(era, 2);
        machine.AsHarness();
        machine.Set(cgroup, "memory.oom.group", "2").ShouldBe(Errno.EINVAL);
        machine.Set(cgroup, "cgroup.kill", "0").ShouldBe(Errno.ERANGE);
        machine.Set(cgroup, "cgroup.pressure", "2").ShouldBe(Errno.ERANGE);
        OpenFile removed = machine.Open(machine.CgroupDirectory(machine.Make("/r")) + "/memory.low").File.ShouldNotBeNull();
        machine.Rmdir("/r").ShouldBe(Errno.None);
        removed.Write("1M").ShouldBe(Errno.ENODEV);
    }
}
