namespace Ullage.Model.Eras;

/// <summary>What 6.13 to 6.18 changed: seven stock slots per CPU, failcnt only on v1, charge moving is gone.</summary>
internal static class EraV6_18
{
    private static readonly KernelEra Before = EraV6_12.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "6.18",
        Release = "6.18.2",
        Charging = Before.Charging with
        {
            StockSlots = 7, // §2.1
            FailcntOnlyOnV1Memory = true, // §1.1
        },
        Slab = Before.Slab with { Caches = CachesV6_18.Table },
        Report = EraReports.V6_18,
        Cgroups = EraCgroupFiles.V6_18,
        Limits = Before.Limits with { NonBlockingWritesOnlyStore = true }, // §2.9
        Vmscan = EraVmscan.V6_18, // §3
        Proc = EraProcFiles.V6_18,
        MemInfo = EraMemInfo.V6_18,
        Paths = EraCallPaths.V6_18,
        Life = EraLife.V6_18, // §5, §10
        Files = EraFiles.V6_18,
    };
}
