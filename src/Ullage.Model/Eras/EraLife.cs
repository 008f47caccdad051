namespace Ullage.Model.Eras;

/// <summary>
/// The life of cgroups per era. Bytes per CPU are half of what Percpu grew by for each dying cgroup on 2 CPUs (5.0 kB on 5.4, 3.6 on 5.10, 2.4 on
/// 6.12, 2.8 on 6.18); eras whose meminfo has no such line take the nearest that was measured.
/// </summary>
internal static class EraLife
{
    internal static readonly LifeRules V4_1 = new()
    {
        PidsFiles = [], PidsEventsHierarchical = false,
        ZombiesKeepCgroup = false, PrechargeRetries = true, HasPostAttach = false,
        KernelPagesReparented = false,
        MemcgBytes = 4096 + 2048, MemcgBytesPerCpu = 2560, CountsPercpu = false,
    };

    internal static readonly LifeRules V4_15 = V4_1 with
    {
        PidsFiles = NameList.Of("pids.current pids.max pids.events"),
        ZombiesKeepCgroup = true, PrechargeRetries = false, HasPostAttach = true, // §10.1
    };

    internal static readonly LifeRules V4_19 = V4_15 with { CountsPercpu = true };

    internal static readonly LifeRules V5_10 = V4_19 with { MemcgBytesPerCpu = 1843 };

    internal static readonly LifeRules V6_1 = V5_10 with
    {
        PidsFiles = NameList.Of("pids.current pids.max pids.events pids.peak"),
        KernelPagesReparented = true, // §5.3
        MemcgBytesPerCpu = 1229,
    };

    internal static readonly LifeRules V6_12 = V6_1 with
    {
        PidsFiles = V6_1.PidsFiles.And("pids.events.local"), PidsEventsHierarchical = true,
    };

    internal static readonly LifeRules V6_18 = V6_12 with { MemcgBytes = 2240 + 2048, MemcgBytesPerCpu = 1434 };
}
