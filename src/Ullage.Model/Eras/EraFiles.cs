namespace Ullage.Model.Eras;

/// <summary>The page cache per era.</summary>
internal static class EraFiles
{
    internal static readonly FileRules V4_1 = new()
    {
        Readahead = ReadaheadRule.Unbounded, OnFailure = ReadaheadFailure.Skip, IoPages = 0,
        WritesMarkAccessed = true, RemembersEnd = false,
        RetriesCountFaults = true, ReadaheadRetriesFault = false, RandomMappingsHaveNoRecency = false,
        AlignsMappings = false,
        AccountsNodes = false, NodesMayWait = false, CgroupDirtyLimits = false, LargeFolios = false,
        StallsInSubmit = false, StallsInReadahead = false,
    };

    /// <summary>4.2 gives v2 cgroups limits of dirty pages, 4.5 charges nodes, 4.7 lets only reads activate, 4.10 lets large reads exceed the window.</summary>
    internal static readonly FileRules V4_15 = V4_1 with { CgroupDirtyLimits = true, AccountsNodes = true, WritesMarkAccessed = false, IoPages = 320 };

    internal static readonly FileRules V4_19 = V4_15 with { Readahead = ReadaheadRule.Bounded };

    internal static readonly FileRules V5_3 = V4_19 with { NodesMayWait = true, ReadaheadRetriesFault = true };

    internal static readonly FileRules V5_4 = V5_3 with { StallsInSubmit = true };

    internal static readonly FileRules V5_10 = V5_4;

    internal static readonly FileRules V6_1 = V5_10 with { RemembersEnd = true, AlignsMappings = true, StallsInSubmit = false, StallsInReadahead = true };

    internal static readonly FileRules V6_12 = V6_1 with
    {
        Readahead = ReadaheadRule.Split, OnFailure = ReadaheadFailure.Stop, RetriesCountFaults = false, RandomMappingsHaveNoRecency = true,
    };

    internal static readonly FileRules V6_18 = V6_12 with { LargeFolios = true };
}
