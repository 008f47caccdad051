using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Eras;

/// <summary>What came between 4.1 and 4.15: nodes own LRU lists, kmem is always accounted, dying tasks are charged beyond the limit, an OOM reaper.</summary>
internal static class EraV4_15
{
    private static readonly KernelEra Before = EraV4_1.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "4.15",
        Release = "4.15.1",
        Charging = Before.Charging with
        {
            StockIsBounded = true, // §2.1
            DyingTask = DyingTaskCharge.Force, LastResort = ChargeLastResort.Force, // §2.3, 5b
            High = HighThrottleRule.ReclaimOnReturn, // §2.6
            MemallocForces = true, // §2.3, 5c
        },
        Kmem = Before.Kmem with
        {
            Activation = KmemActivation.Always, Order = KmemOrder.MemoryFirst, // §2.13
            ChargesPageTables = true, VmapStack = true, CachedStacksKeepCharge = true, // §2.17
            PgdPages = 2, // page-table isolation
            ChildCacheNamedById = false,
        },
        Slab = Before.Slab with { Caches = CachesV4_15.Table.Resized(("task_struct", 5824)) }, // §4.1: with the xsave area of a CPU without AVX-512
        Oom = Before.Oom with
        {
            NoFsSkipsMemcg = true, // §8.2 step 4
            Reaper = ReaperStart.Immediate, // §8.5
            CountsPudTables = true, // §8.3
            OomControlShowsKills = true, // §2.7
            ExitingAbortsScan = false, KilledWillFreeMemory = true, // §8.3, §8.5
        },
        Report = EraReports.V4_15,
        Cgroups = EraCgroupFiles.V4_15,
        Lru = Before.Lru with { PerZone = false }, // §3.1
        Reclaim = Before.Reclaim with { Deferral = ShrinkerDeferral.Due, SetsMemalloc = true }, // §4.8, §3.9
        Limits = Before.Limits with
        {
            HighWrite = HighWriteRule.ReclaimOnce, // §2.9
            PressureCalls = PressureCalls.TargetAndVisited, PressureModes = true, // §2.15
        },
        Gfp = new() { Kernel = 0x14000c0, Account = 0x100000, Names = true }, // §4.5
        Vmscan = EraVmscan.V4_15, // §3
        Proc = EraProcFiles.V4_15,
        AddressSpace = Before.AddressSpace with { LimitDataCountsMappings = true, HasMadviseFree = true, StackGapPages = 256 }, // §7.2
        Pages = Before.Pages with
        {
            ScaleFactorMax = 1000, // §9.1
            Victim = VictimReserve.HalfOfMin, CountsRetries = true, StallsByZone = true, // §8.5, §9.2, §9.4
            ZoneTypes = 5,
        },
        MemInfo = EraMemInfo.V4_15,
        Glibc = GlibcReleases.V2_26, // §7.3
        Paths = EraCallPaths.V4_15,
        Life = EraLife.V4_15, // §5, §10
        Files = EraFiles.V4_15,
        Swap = EraSwap.V4_15,
        Sockets = SocketRules.V4_15, // §2.13
    };
}
