using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

public sealed class PageCacheTests
{
    public static IEnumerable<object[]> Eras => Workloads.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public void ReadChargesTheFirstWhoReads(string era)
    {
        FileRig rig = new(era, 100);
        rig.Machine.AdviseData(rig.File, FileAdvice.Random);
        for (long page = 0; page < 64; page++)
        {
            rig.Read(page);
        }
        Cgroup other = rig.Machine.Make("/b");
        TaskStruct second = rig.Machine.Enter(other);
        for (long page = 0; page < 64; page++)
        {
            rig.Machine.ReadData(second, rig.File, page * 4096, 4096).Bytes.ShouldBe(4096);
        }
        rig.Cgroup.Memcg.PrepareStatRead();
        rig.Cgroup.Memcg.Stats.Exact(Ullage.Model.Charging.MemcgStat.File).ShouldBe(64);
        other.Memcg.Stats.Exact(Ullage.Model.Charging.MemcgStat.File).ShouldBe(0);
        rig.Vmstat("nr_file_pages").ShouldBe(64);
        rig.Meminfo("Cached").ShouldBe(64 * 4);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void ReadTwiceActivatesAndTheSamePageInARowDoesNot(string era)
    {
        FileRig rig = new(era, 1000);
        rig.Machine.AdviseData(rig.File, FileAdvice.Random);
        for (int round = 0; round < 2; round++)
        {
            for (long page = 0; page < 200; page += 2)
            {
                rig.Read(page);
            }
        }
        for (int again = 0; again < 5; again++)
        {
            rig.Read(501);
        }
        rig.Machine.Lru.DrainAll();
        rig.Vmstat("nr_active_file").ShouldBe(100);
        rig.Vmstat("nr_inactive_file").ShouldBe(1); // read five times in a row: one access
        rig.Vmstat("pgactivate").ShouldBeInRange(100 - 31, 100); // a page that still waits in a batch is activated uncounted
    }

    /// <summary>POSIX_FADV_DONTNEED: what must be written first becomes inactive, and goes once it is; what somebody maps stays where it is.</summary>
    [Theory]
    [MemberData(nameof(Eras))]
    public void DropOfDirtyPagesDeactivatesThemAndMappedOnesStay(string era)
    {
        FileRig rig = new(era, 100);
        rig.Machine.AdviseData(rig.File, FileAdvice.Random);
        for (int round = 0; round < 4; round++)
        {
            for (long page = 0; page < 20; page++)
            {
                rig.Read(page);
            }
            rig.Machine.Lru.DrainAll();
        }
        rig.Vmstat("nr_active_file").ShouldBe(20);
        for (long page = 0; page < 5; page++)
        {
            rig.Write(page);
        }
        (Errno errno, long address) = rig.Machine.MmapData(rig.Task, rig.File, 100 * 4096, Ullage.Model.AddressSpace.VmaFlags.Read | Ullage.Model.AddressSpace.VmaFlags.Shared);
        errno.ShouldBe(Errno.None);
        long before = rig.Vmstat("nr_mapped");
        rig.Machine.Touch(rig.Task, address + (19 * 4096), write: false);
        long mapped = rig.Vmstat("nr_mapped") - before;
        mapped.ShouldBeInRange(1, 15);
        rig.Machine.DropData(rig.File);
        rig.Machine.Lru.DrainAll();
        rig.Cached(99).Count.ShouldBe((int)mapped + 5);
        rig.Vmstat("nr_active_file").ShouldBe(mapped);
        rig.Vmstat("nr_inactive_file").ShouldBe(5);
        rig.Vmstat("pgdeactivate").ShouldBe(5);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void ReadUnderALimitReclaimsAndNeverFails(string era)
    {
        FileRig rig = new(era, 4000, limitPages: 1000);
        for (int round = 0; round < 2; round++)
        {
            for (long page = 0; page < 4000; page++)
            {
                rig.Read(page);
            }
        }
        rig.Cgroup.Memcg.Memory.Usage.ShouldBeLessThanOrEqualTo(1000);
        rig.Cached(3999).Count.ShouldBeInRange(850, 1000);
        rig.Task.ReadBytes.ShouldBe(2 * 4000 * 4096); // a loop larger than the cache gets no reuse
        rig.Vmstat(era is "5.10" or "6.1" or "6.12" or "6.18" ? "workingset_refault_file" : "workingset_refault").ShouldBeInRange(3900, 4000);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void DropCachesDropsCleanPagesAndShadows(string era)
    {
        FileRig rig = new(era, 4000, limitPages: 1000);
        for (long page = 0; page < 4000; page++)
        {
            rig.Read(page);
        }
        rig.Machine.Files.Write("/proc/sys/vm/drop_caches", "1").ShouldBe(Errno.None);
        rig.Cached(3999).ShouldBeEmpty();
        rig.Vmstat("nr_file_pages").ShouldBe(0);
        rig.Machine.PageCache.Tree.Live.ShouldBe(0);
        rig.Machine.Verify();
        rig.Read(0); // no refault: nothing remembers it
        rig.Machine.Vm[Ullage.Model.Pages.VmItem.WorkingsetRefaultFile].ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void UnlinkKeepsPagesAsLongAsTheFileIsOpen(string era)
    {
        FileRig rig = new(era, 100);
        rig.Read(0);
        rig.Machine.UnlinkData(FileRig.Path).ShouldBe(Errno.None);
        rig.Machine.OpenData(FileRig.Path).Errno.ShouldBe(Errno.ENOENT);
        rig.Read(0);
        rig.Machine.CloseData(rig.File);
        rig.Vmstat("nr_file_pages").ShouldBe(0);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void TruncateTakesPagesBeyondTheEnd(string era)
    {
        FileRig rig = new(era, 200);
        for (long page = 0; page < 200; page++)
        {
            rig.Read(page);
        }
        rig.Machine.TruncateData(rig.File, 10 * 4096).ShouldBe(Errno.None);
        rig.Cached(199).Count.ShouldBe(10);
        rig.Machine.ReadData(rig.Task, rig.File, 10 * 4096, 4096).Bytes.ShouldBe(0);
        rig.Machine.Verify();
    }

    [Fact]
    public void ReadHitsAllocateNothing()
    {
        FileRig rig = new("6.12", 1000);
        for (int round = 0; round < 3; round++)
        {
            ReadAll(rig, 1000);
        }
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ReadAll(rig, 1000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        least.ShouldBe(0);
    }

    [Fact]
    public void ReadMissesThatReclaimAllocateNothing()
    {
        FileRig rig = new("6.12", 20_000, limitPages: 2000);
        ReadAll(rig, 20_000);
        ReadAll(rig, 20_000);
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ReadAll(rig, 20_000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        least.ShouldBeLessThan(20_000); // nothing per page
    }

    private static void ReadAll(FileRig rig, long pages)
    {
        for (long page = 0; page < pages; page++)
        {
            rig.Machine.ReadData(rig.Task, rig.File, page * 4096, 4096);
        }
    }
}
