namespace Ullage.Model.Eras;

/// <summary>How reclaim divides its work between anonymous memory and page cache (§3.7).</summary>
public enum ScanBalanceRule
{
    /// <summary>By the share of scanned pages that had to be rotated (to 5.7).</summary>
    Rotated,
    /// <summary>By what reclaiming each of them has cost (5.8+).</summary>
    Cost,
}

/// <summary>When an inactive list is too short, so that its active list is looked at (§3.4).</summary>
public enum InactiveRule
{
    /// <summary>File: when it is the shorter one; anonymous: by the ratio for its size (to 4.7).</summary>
    FileOneToOne,
    /// <summary>By the ratio; while file pages come back that were in use, always, but only once scanning has been decided (4.15 to 5.2).</summary>
    RefaultsInReclaim,
    /// <summary>By the ratio; while file pages come back that were in use, always (5.3 to 5.7).</summary>
    Refaults,
    /// <summary>Decided once per round for the target of reclaim: by the ratio, or while pages come back that were in use (5.8+).</summary>
    Target,
}

/// <summary>How protection lowers the number of pages to scan (§3.7).</summary>
public enum ProtectedScan
{
    /// <summary>Not at all: protection skips whole cgroups (to 5.3).</summary>
    Whole,
    /// <summary>In proportion to the larger of min and low; to min alone in the second pass (5.4 to 6.0).</summary>
    Larger,
    /// <summary>As before; a low above min also makes a second pass worth while, and the division is by one page more (5.14+; checked 6.1).</summary>
    LowAboveMin,
}

/// <summary>How shares of a scan target are rounded (§3.7).</summary>
public enum ShareRounding
{
    /// <summary>Down (to 5.3).</summary>
    Down,
    /// <summary>Up (5.4).</summary>
    Up,
    /// <summary>Down, but up for removed cgroups (5.10+).</summary>
    UpWhenOffline,
}

/// <summary>Whose lists measure how long ago a page was evicted (§3.10).</summary>
public enum WorkingsetRule
{
    /// <summary>The zone's (to 4.7).</summary>
    Zone,
    /// <summary>Those of the page's memory cgroup (4.8 to 5.7).</summary>
    OwnMemcg,
    /// <summary>Those of the cgroup that was the target of reclaim; age climbs to all ancestors (5.8+).</summary>
    Target,
}

/// <summary>How many nodes of shadow entries are left alone (§3.10).</summary>
public enum ShadowAllowance
{
    /// <summary>A 64th of the machine's pages: half of that in nodes of 64 slots for all of them (4.1).</summary>
    Machine,
    /// <summary>By the cgroup's file pages (4.15 to 5.3).</summary>
    FilePages,
    /// <summary>By the cgroup's pages on lists and its slab (5.4+).</summary>
    ListsAndSlab,
}

