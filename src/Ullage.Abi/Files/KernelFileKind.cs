using System.Collections.Frozen;

namespace Ullage.Abi.Files;

/// <summary>Which of the types here reads a file.</summary>
public enum KernelFileKind
{
    /// <summary>None of them.</summary>
    Unknown,

    /// <summary><see cref="Files.FlatKeyed"/>.</summary>
    FlatKeyed,

    /// <summary><see cref="Files.SingleValue"/>.</summary>
    SingleValue,

    /// <summary><see cref="Files.MemInfo"/>.</summary>
    MemInfo,

    /// <summary><see cref="Files.ProcCgroups"/>.</summary>
    ProcCgroups,

    /// <summary><see cref="Files.TaskCgroups"/>.</summary>
    TaskCgroups,

    /// <summary><see cref="PressureFile"/>.</summary>
    Pressure,

    /// <summary><see cref="Files.ProcStatus"/>.</summary>
    ProcStatus,

    /// <summary><see cref="Files.Statm"/>.</summary>
    Statm,

    /// <summary><see cref="Files.MountInfo"/>.</summary>
    MountInfo,

    /// <summary><see cref="Files.NumaStat"/>.</summary>
    NumaStat,

    /// <summary><see cref="Files.SlabInfo"/>.</summary>
    SlabInfo,

    /// <summary><see cref="Files.PidList"/>.</summary>
    PidList,

    /// <summary><see cref="SwapsFile"/>.</summary>
    Swaps,

    /// <summary><see cref="Files.BuddyInfo"/>.</summary>
    BuddyInfo,

    /// <summary><see cref="Files.ZoneInfo"/>.</summary>
    ZoneInfo,

    /// <summary><see cref="WordLines"/>.</summary>
    Words,
}

/// <summary>Tells a file's kind by its path.</summary>
public static class KernelFileKinds
{
    private static readonly FrozenDictionary<string, KernelFileKind> ByName = new Dictionary<string, KernelFileKind>(StringComparer.Ordinal)
    {
        ["memory.stat"] = KernelFileKind.FlatKeyed,
        ["memory.events"] = KernelFileKind.FlatKeyed,
        ["memory.events.local"] = KernelFileKind.FlatKeyed,
        ["memory.swap.events"] = KernelFileKind.FlatKeyed,
        ["pids.events"] = KernelFileKind.FlatKeyed,
        ["pids.events.local"] = KernelFileKind.FlatKeyed,
        ["memory.oom_control"] = KernelFileKind.FlatKeyed,
        ["cgroup.stat"] = KernelFileKind.FlatKeyed,
        ["cgroup.events"] = KernelFileKind.FlatKeyed,
        ["cpu.stat"] = KernelFileKind.FlatKeyed,
        ["cpu.stat.local"] = KernelFileKind.FlatKeyed,
        ["vmstat"] = KernelFileKind.FlatKeyed,
        ["meminfo"] = KernelFileKind.MemInfo,
        ["cgroups"] = KernelFileKind.ProcCgroups,
        ["cgroup"] = KernelFileKind.TaskCgroups,
        ["status"] = KernelFileKind.ProcStatus,
        ["statm"] = KernelFileKind.Statm,
        ["mountinfo"] = KernelFileKind.MountInfo,
        ["memory.numa_stat"] = KernelFileKind.NumaStat,
        ["slabinfo"] = KernelFileKind.SlabInfo,
        ["memory.kmem.slabinfo"] = KernelFileKind.SlabInfo,
        ["cgroup.procs"] = KernelFileKind.PidList,
        ["cgroup.threads"] = KernelFileKind.PidList,
        ["tasks"] = KernelFileKind.PidList,
        ["swaps"] = KernelFileKind.Swaps,
        ["buddyinfo"] = KernelFileKind.BuddyInfo,
        ["zoneinfo"] = KernelFileKind.ZoneInfo,
        ["cgroup.pressure"] = KernelFileKind.SingleValue,
        ["cgroup.freeze"] = KernelFileKind.SingleValue,
        ["cgroup.max.depth"] = KernelFileKind.SingleValue,
        ["cgroup.max.descendants"] = KernelFileKind.SingleValue,
        ["cgroup.clone_children"] = KernelFileKind.SingleValue,
        ["cgroup.sane_behavior"] = KernelFileKind.SingleValue,
        ["notify_on_release"] = KernelFileKind.SingleValue,
        ["oom_score"] = KernelFileKind.SingleValue,
        ["oom_score_adj"] = KernelFileKind.SingleValue,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> OfWords = FrozenSet.ToFrozenSet(
    [
        "cgroup.controllers", "cgroup.subtree_control", "cgroup.type", "cpuset.cpus.effective", "cpuset.cpus.isolated", "cpuset.mems.effective",
        "io.cost.model", "io.cost.qos", "io.stat", "misc.capacity", "misc.current", "misc.peak", "dentry-state", "inode-state", "loadavg", "uptime", "version",
        "filesystems", "pagetypeinfo", "stat", "io", "limits", "maps", "smaps", "smaps_rollup", "comm", "enabled", "min_ttl_ms",
    ], StringComparer.Ordinal);

    /// <summary>The kind of the file at that path; <see cref="KernelFileKind.Unknown"/> for one that no type here reads.</summary>
    public static KernelFileKind Of(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        if (ByName.TryGetValue(name, out KernelFileKind kind))
            return kind;
        if (name.EndsWith(".pressure", StringComparison.Ordinal) || path.StartsWith("/proc/pressure/", StringComparison.Ordinal))
            return KernelFileKind.Pressure;
        if (OfWords.Contains(name))
            return KernelFileKind.Words;
        // What is left of the memory controller's files, and all sysctls read here, hold one value.
        bool single = name.StartsWith("memory.", StringComparison.Ordinal) || path.StartsWith("/proc/sys/vm/", StringComparison.Ordinal);
        return single ? KernelFileKind.SingleValue : KernelFileKind.Unknown;
    }
}
