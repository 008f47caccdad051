using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Eras;

/// <summary>What 5.5 to 5.10 changed: 16 retries, slab is accounted by object, badness may be negative, new anonymous pages start inactive.</summary>
internal static class EraV5_10
{
    private static readonly KernelEra Before = EraV5_4.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "5.10",
        Release = "5.10.223",
        Charging = Before.Charging with
        {
            High = HighThrottleRule.SleepByAncestors, // §2.6
            ReclaimRetries = 16, // §2.2 step 1
            // Stable 5.10 took over the end of unconditional charges of dying tasks: measured, E3 on 5.10.223.
            DyingTask = DyingTaskCharge.Normal, DyingGivesUpAfterOom = true, WhenOomFails = OomFailure.NoMem,
        },
        Kmem = Before.Kmem with
        {
            SlabUnit = SlabUnit.Object, // §4.6
        },
        Slab = Before.Slab with { Caches = CachesV5_10.Table },
        Oom = Before.Oom with
        {
            RechecksMargin = true, // §2.3
            NegativeBadness = true, Score = OomScoreScale.Shifted, // §8.3
            Reaper = ReaperStart.Delayed, // stable 5.10 took it over: no reaper line in its measured reports
            V1OomKillHierarchical = false, TotalPagesByMemsw = false, // §8.4
        },
        Report = EraReports.V5_10,
        Cgroups = EraCgroupFiles.V5_10,
        Limits = Before.Limits with
        {
            Protection = ProtectionRule.Capped, RecursiveProtOption = true, // §1.5, §1.6
            HighWrite = HighWriteRule.ReclaimThenStore, // §2.9
        },
        Lru = Before.Lru with { NewAnonActive = false }, // §3.2
        Rcu = Before.Rcu with { OverloadForces = true },
        Vmscan = EraVmscan.V5_10, // §3
        Proc = EraProcFiles.V5_10,
        AddressSpace = Before.AddressSpace with { WideCommitBatch = true }, // §7.1
        Pages = Before.Pages with { MinFreeKbMax = 262144 }, // §9.1
        MemInfo = EraMemInfo.V5_10,
        Glibc = GlibcReleases.V2_36, // §7.3
        Paths = EraCallPaths.V5_10,
        Pressure = EraPressure.V5_10,
        Life = EraLife.V5_10, // §5, §10
        Files = EraFiles.V5_10,
        Swap = EraSwap.V5_10,
        Deprecated = DeprecationRules.V5_10,
    };
}
