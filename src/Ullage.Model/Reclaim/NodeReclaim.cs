using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;
using Ullage.Model.Slab;

namespace Ullage.Model.Reclaim;

/// <summary>One round over a subtree of cgroups: protection, lists, shrinkers, pressure (§3.9).</summary>
[Kernel("shrink_node", "mm/vmscan.c", Deviation = "Order 0 only, so that no round is repeated for compaction. Shrinkers do not know nodes: the first node of a round asks them.")]
internal sealed class NodeReclaim(Machine machine)
{
    private readonly ReclaimRules _rules = machine.Era.Reclaim;
    private readonly VmscanRules _vmscan = machine.Era.Vmscan;
    private readonly MemcgWalkPositions _positions = new(machine);
    private readonly LruvecShrinker _lists = new(machine);

    /// <summary>The run that slab pages which come free now count for.</summary>
    private ReclaimRun? _innermost;

    public LruvecShrinker Lists => _lists;

    /// <summary>Slab pages came free: they count for the run that is going on, if any.</summary>
    [Kernel("mm_account_reclaimed_pages", "include/linux/swap.h")]
    public void SlabPagesFreed(int pages)
    {
        if (_innermost is { } run)
        {
            run.SlabPages += pages;
        }
    }

    /// <summary>A round; the run's counts tell what came of it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="place">Of a node, in 4.1 of a zone.</param>
    public void Shrink(ReclaimRun run, int place)
    {
        (run.Zone, run.Node) = (place, machine.Lru.NodeAt(place));
        ReclaimRun? outer = _innermost;
        _innermost = run;
        long reclaimed = run.Reclaimed;
        long scanned = run.Scanned;
        run.Round = default;
        run.SlabPages = 0;
        Prepare(run);
        long eligible = WalkMemcgs(run);
        if (run.IsGlobal && _rules.GlobalShrinkerPass && !run.HasShrunkSlab)
        {
            machine.Shrinkers.ShrinkGlobal(run.Gfp, new ShrinkDepth(run.Priority, run.Scanned - scanned, eligible));
        }
        run.HasShrunkSlab = machine.Frames.IsNuma;
        run.Reclaimed += run.IsGlobal || _rules.SlabCountsForMemcg ? run.SlabPages : 0;
        _innermost = outer;
        Tell(run, run.Target, tree: true, run.Scanned - scanned, run.Reclaimed - reclaimed);
        if (run.Reclaimed > reclaimed)
        {
            machine.Kswapds[run.Node.Id].Failures = 0;
        }
        ReclaimThrottle.AfterRound(run);
    }

    private void Tell(ReclaimRun run, MemCgroup memcg, bool tree, long scanned, long reclaimed)
    {
        if (run.By != Reclaimer.Proactive || !_vmscan.ProactiveIsSilent)
        {
            machine.Pressure.Account(memcg, run.Gfp, tree, scanned, reclaimed);
        }
    }

    /// <summary>5.8 and later decide for the target's whole subtree which active lists may be looked at, and whether page cache is enough (§3.7).</summary>
    [Kernel("prepare_scan_control", "mm/vmscan.c")]
    private void Prepare(ReclaimRun run)
    {
        if (_vmscan.Inactive != InactiveRule.Target)
        {
            return;
        }
        Lruvec target = machine.Lru.LruvecOf(run.Target, run.Zone);
        run.AnonCost = target.AnonCost;
        run.FileCost = target.FileCost;
        run.MayDeactivateAnon = run.ForceDeactivate || MayDeactivate(target, isFile: false);
        run.MayDeactivateFile = run.ForceDeactivate || MayDeactivate(target, isFile: true);
        run.CacheTrim = !run.MayDeactivateFile && machine.Workingset.PagesOf(target, LruList.InactiveFile) >> run.Priority > 0;
        run.FileIsTiny = run.IsGlobal && !run.MayDeactivateAnon && run.Node.ListPages(LruList.InactiveAnon) >> run.Priority > 0 && ScanBalance.IsFileTiny(run.Node);
    }

    private bool MayDeactivate(Lruvec target, bool isFile)
    {
        int type = isFile ? 1 : 0;
        return machine.Workingset.Activations(target, type) != target.LastActivations[type] || machine.InactiveRatio.IsLowBelow(target, isFile);
    }

