using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Reclaim;

/// <summary>What a reclaim run is asked for.</summary>
/// <param name="Memcg">Whose subtree.</param>
/// <param name="Pages">How many pages would do.</param>
/// <param name="MaySwap">Whether swapping helps.</param>
/// <param name="Gfp">What the allocation that asks may do.</param>
/// <param name="Proactive">It is for memory.reclaim.</param>
/// <param name="Swappiness">Used instead of each cgroup's own; null = their own.</param>
internal readonly record struct ScanControl(MemCgroup Memcg, long Pages, bool MaySwap, Gfp Gfp = Gfp.Kernel, bool Proactive = false, int? Swappiness = null);

/// <summary>Who reclaims.</summary>
internal enum Reclaimer
{
    /// <summary>A task that needs memory, or writes a limit.</summary>
    Direct,
    /// <summary>kswapd.</summary>
    Kswapd,
    /// <summary>memory.reclaim.</summary>
    Proactive,
}

/// <summary>One run of reclaim: what it wants, what it may do, what it has done so far.</summary>
[Kernel("struct scan_control", "mm/vmscan.c")]
internal sealed class ReclaimRun
{
    public const int FirstPriority = 12; // DEF_PRIORITY
    public const int Cluster = 32; // SWAP_CLUSTER_MAX

    /// <summary>Whose subtree; the root's for the whole machine.</summary>
    public MemCgroup Target = null!;

    /// <summary>The whole machine is short of memory, not a cgroup.</summary>
    public bool IsGlobal;

    /// <summary>Who does it.</summary>
    public Reclaimer By;

    /// <summary>What the allocation that asks may do.</summary>
    public Gfp Gfp;

    /// <summary>Pages wanted.</summary>
    public long Wanted;

    /// <summary>12 (gently) to 0 (everything).</summary>
    public int Priority;

    /// <summary>The place of what is being reclaimed: a node, in 4.1 a zone.</summary>
    public int Zone;

    /// <summary>The node of <see cref="Zone"/>.</summary>
    public Pages.MemoryNode Node = null!;

    /// <summary>Nodes that may be reclaimed from.</summary>
    public Pages.NodeMask Nodes;

    /// <summary>Shrinkers have had their turn in this round: they are asked once, whatever the number of nodes.</summary>
    public bool HasShrunkSlab;

    public bool MaySwap;
    public bool MayWrite;

    /// <summary>-1 = each cgroup's own.</summary>
    public int Swappiness;

    /// <summary>Pages freed so far.</summary>
    public long Reclaimed;

    /// <summary>Pages looked at in this round.</summary>
    public long Scanned;

    /// <summary>Pages looked at in all rounds.</summary>
    public long ScannedInAll;

    /// <summary>File pages taken out of page tables.</summary>
    public long Unmapped;

    /// <summary>Slab pages that came free meanwhile.</summary>
    public long SlabPages;

    /// <summary>The second pass, which memory.low does not stop.</summary>
    public bool LowReclaim;

    /// <summary>memory.low spared something.</summary>
    public bool LowSkipped;

    /// <summary>Active lists may be looked at (5.8+), by type: 0 anonymous, 1 file.</summary>
    public bool MayDeactivateAnon;
    public bool MayDeactivateFile;
    public bool ForceDeactivate;
    public bool SkippedDeactivate;

    /// <summary>There are inactive file pages enough (5.8+).</summary>
    public bool CacheTrim;

    /// <summary>There is little page cache (5.8+).</summary>
    public bool FileIsTiny;

    public long AnonCost;
    public long FileCost;

    /// <summary>All of the subtree, however much was reclaimed already.</summary>
    public bool FullWalk;

    /// <summary>What this round met (§3.11).</summary>
    public RoundCounts Round;

    public bool IsKswapd => By == Reclaimer.Kswapd;

    public void Begin(MemCgroup target, bool isGlobal, Reclaimer by, Gfp gfp, long wanted)
    {
        (Target, IsGlobal, By, Gfp, Wanted) = (target, isGlobal, by, gfp, wanted);
        (Priority, Zone, MaySwap, MayWrite, Swappiness) = (FirstPriority, 0, true, true, -1);
        (Reclaimed, Scanned, ScannedInAll, SlabPages, Unmapped) = (0, 0, 0, 0, 0);
        (Nodes, HasShrunkSlab) = (Pages.NodeMask.All, false);
        (LowReclaim, LowSkipped, ForceDeactivate, SkippedDeactivate, FullWalk) = (false, false, false, false, false);
        (MayDeactivateAnon, MayDeactivateFile, CacheTrim, FileIsTiny, AnonCost, FileCost) = (false, false, false, false, 0, 0);
        Round = default;
    }
}

/// <summary>What a round of reclaim met on its way.</summary>
[Kernel("struct reclaim_stat", "include/linux/vmstat.h")]
internal record struct RoundCounts
{
    public long Taken;
    public long FileTaken;
    public long Dirty;
    public long UnqueuedDirty;
    public long Congested;
    public long Writeback;
    public long Immediate;
}
