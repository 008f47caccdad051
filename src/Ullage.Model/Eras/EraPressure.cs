namespace Ullage.Model.Eras;

/// <summary>Pressure stall information per era (§6). The files of irq depend on a build option that no measured kernel had.</summary>
internal static class EraPressure
{
    internal static readonly PressureRules None = new()
    {
        Exists = false, MemFull = MemFullRule.NobodyRuns, TracksOnCpu = false, CpuFull = false, Irq = false, RootFiles = false, CgroupSwitch = false,
        ReclaimIsStall = true, MinWindowUs = 500_000, UnprivilegedTriggers = false, SecondTriggerBusy = false, KeepsEarlyEvents = false,
    };

    internal static readonly PressureRules V5_3 = None with { Exists = true };

    internal static readonly PressureRules V5_4 = V5_3 with { RootFiles = true };

    internal static readonly PressureRules V5_10 = V5_4 with { TracksOnCpu = true, ReclaimIsStall = false };

    internal static readonly PressureRules V6_1 = V5_10 with
    {
        MemFull = MemFullRule.AllWhoRunStall, CpuFull = true, Irq = true, CgroupSwitch = true, SecondTriggerBusy = true, KeepsEarlyEvents = true,
    };

    internal static readonly PressureRules V6_12 = V6_1 with { MinWindowUs = 1, UnprivilegedTriggers = true };
}
