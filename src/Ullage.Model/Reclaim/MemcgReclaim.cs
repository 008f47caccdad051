using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Slab;

namespace Ullage.Model.Reclaim;

/// <summary>
/// Reclaim on behalf of a memory cgroup (§3.9): round after round with a falling priority, each more thorough than the one before, over the
/// cgroups of a subtree, until enough is reclaimed. Shrinkers free objects, but memory comes back in slab pages, and not before a grace period
/// has ended: rounds that are over sooner have reclaimed nothing, and the next one goes deeper. From 6.4 on slab pages do not count at all
/// here, so that every run goes down to priority 0 and takes everything.
/// </summary>
[Kernel("do_try_to_free_pages", "mm/vmscan.c", Deviation = "LRU pages: only anonymous ones, and no swap, so that none of them can be reclaimed. No protection.")]
internal sealed class MemcgReclaim(Machine machine)
{
    private const int FirstPriority = 12; // DEF_PRIORITY
    private const int AtLeast = 32; // SWAP_CLUSTER_MAX

    private readonly ReclaimRules _rules = machine.Era.Reclaim;
    private readonly MemcgWalkPositions _positions = new(machine);
    private readonly bool _hasPsi = machine.Era.Pressure.Exists;
    private readonly bool _stallsInside = machine.Era.Pressure.ReclaimIsStall;
    private int _running;
    private long _slabPages;

    /// <summary>The same for a charge or memory.high, which are memory stalls (§6.7).</summary>
    [Kernel("try_charge_memcg", "mm/memcontrol.c")]
    public long Stalling(ScanControl sc)
    {
        if (_stallsInside || !_hasPsi)
        {
            return TryToFreePages(sc);
        }
        TaskStruct? task = machine.Current;
        bool nested = machine.Psi.MemstallEnter(task);
        long reclaimed = TryToFreePages(sc);
        machine.Psi.MemstallLeave(task, nested);
        return reclaimed;
    }

    /// <summary>Tries to free pages of a subtree; answers how many were freed. Limit writes and memory.reclaim call it, too.</summary>
    [Kernel("try_to_free_mem_cgroup_pages", "mm/vmscan.c")]
    public long TryToFreePages(ScanControl sc)
    {
        Invariant.Holds(sc.Pages > 0 && !sc.Memcg.IsRoot);
        if (machine.Probes.Any)
        {
            machine.Probes.Hit(Tracing.KernelFunction.TryToFreeMemCgroupPages);
        }
        if (!_stallsInside || !_hasPsi)
        {
            return Shrink(sc);
        }
        TaskStruct? task = machine.Current;
        bool nested = machine.Psi.MemstallEnter(task);
        long reclaimed = Shrink(sc);
        machine.Psi.MemstallLeave(task, nested);
        return reclaimed;
    }

    private long Shrink(ScanControl sc)
    {
        machine.Lru.Drain(machine.CurrentCpu); // shrink_inactive_list begins with lru_add_drain
        machine.SpendAndRunDue(machine.Costs.FruitlessReclaimNs);
        TaskStruct? task = machine.Current;
        bool memalloc = task is { Memalloc: true };
        if (task is not null)
        {
            task.Memalloc |= _rules.SetsMemalloc;
        }
        _running++;
        long reclaimed = Rounds(sc, full: _rules.Walk == MemcgWalk.Full);
        if (reclaimed == 0 && _rules.Walk == MemcgWalk.Shared)
        {
            reclaimed = Rounds(sc, full: true); // others may have reclaimed what this walk passed over
        }
        _running--;
        if (task is not null)
        {
            task.Memalloc = memalloc;
        }
        return reclaimed;
    }

    /// <summary>Slab pages came free: they count for the run that is going on, if any.</summary>
    [Kernel("mm_account_reclaimed_pages", "include/linux/swap.h")]
    public void SlabPagesFreed(int pages) => _slabPages += _running > 0 ? pages : 0;

    private long Rounds(ScanControl sc, bool full)
    {
        long target = Math.Max(sc.Pages, AtLeast);
        long reclaimed = 0;
        for (int priority = FirstPriority; priority >= 0 && reclaimed < target; priority--)
        {
            reclaimed += ShrinkNode(sc, priority, target - reclaimed, full);
        }
        return reclaimed;
    }

    /// <summary>One round over the subtree.</summary>
    [Kernel("shrink_node", "mm/vmscan.c")]
    private long ShrinkNode(ScanControl sc, int priority, long target, bool full)
    {
        long reclaimed = 0;
        _slabPages = 0;
        List<MemCgroup> walk = _positions.Begin(sc.Memcg, priority, full);
        for (int at = 0; at < walk.Count; at++)
        {
            MemCgroup memcg = walk[at];
            (long scanned, long eligible, long freed) = ShrinkLruvec(memcg, priority);
            reclaimed += freed;
            machine.Shrinkers.Shrink(memcg, sc.Gfp, new ShrinkDepth(priority, scanned, eligible));
            bool enough = reclaimed >= target;
            if (enough && !full)
            {
                _positions.Break(sc.Memcg, priority, at == walk.Count - 1 ? null : memcg);
                break;
            }
        }
        _positions.End(walk);
        return reclaimed + (_rules.SlabCountsForMemcg ? _slabPages : 0);
    }

    /// <summary>
    /// Where page cache and swap will be attached. Anonymous pages without swap are on no list that is scanned (§3.7 row 1), so a kernel scans,
    /// counts and frees nothing here, either.
    /// </summary>
    [Kernel("shrink_lruvec", "mm/vmscan.c")]
    private static (long Scanned, long Eligible, long Freed) ShrinkLruvec(MemCgroup memcg, int priority)
    {
        Invariant.Holds(priority is >= 0 and <= FirstPriority && memcg.Id > 0);
        return default;
    }

    /// <summary>vm.drop_caches = 2: all cgroups' shrinkers again and again, while it is worth it.</summary>
    [Kernel("drop_slab", "mm/shrinker.c", Deviation = "While more than 10 objects go; newer kernels ask for more with each round.")]
    public void DropSlab()
    {
        const long lruPages = 1000; // 4.15: a pass that scanned them all; later priority 0
        ShrinkDepth depth = new(0, lruPages, lruPages);
        long freed;
        do
        {
            freed = machine.Shrinkers.ShrinkGlobal(Gfp.Kernel, depth);
            List<MemCgroup> walk = _positions.Begin(machine.Hierarchy.Root.Memcg, 0, full: true);
            foreach (MemCgroup memcg in walk)
            {
                freed += machine.Shrinkers.Shrink(memcg, Gfp.Kernel, depth);
            }
            _positions.End(walk);
        }
        while (freed > 10);
    }
}

/// <summary>What a reclaim run is asked for.</summary>
/// <param name="Memcg">Whose subtree.</param>
/// <param name="Pages">How many pages would do.</param>
/// <param name="MaySwap">Whether swapping helps.</param>
/// <param name="Gfp">What the allocation that asks may do.</param>
[Kernel("struct scan_control", "mm/vmscan.c")]
internal readonly record struct ScanControl(MemCgroup Memcg, long Pages, bool MaySwap, Gfp Gfp = Gfp.Kernel);
