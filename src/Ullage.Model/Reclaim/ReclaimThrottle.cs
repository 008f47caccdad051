using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>When reclaim has to wait: for pages being written, and for kswapd when the reserves are half gone (§3.11).</summary>
[Kernel("reclaim_throttle", "mm/vmscan.c", Deviation = "Nobody else waits for congestion: new kernels do so only while half of a node's pages are dirty, older ones while a device says so, which none does since it has several queues.")]
internal sealed class ReclaimThrottle(Machine machine)
{
    private const long WritebackNs = 100_000_000; // HZ / 10

    /// <summary>What a round has met tells kswapd how to go on.</summary>
    public static void AfterRound(ReclaimRun run)
    {
        if (!run.IsKswapd)
        {
            return;
        }
        RoundCounts round = run.Round;
        if (round.Writeback > 0 && round.Writeback == round.Taken)
        {
            run.Node.IsInWriteback = true;
        }
        if (round.UnqueuedDirty > 0 && round.UnqueuedDirty == round.FileTaken)
        {
            run.Node.IsDirty = true;
        }
        if (round.Immediate > 0)
        {
            run.Node.KswapdWaitNs = WritebackNs;
        }
    }

    /// <summary>The node is balanced again: nothing is known to be dirty or congested.</summary>
    [Kernel("clear_pgdat_congested", "mm/vmscan.c")]
    public static void Clear(MemoryNode node) => node.IsInWriteback = node.IsDirty = false;

    /// <summary>Free memory of the node is above half of what the min watermarks keep back, or nothing can be reclaimed anyway.</summary>
    [Kernel("allow_direct_reclaim", "mm/vmscan.c")]
    public bool AllowsDirect(MemoryNode node)
    {
        if (machine.Kswapds[node.Id].Failures >= Kswapd.MostFailures)
        {
            return true;
        }
        long reserve = 0;
        long free = 0;
        foreach (Zone zone in node.Zones)
        {
            if (machine.ReclaimRetry.ReclaimablePages(zone) > 0)
            {
                reserve += zone.Min;
                free += zone.Free;
            }
        }
        return reserve == 0 || free > reserve / 2;
    }

    /// <summary>A task in need of memory waits while the reserves are low. True = it was killed meanwhile.</summary>
    [Kernel("throttle_direct_reclaim", "mm/vmscan.c")]
    public bool ThrottleDirect(Gfp gfp, MemoryNode node)
    {
        if (machine.Current is not { } task || task.FatalSignalPending || AllowsDirect(node))
        {
            return false;
        }
        machine.Vm.Add(VmItem.PgScanDirectThrottle, 1);
        long untilNs = (gfp & Gfp.Fs) == 0 ? machine.TimeNs + 1_000_000_000 : long.MaxValue;
        while (!AllowsDirect(node) && !task.FatalSignalPending && machine.TimeNs < untilNs)
        {
            machine.Kswapds[node.Id].Wake();
            long next = machine.Work.NextDueNs;
            if (next == long.MaxValue)
            {
                break; // nobody would ever wake it
            }
            machine.Stall(Math.Max(1, Math.Min(next, untilNs) - machine.TimeNs));
        }
        return task.FatalSignalPending;
    }
}
