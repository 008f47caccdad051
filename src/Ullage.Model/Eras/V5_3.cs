namespace Ullage.Model.Eras;

/// <summary>What 4.20 to 5.3 changed: hierarchical events, the OOM report of today, no more sacrificed children, PSI.</summary>
internal static class EraV5_3
{
    private static readonly KernelEra Before = EraV4_19.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "5.3",
        Release = "5.3.1",
        Charging = Before.Charging with
        {
            RetryMayFail = RetryMayFailRule.BeforeOom, // §2.3, row 15
            HierarchicalEvents = true, // §2.5
        },
        Slab = Before.Slab with { Caches = CachesV5_4.Table, Reparents = true, KmallocShortNames = true, KmallocRcl = true }, // §5.4, §4.1
        Oom = Before.Oom with
        {
            EventAfterCostlyTest = true, DyingCurrentIsEnough = true, // §2.3
            Tie = BadnessTie.TakeLast, // §8.3
            SacrificeChild = false, SleepsAfterKill = false, ScansThreads = false, // §8.5, §8.3
            V1OomKillHierarchical = true, // §2.5; measured: E8 on 5.4
        },
        Report = EraReports.V5_3,
        Cgroups = EraCgroupFiles.V5_3,
        Reclaim = Before.Reclaim with { ShrinksSmallSlabs = false }, // §4.8
        Limits = Before.Limits with { LocalEventsOption = true }, // §2.5
        Stats = Before.Stats with { SurviveRemoval = true }, // §5.4
        Gfp = Before.Gfp with { Kernel = 0xcc0, Account = 0x400000 },
        Vmscan = EraVmscan.V5_3, // §3
        Proc = EraProcFiles.V5_3,
        AddressSpace = Before.AddressSpace with { Heuristic = OvercommitHeuristic.TotalMemory }, // §7.1
        Paths = EraCallPaths.V5_3,
        Pressure = EraPressure.V5_3,
        Files = EraFiles.V5_3,
    };
}
