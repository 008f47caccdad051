using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Tests.Reclaim;

namespace Ullage.Model.Tests.AddressSpace;

/// <summary>MADV_FREE, MADV_WILLNEED of what is in swap, and MREMAP_DONTUNMAP.</summary>
public sealed class LazyFreeTests
{
    private const long Page = 4096;
    private const VmaFlags Rw = VmaFlags.Read | VmaFlags.Write;

    public static TheoryData<string> Eras => ["4.15", "5.4", "5.10", "6.1", "6.12", "6.18"];

    private static long Filled(ReclaimRig rig, int pages)
    {
        long address = rig.Machine.Mmap(rig.Task, pages * Page, Rw).Address;
        for (int page = 0; page < pages; page++)
        {
            rig.Machine.Touch(rig.Task, address + (page * Page), write: true).ShouldBe(FaultOutcome.Ok);
        }
        return address;
    }

    private static int Resident(ReclaimRig rig, long address, int from, int to) =>
        Enumerable.Range(from, to - from).Count(page => rig.Machine.IsResident(rig.Task, address + (page * Page)));

    [Theory, MemberData(nameof(Eras))]
    public void GivenUpPagesWaitOnTheInactiveFileList(string era)
    {
        ReclaimRig rig = new(era);
        long address = Filled(rig, 300);
        rig.Machine.Madvise(rig.Task, address, 300 * Page, Advice.Free).ShouldBe(Errno.None);
        rig.Machine.Lru.DrainAll();
        rig.Lists.Size(LruList.InactiveFile).ShouldBe(300);
        rig.Machine.Vm[VmItem.PgLazyFree].ShouldBe(300);
        rig.Memcg.Stats.Exact(MemcgStat.PgLazyFree).ShouldBe(300);
        rig.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBeGreaterThanOrEqualTo(300); // they are anonymous, and charged, as before
        Resident(rig, address, 0, 300).ShouldBe(300);
        rig.Machine.Verify();
        rig.Machine.Munmap(rig.Task, address, 300 * Page).ShouldBe(Errno.None);
        rig.Machine.Verify();
    }

    [Theory, MemberData(nameof(Eras))]
    public void ReclaimDropsThemWithoutSwapAndSparesThoseThatWereWrittenAgain(string era)
    {
        ReclaimRig rig = new(era, limitPages: 1000);
        long address = Filled(rig, 700);
        rig.Machine.Madvise(rig.Task, address, 700 * Page, Advice.Free).ShouldBe(Errno.None);
        for (int page = 0; page < 100; page++)
        {
            rig.Machine.Touch(rig.Task, address + (page * Page), write: true).ShouldBe(FaultOutcome.Ok);
        }
        long more = Filled(rig, 800); // with the hundred this just fits, if the others go
        (rig.Machine.Oom.Kills, Resident(rig, more, 0, 800)).ShouldBe((0, 800));
        Resident(rig, address, 0, 100).ShouldBe(100);
        int left = Resident(rig, address, 100, 700);
        left.ShouldBeLessThan(150);
        rig.Machine.Vm[VmItem.PgLazyFreed].ShouldBe(600 - left);
        rig.Memcg.Stats.Exact(MemcgStat.PgLazyFreed).ShouldBe(600 - left);
        rig.Machine.Vm[VmItem.PswpOut].ShouldBe(0);
        rig.Machine.Touch(rig.Task, address + (699 * Page), write: false).ShouldBe(FaultOutcome.Ok); // zeros again
        rig.Machine.Verify();
        rig.Machine.VerifyPageTables();
    }

    [Fact]
    public void APageThatAChildStillHasWrittenStays()
    {
        ReclaimRig rig = new("6.18", limitPages: 1500);
        long address = Filled(rig, 400);
        (_, TaskStruct? child) = rig.Machine.Fork(rig.Task);
        rig.Machine.Madvise(rig.Task, address, 400 * Page, Advice.Free).ShouldBe(Errno.None);
        Filled(rig, 800);
        rig.Machine.As(child!);
        rig.Machine.IsResident(child!, address).ShouldBeTrue(); // the child's entries are dirty
        rig.Machine.Oom.Kills.ShouldBe(0);
        rig.Machine.Verify();
        rig.Machine.VerifyPageTables();
    }

