using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Eras;

/// <summary>
/// Everything that differs between the modelled kernel releases (spec §0.4), as values and choices of policy.
/// An era states only what it changed: <c>V5_3 = V4_19 with { … }</c>. Nothing outside this folder compares versions.
/// </summary>
public sealed record KernelEra
{
    /// <summary>The release, such as <c>4.15</c>; what <c>--kernel</c> takes.</summary>
    public required string Name { get; init; }

    /// <summary>What <c>uname -r</c> answers.</summary>
    public required string Release { get; init; }

    /// <summary>Charging (§2).</summary>
    public required ChargingRules Charging { get; init; }

    /// <summary>Kernel memory (§2.13, §4.4, §4.6).</summary>
    public required KmemRules Kmem { get; init; }

    /// <summary>Memory of sockets (§2.13).</summary>
    public required SocketRules Sockets { get; init; }

    /// <summary>The slab allocator (§4).</summary>
    public required SlabRules Slab { get; init; }

    /// <summary>The OOM killer (§8).</summary>
    public required OomRules Oom { get; init; }

    /// <summary>The OOM report's text (§8.6).</summary>
    public required OomReportRules Report { get; init; }

    /// <summary>Cgroups and their files (§10, §11).</summary>
    public required CgroupRules Cgroups { get; init; }

    /// <summary>Protection, memory.high and notifications (§1.5, §1.6, §2.9, §2.15).</summary>
    public required LimitRules Limits { get; init; }

    /// <summary>LRU lists (§3.1, §3.2).</summary>
    public required LruRules Lru { get; init; }

    /// <summary>Reclaim and shrinkers (§3.9, §4.8).</summary>
    public required ReclaimRules Reclaim { get; init; }

    /// <summary>Grace periods.</summary>
    public required RcuRules Rcu { get; init; }

    /// <summary>Page reclaim (§3).</summary>
    public required VmscanRules Vmscan { get; init; }

    /// <summary>Statistics (§2.17).</summary>
    public required StatRules Stats { get; init; }

    /// <summary>Values of gfp flags (§4.5).</summary>
    public required GfpValues Gfp { get; init; }

    /// <summary>/proc (§11.6, §11.7).</summary>
    public required ProcRules Proc { get; init; }

    /// <summary>The page cache (§2.17, §9).</summary>
    public required FileRules Files { get; init; }

    /// <summary>Address spaces and overcommit (§7).</summary>
    public required AddressSpaceRules AddressSpace { get; init; }

    /// <summary>The page allocator (§9).</summary>
    public required PagesRules Pages { get; init; }

    /// <summary>Mem-Info of the system-wide OOM report (§8.6).</summary>
    public required MemInfoRules MemInfo { get; init; }

    /// <summary>The C library that its processes have, unless <see cref="MachineOptions.Glibc"/> says otherwise (§7.3): one of the kernel's own years.</summary>
    public required GlibcRules Glibc { get; init; }

    /// <summary>Pressure stall information (§6).</summary>
    public required PressureRules Pressure { get; init; }

    /// <summary>The life of cgroups: migration, removal, what stays of them (§5, §10).</summary>
    public required LifeRules Life { get; init; }

    /// <summary>Swapping (§2.11, §2.17, §3.10).</summary>
    public required SwapRules Swap { get; init; }

    /// <summary>Warnings of v1 files that are to go.</summary>
    public DeprecationRules Deprecated { get; init; } = new();

    /// <summary>Call stacks (§12).</summary>
    public required CallPaths Paths { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Parameters of LRU lists.</summary>
public sealed record LruRules
{
    /// <summary>Pages a CPU collects before it adds them to the lists (§3.1).</summary>
    public required int AddBatch { get; init; }
    /// <summary>New anonymous pages join the active list (to 5.8), §3.2.</summary>
    public required bool NewAnonActive { get; init; }
    /// <summary>A cgroup has its lists per zone (to 4.7), §3.1.</summary>
    public bool PerZone { get; init; }
}

/// <summary>How statistics are read (§2.17, "Read accuracy").</summary>
public enum StatAccuracy
{
    /// <summary>Sums over CPUs: exact.</summary>
    Exact,
    /// <summary>A CPU's share shows only when it passed the charge batch (4.19 to 5.14).</summary>
    Batched,
    /// <summary>rstat: flushed on read (5.15+).</summary>
    Flushed,
}

/// <summary>Parameters of statistics.</summary>
public sealed record StatRules
{
    /// <summary>The accuracy of reads.</summary>
    public required StatAccuracy Accuracy { get; init; }
    /// <summary>A removed cgroup's counts stay in its ancestors (5.2+).</summary>
    public required bool SurviveRemoval { get; init; }
}

/// <summary>Numeric gfp values as reports print them.</summary>
public sealed record GfpValues
{
    /// <summary>GFP_KERNEL.</summary>
    public required uint Kernel { get; init; }
    /// <summary>__GFP_ACCOUNT.</summary>
    public required uint Account { get; init; }
    /// <summary>Names follow the number (4.6+).</summary>
    public required bool Names { get; init; }
}
