using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>
/// v1: before the machine reclaims from everybody it reclaims from the cgroup that exceeds its soft limit most, until the excess, or a
/// quarter of it, is gone (§2.12).
/// </summary>
[Kernel("memcg1_soft_limit_reclaim", "mm/memcontrol-v1.c")]
internal sealed class SoftLimitReclaim(Machine machine)
{
    private const int MoreCgroups = 2; // MEM_CGROUP_MAX_SOFT_LIMIT_RECLAIM_LOOPS
    private const int MostRounds = 100; // MEM_CGROUP_MAX_RECLAIM_LOOPS

    private readonly ReclaimRun _run = new();

    /// <summary>Adds what it did to the counts of <paramref name="outer"/>.</summary>
    public void Reclaim(ReclaimRun outer)
    {
        long reclaimed = 0;
        MemCgroup? next = null;
        for (int loop = 0; reclaimed == 0; loop++)
        {
            MemCgroup? memcg = next ?? machine.SoftLimits.TakeLargest();
            if (memcg is null || loop > MoreCgroups)
            {
                PutBack(memcg);
                break;
            }
            long now = ReclaimFrom(memcg, outer);
            reclaimed += now;
            next = now == 0 ? machine.SoftLimits.TakeLargest() : null;
            PutBack(memcg);
            if (reclaimed > 0)
            {
                PutBack(next);
            }
        }
        outer.Reclaimed += reclaimed;
    }

    private void PutBack(MemCgroup? memcg)
    {
        if (memcg is not null)
        {
            machine.SoftLimits.Update(memcg);
        }
    }

    [Kernel("mem_cgroup_soft_reclaim", "mm/memcontrol-v1.c")]
    private long ReclaimFrom(MemCgroup memcg, ReclaimRun outer)
    {
        long excess = SoftLimitTree.ExcessOf(memcg);
        long total = 0;
        for (int round = 1; round <= MostRounds; round++)
        {
            if (ShrinkSubtree(memcg, memcg, outer, ref total))
            {
                break;
            }
            if (round >= 2 && (total == 0 || total >= excess >> 2))
            {
                break;
            }
        }
        return total;
    }

    /// <summary>One round over the subtree; true = the excess is gone.</summary>
    private bool ShrinkSubtree(MemCgroup root, MemCgroup memcg, ReclaimRun outer, ref long total)
    {
        total += ShrinkOne(memcg, outer);
        if (SoftLimitTree.ExcessOf(root) == 0)
        {
            return true;
        }
        foreach (MemCgroup child in memcg.Children)
        {
            if (child.HierarchyParent == memcg && ShrinkSubtree(root, child, outer, ref total))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>32 pages of one cgroup, as thoroughly as can be.</summary>
    [Kernel("mem_cgroup_shrink_node", "mm/vmscan.c")]
    private long ShrinkOne(MemCgroup memcg, ReclaimRun outer)
    {
        _run.Begin(memcg, isGlobal: false, outer.By, outer.Gfp, ReclaimRun.Cluster);
        _run.Priority = 0;
        foreach (Pages.Lruvec lruvec in memcg.Lruvecs ?? [])
        {
            (_run.Zone, _run.Node) = (lruvec.Place, machine.Lru.NodeAt(lruvec.Place));
            if (outer.Nodes.Has(_run.Node.Id))
            {
                machine.NodeReclaim.Lists.Shrink(_run, lruvec);
            }
        }
        outer.Scanned += _run.Scanned;
        outer.ScannedInAll += _run.ScannedInAll;
        return _run.Reclaimed;
    }
}
