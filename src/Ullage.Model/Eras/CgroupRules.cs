namespace Ullage.Model.Eras;

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
    /// <summary>Controllers that cgroup.subtree_control knows by name; memory, pids and cpuset can be had.</summary>
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
    /// <summary>memory.move_charge_at_immigrate accepts only 0 (6.13+).</summary>
    public required bool ChargeMovingGone { get; init; }
    /// <summary>v1 limit writes give up after 5 * cgroups fruitless rounds; false = at the first fruitless one (§2.9).</summary>
    public required bool LimitWriteCountsRounds { get; init; }
    /// <summary>memory.swap.max below usage answers EBUSY (4.15).</summary>
    public required bool SwapMaxIsStrict { get; init; }
    /// <summary>cpuset.* files that exist, v1.</summary>
    public required IReadOnlyList<string> V1CpusetFiles { get; init; }
    /// <summary>cpuset.* files that exist, v2; none = cpuset is not a controller there (to 4.20). The root has those that tell what is effective.</summary>
    public required IReadOnlyList<string> V2CpusetFiles { get; init; }
    /// <summary>v2: a cpuset cannot be made smaller than its children's (to 5.16).</summary>
    public required bool CpusetChildrenLimitParents { get; init; }
    /// <summary>Files that the v2 root has too.</summary>
    public required IReadOnlyList<string> V2RootFiles { get; init; }
}
