using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>One NUMA node: a range of frames, divided into zones, that some CPUs reach faster than others do. The usual machine has one.</summary>
[Kernel("struct pglist_data", "include/linux/mmzone.h", Deviation = "All other nodes are equally far away.")]
public sealed class MemoryNode
{
    private readonly Zone[] _zones;

    internal MemoryNode(int id, Zone[] zones)
    {
        Id = id;
        _zones = zones;
        Mask = NodeMask.Of(id);
    }

    /// <summary>Its number.</summary>
    public int Id { get; }

    /// <summary>Its zones that have pages, lowest first.</summary>
    public IReadOnlyList<Zone> Zones => _zones;

    /// <summary>Where its CPUs look for memory: in its own zones from the highest down, then in those of the next node, and so on around.</summary>
    [Kernel("build_zonelists", "mm/page_alloc.c")]
    internal Zone[] Zonelist { get; set; } = [];

    /// <summary>It alone.</summary>
    internal NodeMask Mask { get; }

    /// <summary>Its kswapd has met nothing but dirty pages: it may write file pages (PGDAT_DIRTY).</summary>
    internal bool IsDirty { get; set; }

    /// <summary>Its kswapd has met nothing but pages under writeback (PGDAT_WRITEBACK).</summary>
    internal bool IsInWriteback { get; set; }

    /// <summary>Its kswapd should sleep so long before its next round, in nanoseconds.</summary>
    internal long KswapdWaitNs { get; set; }

    /// <summary>Frames of RAM.</summary>
    public long Present => Sum(zone => zone.Present);

    /// <summary>Frames that the allocator has.</summary>
    public long Managed => Sum(zone => zone.Managed);

    /// <summary>Frames free.</summary>
    public long Free
    {
        get
        {
            long free = 0;
            foreach (Zone zone in _zones)
            {
                free += zone.Free;
            }
            return free;
        }
    }

    /// <summary>Sum of its zones' high watermarks.</summary>
    internal long High
    {
        get
        {
            long high = 0;
            foreach (Zone zone in _zones)
            {
                high += zone.High;
            }
            return high;
        }
    }

    /// <summary>Its pages on LRU lists of a kind, of all cgroups.</summary>
    [Kernel("node_page_state", "mm/vmstat.c")]
    internal long ListPages(LruList list)
    {
        long pages = 0;
        foreach (Zone zone in _zones)
        {
            pages += zone.ListPages(list);
        }
        return pages;
    }

    /// <summary>Some zone of it could serve one page more.</summary>
    internal bool Allows(Watermark mark)
    {
        foreach (Zone zone in _zones)
        {
            if (zone.Allows(mark))
            {
                return true;
            }
        }
        return false;
    }

    private long Sum(Func<Zone, long> part)
    {
        long sum = 0;
        foreach (Zone zone in _zones)
        {
            sum += part(zone);
        }
        return sum;
    }
}
