using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Files;

/// <summary>
/// Makes writers wait. Up to the middle between the thresholds they go free; beyond it a writer gets what the disk writes, times a factor that falls from
/// 2 to 0 as dirty pages rise to the limit and is 1 half-way. It sleeps for what it dirtied more, at most 200 ms at a time.
/// </summary>
[Kernel("balance_dirty_pages", "mm/page-writeback.c", Deviation = "The bandwidth is the disk's own, not an estimate; writers share it equally.")]
internal sealed class DirtyThrottle(Machine machine)
{
    private const long MaxPauseNs = 200_000_000;
    private const int RatelimitPages = 32;
    private const int Shift = 10;

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
        while (!task.FatalSignalPending)
        {
            long limit = writeback.Threshold;
            long background = writeback.BackgroundThreshold;
            long dirty = writeback.Pending;
            if (machine.Vm[VmItem.FileDirty] > background)
            {
                writeback.WakeFlusher();
            }
            long free = (limit + background) / 2;
            if (dirty <= free)
            {
                break;
            }
            long rate = machine.Disk.WritePagesPerSecond * PositionRatio(limit, free, dirty) >> Shift;
            long pause = rate == 0 ? MaxPauseNs : Math.Min(MaxPauseNs, task.DirtiedPages * 1_000_000_000L / rate);
            machine.IoSchedule(Math.Max(pause, 1));
            if (rate > 0)
            {
                break; // it has paid for what it dirtied
            }
        }
        task.DirtiedPages = 0;
    }

    /// <summary>1 + ((setpoint - dirty) / (limit - setpoint))^3 in 1024ths, 0 to 2.</summary>
    [Kernel("pos_ratio_polynom", "mm/page-writeback.c")]
    private static long PositionRatio(long limit, long free, long dirty)
    {
        if (dirty >= limit)
        {
            return 0;
        }
        long setpoint = (limit + free) / 2;
        long x = ((setpoint - dirty) << Shift) / ((limit - setpoint) | 1);
        long ratio = (x * x >> Shift) * x >> Shift;
        return Math.Clamp(ratio + (1 << Shift), 0, 2 << Shift);
    }
}
