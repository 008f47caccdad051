using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Swap;

/// <summary>Pages out to the swap device and back (§2.11, §3.6).</summary>
public sealed class SwapTests
{
    private const int LimitPages = 2560;
    private const int Pages = 5120;

    public static IEnumerable<object[]> ErasAndVersions =>
        from era in KernelEras.All
        from version in new[] { 1, 2 }
        select new object[] { era.Name, version };

    private static Machine Boot(string era, int version, long swap = 64 << 20, long bytesPerSecond = 500 << 20) => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), CgroupVersion = version, MemoryBytes = 256 << 20, SwapBytes = swap,
        Disk = new DiskOptions { BytesPerSecond = bytesPerSecond },
    });

    private static void TouchAll(Machine machine, TaskStruct task, long address, int pages, bool write)
    {
        for (long page = 0; page < pages; page++)
        {
            machine.Touch(task, address + (page * 4096), write).ShouldBe(FaultOutcome.Ok);
        }
    }

    private static long Map(Machine machine, TaskStruct task, int pages, VmaFlags more = VmaFlags.None)
    {
        (Errno errno, long address) = machine.Mmap(task, pages * 4096L, VmaFlags.Read | VmaFlags.Write | more);
        errno.ShouldBe(Errno.None);
        return address;
    }

    private static void VerifyAll(Machine machine)
    {
        machine.Verify();
        machine.VerifyPageTables();
    }

    /// <summary>All processes have ended: what is left are pages that only the swap cache has.</summary>
    private static void ShouldHaveNothingInSwap(Machine machine)
    {
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Verify();
        machine.Swap.Map.Used.ShouldBe((int)machine.Swap.Cached);
    }

    [Theory]
    [MemberData(nameof(ErasAndVersions))]
    public void AProcessLargerThanItsLimitSwapsAndEndsWithoutATrace(string era, int version)
    {
        Machine machine = Boot(era, version);
        Cgroup cgroup = machine.Make("/a", LimitPages);
        TaskStruct task = machine.Enter(cgroup);
        long address = Map(machine, task, Pages);
        TouchAll(machine, task, address, Pages, write: true);
        VerifyAll(machine);
        task.Mm!.SwapPages.ShouldBeInRange(Pages - LimitPages, Pages);
        machine.Oom.Kills.ShouldBe(0);
        TouchAll(machine, task, address, Pages, write: false);
        machine.Verify();
        TouchAll(machine, task, address, Pages, write: true);
        VerifyAll(machine);
        cgroup.Memcg.Memory.Usage.ShouldBeLessThanOrEqualTo(LimitPages);
        machine.ExitGroup(task.Signal, 0, 0);
        ShouldHaveNothingInSwap(machine);
    }

    [Theory]
    [MemberData(nameof(ErasAndVersions))]
    public void ForkedPagesAreSwappedOnceAndComeBackForBoth(string era, int version)
    {
        Machine machine = Boot(era, version);
        Cgroup cgroup = machine.Make("/a", LimitPages);
        TaskStruct task = machine.Enter(cgroup);
        long address = Map(machine, task, LimitPages / 2);
        TouchAll(machine, task, address, LimitPages / 2, write: true);
        TaskStruct child = machine.Fork(task).Child.ShouldNotBeNull();
        TaskStruct grandchild = machine.Fork(child).Child.ShouldNotBeNull();
        long more = Map(machine, task, LimitPages);
        TouchAll(machine, task, more, LimitPages, write: true);
        VerifyAll(machine);
        child.Mm!.SwapPages.ShouldBeGreaterThan(500);
        child.Mm!.SwapPages.ShouldBe(grandchild.Mm!.SwapPages);
        machine.ExitGroup(task.Signal, 0, 0);
        machine.Verify();
        machine.As(child);
        TouchAll(machine, child, address, LimitPages / 2, write: false);
        machine.As(grandchild);
        TouchAll(machine, grandchild, address, LimitPages / 2, write: true);
        VerifyAll(machine);
        machine.ExitGroup(child.Signal, 0, 0);
        machine.ExitGroup(grandchild.Signal, 0, 0);
        ShouldHaveNothingInSwap(machine);
    }

    [Theory]
    [MemberData(nameof(ErasAndVersions))]
    public void AMovedMappingIsFoundByItsPages(string era, int version)
    {
        Machine machine = Boot(era, version);
        Cgroup cgroup = machine.Make("/a", LimitPages);
        TaskStruct task = machine.Enter(cgroup);
        long address = Map(machine, task, 1000);
        long wall = Map(machine, task, 10, VmaFlags.Shared);
        wall.ShouldNotBe(address);
        TouchAll(machine, task, address, 1000, write: true);
        (Errno errno, long moved) = machine.Mremap(task, address, 1000 * 4096, 1200 * 4096, mayMove: true);
        errno.ShouldBe(Errno.None);
        long more = Map(machine, task, LimitPages);
        TouchAll(machine, task, more, LimitPages, write: true);
        task.Mm!.SwapPages.ShouldBeGreaterThan(900);
        machine.Verify();
        TouchAll(machine, task, moved, 1200, write: true);
        VerifyAll(machine);
    }

    [Theory]
    [MemberData(nameof(ErasAndVersions))]
    public void SharedMemoryIsSwappedAndComesBack(string era, int version)
    {
        Machine machine = Boot(era, version);
        Cgroup cgroup = machine.Make("/a", LimitPages);
        TaskStruct task = machine.Enter(cgroup);
        long address = Map(machine, task, 2000, VmaFlags.Shared);
        TouchAll(machine, task, address, 2000, write: true);
        TaskStruct child = machine.Fork(task).Child.ShouldNotBeNull();
        machine.As(child);
        TouchAll(machine, child, address, 2000, write: false);
        machine.As(task);
        long more = Map(machine, task, LimitPages);
        TouchAll(machine, task, more, LimitPages, write: true);
        VerifyAll(machine);
        machine.Swap.Map.Used.ShouldBeGreaterThan(1800);
        TouchAll(machine, task, address, 2000, write: false);
        machine.As(child);
        TouchAll(machine, child, address, 2000, write: true);
        VerifyAll(machine);
        machine.ExitGroup(task.Signal, 0, 0);
        machine.ExitGroup(child.Signal, 0, 0);
        ShouldHaveNothingInSwap(machine);
    }

    /// <summary>
    /// Reclaim sleeps in writeback throttling before all pages of the cgroup are on their way. Without that it would find nothing that it can free, and on v2 the
    /// OOM killer would come with swap to spare.
    /// </summary>
    [Theory]
    [MemberData(nameof(ErasAndVersions))]
    public void Section3_11_AProcessWaitsForASlowDiskInsteadOfBeingKilled(string era, int version)
    {
        Machine machine = Boot(era, version, bytesPerSecond: 100 << 20);
        Cgroup cgroup = machine.Make("/a", LimitPages);
        TaskStruct task = machine.Enter(cgroup);
        long address = Map(machine, task, Pages);
        long began = machine.TimeNs;
        int most = 0;
        for (long page = 0; page < Pages; page++)
        {
            machine.Touch(task, address + (page * 4096), write: true).ShouldBe(FaultOutcome.Ok);
            most = Math.Max(most, machine.Swap.Writing);
        }
        machine.Oom.Kills.ShouldBe(0);
        most.ShouldBeInRange(32, LimitPages * 9 / 10);
        long written = machine.Vm[Ullage.Model.Pages.VmItem.PswpOut] - machine.Swap.Writing;
        (machine.TimeNs - began).ShouldBeGreaterThan(written * 4096 * 1_000_000_000L / (101 << 20), "no faster than the disk");
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(ErasAndVersions))]
    public void WithoutSwapNothingIsSwapped(string era, int version)
    {
        Machine machine = Boot(era, version, swap: 0);
        Cgroup cgroup = machine.Make("/a", LimitPages);
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, Pages, out FaultOutcome last).ShouldBeInRange(LimitPages - 60, LimitPages);
        last.ShouldBe(FaultOutcome.Killed);
        machine.Swap.Map.Used.ShouldBe(0);
    }
}
