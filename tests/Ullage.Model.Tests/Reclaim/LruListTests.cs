using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>§3.1 to §3.3: how a page gets on the lists and moves between them.</summary>
public sealed class LruListTests
{
    [Theory]
    [InlineData("4.1", 14)]
    [InlineData("5.4", 15)]
    [InlineData("6.12", 31)]
    public void NewPagesReachTheListWhenTheBatchIsFull(string era, int batch)
    {
        ReclaimRig rig = new(era);
        rig.Machine.Lru.DrainAll();
        FileHandle file = rig.OpenFile(100);
        for (int page = 0; page < batch - 1; page++)
        {
            rig.Read(file, page);
        }
        rig.Count(MemcgStat.InactiveFile).ShouldBe(0);
        rig.Read(file, batch - 1);
        rig.Count(MemcgStat.InactiveFile).ShouldBe(batch);
        rig.Machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void PageReadTwiceMoreBecomesActiveOnceItsBatchIsDrained(string era)
    {
        ReclaimRig rig = new(era);
        FileHandle file = rig.OpenFile(10);
        int frame = rig.Page(file, 3);
        PageFlags Flags() => rig.Machine.Frames.Flags(frame) & (PageFlags.Active | PageFlags.Referenced);

        Flags().ShouldBe(PageFlags.Referenced); // the read itself
        long age = rig.Machine.Lru.LruvecOf(frame).Age;
        rig.ReadAgain(file, 3);
        Flags().ShouldBe(PageFlags.None); // it waits for its move
        rig.Machine.Lru.DrainAll();
        Flags().ShouldBe(PageFlags.Active);
        rig.Count(MemcgStat.PgActivate).ShouldBe(1);
        if (!rig.Machine.Era.Lru.PerZone)
        {
            rig.Machine.Lru.LruvecOf(frame).Age.ShouldBe(age + 1);
        }
        rig.ReadAgain(file, 3);
        Flags().ShouldBe(PageFlags.Active | PageFlags.Referenced);
        rig.Machine.Verify();
    }

    [Fact]
    public void PageReadAgainInItsAddBatchJoinsTheActiveList()
    {
        ReclaimRig rig = new("5.10");
        FileHandle file = rig.OpenFile(10);
        rig.Read(file, 0);
        rig.ReadAgain(file, 0);
        rig.Machine.Lru.DrainAll();
        rig.Count(MemcgStat.ActiveFile).ShouldBe(1);
        rig.Count(MemcgStat.PgActivate).ShouldBe(0); // it never moved
    }

    [Fact]
    public void RotatedPageIsTheNextCandidate()
    {
        ReclaimRig rig = new("6.1");
        FileHandle file = rig.OpenFile(10);
        for (int page = 0; page < 5; page++)
        {
            rig.Page(file, page);
        }
        int frame = rig.Machine.PageCache.Find(file.Map, 4);
        rig.From(LruList.InactiveFile)[^1].ShouldBe(frame);
        rig.Machine.Lru.RotateReclaimable(frame);
        rig.Machine.Lru.DrainAll();
        rig.From(LruList.InactiveFile)[0].ShouldBe(frame);
        rig.Machine.Vm[VmItem.PgRotated].ShouldBe(1);
        rig.Machine.Verify();
    }

    [Fact]
    public void PageDroppedWhileItWaitsForItsMoveIsNoLongerMoved()
    {
        ReclaimRig rig = new("6.1");
        FileHandle file = rig.OpenFile(10);
        int frame = rig.Page(file, 0);
        rig.Machine.Lru.Activate(frame);
        rig.Machine.Lru.IsHeld(frame).ShouldBeTrue();
        rig.Machine.Lru.Remove(0, frame);
        rig.Machine.Lru.IsHeld(frame).ShouldBeFalse();
    }
}
