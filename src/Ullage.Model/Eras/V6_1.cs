namespace Ullage.Model.Eras;

/// <summary>What 5.11 to 6.1 changed: batch 64, no kmem limit, hierarchy is mandatory, statistics by rstat, memory.reclaim and memory.peak.</summary>
internal static class EraV6_1
{
    private static readonly KernelEra Before = EraV5_10.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "6.1",
        Release = "6.1.0",
        Charging = Before.Charging with
        {
            FunctionName = "try_charge_memcg",
            Batch = 64, // §2.1
            HighHandledInCharge = true, // §2.6
            AtomicForces = false, HighForces = true, // §2.3, 5a and step 16
            ForceRaisesMaxEvent = true, // §2.3, row 7
            NonHierarchicalPossible = false, // §1.1
        },
        Kmem = Before.Kmem with
        {
            Order = KmemOrder.MemoryOnly, // §2.13
            UnchargeToStock = true, ObjStockKeepsRemainder = true, // §2.17, §4.6
        },
        Slab = Before.Slab with
        {
            Caches = CachesV6_1.Table, KmallocCg = true,
            CountsPresentCpus = true, // §4.1
            CpuPartial = [6, 24, 52, 120], CpuPartialInSlabs = true, // §4.2
        },
        Oom = Before.Oom with { OomGroupKillEvent = true, LeakedFaultRetries = true }, // §2.8, §8.1
        Report = EraReports.V6_1,
        Cgroups = EraCgroupFiles.V6_1,
        Reclaim = Before.Reclaim with { Deferral = ShrinkerDeferral.DuePerMemcg }, // §4.8
        Rcu = Before.Rcu with { QuietTicksPercent = 25 },
        Limits = Before.Limits with { HighWrite = HighWriteRule.StoreThenReclaim, PressureCalls = PressureCalls.ByVersion }, // §2.9, §2.15
        Stats = Before.Stats with { Accuracy = StatAccuracy.Flushed }, // §2.17
        Vmscan = EraVmscan.V6_1, // §3
        Proc = EraProcFiles.V6_1,
        AddressSpace = Before.AddressSpace with { CommitWarning = "no enough memory for the allocation" }, // §7.1, stable 6.1
        Pages = Before.Pages with { ScaleFactorMax = 3000, DmaManaged = 3840 }, // the factor's range grew in 5.18; measured zoneinfo
        MemInfo = EraMemInfo.V6_1,
        Paths = EraCallPaths.V6_1,
        Pressure = EraPressure.V6_1,
        Life = EraLife.V6_1, // §5, §10
        Files = EraFiles.V6_1,
        Swap = EraSwap.V6_1,
        Sockets = SocketRules.V6_1, // §2.13
        Deprecated = DeprecationRules.V6_1,
    };
}
