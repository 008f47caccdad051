namespace Ullage.Model.Eras;

/// <summary>How mode 0 of vm.overcommit_memory guesses what fits (§7.1).</summary>
public enum OvercommitHeuristic
{
    /// <summary>What is free or could be freed now, less the reserves (to 5.2).</summary>
    FreeMemory,
    /// <summary>All of RAM and swap (5.3+).</summary>
    TotalMemory,
}

/// <summary>Parameters of address spaces and of overcommit.</summary>
public sealed record AddressSpaceRules
{
    /// <summary>The guess of mode 0.</summary>
    public required OvercommitHeuristic Heuristic { get; init; }
    /// <summary>Outside mode 2 the counter of committed memory has 64 times the batch, and Committed_AS sums the CPUs' shares (5.9+).</summary>
    public required bool WideCommitBatch { get; init; }
    /// <summary>What the warning about a refused request says; empty = there is no warning.</summary>
    public required string CommitWarning { get; init; }
    /// <summary>RLIMIT_DATA counts private writable mappings, not only the heap (4.5+).</summary>
    public required bool LimitDataCountsMappings { get; init; }
    /// <summary>MADV_FREE exists (4.5+).</summary>
    public required bool HasMadviseFree { get; init; }
    /// <summary>MREMAP_DONTUNMAP exists (5.7+).</summary>
    public required bool HasDontUnmap { get; init; }
    /// <summary>MREMAP_DONTUNMAP also of files and shared memory (5.13+).</summary>
    public required bool DontUnmapAny { get; init; }
    /// <summary>A mapping that was never written and loses the right to be is no longer accounted (6.6+).</summary>
    public required bool UnaccountsUnwritten { get; init; }
    /// <summary>Pages that stay free below a stack; the oldest era counts its guard page into the stack.</summary>
    public required int StackGapPages { get; init; }
    /// <summary>MAP_FIXED_NOREPLACE is known (4.17+).</summary>
    public required bool HasFixedNoReplace { get; init; }
    /// <summary>A mapping put over others replaces them only when it can be had (6.12+); before, they are gone first.</summary>
    public required bool ReplacesAtOnce { get; init; }
}
