using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Reclaim;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>§3.7, computed by hand. The lists are filled with frames that no file has: nothing is reclaimed here.</summary>
public sealed class ScanBalanceTests
{
    private static void Fill(ReclaimRig rig, int anon, int file)
    {
        for (int i = 0; i < anon + file; i++)
        {
            int frame = rig.Machine.Frames.Allocate(i < anon ? PageFlags.Anon : PageFlags.File);
            rig.Machine.Frames.Memcg(frame) = (ushort)rig.Memcg.Id;
            rig.Machine.Frames.MapCount(frame) = 1;
            rig.Machine.Lru.Add(frame);
        }
        rig.Machine.Lru.DrainAll();
        rig.Memcg.Stats.Flush();
    }

    private static long[] Count(ReclaimRig rig, int priority, Action<ReclaimRun>? prepare = null)
    {
        ReclaimRun run = new();
        run.Begin(rig.Memcg, isGlobal: false, Reclaimer.Direct, Gfp.Kernel, 32);
        run.Priority = priority;
        prepare?.Invoke(run);
        long[] scan = new long[4];
        new ScanBalance(rig.Machine).Count(run, rig.Lists, scan);
        return scan;
    }

    [Theory]
    [InlineData("4.15", 12, 0)]
    [InlineData("6.1", 5, 31)]
    [InlineData("6.1", 0, 1000)]
    [InlineData("4.1", 12, 32)] // a second pass takes a cluster at least
    public void WithoutSwapOnlyPageCacheIsScannedByPriority(string era, int priority, long expected)
    {
        ReclaimRig rig = new(era, memoryBytes: 256L << 20);
        Fill(rig, anon: 500, file: 1000);
        long[] scan = Count(rig, priority, run => run.Zone = rig.Machine.Lru.LruvecsPerMemcg - 1);
        if (rig.Machine.Era.Lru.PerZone)
        {
            new ScanBalance(rig.Machine).Count(Run(rig, priority), rig.Machine.Lru.LruvecOf(rig.Memcg, rig.Machine.Lru.LruvecsPerMemcg - 1), scan);
        }
        scan.ShouldBe([0, 0, expected, 0]);
    }

    private static ReclaimRun Run(ReclaimRig rig, int priority)
    {
        ReclaimRun run = new();
        run.Begin(rig.Memcg, isGlobal: false, Reclaimer.Direct, Gfp.Kernel, 32);
        run.Priority = priority;
        return run;
    }

    [Theory]
    [InlineData(0, 0, 300, 700)] // 60 : 140
    [InlineData(100, 300, 374, 625)] // 60 * 1201 / 501 = 143, 140 * 1201 / 701 = 239
    public void CostsDivideTheWorkSince58(long anonCost, long fileCost, long anon, long file)
    {
        ReclaimRig rig = new("5.10", swapBytes: 1 << 30);
        Fill(rig, anon: 1000, file: 1000);
        long[] scan = Count(rig, 0, run =>
        {
            (run.AnonCost, run.FileCost) = (anonCost, fileCost);
            run.Swappiness = 60;
            run.Priority = 0;
        });
        scan.ShouldBe([1000, 0, 1000, 0]); // priority 0 scans everything
        long[] share = Count(rig, 1, run => (run.AnonCost, run.FileCost, run.Swappiness) = (anonCost, fileCost, 60));
        share.ShouldBe([anon / 2, 0, file / 2, 0]);
    }

    [Theory]
    [InlineData("4.15", 2)] // 60 * 101 / 51 = 118; 140 * 201 / 1 = 28140; 500 * 118 / 28259
    [InlineData("5.4", 3)] // rounded up
    public void RotationsDividedTheWorkBefore58(string era, long anon)
    {
        ReclaimRig rig = new(era, version: 1, swapBytes: 1 << 30);
        Fill(rig, anon: 1000, file: 1000);
        Lruvec lists = rig.Lists;
        (lists.RecentScanned[0], lists.RecentRotated[0], lists.RecentScanned[1], lists.RecentRotated[1]) = (100, 50, 200, 0);
        int frame = rig.From(LruList.InactiveFile)[0];
        foreach (int each in rig.From(LruList.InactiveFile).Take(600).ToList())
        {
            rig.Machine.Lru.Activate(each); // so that inactive page cache is low
        }
        rig.Machine.Lru.DrainAll();
        (lists.RecentScanned[1], lists.RecentRotated[1]) = (200, 0);
        frame.ShouldBeGreaterThanOrEqualTo(0);
        long[] scan = Count(rig, 1);
        scan[1].ShouldBe(anon); // new anonymous pages are active
    }

    // 1000 pages of page cache, usage 1000, protected 600: 6.1 divides by usage + 1.
    [Theory]
    [InlineData("5.3", 1000)]
    [InlineData("5.4", 400)]
    [InlineData("6.1", 401)]
    public void ProtectionLowersTheTargetInProportion(string era, long expected)
    {
        ReclaimRig rig = new(era);
        Fill(rig, anon: 0, file: 1000);
        rig.Memcg.Memory.Charge(1000);
        rig.Memcg.Memory.Low.Effective = 600;
        ReclaimRun run = new();
        run.Begin(rig.Machine.Hierarchy.Root.Memcg, isGlobal: false, Reclaimer.Direct, Gfp.Kernel, 32);
        run.Priority = 0;
        long[] scan = new long[4];
        new ScanBalance(rig.Machine).Count(run, rig.Lists, scan);
        scan[2].ShouldBe(expected);
        run.LowSkipped.ShouldBe(era == "6.1");
    }

    [Fact]
    public void AlmostProtectedCgroupIsStillScannedByACluster()
    {
        ReclaimRig rig = new("6.1");
        Fill(rig, anon: 0, file: 1000);
        rig.Memcg.Memory.Charge(1000);
        rig.Memcg.Memory.Min.Effective = 999;
        ReclaimRun run = new();
        run.Begin(rig.Machine.Hierarchy.Root.Memcg, isGlobal: false, Reclaimer.Direct, Gfp.Kernel, 32);
        run.Priority = 0;
        long[] scan = new long[4];
        new ScanBalance(rig.Machine).Count(run, rig.Lists, scan);
        scan[2].ShouldBe(32);
    }
}
