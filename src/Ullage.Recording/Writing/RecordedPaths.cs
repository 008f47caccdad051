using Ullage.Observe.Sampling;

namespace Ullage.Recording.Writing;

/// <summary>How often a file is read. Between two readings it stays in the recording as it was.</summary>
internal enum Pace
{
    /// <summary>For every sample.</summary>
    Always,
    /// <summary>For every sample, but every 100 ms at most: reading it makes the kernel collect.</summary>
    Pressure,
    /// <summary>At every third sample, and whenever the kernel log told of something: set by people, and no limit that kills.</summary>
    Setting,
    /// <summary>Once a second at most: long, but what it says must not be older than the sums beside it.</summary>
    Second,
    /// <summary>At every twelfth sample: long, and every cgroup has it. While there are few cgroups of a model, always.</summary>
    Slow,
    /// <summary>At the beginning of each block: it hardly changes.</summary>
    Block,
}

/// <summary>A file that is recorded.</summary>
/// <param name="Name">Its name in a cgroup's directory, or its path.</param>
/// <param name="Pace">How often.</param>
internal sealed record RecordedName(string Name, Pace Pace);

/// <summary>What is read for one sample.</summary>
/// <param name="Number">The sample's number.</param>
/// <param name="BeginsBlock">It holds every file.</param>
/// <param name="Pressure">The last reading of pressure is long enough ago.</param>
/// <param name="Second">The last reading of long files of the machine is a second ago.</param>
/// <param name="Alarm">Something happened: settings are read, too.</param>
/// <param name="Slow">Long files of cgroups are read.</param>
internal readonly record struct Pass(int Number, bool BeginsBlock, bool Pressure, bool Second, bool Alarm, bool Slow)
{
    private const int SettingEvery = 3;

    /// <summary>Whether a file is read for this sample.</summary>
    public bool Wants(Pace pace) => pace switch
    {
        Pace.Always => true,
        Pace.Pressure => Pressure,
        Pace.Setting => Alarm || BeginsBlock || Number % SettingEvery == 0,
        Pace.Second => Second || BeginsBlock,
        Pace.Slow => Slow || BeginsBlock,
        _ => BeginsBlock,
    };
}

/// <summary>Which files of a kernel are recorded: what the reading verbs, reports and explanations need.</summary>
internal static class RecordedPaths
{
    /// <summary>Of the machine.</summary>
    public static RecordedName[] Machine { get; } =
    [
        .. At(Pace.Block, "/proc/self/mountinfo", "/proc/self/cgroup", "/proc/version", "/proc/sys/kernel/osrelease", "/proc/swaps", "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/swappiness",
            "/proc/sys/vm/min_free_kbytes", "/proc/sys/vm/watermark_scale_factor", "/proc/sys/vm/panic_on_oom", "/proc/sys/vm/oom_kill_allocating_task",
            "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/mm/lru_gen/enabled"),
        .. At(Pace.Always, "/proc/meminfo", "/proc/vmstat", "/proc/cgroups"),
        .. At(Pace.Pressure, "/proc/pressure/memory", "/proc/pressure/cpu", "/proc/pressure/io"),
        .. At(Pace.Second, "/proc/slabinfo", "/proc/buddyinfo", "/proc/zoneinfo"),
    ];

    /// <summary>Of each cgroup, v1; what tells first that it is gone comes first.</summary>
    public static RecordedName[] CgroupV1 { get; } =
    [
        .. At(Pace.Always, "memory.stat", "memory.usage_in_bytes", "memory.limit_in_bytes", "memory.failcnt", "memory.max_usage_in_bytes", "memory.memsw.usage_in_bytes",
            "memory.memsw.limit_in_bytes", "memory.kmem.usage_in_bytes", "memory.kmem.failcnt", "memory.kmem.tcp.usage_in_bytes", "memory.oom_control"),
        .. At(Pace.Pressure, "memory.pressure"),
        .. At(Pace.Setting, "memory.soft_limit_in_bytes", "memory.kmem.limit_in_bytes", "memory.memsw.failcnt"),
        .. At(Pace.Slow, "memory.use_hierarchy", "memory.swappiness", SlabInfo, "memory.numa_stat"),
    ];

    /// <summary>Of each cgroup, v2.</summary>
    public static RecordedName[] CgroupV2 { get; } =
    [
        .. At(Pace.Always, "memory.stat", "memory.current", "memory.max", "memory.high", "memory.peak", "memory.events", "memory.events.local",
            "memory.swap.current", "memory.swap.events", "cgroup.stat", "cgroup.events"),
        .. At(Pace.Pressure, "memory.pressure"),
        .. At(Pace.Setting, "memory.low", "memory.min", "memory.swap.max"),
        .. At(Pace.Slow, "memory.oom.group", "cgroup.controllers", "cgroup.subtree_control", "memory.numa_stat"),
    ];

    private const string SlabInfo = "memory.kmem.slabinfo";

    /// <summary>The same, as directories are asked for them.</summary>
    public static WantedFile[] Wanted(RecordedName[] names) => [.. names.Select(each => new WantedFile(each.Name, IsOneRecord: each.Name != SlabInfo))];

    private static IEnumerable<RecordedName> At(Pace pace, params string[] names) => names.Select(name => new RecordedName(name, pace));
}
