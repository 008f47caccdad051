namespace Ullage.Model.Tests.Limits;

/// <summary>Writes that somebody could mean, and some that nobody can.</summary>
internal static class ControlWrites
{
    private static readonly string[] Sizes = ["0", "1M", "2M", "700K", "-1", "max", "3M", "300K", "", "x", "99999999999999999999"];

    private static readonly (string File, string[] Values)[] OfBoth =
    [
        ("cgroup.procs", ["{pid}", "{pid}", "{pid}\n", "0", "-5", ""]),
        ("pids.max", ["max", "3", "0", "x"]),
        ("/proc/sys/vm/drop_caches", ["1", "2", "3"]),
        ("/proc/sys/vm/swappiness", ["0", "60", "100", "200"]),
        ("cgroup.no_such", ["1"]),
    ];

    private static readonly (string File, string[] Values)[] OfV1 =
    [
        .. OfBoth,
        ("memory.limit_in_bytes", Sizes), ("memory.limit_in_bytes", Sizes), ("memory.memsw.limit_in_bytes", Sizes), ("memory.kmem.limit_in_bytes", Sizes),
        ("memory.kmem.tcp.limit_in_bytes", Sizes), ("memory.kmem.tcp.failcnt", ["0"]), ("memory.soft_limit_in_bytes", Sizes),
        ("memory.max_usage_in_bytes", ["0"]), ("memory.failcnt", ["0"]), ("memory.force_empty", ["0"]), ("memory.force_empty", ["1"]),
        ("memory.use_hierarchy", ["0", "1", "2"]), ("memory.swappiness", ["0", "10", "100", "150", "201"]),
        ("memory.move_charge_at_immigrate", ["0", "1", "2", "3", "4"]), ("memory.oom_control", ["0", "0", "1", "2"]),
        ("tasks", ["{pid}", "0"]), ("notify_on_release", ["1"]), ("cgroup.clone_children", ["1"]), ("cgroup.event_control", ["1 2", "x"]),
    ];

    private static readonly (string File, string[] Values)[] OfV2 =
    [
        .. OfBoth,
        ("memory.max", Sizes), ("memory.max", Sizes), ("memory.high", Sizes), ("memory.high", Sizes), ("memory.low", Sizes), ("memory.min", Sizes),
        ("memory.swap.max", Sizes), ("memory.swap.high", Sizes), ("memory.zswap.max", Sizes), ("memory.zswap.writeback", ["0", "1"]),
        ("memory.reclaim", ["1M", "300K", "max", "0", "1M swappiness=0", "1M swappiness=200", "1M swappiness=max"]),
        ("memory.oom.group", ["0", "1", "2"]), ("memory.peak", ["x"]), ("memory.swap.peak", ["x"]),
        ("cgroup.subtree_control", ["+memory", "+memory", "-memory", "+pids", "-pids", "+memory +pids", "-memory +memory", "+foo"]),
        ("cgroup.subtree_control", ["+memory", "-memory"]),
        ("cgroup.kill", ["1", "0"]), ("cgroup.freeze", ["0", "1", "2"]), ("cgroup.freeze", ["0"]), ("cgroup.type", ["threaded", "domain"]),
        ("cgroup.threads", ["{pid}"]), ("cgroup.max.depth", ["0", "2", "max"]), ("cgroup.max.descendants", ["0", "2", "max"]),
        ("cgroup.pressure", ["0", "1", "2"]), ("memory.pressure", ["some 150000 1000000", "full 1 2", "x"]),
    ];

    /// <summary>The write of a number.</summary>
    public static (string File, string Value) Pick(bool v2, int number, int pid)
    {
        (string File, string[] Values)[] all = v2 ? OfV2 : OfV1;
        (string file, string[] values) = all[number % all.Length];
        return (file, values[number / all.Length % values.Length].Replace("{pid}", $"{pid}", StringComparison.Ordinal));
    }
}
