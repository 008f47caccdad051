namespace Ullage.Model.Eras;

/// <summary>What differs in the life of cgroups: tasks that move, groups that die (§5, §10).</summary>
public sealed record LifeRules
{
    /// <summary>pids.* files that exist; none = there is no pids controller (to 4.2).</summary>
    public required IReadOnlyList<string> PidsFiles { get; init; }
    /// <summary>v2 pids.events count the cgroup whose limit refused, and its ancestors (6.11+); false = the cgroup that forked.</summary>
    public required bool PidsEventsHierarchical { get; init; }
    /// <summary>A zombie still stands where it stood, and keeps its cgroup in memory (4.4+).</summary>
    public required bool ZombiesKeepCgroup { get; init; }
    /// <summary>Charge moving tries each single page again and again (to 4.7); false = once.</summary>
    public required bool PrechargeRetries { get; init; }
    /// <summary>Controllers learn of a move again after all locks are released (4.6+).</summary>
    public required bool HasPostAttach { get; init; }
    /// <summary>Stacks and page tables of a removed cgroup are its parent's (5.12+, §5.3).</summary>
    public required bool KernelPagesReparented { get; init; }
    /// <summary>Bytes of a memory cgroup that do not depend on the number of CPUs: its structure and the ones per node.</summary>
    public required int MemcgBytes { get; init; }
    /// <summary>Bytes of a memory cgroup for each possible CPU (measured, E10).</summary>
    public required int MemcgBytesPerCpu { get; init; }
    /// <summary>The same bytes are counted as Percpu in meminfo (4.19+).</summary>
    public required bool CountsPercpu { get; init; }
}
