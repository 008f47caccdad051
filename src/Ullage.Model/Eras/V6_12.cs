namespace Ullage.Model.Eras;

/// <summary>What 6.2 to 6.12 changed: memory.peak can be reset, RSS columns in the OOM report, larger LRU batches.</summary>
internal static class EraV6_12
{
    private static readonly KernelEra Before = EraV6_1.Era;

    internal static readonly KernelEra Era = Before with
    {
        Name = "6.12",
        Release = "6.12.0",
        Charging = Before.Charging with { SetMaxAllowsRaise = true, DyingSkipsHigh = true }, // §1.4, §2.6
        Kmem = Before.Kmem with { VmAreaStructSize = 176 },
        Report = EraReports.V6_12,
        Cgroups = EraCgroupFiles.V6_12,
        Lru = Before.Lru with { AddBatch = 31 }, // §3.1
        Proc = EraProcFiles.V6_12,
        Paths = EraCallPaths.V6_12,
        Pressure = EraPressure.V6_12,
    };
}
