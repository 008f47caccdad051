namespace Ullage.Model.Eras;

/// <summary>Page reclaim per era (§3).</summary>
internal static class EraVmscan
{
    internal static readonly VmscanRules V4_1 = new()
    {
        Balance = ScanBalanceRule.Rotated, Inactive = InactiveRule.FileOneToOne, SnapshotsSubtree = true, // §3.7, §3.4
        TinyFileNeedsAnon = false, TrimNeedsPages = false, ForcesScan = true, // §3.7
        ProtectedScan = ProtectedScan.Whole, Rounding = ShareRounding.Down, AdjustsOnce = true,
        AnonReferenceActivates = true, LockedActivates = false, // §3.6
        MarksWorkingset = false, ReferencedCountAsRotated = true, RotationCosts = false, // §3.5
        AnonWorkingset = false, Workingset = WorkingsetRule.Zone, AgeBeforeEviction = false, CountsOrphanRefaults = false, // §3.10
        Shadows = ShadowAllowance.Machine, ShadowSeeks = 2,
        DirtyActivates = false, V2WaitsForWriteback = true, // §3.6
        AlwaysThrashes = true, // §3.9
        CountsByType = false, RefillIsGlobalOnly = false, MappedCountsTwice = true, CountsProactive = false, ProactiveIsSilent = false, ProactiveInQuarters = false, // §9.4, §2.10
    };

    internal static readonly VmscanRules V4_15 = V4_1 with
    {
        Inactive = InactiveRule.RefaultsInReclaim, // §3.4
        TinyFileNeedsAnon = true, TrimNeedsPages = true, ForcesScan = false, // §3.7
        Workingset = WorkingsetRule.OwnMemcg, Shadows = ShadowAllowance.FilePages, // §3.10
        DirtyActivates = true, V2WaitsForWriteback = false, // §3.6
        AlwaysThrashes = false,
    };

    internal static readonly VmscanRules V4_19 = V4_15;

    internal static readonly VmscanRules V5_3 = V4_19 with
    {
        Inactive = InactiveRule.Refaults, // §3.4
        MarksWorkingset = true, ShadowSeeks = 0, // §3.5, §3.10
        MappedCountsTwice = false, LocalCountsAreExact = true,
    };

    internal static readonly VmscanRules V5_4 = V5_3 with
    {
        ProtectedScan = ProtectedScan.Larger, Rounding = ShareRounding.Up, // §3.7
        Shadows = ShadowAllowance.ListsAndSlab, // §3.10
    };

    internal static readonly VmscanRules V5_10 = V5_4 with
    {
        Balance = ScanBalanceRule.Cost, Inactive = InactiveRule.Target, SnapshotsSubtree = false, // §3.7, §3.4
        Rounding = ShareRounding.UpWhenOffline,
        AnonReferenceActivates = false, // §3.6
        ReferencedCountAsRotated = false,
        AnonWorkingset = true, Workingset = WorkingsetRule.Target, // §3.10
        CountsByType = true, RefillIsGlobalOnly = true, // §9.4
    };

    internal static readonly VmscanRules V6_1 = V5_10 with
    {
        ProtectedScan = ProtectedScan.LowAboveMin, AdjustsOnce = false, // §3.7, §3.8
        AgeBeforeEviction = true, // §3.10
        ProactiveIsSilent = true, // §2.10
    };

    internal static readonly VmscanRules V6_12 = V6_1 with
    {
        LockedActivates = true, RotationCosts = true, CountsOrphanRefaults = true, // §3.6, §3.7, §3.10
        ProactiveInQuarters = true, // §2.10
        CountsLag = true, // §2.17
    };

    internal static readonly VmscanRules V6_18 = V6_12 with { CountsProactive = true }; // §9.4
}
