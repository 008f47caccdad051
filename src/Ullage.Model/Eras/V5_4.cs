namespace Ullage.Model.Eras;

/// <summary>What 5.4 changed: atomic charges are forced, proportional protection, stocks are drained when a cgroup goes offline.</summary>
internal static class EraV5_4
{
    private static readonly KernelEra Before = EraV5_3.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "5.4",
        Release = "5.4.1",
        Charging = Before.Charging with
        {
            High = HighThrottleRule.SleepByOwn, // §2.6
            AtomicForces = true, // §2.3, 5a
            DrainStockOnOffline = true, // §5.2
        },
        Kmem = Before.Kmem with { NofailExceedsKmemLimit = true }, // §2.13
        Oom = Before.Oom with
        {
            NoFsSkipsMemcg = false, // §8.2 step 4
        },
        Reclaim = Before.Reclaim with { Walk = MemcgWalk.Full }, // §3.9
        Report = EraReports.V5_4,
        Cgroups = EraCgroupFiles.V5_4,
        Vmscan = EraVmscan.V5_4, // §3
        Proc = EraProcFiles.V5_4,
        Paths = EraCallPaths.V5_4,
        Pressure = EraPressure.V5_4,
        Files = EraFiles.V5_4,
        Deprecated = DeprecationRules.V5_4,
    };
}
