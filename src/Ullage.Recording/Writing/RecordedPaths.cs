using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Recording.Writing;

/// <summary>Which files of a kernel are recorded: what the reading verbs, reports and explanations need. Long ones at every twelfth sample.</summary>
internal static class RecordedPaths
{
    public const int SlowEvery = 12;

    /// <summary>Read at the beginning of each block: they hardly change.</summary>
    public static IReadOnlyList<string> Fixed { get; } =
    [
        "/proc/self/mountinfo", "/proc/self/cgroup", "/proc/version", "/proc/sys/kernel/osrelease", "/proc/swaps", "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/swappiness",
        "/proc/sys/vm/min_free_kbytes", "/proc/sys/vm/watermark_scale_factor", "/proc/sys/vm/panic_on_oom", "/proc/sys/vm/oom_kill_allocating_task",
        "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/mm/lru_gen/enabled",
    ];

    /// <summary>Read for every sample.</summary>
    public static IReadOnlyList<string> Machine { get; } =
        ["/proc/meminfo", "/proc/vmstat", "/proc/pressure/memory", "/proc/pressure/cpu", "/proc/pressure/io", "/proc/cgroups"];

    /// <summary>Long, and slow to change.</summary>
    public static IReadOnlyList<string> MachineSlow { get; } = ["/proc/slabinfo", "/proc/buddyinfo", "/proc/zoneinfo"];

    /// <summary>Of each cgroup, v1.</summary>
    public static IReadOnlyList<string> CgroupV1 { get; } =
    [
        "memory.stat", "memory.usage_in_bytes", "memory.limit_in_bytes", "memory.failcnt", "memory.max_usage_in_bytes", "memory.soft_limit_in_bytes", "memory.memsw.usage_in_bytes",
        "memory.memsw.limit_in_bytes", "memory.memsw.failcnt", "memory.kmem.usage_in_bytes", "memory.kmem.limit_in_bytes", "memory.kmem.failcnt", "memory.kmem.tcp.usage_in_bytes",
        "memory.oom_control", "memory.use_hierarchy", "memory.swappiness", "memory.pressure",
    ];

    /// <summary>Of each cgroup, v1: long.</summary>
    public static IReadOnlyList<string> CgroupV1Slow { get; } = ["memory.kmem.slabinfo", "memory.numa_stat"];

    /// <summary>Of each cgroup, v2.</summary>
    public static IReadOnlyList<string> CgroupV2 { get; } =
    [
        "memory.stat", "memory.current", "memory.max", "memory.high", "memory.low", "memory.min", "memory.peak", "memory.events", "memory.events.local", "memory.swap.current",
        "memory.swap.max", "memory.swap.events", "memory.pressure", "memory.oom.group", "cgroup.stat", "cgroup.events", "cgroup.controllers", "cgroup.subtree_control",
    ];

    /// <summary>Of each cgroup, v2: long.</summary>
    public static IReadOnlyList<string> CgroupV2Slow { get; } = ["memory.numa_stat"];

    /// <summary>The directories of all cgroups that a mount shows, its top first.</summary>
    public static List<string> Directories(IKernelFiles files, CgroupMount mount)
    {
        List<string> found = [];
        Walk(files, mount.MountPoint.TrimEnd('/'), found);
        return found;
    }

    private static void Walk(IKernelFiles files, string directory, List<string> found)
    {
        KernelList list = files.List(directory);
        if (!list.Ok)
        {
            return;
        }
        found.Add(directory);
        foreach (string name in list.Names)
        {
            if (name.EndsWith('/'))
            {
                Walk(files, directory + "/" + name.TrimEnd('/'), found);
            }
        }
    }
}
