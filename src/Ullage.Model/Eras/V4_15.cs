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
            ChargesPageTables = true, VmapStack = true, // §2.17
            VmAreaStructSize = 208, AnonVmaSize = 88, // §4.1, measured slabinfo
            ChildCacheNamedById = false,
        },
        Oom = Before.Oom with
        {
            NoFsSkipsMemcg = true, // §8.2 step 4
            Reaper = ReaperStart.Immediate, // §8.5
            CountsPudTables = true, // §8.3
            OomControlShowsKills = true, // §2.7
            ExitingAbortsScan = false, // §8.3
        },
        Report = EraReports.V4_15,
        Cgroups = EraCgroupFiles.V4_15,
        Gfp = new() { Kernel = 0x14000c0, Account = 0x100000, Names = true }, // §4.5
        Proc = EraProcFiles.V4_15,
        Paths = EraCallPaths.V4_15,
    };
}