    /// <summary>Visits the cgroups; answers how many pages there were on the lists that were scanned.</summary>
    [Kernel("shrink_node_memcgs", "mm/vmscan.c")]
    private long WalkMemcgs(ReclaimRun run)
    {
        bool stopsEarly = _rules.Walk switch
        {
            MemcgWalk.Full => false,
            MemcgWalk.SharedByPriority => !run.IsGlobal,
            _ => !run.IsKswapd && !run.FullWalk,
        };
        bool fromStart = _rules.Walk == MemcgWalk.Full || (_rules.Walk == MemcgWalk.Shared && !stopsEarly);
        long eligible = 0;
        List<MemCgroup> walk = _positions.Begin(run.Target, run.Priority, run.Zone, fromStart);
        for (int at = 0; at < walk.Count; at++)
        {
            MemCgroup memcg = walk[at];
            if (IsSpared(run, memcg))
            {
                continue;
            }
            eligible += Visit(run, memcg);
            if (stopsEarly && run.Reclaimed >= run.Wanted)
            {
                _positions.Break(run.Target, run.Priority, run.Zone, at == walk.Count - 1 ? null : memcg);
                break;
            }
        }
        _positions.End(walk);
        return eligible;
    }

    /// <summary>memory.min spares a cgroup always, memory.low in the first pass (§1.6).</summary>
    private bool IsSpared(ReclaimRun run, MemCgroup memcg)
    {
        switch (machine.Protection.Of(run.Target, memcg))
        {
            case ProtectionState.Min:
                return true;
            case ProtectionState.Low when !run.LowReclaim:
                run.LowSkipped = true;
                return true;
            case ProtectionState.Low:
                memcg.RaiseEvent(MemcgEvent.Low);
                return false;
            default:
                return false;
        }
    }

    private long Visit(ReclaimRun run, MemCgroup memcg)
    {
        long scanned = run.Scanned;
        long reclaimed = run.Reclaimed;
        long eligible = memcg.Lruvecs is { } lruvecs ? _lists.Shrink(run, lruvecs[run.Zone]) : 0;
        if (!run.HasShrunkSlab)
        {
            machine.Shrinkers.Shrink(memcg, run.Gfp, new ShrinkDepth(run.Priority, run.Scanned - scanned, eligible));
        }
        Tell(run, memcg, tree: false, run.Scanned - scanned, run.Reclaimed - reclaimed);
        return eligible;
    }

    /// <summary>The end of a run: refaults that come from now on are news (§3.4).</summary>
    [Kernel("snapshot_refaults", "mm/vmscan.c")]
    public void SnapshotRefaults(MemCgroup target, NodeMask nodes)
    {
        if (!_vmscan.SnapshotsSubtree)
        {
            for (int place = 0; place < machine.Lru.LruvecsPerMemcg; place++)
            {
                Snapshot(machine.Lru.LruvecOf(target, place), nodes);
            }
            return;
        }
        List<MemCgroup> walk = _positions.Begin(target, 0, 0, full: true);
        foreach (MemCgroup memcg in walk)
        {
            foreach (Lruvec lruvec in memcg.Lruvecs ?? [])
            {
                Snapshot(lruvec, nodes);
            }
        }
        _positions.End(walk);
    }

    private void Snapshot(Lruvec lruvec, NodeMask nodes)
    {
        if (!nodes.Has(machine.Lru.NodeAt(lruvec.Place).Id))
        {
            return;
        }
        lruvec.LastActivations[0] = machine.Workingset.Activations(lruvec, 0);
        lruvec.LastActivations[1] = machine.Workingset.Activations(lruvec, 1);
    }

    /// <summary>Ages anonymous memory of all cgroups on the run's nodes a little, for kswapd.</summary>
    [Kernel("kswapd_age_node", "mm/vmscan.c")]
    public void AgeAnon(ReclaimRun run)
    {
        if (machine.PageBackends.TotalSwapPages == 0)
        {
            return;
        }
        MemCgroup root = machine.Hierarchy.Root.Memcg;
        if (_vmscan.Inactive == InactiveRule.Target && !machine.InactiveRatio.IsLowBelow(machine.Lru.LruvecOf(root, run.Nodes.Lowest), isFile: false))
        {
            return;
        }
        List<MemCgroup> walk = _positions.Begin(root, 0, 0, full: true);
        foreach (MemCgroup memcg in walk)
        {
            foreach (Lruvec lruvec in memcg.Lruvecs ?? [])
            {
                if (!run.Nodes.Has(machine.Lru.NodeAt(lruvec.Place).Id))
                {
                    continue;
                }
                if (_vmscan.Inactive == InactiveRule.Target || machine.InactiveRatio.IsLow(lruvec, isFile: false, inReclaim: true))
                {
                    _lists.ShrinkActive(run, lruvec, LruList.ActiveAnon, ReclaimRun.Cluster);
                }
            }
        }
        _positions.End(walk);
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
            List<MemCgroup> walk = _positions.Begin(machine.Hierarchy.Root.Memcg, 0, 0, full: true);
            foreach (MemCgroup memcg in walk)
            {
                freed += machine.Shrinkers.Shrink(memcg, Gfp.Kernel, depth);
            }
            _positions.End(walk);
        }
        while (freed > 10);
    }
}
