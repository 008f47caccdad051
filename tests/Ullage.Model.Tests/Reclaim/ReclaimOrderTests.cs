using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>Where every page is read once per stay, the kernel's two lists are one queue: what is resident is exactly what was read last (§3.6).</summary>
public sealed class ReclaimOrderTests
{
    private const int Limit = 512;

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void PagesReadOnceLeaveInTheOrderInWhichTheyCame(string era)
    {
        ReclaimRig rig = new(era, limitPages: Limit);
        FileHandle file = rig.OpenFile(4096);
        Random random = new(7);
        int[] order = [.. Enumerable.Range(0, 4096).OrderBy(_ => random.Next())];
        foreach (int page in order)
        {
            rig.Read(file, page);
        }
        int resident = Enumerable.Range(0, 4096).Count(page => rig.Machine.IsCached(file, page));
        resident.ShouldBeInRange(Limit - 160, Limit);
        foreach (int page in order[^resident..])
        {
            rig.Machine.IsCached(file, page).ShouldBeTrue();
        }
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void LoopOverMoreThanFitsNeverHits(string era)
    {
        ReclaimRig rig = new(era, limitPages: Limit);
        FileHandle file = rig.OpenFile(700);
        for (int i = 0; i < 3 * 700; i++)
        {
            rig.Machine.IsCached(file, i % 700).ShouldBeFalse();
            rig.Read(file, i % 700);
        }
        rig.Count(MemcgStat.WorkingsetActivateFile).ShouldBe(0); // nothing is active, so nothing was nearly kept
        rig.Count(MemcgStat.ActiveFile).ShouldBe(0);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void PagesUsedTwiceSurviveAStream(string era)
    {
        ReclaimRig rig = new(era, limitPages: Limit);
        FileHandle hot = rig.OpenFile(100, "/hot");
        FileHandle stream = rig.OpenFile(5000, "/stream");
        for (int i = 0; i < 300; i++)
        {
            rig.Read(hot, i % 100);
        }
        for (int page = 0; page < 5000; page++)
        {
            rig.Read(stream, page);
        }
        Enumerable.Range(0, 100).Count(page => rig.Machine.IsCached(hot, page)).ShouldBe(100);
        rig.Machine.Verify();
    }

    [Theory]
    [InlineData("4.15")]
    [InlineData("5.10")]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void ReclaimAsksForA32PagesClusterAndCountsThem(string era)
    {
        ReclaimRig rig = new(era, limitPages: Limit);
        FileHandle file = rig.OpenFile(4096);
        for (int page = 0; page < 2048; page++)
        {
            rig.Read(file, page);
        }
        long steal = rig.Count(MemcgStat.PgStealDirect);
        long scan = rig.Count(MemcgStat.PgScanDirect);
        steal.ShouldBe(scan); // clean, unmapped, read once: each page looked at is freed
        (steal % 32).ShouldBe(0);
        rig.Machine.Vm[VmItem.PgScanDirect].ShouldBe(0); // a cgroup's reclaim is not the machine's
        rig.Machine.Vm[VmItem.PgStealFile].ShouldBe(rig.Machine.Era.Vmscan.CountsByType ? steal : 0);
    }

    [Fact]
    public void ProtectedCgroupIsSkippedUntilNothingElseIsLeft()
    {
        ReclaimRig rig = new("6.1");
        FileHandle file = rig.OpenFile(1000);
        for (int page = 0; page < 500; page++)
        {
            rig.Read(file, page);
        }
        rig.Memcg.Low = 1000;
        rig.Machine.Lru.DrainAll();
        rig.Memcg.Events(MemcgEvent.Low).ShouldBe(0);
        MemCgroup root = rig.Machine.Hierarchy.Root.Memcg;
        rig.Machine.Reclaim.TryToFreePages(new Model.Reclaim.ScanControl(root, 32, MaySwap: true)).ShouldBeGreaterThanOrEqualTo(32);
        rig.Memcg.Events(MemcgEvent.Low).ShouldBeGreaterThan(0);
        rig.Memcg.Min = 1000;
        long before = rig.Count(MemcgStat.PgScanDirect);
        rig.Machine.Reclaim.TryToFreePages(new Model.Reclaim.ScanControl(root, 32, MaySwap: true)).ShouldBe(0);
        rig.Count(MemcgStat.PgScanDirect).ShouldBe(before);
        rig.Machine.Verify();
    }
}
