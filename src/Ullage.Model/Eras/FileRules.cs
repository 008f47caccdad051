namespace Ullage.Model.Eras;

/// <summary>How a read ahead of what was asked for is planned.</summary>
public enum ReadaheadRule
{
    /// <summary>A window that is wholly ahead grows by the next one, beyond the largest size (to 4.18).</summary>
    Unbounded,
    /// <summary>It does not grow beyond the largest size (4.19+).</summary>
    Bounded,
    /// <summary>As before, but only a marked page continues a stream, never a missing one (6.12+; §3 of the readahead page).</summary>
    Split,
}

/// <summary>What a failed charge does to the rest of a window.</summary>
public enum ReadaheadFailure
{
    /// <summary>The page is left out.</summary>
    Skip,
    /// <summary>The window ends there (6.12+).</summary>
    Stop,
}

/// <summary>Parameters of the page cache.</summary>
public sealed record FileRules
{
    /// <summary>The plan.</summary>
    public required ReadaheadRule Readahead { get; init; }
    /// <summary>A page that cannot be charged.</summary>
    public required ReadaheadFailure OnFailure { get; init; }
    /// <summary>Pages of one request of the disk, up to which a large read may exceed the window; 0 = it may not (to 4.9).</summary>
    public required int IoPages { get; init; }
    /// <summary>write(2) marks pages as accessed (to 4.6): later only reads do.</summary>
    public required bool WritesMarkAccessed { get; init; }
    /// <summary>A file remembers the byte after the last one read (5.12+), before that the start of the last page.</summary>
    public required bool RemembersEnd { get; init; }
    /// <summary>A fault that waits for the disk is counted again when it is tried again (to 6.3; measured: 4.15 to 6.1 twice, 6.12 once).</summary>
    public required bool RetriesCountFaults { get; init; }
    /// <summary>A marked page in a fault lets go of the address space's lock while it reads ahead, so that the fault is tried again (5.1+).</summary>
    public required bool ReadaheadRetriesFault { get; init; }
    /// <summary>Accesses through a mapping advised as random tell nothing about its pages (6.3+).</summary>
    public required bool RandomMappingsHaveNoRecency { get; init; }
    /// <summary>Mappings of 2 MiB and more are aligned for huge pages (5.18+).</summary>
    public required bool AlignsMappings { get; init; }
    /// <summary>Nodes of page cache trees are charged (4.5+).</summary>
    public required bool AccountsNodes { get; init; }
    /// <summary>A node may be waited for (4.20+); before, one was set aside uncharged.</summary>
    public required bool NodesMayWait { get; init; }
    /// <summary>v2 cgroups have limits of dirty pages of their own (4.2+).</summary>
    public required bool CgroupDirtyLimits { get; init; }
    /// <summary>Large folios in the page cache of ext4 (6.16+), of which the model has only that they need no nodes.</summary>
    public required bool LargeFolios { get; init; }
    /// <summary>Reads of workingset pages are memory stalls at submission (5.4 to 5.10).</summary>
    public required bool StallsInSubmit { get; init; }
    /// <summary>Reads of workingset pages are memory stalls where readahead submits them (6.1+).</summary>
    public required bool StallsInReadahead { get; init; }
}
