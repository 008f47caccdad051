using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>
/// Direct reclaim, for a memory cgroup or the machine (§3.9): round after round with a falling priority, each more thorough than the one
/// before, until enough is reclaimed. Shrinkers free objects, but memory comes back in slab pages, and not before a grace period
/// has ended: rounds that are over sooner have reclaimed nothing of it, and the next one goes deeper. From 6.4 on slab pages do not count at
/// all for a cgroup.
/// </summary>
[Kernel("do_try_to_free_pages", "mm/vmscan.c")]
internal sealed class MemcgReclaim(Machine machine)
{
    private readonly ReclaimRules _rules = machine.Era.Reclaim;
    private readonly VmscanRules _vmscan = machine.Era.Vmscan;
    private readonly NodeReclaim _node = machine.NodeReclaim;
    private readonly SoftLimitReclaim _soft = new(machine);
    private readonly bool _hasPsi = machine.Era.Pressure.Exists;
    private readonly bool _stallsInside = machine.Era.Pressure.ReclaimIsStall;
    private readonly Stack<ReclaimRun> _runs = new(); // unused ones
    private long _lastRunNs;

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
        Invariant.Holds(sc.Pages > 0);
        if (machine.Probes.Any)
        {
            machine.Probes.Hit(Tracing.KernelFunction.TryToFreeMemCgroupPages);
        }
        if (!_stallsInside || !_hasPsi)
        {
            return Free(sc);
        }
        TaskStruct? task = machine.Current;
        bool nested = machine.Psi.MemstallEnter(task);
        long reclaimed = Free(sc);
        machine.Psi.MemstallLeave(task, nested);
        return reclaimed;
    }

    private long Free(ScanControl sc)
    {
        ReclaimRun run = _runs.Count > 0 ? _runs.Pop() : new ReclaimRun();
        run.Begin(sc.Memcg, isGlobal: false, sc.Proactive ? Reclaimer.Proactive : Reclaimer.Direct, sc.Gfp, Math.Max(sc.Pages, ReclaimRun.Cluster));
        run.MaySwap = sc.MaySwap;
        run.Swappiness = sc.Swappiness ?? -1;
        return Perform(run, machine.Costs.FruitlessReclaimNs);
    }

    /// <summary>Tries to free 32 pages for an allocation that found no zone above its mark, on the nodes where it may find one.</summary>
    [Kernel("try_to_free_pages", "mm/vmscan.c")]
    public long TryToFreePages(Gfp gfp, MemoryNode near, NodeMask nodes)
    {
        if (machine.ReclaimThrottle.ThrottleDirect(gfp, near))
        {
            return 1; // killed while it waited
        }
        ReclaimRun run = _runs.Count > 0 ? _runs.Pop() : new ReclaimRun();
        run.Begin(machine.Hierarchy.Root.Memcg, isGlobal: true, Reclaimer.Direct, gfp, ReclaimRun.Cluster);
        run.Nodes = nodes;
        return Perform(run, machine.Costs.FruitlessReclaimNs);
    }

    /// <summary>Runs it as a task that may use reserves meanwhile, and takes the time that it takes.</summary>
    private long Perform(ReclaimRun run, long leastNs)
    {
        machine.Lru.Drain(machine.CurrentCpu); // shrink_inactive_list begins with lru_add_drain
        machine.SpendAndRunDue(leastNs);
        TaskStruct? task = machine.Current;
        bool memalloc = task is { Memalloc: true };
        if (task is not null)
        {
            task.Memalloc |= _rules.SetsMemalloc;
        }
        long reclaimed = Attempts(run);
        if (task is not null)
        {
            task.Memalloc = memalloc;
        }
        machine.Spend(Cost(run));
        _lastRunNs = machine.TimeNs;
        _runs.Push(run);
        return reclaimed;
    }

    /// <summary>What a run took beyond the walk. When the CPU did other things, or nothing, for long, reclaim's code and lists are no longer in its caches.</summary>
    private long Cost(ReclaimRun run)
    {
        MachineCosts costs = machine.Costs;
        bool isCold = machine.TimeNs - _lastRunNs >= costs.ColdAfterNs;
        return (run.ScannedInAll * costs.ReclaimPageNs) + (run.Unmapped * costs.UnmapFilePageNs) + (isCold && run.ScannedInAll > 0 ? costs.ColdReclaimNs : 0);
    }

    /// <summary>All rounds, and once more for each reason why they may have passed something over.</summary>
    private long Attempts(ReclaimRun run)
    {
        do
        {
            if (run.IsGlobal && run.By == Reclaimer.Direct)
            {
                machine.Pages.NoteStall(run.Gfp);
            }
            Rounds(run);
            _node.SnapshotRefaults(run.Target, run.Nodes);
            if (run.Reclaimed > 0)
            {
                return run.Reclaimed;
            }
        }
        while (TriesHarder(run));
        return run.IsGlobal && !machine.Era.Pages.CountsRetries && machine.ReclaimRetry.AnyReclaimable(run.Nodes) ? 1 : 0; // 4.1
    }

    private bool TriesHarder(ReclaimRun run)
    {
        run.Priority = ReclaimRun.FirstPriority;
        if (_rules.Walk == MemcgWalk.Shared && !run.FullWalk)
        {
            run.FullWalk = true; // others may have reclaimed what this walk passed over
            return true;
        }
        if (run.SkippedDeactivate && _vmscan.Inactive == InactiveRule.Target)
        {
            run.ForceDeactivate = true;
            run.SkippedDeactivate = false;
            return true;
        }
        if (run.LowSkipped || (_vmscan.AlwaysThrashes && !run.LowReclaim))
        {
            run.ForceDeactivate = false;
            run.LowReclaim = true;
            run.LowSkipped = false;
            return true;
        }
        return false;
    }

    private void Rounds(ReclaimRun run)
    {
        long scanned = 0;
        do
        {
            if (run.By != Reclaimer.Proactive || !_vmscan.ProactiveIsSilent)
            {
                machine.Pressure.Priority(run.Target, run.Gfp, run.Priority);
            }
            run.Scanned = 0;
            ShrinkZones(run);
            scanned += run.Scanned;
            if (run.Reclaimed >= run.Wanted)
            {
                return;
            }
            if (!_vmscan.DirtyActivates && scanned > run.Wanted + (run.Wanted / 2))
            {
                machine.PageBackends.WakeFlusher(); // 4.1: much was scanned for little
            }
        }
        while (--run.Priority >= 0);
    }

    /// <summary>All nodes that count, the CPU's own first. In 4.1 all their zones, highest first.</summary>
    [Kernel("shrink_zones", "mm/vmscan.c")]
    private void ShrinkZones(ReclaimRun run)
    {
        if (run.IsGlobal && run.By == Reclaimer.Direct)
        {
            _soft.Reclaim(run);
        }
        run.HasShrunkSlab = false;
        foreach (int place in machine.Lru.PlacesFrom(machine.Frames.NodeOfCpu(machine.CurrentCpu)))
        {
            if (run.Nodes.Has(machine.Lru.NodeAt(place).Id))
            {
                _node.Shrink(run, place);
            }
        }
    }

    /// <summary>Slab pages came free: they count for the run that is going on, if any.</summary>
    public void SlabPagesFreed(int pages) => _node.SlabPagesFreed(pages);

    /// <summary>vm.drop_caches = 2.</summary>
    public void DropSlab() => _node.DropSlab();

    /// <summary>v1 soft limits, for kswapd.</summary>
    internal void ReclaimSoftLimits(ReclaimRun run) => _soft.Reclaim(run);
}
