using Ullage.Abi;
using Ullage.Model.AddressSpace;

namespace Ullage.Model.Tests.AddressSpace;

/// <summary>§7.2: errno and effect of the calls that change an address space.</summary>
public sealed class SpaceCallTests
{
    private const VmaFlags Rw = VmaFlags.Read | VmaFlags.Write;
    private const long Page = 4096;

    public static IEnumerable<object[]> Eras => Workloads.Eras;

    private static (Machine Machine, TaskStruct Task) Boot(string era = "6.18", long? limitAs = null, long? limitData = null, long? limitStack = null)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), MemoryBytes = 1L << 30 });
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "p", LimitAs = limitAs, LimitData = limitData, LimitStack = limitStack });
        machine.As(task);
        return (machine, task);
    }

    [Fact]
    public void BrkMovesTheBreakAndUnmapsWhatItLeaves()
    {
        (Machine machine, TaskStruct task) = Boot();
        long start = machine.Brk(task, 0);
        start.ShouldBe(task.Mm!.Brk);
        machine.Brk(task, start + 0x21000).ShouldBe(start + 0x21000);
        machine.Touch(task, start + 0x20000, write: true).ShouldBe(FaultOutcome.Ok);
        machine.Touch(task, start + 0x21000, write: true).ShouldBe(FaultOutcome.Segv);
        machine.Brk(task, start + 1).ShouldBe(start + 1);
        machine.Touch(task, start + 0x20000, write: true).ShouldBe(FaultOutcome.Segv);
        machine.Brk(task, task.Mm.StartBrk - 1).ShouldBe(start + 1, "below the heap's start");
        machine.Brk(task, long.MaxValue).ShouldBe(start + 1);
        machine.Verify();
    }

    [Theory, MemberData(nameof(Eras))]
    public void BrkStopsBeforeTheNextMapping(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era);
        long start = machine.Brk(task, 0);
        machine.Mmap(task, Page, VmaFlags.None, start + (10 * Page)).Address.ShouldBe(start + (10 * Page));
        machine.Brk(task, start + (10 * Page)).ShouldBe(start, "one page more than asked for must be free");
        machine.Brk(task, start + (9 * Page)).ShouldBe(start + (9 * Page));
    }

    [Theory, MemberData(nameof(Eras))]
    public void LimitDataCountsTheHeapAlwaysAndMappingsSinceFourFive(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era, limitData: 8 << 20);
        long start = machine.Brk(task, 0);
        machine.Brk(task, start + (8 << 20)).ShouldBe(start);
        machine.Brk(task, start + (4 << 20)).ShouldBe(start + (4 << 20));
        machine.Mmap(task, 8 << 20, Rw).Errno.ShouldBe(era == "4.1" ? Errno.None : Errno.ENOMEM);
        machine.Mmap(task, 8 << 20, VmaFlags.Read).Errno.ShouldBe(Errno.None);
        machine.Mmap(task, 8 << 20, Rw | VmaFlags.Shared).Errno.ShouldBe(Errno.None);
    }

    [Fact]
    public void LimitAsHoldsForEveryKindOfGrowth()
    {
        (Machine machine, TaskStruct task) = Boot(limitAs: 16 << 20);
        machine.Mmap(task, 16 << 20, VmaFlags.None).Errno.ShouldBe(Errno.ENOMEM);
        long address = machine.Mmap(task, 8 << 20, Rw).Address;
        machine.Mremap(task, address, 8 << 20, 16 << 20, mayMove: true).Errno.ShouldBe(Errno.ENOMEM);
        long start = machine.Brk(task, 0);
        machine.Brk(task, start + (16 << 20)).ShouldBe(start);
    }

    [Fact]
    public void StackGrowsDownToItsLimitAndIsCommitted()
    {
        (Machine machine, TaskStruct task) = Boot(limitStack: 1 << 20);
        long top = task.Mm!.StackTopPage * Page;
        long before = machine.Overcommit.Exact;
        machine.Touch(task, top - (1 << 20), write: true).ShouldBe(FaultOutcome.Ok);
        task.Mm.StackPages.ShouldBe(256);
        machine.Overcommit.Exact.ShouldBe(before + 256 - 33);
        machine.Touch(task, top - (1 << 20) - Page, write: true).ShouldBe(FaultOutcome.Segv);
        machine.Files.Read($"/proc/{task.Pid}/status").Text.ShouldContain("VmStk:\t    1024 kB");
        machine.Verify();
    }

    [Fact]
    public void StackKeepsItsGapToOtherMappings()
    {
        (Machine machine, TaskStruct task) = Boot();
        long bottom = (task.Mm!.StackTopPage - 33) * Page;
        machine.Mmap(task, Page, Rw, bottom - (300 * Page)).Address.ShouldBe(bottom - (300 * Page));
        machine.Touch(task, bottom - (43 * Page), write: true).ShouldBe(FaultOutcome.Ok);
        machine.Touch(task, bottom - (44 * Page), write: true).ShouldBe(FaultOutcome.Segv, "256 pages stay free");
    }

    [Fact]
    public void MremapMovesPagesWithTheirContents()
    {
        (Machine machine, TaskStruct task) = Boot();
        long address = machine.Mmap(task, 600 * Page, Rw).Address;
        machine.Mmap(task, Page, VmaFlags.None, address + (600 * Page)).Errno.ShouldBe(Errno.None);
        for (long page = 0; page < 600; page += 2)
        {
            machine.Touch(task, address + (page * Page), write: true);
        }
        long rss = task.Mm!.AnonPages;
        long committed = machine.Overcommit.Exact;
        machine.Mremap(task, address, 600 * Page, 700 * Page, mayMove: false).Errno.ShouldBe(Errno.ENOMEM);
        (Errno errno, long moved) = machine.Mremap(task, address, 600 * Page, 700 * Page, mayMove: true);
        errno.ShouldBe(Errno.None);
        moved.ShouldNotBe(address);
        task.Mm.AnonPages.ShouldBe(rss);
        machine.Overcommit.Exact.ShouldBe(committed + 100);
        machine.IsResident(task, moved + (598 * Page)).ShouldBeTrue();
        machine.IsResident(task, moved + Page).ShouldBeFalse();
        machine.Touch(task, address, write: false).ShouldBe(FaultOutcome.Segv);
        machine.Verify();
        machine.VerifyPageTables();
    }

    [Fact]
    public void MremapErrorsAreTheKernels()
    {
        (Machine machine, TaskStruct task) = Boot();
        long address = machine.Mmap(task, 10 * Page, Rw).Address;
        machine.Mremap(task, address + 1, Page, Page, true).Errno.ShouldBe(Errno.EINVAL);
        machine.Mremap(task, address, Page, 0, true).Errno.ShouldBe(Errno.EINVAL);
        machine.Mremap(task, address, 0, Page, true).Errno.ShouldBe(Errno.EINVAL);
        machine.Mremap(task, address + (20L << 30), Page, 2 * Page, true).Errno.ShouldBe(Errno.EFAULT);
        machine.Mremap(task, address, 10 * Page, 4 * Page, false).Address.ShouldBe(address);
        machine.Touch(task, address + (4 * Page), write: true).ShouldBe(FaultOutcome.Segv);
    }

    [Fact]
    public void MapCountLimitsMappings()
    {
        (Machine machine, TaskStruct task) = Boot();
        machine.Files.Write("/proc/sys/vm/max_map_count", "20").ShouldBe(Errno.None);
        int made = 0;
        while (machine.Mmap(task, Page, made % 2 == 0 ? Rw : VmaFlags.Read).Errno == Errno.None)
        {
            made++;
        }
        task.Mm!.Vmas.Count.ShouldBe(21);
        long wide = task.Mm.Vmas[^2].StartAddress;
        machine.Munmap(task, wide + Page, Page).ShouldBe(Errno.ENOMEM, "a hole would make one mapping more");
    }

    [Fact]
    public void MprotectJoinsWhatItHadSplit()
    {
        (Machine machine, TaskStruct task) = Boot();
        int before = task.Mm!.Vmas.Count;
        long address = machine.Mmap(task, 9 * Page, Rw, 0x7000_0000_0000).Address;
        machine.Touch(task, address, write: true);
        machine.Mprotect(task, address + (3 * Page), 3 * Page, VmaFlags.Read).ShouldBe(Errno.None);
        task.Mm.Vmas.Count.ShouldBe(before + 3);
        machine.Touch(task, address + (3 * Page), write: true).ShouldBe(FaultOutcome.Segv);
        machine.Mprotect(task, address + (3 * Page), 3 * Page, Rw).ShouldBe(Errno.None);
        task.Mm.Vmas.Count.ShouldBe(before + 1);
        machine.Mprotect(task, address, 10 * Page, Rw).ShouldBe(Errno.ENOMEM);
        machine.Mprotect(task, address + 1, Page, Rw).ShouldBe(Errno.EINVAL);
    }

    [Theory, MemberData(nameof(Eras))]
    public void MadviseFreeExistsSinceFourFiveAndOnlyForPrivateMemory(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era);
        long address = machine.Mmap(task, 4 * Page, Rw).Address;
        machine.Touch(task, address, write: true);
        machine.Madvise(task, address, 4 * Page, Advice.Free).ShouldBe(era == "4.1" ? Errno.EINVAL : Errno.None);
        machine.IsResident(task, address).ShouldBeTrue(); // it goes when reclaim meets it
        long shared = machine.Mmap(task, 4 * Page, Rw | VmaFlags.Shared).Address;
        machine.Madvise(task, shared, 4 * Page, Advice.Free).ShouldBe(Errno.EINVAL);
        machine.Madvise(task, shared, 4 * Page, Advice.WillNeed).ShouldBe(Errno.None);
        machine.Madvise(task, address - (1L << 30), Page, Advice.DontNeed).ShouldBe(Errno.ENOMEM);
    }

    [Theory, MemberData(nameof(Eras))]
    public void ExecReplacesTheAddressSpaceAndWhatWasCommitted(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era);
        long fresh = machine.Overcommit.Exact;
        machine.Grow(task, 1000, out _);
        machine.Exec(task, "other-program-with-a-long-name").ShouldBe(Errno.None);
        task.Comm.ShouldBe("other-program-w");
        task.Mm!.Rss.ShouldBe(0);
        machine.Overcommit.Exact.ShouldBe(fresh);
        machine.Touch(task, ProgramImage.DataPage * Page, write: true).ShouldBe(FaultOutcome.Ok);
        machine.Verify();
    }

    [Fact]
    public void ExecFailsWithNothingCommittable()
    {
        (Machine machine, TaskStruct task) = Boot();
        machine.Files.Write("/proc/sys/vm/overcommit_memory", "2").ShouldBe(Errno.None);
        machine.Files.Write("/proc/sys/vm/overcommit_ratio", "0").ShouldBe(Errno.None);
        machine.Exec(task, "q").ShouldBe(Errno.ENOMEM);
        task.Comm.ShouldBe("p");
        machine.Fork(task).Errno.ShouldBe(Errno.ENOMEM);
        machine.Verify();
    }

    [Fact]
    public void PopulateMakesPagesPresent()
    {
        (Machine machine, TaskStruct task) = Boot();
        long address = machine.Mmap(task, 100 * Page, Rw).Address;
        long anon = task.Mm!.AnonPages;
        machine.Populate(task, address, 100 * Page);
        task.Mm.AnonPages.ShouldBe(anon + 100);
    }
}
