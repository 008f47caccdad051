using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Files;

public sealed class FileMappingTests
{
    private const VmaFlags ReadWrite = VmaFlags.Read | VmaFlags.Write;

    public static IEnumerable<object[]> Eras => Workloads.Eras;

    private static long Map(FileRig rig, long pages, VmaFlags flags)
    {
        (Errno errno, long address) = rig.Machine.MmapData(rig.Task, rig.File, pages * 4096, flags);
        errno.ShouldBe(Errno.None);
        return address;
    }

    private static FaultOutcome Touch(FileRig rig, long address, long page, bool write = false) => rig.Machine.Touch(rig.Task, address + (page * 4096), write);

    [Theory]
    [MemberData(nameof(Eras))]
    public void TouchMapsTheBlockOf16AroundThePage(string era)
    {
        FileRig rig = new(era, 1000);
        for (long page = 0; page < 100; page++)
        {
            rig.Read(page);
        }
        long address = Map(rig, 1000, VmaFlags.Read | VmaFlags.Shared);
        Touch(rig, address, 40).ShouldBe(FaultOutcome.Ok);
        rig.Task.Mm!.FilePages.ShouldBeInRange(ImagePages(rig) + 14, ImagePages(rig) + 16); // a marked page is left for its own fault
        rig.Vmstat("pgmajfault").ShouldBe(0);
        rig.Meminfo("Mapped").ShouldBeGreaterThanOrEqualTo(14 * 4);
        rig.Machine.Verify();
        rig.Machine.VerifyPageTables();
    }

    private static long ImagePages(FileRig rig)
    {
        long pages = 0;
        foreach (Vma vma in rig.Task.Mm!.Vmas)
        {
            pages += vma.File is null && (vma.Flags & VmaFlags.File) != 0 ? vma.Pages : 0;
        }
        return pages - 1; // one page of data has been written
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void TouchOfAMissingPageIsAMajorFaultAndReadsAround(string era)
    {
        FileRig rig = new(era, 1000, latencyNs: 100_000);
        long address = Map(rig, 1000, VmaFlags.Read | VmaFlags.Shared);
        Touch(rig, address, 500).ShouldBe(FaultOutcome.Ok);
        rig.Vmstat("pgmajfault").ShouldBe(1);
        rig.Cached(999).ShouldBe(Enumerable.Range(484, 32).Select(page => (long)page)); // 16 before, 15 behind
        rig.Machine.Madvise(rig.Task, address, 1000 * 4096, Advice.Random).ShouldBe(Errno.None);
        Touch(rig, address, 100).ShouldBe(FaultOutcome.Ok);
        rig.Cached(483).ShouldBe([100]);
        rig.Vmstat("pgmajfault").ShouldBe(2);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void TouchBeyondTheFileIsSigbus(string era)
    {
        FileRig rig = new(era, 10);
        long address = Map(rig, 20, VmaFlags.Read | VmaFlags.Shared);
        Touch(rig, address, 9).ShouldBe(FaultOutcome.Ok);
        Touch(rig, address, 10).ShouldBe(FaultOutcome.Bus);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void WriteToAPrivateMappingCopies(string era)
    {
        FileRig rig = new(era, 100);
        long address = Map(rig, 100, ReadWrite);
        Touch(rig, address, 3).ShouldBe(FaultOutcome.Ok);
        long anon = rig.Task.Mm!.AnonPages;
        Touch(rig, address, 3, write: true).ShouldBe(FaultOutcome.Ok);
        Touch(rig, address, 90, write: true).ShouldBe(FaultOutcome.Ok);
        rig.Task.Mm.AnonPages.ShouldBe(anon + 2);
        rig.Vmstat("nr_dirty").ShouldBe(0);
        TaskStruct child = rig.Machine.Fork(rig.Task).Child.ShouldNotBeNull();
        rig.Machine.Touch(child, address + (3 * 4096), write: true).ShouldBe(FaultOutcome.Ok);
        rig.Machine.Verify();
        rig.Machine.VerifyPageTables();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void WriteToASharedMappingDirtiesAndFaultsAgainAfterItWasWritten(string era)
    {
        FileRig rig = new(era, 100);
        long address = Map(rig, 100, ReadWrite | VmaFlags.Shared);
        Touch(rig, address, 3, write: true).ShouldBe(FaultOutcome.Ok);
        rig.Vmstat("nr_dirty").ShouldBe(1);
        long faults = rig.Vmstat("pgfault");
        Touch(rig, address, 3, write: true).ShouldBe(FaultOutcome.Ok);
        rig.Vmstat("pgfault").ShouldBe(faults);
        rig.Machine.SyncData(rig.File);
        rig.Vmstat("nr_dirty").ShouldBe(0);
        Touch(rig, address, 3, write: true).ShouldBe(FaultOutcome.Ok);
        rig.Vmstat("pgfault").ShouldBe(faults + 1);
        rig.Vmstat("nr_dirty").ShouldBe(1);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void MunmapMarksUsedPagesAndKeepsThem(string era)
    {
        FileRig rig = new(era, 100);
        long address = Map(rig, 100, VmaFlags.Read | VmaFlags.Shared);
        for (long page = 0; page < 100; page++)
        {
            Touch(rig, address, page).ShouldBe(FaultOutcome.Ok);
        }
        rig.Machine.Munmap(rig.Task, address, 100 * 4096).ShouldBe(Errno.None);
        rig.Vmstat("nr_mapped").ShouldBe(0);
        rig.Cached(99).Count.ShouldBe(100);
        rig.Machine.PageCache.Lookup(FileRig.Path)!.Mappings.ShouldBeEmpty();
        int frame = rig.Machine.PageCache.Find(rig.Machine.PageCache.Lookup(FileRig.Path)!, 50);
        (rig.Machine.Frames.Flags(frame) & PageFlags.Referenced).ShouldBe(PageFlags.Referenced);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void MappedFileUnderALimitIsReclaimed(string era)
    {
        FileRig rig = new(era, 4000, limitPages: 1000);
        long address = Map(rig, 4000, VmaFlags.Read | VmaFlags.Shared);
        for (long page = 0; page < 4000; page++)
        {
            Touch(rig, address, page).ShouldBe(FaultOutcome.Ok);
        }
        rig.Cgroup.Memcg.Memory.Usage.ShouldBeLessThanOrEqualTo(1000);
        rig.Machine.Verify();
        rig.Machine.VerifyPageTables();
        rig.Machine.ExitGroup(rig.Task.Signal, 0, 0);
        rig.Machine.Verify();
    }
}
