namespace Ullage.Model.Eras;

/// <summary>What a victim of the OOM killer may take of the reserve (§8.5).</summary>
public enum VictimReserve
{
    /// <summary>All of it (4.1).</summary>
    NoWatermarks,
    /// <summary>Half of what the min watermark keeps back (4.14+).</summary>
    HalfOfMin,
}

/// <summary>Parameters of the page allocator (§9).</summary>
public sealed record PagesRules
{
    /// <summary>Largest min_free_kbytes that the machine's size gives by itself.</summary>
    public required int MinFreeKbMax { get; init; }
    /// <summary>Largest vm.watermark_scale_factor; 0 = there is none, and the gaps are quarters of min (to 4.5).</summary>
    public required int ScaleFactorMax { get; init; }
    /// <summary>What a victim may take.</summary>
    public required VictimReserve Victim { get; init; }
    /// <summary>Retries are counted and depend on what could be reclaimed (4.7+); false = order 3 and below retry as long as reclaim or OOM kills progress.</summary>
    public required bool CountsRetries { get; init; }
    /// <summary>Direct reclaim is counted per zone (4.10+).</summary>
    public required bool StallsByZone { get; init; }
    /// <summary>Whether reclaim could help is asked of the cpuset's nodes only (6.13+).</summary>
    public required bool RetryKeepsToCpuset { get; init; }
    /// <summary>Pages of the DMA zone that the allocator gets (measured).</summary>
    public required int DmaManaged { get; init; }
    /// <summary>Zones that a machine may have: with ZONE_DEVICE one more (4.3+).</summary>
    public required int ZoneTypes { get; init; }
}

/// <summary>How Mem-Info of a report looks: lines between <c>Mem-Info:</c> and <c>pages RAM</c>. Not measured; see docs/mechanisms/oom.md.</summary>
public sealed record MemInfoRules
{
    /// <summary>Lines of the totals, with names of counters in braces.</summary>
    public required IReadOnlyList<string> Totals { get; init; }
    /// <summary>Words of a node's line; empty = zones have it all (to 4.7).</summary>
    public required IReadOnlyList<string> Node { get; init; }
    /// <summary>Words of a zone's line.</summary>
    public required IReadOnlyList<string> Zone { get; init; }
    /// <summary>Sizes of huge pages in kB, in order.</summary>
    public required IReadOnlyList<int> HugePages { get; init; }
    /// <summary>Swap cache statistics (to 5.18).</summary>
    public required bool SwapCacheStats { get; init; }
}
