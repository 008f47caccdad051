namespace Ullage.Model.Eras;

/// <summary>What changed about swapping.</summary>
internal static class EraSwap
{
    internal static readonly SwapRules V4_1 = new()
    {
        V2Counter = false, Events = false, OfflineChargesAncestor = false,
        ChargesOnRead = false, ActivatesOnMap = true, AnonShadows = false, AnonCountsMapped = false,
        Reuse = WriteReuse.ByMappings, CopyFreesIdleCache = false, ReadMapsWritable = false,
        FullByHigh = false, Writes = WritebackThrottleRule.Queue, ThrottlesByHigh = false,
    };

    /// <summary>4.3: v2 counts swap; 4.10: removed cgroups do not pay, writeback is throttled.</summary>
    internal static readonly SwapRules V4_15 = V4_1 with { V2Counter = true, OfflineChargesAncestor = true, Writes = WritebackThrottleRule.HalfForDirect };

    /// <summary>4.18: swap events.</summary>
    internal static readonly SwapRules V4_19 = V4_15 with { Events = true };

    /// <summary>5.8: charged on read, swap.high; 5.9: shadows, pages come back inactive, and a page that anything refers to is copied.</summary>
    internal static readonly SwapRules V5_10 = V4_19 with
    {
        ChargesOnRead = true, ActivatesOnMap = false, AnonShadows = true, AnonCountsMapped = true,
        Reuse = WriteReuse.ByReferences, FullByHigh = true, ThrottlesByHigh = true,
    };

    /// <summary>5.14: a copy frees what it leaves alone in the swap cache; 5.18: exclusive pages are marked.</summary>
    internal static readonly SwapRules V6_1 = V5_10 with { Reuse = WriteReuse.ByExclusiveMark, CopyFreesIdleCache = true };

    /// <summary>6.11: reading maps for writing; 6.12: whoever reclaims may write as much at a time as kswapd.</summary>
    internal static readonly SwapRules V6_12 = V6_1 with { ReadMapsWritable = true, Writes = WritebackThrottleRule.Whole };
}
