namespace Ullage.Model.Eras;

/// <summary>How reclaim walks a subtree of memory cgroups (§3.9).</summary>
public enum MemcgWalk
{
    /// <summary>From a position that all reclaimers of one priority share; stops once enough is reclaimed (to 5.3).</summary>
    SharedByPriority,
    /// <summary>All of it, each time (5.4 to 6.10).</summary>
    Full,
    /// <summary>From a shared position, stops once enough is reclaimed; all of it when that gave nothing (6.11+).</summary>
    Shared,
}

/// <summary>How much of a cache one shrinker call should scan (§4.8).</summary>
public enum ShrinkerDelta
{
    /// <summary>The share of LRU pages that this pass scanned (to 4.15).</summary>
    LruProportion,
    /// <summary>By priority (4.16+).</summary>
    Priority,
}

/// <summary>What is left for the next call when work was smaller than a batch (§4.8).</summary>
public enum ShrinkerDeferral
{
    /// <summary>What was left of the total (4.1).</summary>
    Leftover,
    /// <summary>Everything due, before it was clamped, less what was scanned (4.15 to 5.12).</summary>
    Due,
    /// <summary>As before, at most twice what is freeable, per cgroup, and taken into account by priority (5.13+).</summary>
    DuePerMemcg,
}

/// <summary>Parameters of reclaim and shrinkers.</summary>
public sealed record ReclaimRules
{
    /// <summary>The walk (§3.9).</summary>
    public required MemcgWalk Walk { get; init; }
    /// <summary>Slab pages that came free count as reclaimed also when a memory cgroup is the target (to 6.3; measured, E2).</summary>
    public required bool SlabCountsForMemcg { get; init; }
    /// <summary>Shrinkers that do not know memory cgroups are asked in a pass of their own (to 4.15); later with the root (§3.9).</summary>
    public required bool GlobalShrinkerPass { get; init; }
    /// <summary>How much is scanned (§4.8).</summary>
    public required ShrinkerDelta Delta { get; init; }
    /// <summary>At least a batch, or all there is (4.19 only), §4.8.</summary>
    public required bool ShrinksSmallSlabs { get; init; }
    /// <summary>What is deferred (§4.8).</summary>
    public required ShrinkerDeferral Deferral { get; init; }
    /// <summary>The allocating task may use reserves while it reclaims (PF_MEMALLOC, 4.11+), §3.9.</summary>
    public required bool SetsMemalloc { get; init; }
}
