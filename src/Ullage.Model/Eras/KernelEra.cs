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

    /// <summary>The OOM killer (§8).</summary>
    public required OomRules Oom { get; init; }

    /// <summary>The OOM report's text (§8.6).</summary>
    public required OomReportRules Report { get; init; }

    /// <summary>Cgroups and their files (§10, §11).</summary>
    public required CgroupRules Cgroups { get; init; }

    /// <summary>LRU lists (§3.1, §3.2).</summary>
    public required LruRules Lru { get; init; }

    /// <summary>Statistics (§2.17).</summary>
    public required StatRules Stats { get; init; }

    /// <summary>Values of gfp flags (§4.5).</summary>
    public required GfpValues Gfp { get; init; }

    /// <summary>/proc (§11.6, §11.7).</summary>
    public required ProcRules Proc { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What memory.reclaim accepts (§2.10).</summary>
public enum ReclaimSyntax
{
    /// <summary>A size; empty text means everything.</summary>
    Size,
    /// <summary>A size and perhaps <c>swappiness=N</c>.</summary>
    SizeAndSwappiness,
    /// <summary>The same, and <c>swappiness=max</c>.</summary>
    SizeAndSwappinessOrMax,
}

/// <summary>Parameters of cgroup core and its files.</summary>
public sealed record CgroupRules
{
    /// <summary>memory.* files that exist, v2.</summary>
    public required IReadOnlyList<string> V2Files { get; init; }
    /// <summary>memory.* files that exist, v1.</summary>
    public required IReadOnlyList<string> V1Files { get; init; }
    /// <summary>cgroup.* files that exist, v2.</summary>
    public required IReadOnlyList<string> V2CoreFiles { get; init; }
    /// <summary>Fields of v2 memory.events.</summary>
    public required IReadOnlyList<string> EventFields { get; init; }
    /// <summary>Fields of v2 memory.stat, in order (§11.4).</summary>
    public required IReadOnlyList<string> V2StatFields { get; init; }
    /// <summary>Fields of v1 memory.stat, in order, without the limits and the total_ part (§11.4).</summary>
    public required IReadOnlyList<string> V1StatFields { get; init; }
    /// <summary>Fields of v2 memory.swap.events.</summary>
    public required IReadOnlyList<string> SwapEventFields { get; init; }
    /// <summary>Controllers that cgroup.subtree_control knows by name; only memory can be had.</summary>
    public required IReadOnlyList<string> V2Controllers { get; init; }
    /// <summary>errno of creation beyond the last memcg id (§0.3).</summary>
    public required Abi.Errno IdsExhausted { get; init; }
    /// <summary>Largest vm.swappiness (§0.4).</summary>
    public required int SwappinessMax { get; init; }
    /// <summary>Largest v1 memory.swappiness; follows <see cref="SwappinessMax"/> later (measured on 5.10).</summary>
    public required int V1SwappinessMax { get; init; }
    /// <summary>A write of no bytes does nothing; false = it is handled as empty text (measured, E14).</summary>
    public required bool EmptyWriteIsNothing { get; init; }
    /// <summary>memory.force_empty waits 100 ms after each fruitless round (§11.2).</summary>
    public required bool ForceEmptyWaits { get; init; }
    /// <summary>memory.peak takes writes, which reset what the same open file reads (6.12+).</summary>
    public required bool PeakCanBeReset { get; init; }
    /// <summary>What memory.reclaim accepts.</summary>
    public required ReclaimSyntax ReclaimSyntax { get; init; }
    /// <summary>cgroup.stat counts per controller, too (6.12+).</summary>
    public required bool StatCountsSubsystems { get; init; }
    /// <summary>memory.kmem.slabinfo shows child caches (to 5.8).</summary>
    public required bool KmemSlabinfoFilled { get; init; }
    /// <summary>memory.move_charge_at_immigrate accepts only 0 (6.13+).</summary>
    public required bool ChargeMovingGone { get; init; }
    /// <summary>v1 limit writes give up after 5 * cgroups fruitless rounds; false = at the first fruitless one (§2.9).</summary>
    public required bool LimitWriteCountsRounds { get; init; }
    /// <summary>memory.swap.max below usage answers EBUSY (4.15).</summary>
    public required bool SwapMaxIsStrict { get; init; }
    /// <summary>Files that the v2 root has too.</summary>
    public required IReadOnlyList<string> V2RootFiles { get; init; }
    /// <summary>/proc/cgroups lists only controllers usable on v1 (6.18).</summary>
    public required bool ProcCgroupsV1Only { get; init; }
}

/// <summary>Parameters of LRU lists.</summary>
public sealed record LruRules
{
    /// <summary>Pages a CPU collects before it adds them to the lists (§3.1).</summary>
    public required int AddBatch { get; init; }
    /// <summary>New anonymous pages join the active list (to 5.8), §3.2.</summary>
    public required bool NewAnonActive { get; init; }
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

/// <summary>Parameters of /proc.</summary>
public sealed record ProcRules
{
    /// <summary>Lines of /proc/meminfo, in order.</summary>
    public required IReadOnlyList<string> MeminfoFields { get; init; }
    /// <summary>Lines of /proc/vmstat, in order.</summary>
    public required IReadOnlyList<string> VmstatFields { get; init; }
    /// <summary>RssAnon, RssFile and RssShmem in status (4.5+).</summary>
    public required bool StatusHasRssParts { get; init; }
    /// <summary>VmPMD in status (to 4.14).</summary>
    public required bool StatusHasVmPmd { get; init; }
    /// <summary>Umask in status (4.7+).</summary>
    public required bool StatusHasUmask { get; init; }
    /// <summary>PSI files exist (4.20+).</summary>
    public required bool Pressure { get; init; }
    /// <summary>Controllers of /proc/cgroups in the order of their ids.</summary>
    public required IReadOnlyList<string> Controllers { get; init; }
    /// <summary>VmallocUsed is counted; false = a constant zero (to 5.2).</summary>
    public required bool CountsVmalloc { get; init; }
    /// <summary>Levels of page tables that count as PageTables: 1 = the lowest only.</summary>
    public required int PageTableLevels { get; init; }
    /// <summary>/proc/swaps has two tabs before each number.</summary>
    public required bool WideSwapColumns { get; init; }
}
