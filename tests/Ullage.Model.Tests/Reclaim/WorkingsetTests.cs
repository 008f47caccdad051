using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>§3.10, computed by hand: a page is evicted, others after it, and it comes back.</summary>
public sealed class WorkingsetTests
{
    /// <summary>Evicts page 0, then as many others; answers its shadow. The pages stay where they are: only the clock is looked at.</summary>
    private static (ReclaimRig Rig, int Frame, long Shadow) Evict(string era, int active, int others)
    {
        ReclaimRig rig = new(era);
        FileHandle file = rig.OpenFile(100);
        for (int page = 1; page <= active; page++)
        {
            rig.Page(file, page);
            rig.ReadAgain(file, page);
            rig.Machine.Lru.DrainAll();
        }
        int frame = rig.Page(file, 0);
        rig.Machine.Lru.Remove(0, frame);
        long shadow = rig.Machine.Workingset.Eviction(frame, rig.Memcg);
        for (int i = 0; i < others; i++)
        {
            rig.Machine.Workingset.Eviction(frame, rig.Memcg);
        }
        rig.Memcg.Stats.Flush();
        rig.Machine.Spend(4_000_000_000); // until newer kernels have flushed their counts
        return (rig, frame, shadow);
    }

    private static void Return(ReclaimRig rig, int frame, long shadow)
    {
        rig.Machine.Workingset.Refault(frame, shadow);
        rig.Machine.Lru.Add(frame);
        rig.Machine.Lru.DrainAll();
    }

    // The age is stored after the page's own eviction: 3 others later the distance is 3. 6.1 stores it before: 4.
    [Theory]
    [InlineData("4.1", 3, true)]
    [InlineData("4.1", 2, false)]
    [InlineData("4.15", 3, true)]
    [InlineData("4.15", 2, false)]
    [InlineData("5.4", 3, true)]
    [InlineData("5.4", 2, false)]
    [InlineData("5.10", 3, true)]
    [InlineData("5.10", 2, false)]
    [InlineData("6.1", 4, true)]
    [InlineData("6.1", 3, false)]
    [InlineData("6.12", 4, true)]
    [InlineData("6.12", 3, false)]
    public void PageComesBackActiveIfAsManyPagesAreActiveAsWereEvictedSince(string era, int active, bool isActivated)
    {
        (ReclaimRig rig, int frame, long shadow) = Evict(era, active, others: 3);
        Return(rig, frame, shadow);
        ((rig.Machine.Frames.Flags(frame) & PageFlags.Active) != 0).ShouldBe(isActivated);
        rig.Machine.Vm[VmItem.WorkingsetRefaultFile].ShouldBe(1);
        rig.Machine.Vm[VmItem.WorkingsetActivateFile].ShouldBe(isActivated ? 1 : 0);
        rig.Machine.Verify();
    }

    [Fact]
    public void PageThatHadBeenActiveIsRestored()
    {
        (ReclaimRig rig, int frame, _) = Evict("6.1", active: 5, others: 0);
        rig.Machine.Frames.Flags(frame) |= PageFlags.Workingset;
        long shadow = rig.Machine.Workingset.Eviction(frame, rig.Memcg);
        rig.Machine.Frames.Flags(frame) &= ~PageFlags.Workingset;
        Return(rig, frame, shadow);
        (rig.Machine.Frames.Flags(frame) & PageFlags.Workingset).ShouldBe(PageFlags.Workingset);
        rig.Count(MemcgStat.WorkingsetRestoreFile).ShouldBe(1);
        rig.Lists.FileCost.ShouldBe(1); // a refault costs
    }

    [Fact]
    public void ActivationsMoveTheClockToo()
    {
        (ReclaimRig rig, int frame, long shadow) = Evict("5.4", active: 3, others: 2);
        FileHandle file = rig.OpenFile(10, "/other");
        int other = rig.Page(file, 0);
        rig.ReadAgain(file, 0); // activated: age 1 more, one active page more
        rig.Machine.Lru.DrainAll();
        rig.Machine.Frames.Flags(other).HasFlag(PageFlags.Active).ShouldBeTrue();
        Return(rig, frame, shadow); // distance 3, 4 active
        rig.Count(MemcgStat.WorkingsetActivateFile).ShouldBe(1);
    }

    [Theory]
    [InlineData("5.10", 0)]
    [InlineData("6.12", 1)]
    public void ShadowOfARemovedCgroupActivatesNothing(string era, long refaults)
    {
        ReclaimRig rig = new(era);
        FileHandle file = rig.OpenFile(10);
        int frame = rig.Page(file, 0);
        MemCgroup gone = rig.Machine.Make("/gone").Memcg;
        long shadow = rig.Machine.Workingset.Eviction(frame, gone);
        rig.Machine.Hierarchy.Rmdir("/gone");
        rig.Machine.Lru.Remove(0, frame);
        Return(rig, frame, shadow);
        rig.Machine.Vm[VmItem.WorkingsetRefaultFile].ShouldBe(refaults);
        rig.Machine.Vm[VmItem.WorkingsetActivateFile].ShouldBe(0);
    }

    [Fact]
    public void AgeClimbsToAncestorsSince58()
    {
        ReclaimRig rig = new("5.10");
        FileHandle file = rig.OpenFile(10);
        int frame = rig.Page(file, 0);
        MemCgroup root = rig.Machine.Hierarchy.Root.Memcg;
        long before = rig.Machine.Lru.LruvecOf(root, 0).Age;
        rig.Machine.Workingset.Eviction(frame, rig.Memcg);
        rig.Machine.Lru.LruvecOf(root, 0).Age.ShouldBe(before + 1);
    }
}
