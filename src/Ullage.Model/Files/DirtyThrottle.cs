using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Files;

/// <summary>
/// Makes writers wait. Up to the middle between the thresholds they go free; beyond it a writer gets what the disk writes, times a factor that falls from
/// 2 to 0 as dirty pages rise to the limit and is 1 half-way. It sleeps for what it dirtied more, at most 200 ms at a time. On v2 a cgroup has thresholds of its
/// own: a share of its page cache and of what it may still get (§3.11). v1 has none, and waits for writeback in reclaim instead.
/// </summary>
[Kernel("balance_dirty_pages", "mm/page-writeback.c", Deviation = "The bandwidth is the disk's own, not an estimate; writers share it equally, and cgroups share one flusher.")]
internal sealed class DirtyThrottle(Machine machine)
{
    private const long MaxPauseNs = 200_000_000;
    private const long TickNs = 4_000_000; // HZ = 250
    private const int PauseShare = 8; // of the time that the disk needs for all that is dirty
    private const int RatelimitPages = 32;
    private const int Shift = 10;

    private readonly bool _cgroupsHaveLimits = machine.Era.Files.CgroupDirtyLimits && machine.Options.CgroupVersion == 2;

    /// <summary>Dirty pages, and where they begin to matter: for the machine, or for a cgroup.</summary>
    /// <param name="Available">Pages that could be dirty.</param>
    /// <param name="Dirty">Pages dirty or on their way.</param>
    /// <param name="Waiting">Of these, the ones that wait for the flusher.</param>
    /// <param name="Limit">Nobody dirties more.</param>
    /// <param name="Background">Above it the flusher works.</param>
    [Kernel("struct dirty_throttle_control", "mm/page-writeback.c")]
    internal readonly record struct Domain(long Available, long Dirty, long Waiting, long Limit, long Background)
    {
        /// <summary>Up to here writers go free.</summary>
        public long Free => (Limit + Background) / 2;
    }

    /// <summary>A task has dirtied a page.</summary>
    [Kernel("balance_dirty_pages_ratelimited", "mm/page-writeback.c")]
    public void AfterDirtying(TaskStruct task)
    {
        if (++task.DirtiedPages >= RatelimitPages)
        {
            Balance(task);
        }
    }

    private void Balance(TaskStruct task)
    {
        Writeback writeback = machine.PageCache.Writeback;
        MemCgroup? memcg = _cgroupsHaveLimits && machine.PageCache.Payer() is { IsRoot: false } payer ? payer : null;
        while (!task.FatalSignalPending)
        {
            Domain all = Whole();
            Domain own = memcg is null ? all : Of(memcg, all);
            if (all.Waiting > all.Background || own.Waiting > own.Background)
            {
                writeback.WakeFlusher();
            }
            if (all.Dirty <= all.Free && own.Dirty <= own.Free)
            {
                break;
            }
            long disk = machine.Disk.WritePagesPerSecond;
            long rate = disk * Math.Min(PositionRatio(all), PositionRatio(own)) >> Shift;
            long most = Math.Min(MaxPauseNs, TickNs + (own.Dirty * 1_000_000_000 / PauseShare / disk));
            long pause = rate == 0 ? most : Math.Min(most, task.DirtiedPages * 1_000_000_000L / rate);
            machine.IoSchedule(Math.Max(pause, 1));
            if (rate > 0)
            {
                break; // it has paid for what it dirtied
            }
        }
        task.DirtiedPages = 0;
    }

    /// <summary>The machine's.</summary>
    internal Domain Whole()
    {
        Writeback writeback = machine.PageCache.Writeback;
        return new Domain(writeback.Dirtyable, writeback.Pending, machine.Vm[VmItem.FileDirty], writeback.Threshold, writeback.BackgroundThreshold);
    }

    /// <summary>A cgroup's: of its page cache, and of clean pages elsewhere as far as its limits allow it to have them.</summary>
    [Kernel("mdtc_calc_avail", "mm/page-writeback.c")]
    internal Domain Of(MemCgroup memcg, in Domain all)
    {
        Writeback writeback = machine.PageCache.Writeback;
        long waiting = Sum(memcg, MemcgStat.FileDirty);
        long file = Sum(memcg, MemcgStat.InactiveFile) + Sum(memcg, MemcgStat.ActiveFile);
        long clean = file - Math.Min(file, waiting);
        long cleanInAll = all.Available - Math.Min(all.Available, all.Dirty);
        long cleanElsewhere = cleanInAll - Math.Min(cleanInAll, clean);
        long available = file + Math.Min(Headroom(memcg), cleanElsewhere);
        return new Domain(available, waiting + Sum(memcg, MemcgStat.FileWriteback), waiting, available * writeback.DirtyRatio / 100, available * writeback.BackgroundRatio / 100);
    }

    [Kernel("mem_cgroup_wb_stats", "mm/memcontrol.c")]
    private static long Headroom(MemCgroup memcg)
    {
        long headroom = long.MaxValue;
        for (MemCgroup? m = memcg; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            headroom = Math.Min(headroom, Math.Max(0, Math.Min(m.Memory.Max, m.High) - m.Memory.Usage));
        }
        return headroom;
    }

    private static long Sum(MemCgroup memcg, MemcgStat item)
    {
        long sum = memcg.Stats.Exact(item);
        foreach (MemCgroup child in memcg.Children)
        {
            sum += Sum(child, item);
        }
        return sum;
    }

    /// <summary>1 + ((setpoint - dirty) / (limit - setpoint))^3 in 1024ths, 0 to 2.</summary>
    [Kernel("pos_ratio_polynom", "mm/page-writeback.c")]
    private static long PositionRatio(in Domain domain)
    {
        (long limit, long dirty) = (domain.Limit, domain.Dirty);
        if (dirty >= limit)
        {
            return 0;
        }
        long setpoint = (limit + domain.Free) / 2;
        long x = ((setpoint - dirty) << Shift) / ((limit - setpoint) | 1);
        long ratio = (x * x >> Shift) * x >> Shift;
        return Math.Clamp(ratio + (1 << Shift), 0, 2 << Shift);
    }
}