    [Theory]
    [InlineData("4.15")]
    [InlineData("6.18")]
    public void WhatIsInSwapIsFreedAtOnceAndWillNeedReadsItBack(string era)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), MemoryBytes = 256 << 20, SwapBytes = 64 << 20,
            Disk = new Model.Files.DiskOptions { ReadLatencyNs = 20_000, WriteLatencyNs = 20_000, BytesPerSecond = 4L << 30 },
        });
        Model.Cgroups.Cgroup cgroup = machine.Make("/a", 2560);
        TaskStruct task = machine.Enter(cgroup);
        long address = machine.Mmap(task, 5120 * Page, Rw).Address;
        for (int page = 0; page < 5120; page++)
        {
            machine.Touch(task, address + (page * Page), write: true).ShouldBe(FaultOutcome.Ok);
        }
        task.Mm!.SwapPages.ShouldBeGreaterThan(2000);
        cgroup.Memcg.Memory.TrySetMax(20_000).ShouldBe(Errno.None);
        long majors = machine.Vm[VmItem.PgMajFault];
        machine.Madvise(task, address, 1500 * Page, Advice.WillNeed).ShouldBe(Errno.None);
        for (int page = 0; page < 1500; page++)
        {
            machine.Touch(task, address + (page * Page), write: false).ShouldBe(FaultOutcome.Ok);
        }
        machine.Vm[VmItem.PgMajFault].ShouldBe(majors, "all of it was read ahead");
        task.Mm.SwapPages.ShouldBeGreaterThan(500);
        machine.Madvise(task, address, 5120 * Page, Advice.Free).ShouldBe(Errno.None);
        task.Mm.SwapPages.ShouldBeLessThanOrEqualTo(1); // of its own data
        machine.Verify();
        machine.VerifyPageTables();
    }

    [Theory]
    [InlineData("5.4", Errno.EINVAL)]
    [InlineData("5.10", Errno.None)]
    [InlineData("6.18", Errno.None)]
    public void DontUnmapMovesThePagesAndLeavesTheMapping(string era, Errno expected)
    {
        ReclaimRig rig = new(era);
        long address = Filled(rig, 600);
        long committed = rig.Machine.Overcommit.Exact;
        rig.Machine.Mremap(rig.Task, address, 600 * Page, 700 * Page, mayMove: true, keepsOld: true).Errno.ShouldBe(Errno.EINVAL);
        (Errno errno, long moved) = rig.Machine.Mremap(rig.Task, address, 600 * Page, 600 * Page, mayMove: true, keepsOld: true);
        errno.ShouldBe(expected);
        rig.Machine.VerifyPageTables();
        if (errno != Errno.None)
        {
            return;
        }
        (Resident(rig, address, 0, 600), Resident(rig, moved, 0, 600)).ShouldBe((0, 600));
        rig.Machine.Overcommit.Exact.ShouldBe(committed + 600);
        rig.Machine.Touch(rig.Task, address, write: true).ShouldBe(FaultOutcome.Ok); // a fresh page
        Resident(rig, address, 0, 600).ShouldBe(1);
        long shared = rig.Machine.Mmap(rig.Task, 4 * Page, Rw | VmaFlags.Shared).Address;
        rig.Machine.Mremap(rig.Task, shared, 4 * Page, 4 * Page, mayMove: true, keepsOld: true).Errno.ShouldBe(era == "5.10" ? Errno.EINVAL : Errno.None);
        rig.Machine.Verify();
        rig.Machine.VerifyPageTables();
        rig.Machine.ExitGroup(rig.Task.Signal, 0, 0);
        rig.Machine.Verify();
    }
}
