namespace Ullage.Model.Eras;

/// <summary>What 6.2 to 6.12 changed: memory.peak can be reset, RSS columns in the OOM report, larger LRU batches.</summary>
internal static class EraV6_12
{
    private static readonly KernelEra Before = EraV6_1.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "6.12",
        Release = "6.12.0",
        Charging = Before.Charging with { DyingSkipsHigh = true }, // §2.6
        Slab = Before.Slab with { Caches = CachesV6_12.Table, OrderSearch = OrderSearch.LargerFraction, ReportNamesCpu = true, InlineNameBytes = 40 }, // §4.1, §4.5
        Report = EraReports.V6_12,
        Cgroups = EraCgroupFiles.V6_12,
        Limits = Before.Limits with { TargetIsUnprotected = true }, // §1.6
        Lru = Before.Lru with { AddBatch = 31 }, // §3.1
        Reclaim = Before.Reclaim with { Walk = MemcgWalk.Shared, SlabCountsForMemcg = false }, // §3.9, §4.8
        Rcu = Before.Rcu with { QuietTicksPercent = 10 }, // dentries are killed inside read-side sections since 6.9
        Vmscan = EraVmscan.V6_12, // §3
        Proc = EraProcFiles.V6_12,
        AddressSpace = Before.AddressSpace with { CommitWarning = "not enough memory for the allocation", UnaccountsUnwritten = true, ReplacesAtOnce = true }, // §7.1, §7.2
        MemInfo = EraMemInfo.V6_12,
        Paths = EraCallPaths.V6_12,
        Pressure = EraPressure.V6_12,
        Life = EraLife.V6_12, // §5, §10
        Files = EraFiles.V6_12,
        Swap = EraSwap.V6_12,
        Deprecated = DeprecationRules.V6_12,
    };
}