/// <summary>Page reclaim (§3.3 to §3.11).</summary>
public sealed record VmscanRules
{
    /// <summary>How scanning is balanced.</summary>
    public required ScanBalanceRule Balance { get; init; }
    /// <summary>When active lists are looked at.</summary>
    public required InactiveRule Inactive { get; init; }
    /// <summary>At the end of every run all cgroups of the subtree note their refaults (to 5.7); later only the target does (§3.4).</summary>
    public required bool SnapshotsSubtree { get; init; }
    /// <summary>A cgroup's own counts are exact where others are read as CPUs have folded them (5.2 to 5.7).</summary>
    public bool LocalCountsAreExact { get; init; }
    /// <summary>Decisions are made by counts that are brought up to date every 2 s, not before each (6.12+), §2.17.</summary>
    public bool CountsLag { get; init; }
    /// <summary>"Little page cache is left" makes global reclaim scan anonymous memory only when there is enough of it (4.12+), §3.7 row 4.</summary>
    public required bool TinyFileNeedsAnon { get; init; }
    /// <summary>Enough inactive file pages means more than none at this priority (4.15+), §3.7 row 5.</summary>
    public required bool TrimNeedsPages { get; init; }
    /// <summary>A second pass takes at least 32 pages where a share came to none (to 4.11), §3.7.</summary>
    public required bool ForcesScan { get; init; }
    /// <summary>What protection does to the number of pages.</summary>
    public required ProtectedScan ProtectedScan { get; init; }
    /// <summary>How shares are rounded.</summary>
    public required ShareRounding Rounding { get; init; }
    /// <summary>The longer side of a scan is cut only once per run (to 5.19), §3.8.</summary>
    public required bool AdjustsOnce { get; init; }
    /// <summary>A page that was accessed through page tables is activated at once when anonymous (to 5.8), §3.6.</summary>
    public required bool AnonReferenceActivates { get; init; }
    /// <summary>A locked page goes back to the active list (5.18+; checked 6.12), §3.6.</summary>
    public required bool LockedActivates { get; init; }
    /// <summary>Pages that leave the active list are remembered as workingset, and restored when they come back (4.20+), §3.5.</summary>
    public required bool MarksWorkingset { get; init; }
    /// <summary>Deactivated pages that were referenced count as rotated (to 5.7); later only those that stay (§3.5).</summary>
    public required bool ReferencedCountAsRotated { get; init; }
    /// <summary>Rotated pages cost, a written one 32 times as much (6.2+), §3.7.</summary>
    public required bool RotationCosts { get; init; }
    /// <summary>Refaults, activations and put-backs age anonymous memory, too, and shadows remember it (5.8+), §3.10.</summary>
    public required bool AnonWorkingset { get; init; }
    /// <summary>Whose lists measure distances.</summary>
    public required WorkingsetRule Workingset { get; init; }
    /// <summary>A shadow holds the age before its own eviction (6.1+); earlier after it (§3.10).</summary>
    public required bool AgeBeforeEviction { get; init; }
    /// <summary>A page counts as refault although the cgroup of its shadow is gone (6.8+), §3.10.</summary>
    public required bool CountsOrphanRefaults { get; init; }
    /// <summary>Nodes of shadow entries that are left alone.</summary>
    public required ShadowAllowance Shadows { get; init; }
    /// <summary>Seeks of the shadow-node shrinker: 0 scans half of what is above the allowance (4.20+).</summary>
    public required int ShadowSeeks { get; init; }
    /// <summary>A dirty file page, or one under writeback, is moved out of the way to the active list (4.12+), §3.6.</summary>
    public required bool DirtyActivates { get; init; }
    /// <summary>Reclaim of a v2 cgroup waits for writeback like v1's (to 4.1), §3.6.</summary>
    public required bool V2WaitsForWriteback { get; init; }
    /// <summary>A first run that freed nothing is repeated without protection by low whatever was skipped (4.1), §3.9.</summary>
    public required bool AlwaysThrashes { get; init; }
    /// <summary>vmstat counts memory cgroup reclaim in pgscan_anon and its kin (5.8+), §9.4.</summary>
    public required bool CountsByType { get; init; }
    /// <summary>vmstat pgrefill counts global reclaim only (5.10+), §3.5.</summary>
    public required bool RefillIsGlobalOnly { get; init; }
    /// <summary>Mapped pages and pages of the swap cache count twice as scanned, for the sake of shrinkers (to 4.19).</summary>
    public required bool MappedCountsTwice { get; init; }
    /// <summary>memory.reclaim has counters of its own (6.15+; checked 6.18) and feeds no vmpressure (6.0+), §9.4, §2.10.</summary>
    public required bool CountsProactive { get; init; }
    /// <summary>memory.reclaim does not feed vmpressure (6.1+), §2.10.</summary>
    public required bool ProactiveIsSilent { get; init; }
    /// <summary>memory.reclaim asks for a quarter of what is left at a time (6.8+; checked 6.12), §2.10.</summary>
    public required bool ProactiveInQuarters { get; init; }
}
