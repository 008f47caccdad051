namespace Ullage.Model.Eras;

/// <summary>When a write to a private page may go to the page itself, not to a copy.</summary>
public enum WriteReuse
{
    /// <summary>Page tables and swap entries together have it once (to 5.8).</summary>
    ByMappings,
    /// <summary>Nothing else refers to the page, neither the swap cache nor a CPU's batch (5.9 to 5.17): a page that came back from swap by a read is copied at the first write.</summary>
    ByReferences,
    /// <summary>The page is marked as exclusive to this process, in its page table entry and in swap (5.18+).</summary>
    ByExclusiveMark,
}

/// <summary>How many requests a task may have written to swap by the device at a time before it has to wait (§3.11).</summary>
public enum WritebackThrottleRule
{
    /// <summary>128: as many as its queue takes (to 4.9).</summary>
    Queue,
    /// <summary>Half of the depth of writeback throttling, which begins with 16; only kswapd may have all (4.10 to 6.11).</summary>
    HalfForDirect,
    /// <summary>All of that depth (6.12+).</summary>
    Whole,
}

/// <summary>Parameters of swapping (§2.11, §2.17, §3.10).</summary>
public sealed record SwapRules
{
    /// <summary>v2 has a swap counter (4.3+).</summary>
    public required bool V2Counter { get; init; }
    /// <summary>swap.max and swap.fail events (4.18+).</summary>
    public required bool Events { get; init; }
    /// <summary>A removed cgroup's pages are swapped out at the cost of its nearest living ancestor (4.10+).</summary>
    public required bool OfflineChargesAncestor { get; init; }
    /// <summary>A page is charged as it is read from swap, also when read ahead (5.8+); before, when it is mapped.</summary>
    public required bool ChargesOnRead { get; init; }
    /// <summary>A page that is mapped again goes to the active list (to 5.8).</summary>
    public required bool ActivatesOnMap { get; init; }
    /// <summary>Anonymous pages leave shadow entries (5.9+).</summary>
    public required bool AnonShadows { get; init; }
    /// <summary>memory.stat's anon and rss count mapped pages (5.9+); before, charged ones.</summary>
    public required bool AnonCountsMapped { get; init; }
    /// <summary>When a write may go to the page itself.</summary>
    public required WriteReuse Reuse { get; init; }
    /// <summary>The page that a copy leaves alone in the swap cache is freed at once (5.14+); before, reclaim had to find it.</summary>
    public required bool CopyFreesIdleCache { get; init; }
    /// <summary>A read from swap maps the page for writing where the mapping allows it and nobody else has the page (6.11+).</summary>
    public required bool ReadMapsWritable { get; init; }
    /// <summary>A cgroup's swap is full at half of swap.high, too (5.8+).</summary>
    public required bool FullByHigh { get; init; }
    /// <summary>When writing to swap has to wait for the device.</summary>
    public required WritebackThrottleRule Writes { get; init; }
    /// <summary>swap.high throttles (5.8+).</summary>
    public required bool ThrottlesByHigh { get; init; }
}
