using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>Whether more reclaim could help (§9.2 step 6).</summary>
[Kernel("should_reclaim_retry", "mm/page_alloc.c")]
internal sealed class ReclaimRetry(Machine machine)
{
    private const int MostLoops = 16; // MAX_RECLAIM_RETRIES
    private const int HopelessFactor = 6;

    /// <summary>Pages on lists that can be reclaimed: page cache, and anonymous memory where there is swap.</summary>
    [Kernel("zone_reclaimable_pages", "mm/vmscan.c")]
    public long ReclaimablePages(Zone zone) => zone.FilePages + (machine.PageBackends.FreeSwapPages(machine.Hierarchy.Root.Memcg) > 0 ? zone.AnonPages : 0);

    /// <summary>4.1: scanning has not gone round six times without freeing a page.</summary>
    [Kernel("zone_reclaimable", "mm/vmscan.c")]
    public bool IsReclaimable(Zone zone) => zone.PagesScanned < ReclaimablePages(zone) * HopelessFactor;

    /// <summary>An allocation should try once more: some zone of the nodes would do if all that can be reclaimed were free.</summary>
    public bool ShouldRetry(long reclaimed, NodeMask nodes, ref int loops)
    {
        if (!machine.Era.Pages.CountsRetries)
        {
            return reclaimed > 0; // 4.1: progress is enough
        }
        loops = reclaimed > 0 ? 0 : loops + 1;
        if (loops > MostLoops)
        {
            return false;
        }
        foreach (Zone zone in machine.Frames.Zones)
        {
            if (nodes.Has(zone.NodeId) && zone.Free + ReclaimablePages(zone) > zone.Min + zone.LowmemReserve)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>4.1: zones that are not hopeless yet count as progress.</summary>
    public bool AnyReclaimable(NodeMask nodes)
    {
        foreach (Zone zone in machine.Frames.Zones)
        {
            if (nodes.Has(zone.NodeId) && IsReclaimable(zone))
            {
                return true;
            }
        }
        return false;
    }
}
