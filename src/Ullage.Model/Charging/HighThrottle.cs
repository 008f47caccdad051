using Ullage.Abi;
using Ullage.Model.Eras;
using Ullage.Model.Swap;
using Ullage.Model.Tracing;

namespace Ullage.Model.Charging;

/// <summary>
/// memory.high (§2.6): a limit that never refuses. Who charges beyond it reclaims on the way back to user space and, since
/// 5.4, sleeps. The sleep grows with the square of the overage: 64 * x^2 seconds for a batch, x = (usage - high) / high,
/// at most 2 s. At 100 MiB and HZ 1000: 101M 6 ms, 110M 639 ms, 118M 2000 ms. Up to 10 ms it is not slept; more is slept until the
/// timer wheel gets there, at HZ 250 about 16 ms later on the average.
/// </summary>
[Kernel("mem_cgroup_handle_over_high", "mm/memcontrol.c")]
internal sealed class HighThrottle
{
    private const int PrecisionShift = 20; // MEMCG_DELAY_PRECISION_SHIFT
    private const int ScalingShift = 14; // MEMCG_DELAY_SCALING_SHIFT
    private const int MinReclaim = 32; // SWAP_CLUSTER_MAX

    private readonly Machine _machine;
    private readonly ChargingRules _rules;
    private readonly bool _swapThrottles;
    private readonly int _hz;

    public HighThrottle(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.Charging;
        _swapThrottles = machine.Era.Swap.ThrottlesByHigh && machine.Options.CgroupVersion == 2;
        _hz = machine.Options.Hz;
    }

    /// <summary>The end of a charge that took pages from the counters.</summary>
    public void AfterCharge(MemCgroup memcg, Gfp gfp, int batch)
    {
        if (_rules.High == HighThrottleRule.ReclaimInCharge)
        {
            if ((gfp & Gfp.Blocking) != 0)
            {
                _ = ReclaimHigh(memcg, batch);
            }
            return;
        }
        for (MemCgroup? m = memcg; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            if (m.Memory.Usage > m.High || (_swapThrottles && m.Swap.Usage > m.SwapHigh))
            {
                NoteOverage(gfp, batch);
                return;
            }
        }
    }

    private void NoteOverage(Gfp gfp, int batch)
    {
        if (_machine.Current is not { } task)
        {
            return; // interrupts leave it to a work item, which has nothing to reclaim here either
        }
        task.PagesOverHigh += batch;
        if (_rules.HighHandledInCharge && task.PagesOverHigh > _rules.Batch && !task.Memalloc && (gfp & Gfp.Blocking) != 0)
        {
            HandleOverHigh(task, KernelSite.HighInCharge);
        }
    }

    /// <summary>On the way back to user space.</summary>
    public void HandleOverHigh(TaskStruct task) => HandleOverHigh(task, KernelSite.HighOnReturn);

    private void HandleOverHigh(TaskStruct task, KernelSite site)
    {
        int pages = task.PagesOverHigh;
        if (pages == 0)
        {
            return;
        }
        task.PagesOverHigh = 0;
        KernelSite outer = _machine.Path.Site;
        _machine.Path.Site = site;
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.HandleOverHigh);
        }
        if (!_rules.DyingSkipsHigh || !task.IsDying)
        {
            ReclaimAndSleep(task, pages);
        }
        _machine.Path.Site = outer;
    }

    private void ReclaimAndSleep(TaskStruct task, int pages)
    {
        MemCgroup memcg = task.Cgroup.Memcg;
        int retries = _rules.ReclaimRetries;
        long reclaimed = ReclaimHigh(memcg, pages);
        while (_rules.High >= HighThrottleRule.SleepByOwn)
        {
            long jiffies = PenaltyJiffies(memcg, pages);
            if (jiffies <= _hz / 100)
            {
                return;
            }
            if (_rules.High == HighThrottleRule.SleepByAncestors && (reclaimed > 0 || retries-- > 0))
            {
                reclaimed = ReclaimHigh(memcg, MinReclaim);
                continue;
            }
            Sleep(task, jiffies);
            return;
        }
    }

    private void Sleep(TaskStruct task, long jiffies)
    {
        _machine.Path.Throttle = true;
        bool nested = _machine.Psi.MemstallEnter(task);
        _machine.Path.Throttle = false;
        _machine.Stall(TimerWheel.SleepNs(_machine.TimeNs, jiffies, _hz));
        _machine.Psi.MemstallLeave(task, nested);
    }

    /// <summary>Reclaims from every level that is over its memory.high; counts the high event there.</summary>
    [Kernel("reclaim_high", "mm/memcontrol.c")]
    private long ReclaimHigh(MemCgroup memcg, int pages)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.ReclaimHigh);
        }
        long reclaimed = 0;
        for (MemCgroup? m = memcg; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            if (m.Memory.Usage > m.High)
            {
                m.RaiseEvent(MemcgEvent.High);
                reclaimed += _machine.Reclaim.Stalling(new Reclaim.ScanControl(m, pages, MaySwap: true));
            }
        }
        return reclaimed;
    }

    [Kernel("calculate_high_delay", "mm/memcontrol.c")]
    private long PenaltyJiffies(MemCgroup memcg, int pages)
    {
        long overage = Overage(memcg.Memory.Usage, memcg.High);
        if (_rules.High == HighThrottleRule.SleepByAncestors)
        {
            for (MemCgroup? m = memcg.HierarchyParent; m is { IsRoot: false }; m = m.HierarchyParent)
            {
                overage = Math.Max(overage, Overage(m.Memory.Usage, m.High));
            }
        }
        long penalty = Penalty(overage, pages, _rules.Batch, _hz);
        return !_swapThrottles ? penalty : Math.Min(penalty + Penalty(SwapThrottle.MaxOverage(memcg), pages, _rules.Batch, _hz), 2 * _hz);
    }

    /// <summary>Steps 3 to 5: jiffies to sleep for <paramref name="pages"/> charged at an overage.</summary>
    internal static long Penalty(long overage, int pages, int batch, int hz)
    {
        UInt128 square = (UInt128)overage * (UInt128)overage * (UInt128)hz;
        UInt128 penalty = (square >> PrecisionShift >> ScalingShift) * (UInt128)pages / (UInt128)batch;
        return (long)UInt128.Min(penalty, (UInt128)(2 * hz));
    }

    /// <summary>Step 1: how far usage is over high, as a fraction of high in 2^20ths.</summary>
    [Kernel("calculate_overage", "mm/memcontrol.c")]
    internal static long Overage(long usage, long high) => usage <= high ? 0 : ((usage - high) << PrecisionShift) / Math.Max(high, 1);
}
