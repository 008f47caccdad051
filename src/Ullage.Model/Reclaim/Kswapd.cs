using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;
using Ullage.Model.Pressure;

namespace Ullage.Model.Reclaim;

/// <summary>
/// The kernel thread that reclaims in the background (§9.3), one for each node: woken when a zone falls below its low watermark, it goes on until some
/// zone of its node is above its high one. It is a task of its own, whose whole run is a memory stall; each round takes time, in which others run.
/// </summary>
[Kernel("balance_pgdat", "mm/vmscan.c", Deviation = "It has a CPU of its own: its rounds take time but keep no other task from running. No watermark boost.")]
internal sealed class Kswapd
{
    public const int MostFailures = 16; // MAX_RECLAIM_RETRIES

    private const long QuickNs = 100_000_000; // HZ / 10

    private readonly Machine _machine;
    private readonly MemoryNode _node;
    private readonly ReclaimRun _run = new();
    private readonly Action _continue;
    private readonly TaskStruct _task;
    private bool _runs;
    private bool _nested;
    private long _sleptNs;

    public Kswapd(Machine machine, MemoryNode node)
    {
        _machine = machine;
        _node = node;
        _continue = Continue;
        SignalStruct signal = new() { Tgid = 0 };
        _task = new TaskStruct(0, signal, machine.CssSets.Init, FormattableString.Invariant($"kswapd{node.Id}")) { Memalloc = true };
        signal.Leader = _task;
    }

    /// <summary>Runs that freed nothing, in a row. After 16 it does not start any more, until somebody has freed memory.</summary>
    public int Failures { get; set; }

    /// <summary>What runs now is this thread.</summary>
    [Kernel("current_is_kswapd", "include/linux/swap.h")]
    public bool IsCurrent => _machine.Current == _task;

    /// <summary>An allocation found no zone above its low watermark.</summary>
    [Kernel("wakeup_kswapd", "mm/vmscan.c")]
    public void Wake()
    {
        if (_runs || Failures >= MostFailures || IsBalanced())
        {
            return;
        }
        _runs = true;
        _machine.Work.Add(_machine.TimeNs + _machine.Costs.WorkItemNs, _continue);
        _run.Begin(_machine.Hierarchy.Root.Memcg, isGlobal: true, Reclaimer.Kswapd, Gfp.Kernel, 0);
        _run.Nodes = _node.Mask;
        _run.Priority = 0; // it begins with its first round
    }

    /// <summary>Some zone of the node is above its high watermark.</summary>
    [Kernel("pgdat_balanced", "mm/vmscan.c")]
    private bool IsBalanced() => _node.Allows(Watermark.High);

    /// <summary>One round, or the end.</summary>
    private void Continue()
    {
        TaskStruct? current = _machine.Current;
        _machine.Current = _task;
        if (_run.Priority == 0)
        {
            BeginRun();
        }
        long costNs = 0;
        bool goesOn = !IsBalanced() && Round(out costNs);
        if (goesOn)
        {
            _machine.Work.Add(_machine.TimeNs + costNs, _continue);
        }
        else
        {
            EndRun(costNs);
        }
        _machine.Current = current;
    }

    private void BeginRun()
    {
        _machine.Vm.Add(VmItem.PageOutRun, 1);
        if (_machine.TimeNs - _sleptNs < QuickNs && _sleptNs > 0)
        {
            _machine.Vm.Add(VmItem.KswapdLowWmarkHitQuickly, 1);
        }
        _run.Priority = ReclaimRun.FirstPriority;
        _machine.Psi.Enqueue(_task, 0);
        Tracing.KernelSite outer = _machine.Path.Site;
        _machine.Path.Site = Tracing.KernelSite.Kswapd;
        _nested = _machine.Psi.MemstallEnter(_task);
        _machine.Path.Site = outer;
    }

    /// <summary>Looks at as many pages as would bring all zones above their high watermarks; false = it has tried everything.</summary>
    [Kernel("kswapd_shrink_node", "mm/vmscan.c")]
    private bool Round(out long costNs)
    {
        long before = _run.Reclaimed;
        long scannedBefore = _run.ScannedInAll;
        _run.Wanted = 0;
        foreach (Zone zone in _node.Zones)
        {
            _run.Wanted += Math.Max(zone.High, ReclaimRun.Cluster);
        }
        _machine.NodeReclaim.AgeAnon(_run);
        _run.Scanned = 0;
        _machine.Reclaim.ReclaimSoftLimits(_run);
        for (int place = 0; place < _machine.Lru.LruvecsPerMemcg; place++)
        {
            if (_machine.Lru.NodeAt(place) == _node)
            {
                _run.HasShrunkSlab = false;
                _machine.NodeReclaim.Shrink(_run, place);
            }
        }
        if (_run.Scanned < _run.Wanted || _run.Reclaimed == before)
        {
            _run.Priority--;
        }
        costNs = Math.Max(_machine.Costs.FruitlessReclaimNs / ReclaimRun.FirstPriority, (_run.ScannedInAll - scannedBefore) * _machine.Costs.ReclaimPageNs)
            + _node.KswapdWaitNs;
        _node.KswapdWaitNs = 0;
        return _run.Priority >= 1;
    }

    private void EndRun(long costNs)
    {
        bool balanced = IsBalanced();
        if (!balanced && _run.Reclaimed == 0)
        {
            Failures++;
        }
        _machine.NodeReclaim.SnapshotRefaults(_machine.Hierarchy.Root.Memcg, _node.Mask);
        if (balanced)
        {
            ReclaimThrottle.Clear(_node);
        }
        _runs = false;
        _sleptNs = _machine.TimeNs + costNs;
        _machine.Psi.MemstallLeave(_task, _nested);
        _machine.Psi.Change(_task, PsiTask.Running | PsiTask.OnCpu, PsiTask.None);
        if (!balanced && Failures < MostFailures)
        {
            Wake(); // it looks again before it sleeps
        }
    }
}
