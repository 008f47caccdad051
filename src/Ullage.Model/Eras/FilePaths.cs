namespace Ullage.Model.Eras;

/// <summary>
/// How call stacks look when a page of a file is fetched: from where the charge, the allocation or the wait is, through the readahead that wanted the page, to the
/// read(2) or the fault (§12.4, §12.5). Innermost first, inlined functions left out.
/// </summary>
public sealed record FilePaths
{
    /// <summary>From the charge to the readahead.</summary>
    public required IReadOnlyList<string> Charge { get; init; }
    /// <summary>From the charge to whoever wanted this one page.</summary>
    public required IReadOnlyList<string> ChargeAlone { get; init; }
    /// <summary>From the slab allocator's entry, which makes a node of the file's tree of pages, to the readahead.</summary>
    public required IReadOnlyList<string> TreeNode { get; init; }
    /// <summary>From the page allocator to the readahead.</summary>
    public required IReadOnlyList<string> Allocate { get; init; }
    /// <summary>From where a request's stall begins to the readahead.</summary>
    public required IReadOnlyList<string> Submit { get; init; }
    /// <summary>The same, when one page is read without readahead.</summary>
    public required IReadOnlyList<string> SubmitAlone { get; init; }
    /// <summary>Readahead: the page that is wanted is missing.</summary>
    public required IReadOnlyList<string> Sync { get; init; }
    /// <summary>Readahead: the page that is used was marked.</summary>
    public required IReadOnlyList<string> Async { get; init; }
    /// <summary>Readahead of a file that is read at random, or by advice.</summary>
    public required IReadOnlyList<string> Forced { get; init; }
    /// <summary>Readahead around the page that a fault wants.</summary>
    public required IReadOnlyList<string> Around { get; init; }
    /// <summary>A fault gets one page without readahead.</summary>
    public required IReadOnlyList<string> FaultAlone { get; init; }
    /// <summary>From the stall to read(2)'s function that waits for a page.</summary>
    public required IReadOnlyList<string> WaitInRead { get; init; }
    /// <summary>From the stall to the fault's function that waits for a page.</summary>
    public required IReadOnlyList<string> WaitInFault { get; init; }
    /// <summary>pread(2), from the function that calls the readahead.</summary>
    public required IReadOnlyList<string> Read { get; init; }
    /// <summary>write(2), from the function that adds a page.</summary>
    public required IReadOnlyList<string> Write { get; init; }
    /// <summary>A fault in a file's mapping, from the function that calls the readahead.</summary>
    public required IReadOnlyList<string> Fault { get; init; }
    /// <summary>kswapd, from the function that stalls.</summary>
    public required IReadOnlyList<string> Kswapd { get; init; }
}
