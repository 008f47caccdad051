namespace Ullage.Model.Eras;

/// <summary>When a memcg OOM kills (§8.1).</summary>
public enum MemcgOomTiming
{
    /// <summary>Remembered in the task and run at the end of the user page fault; never in system calls.</summary>
    AtFaultEnd,
    /// <summary>In the charge.</summary>
    InCharge,
}

/// <summary>How equal badness is decided (§8.3).</summary>
public enum BadnessTie
{
    /// <summary>A thread-group leader that was chosen stays.</summary>
    KeepLeader,
    /// <summary>The last one scanned wins.</summary>
    TakeLast,
}

/// <summary>How oom_score is scaled (§8.3).</summary>
public enum OomScoreScale
{
    /// <summary>badness * 1000 / total.</summary>
    Plain,
    /// <summary>(1000 + badness * 1000 / total) * 2 / 3.</summary>
    Shifted,
}

/// <summary>When the OOM reaper starts (§8.5).</summary>
public enum ReaperStart
{
    /// <summary>There is no reaper.</summary>
    None,
    /// <summary>At once.</summary>
    Immediate,
    /// <summary>After two seconds.</summary>
    Delayed,
}

/// <summary>Parameters of the OOM killer.</summary>
public sealed record OomRules
{
    /// <summary>When a memcg OOM kills.</summary>
    public required MemcgOomTiming MemcgTiming { get; init; }
    /// <summary>The oom event is raised inside mem_cgroup_oom, after the costly-order test (5.3+).</summary>
    public required bool EventAfterCostlyTest { get; init; }
    /// <summary>The margin is looked at again under the oom lock (5.10+).</summary>
    public required bool RechecksMargin { get; init; }
    /// <summary>A dying current task ends the memcg OOM at once (5.3+).</summary>
    public required bool DyingCurrentIsEnough { get; init; }
    /// <summary>Allocations without __GFP_FS do nothing, also for a memcg (4.15 to 5.3).</summary>
    public required bool NoFsSkipsMemcg { get; init; }
    /// <summary>CAP_SYS_ADMIN takes 3 % off (to 4.16).</summary>
    public required bool RootBonus { get; init; }
    /// <summary>Third-level tables count in badness (4.15+); before, only the two lowest levels (§8.3).</summary>
    public required bool CountsPudTables { get; init; }
    /// <summary>Badness may be negative; LONG_MIN means unkillable (5.9+).</summary>
    public required bool NegativeBadness { get; init; }
    /// <summary>How equal badness is decided.</summary>
    public required BadnessTie Tie { get; init; }
    /// <summary>A child of the victim may die instead (to 5.2).</summary>
    public required bool SacrificeChild { get; init; }
    /// <summary>The allocating task sleeps one tick after a kill (to 4.19).</summary>
    public required bool SleepsAfterKill { get; init; }
    /// <summary>The reaper.</summary>
    public required ReaperStart Reaper { get; init; }
    /// <summary>memory.oom.group exists (4.19+).</summary>
    public required bool OomGroup { get; init; }
    /// <summary>The oom_group_kill event exists (5.17+).</summary>
    public required bool OomGroupKillEvent { get; init; }
    /// <summary>The scale of /proc/&lt;pid&gt;/oom_score.</summary>
    public required OomScoreScale Score { get; init; }
    /// <summary>Descendants' kills count in an ancestor's v1 oom_control, which shows the hierarchical event (5.2 to 5.6; measured on 5.4), §2.5.</summary>
    public required bool V1OomKillHierarchical { get; init; }
    /// <summary>memory.oom_control shows the oom_kill line (4.13+).</summary>
    public required bool OomControlShowsKills { get; init; }
    /// <summary>The limit counts swap by the smaller of memory + swap and memsw (to 5.8), §8.4.</summary>
    public required bool TotalPagesByMemsw { get; init; }
    /// <summary>A page fault that ran out of memory without a kill is retried with a message (5.16+), §8.1.</summary>
    public required bool LeakedFaultRetries { get; init; }
    /// <summary>A task with a fatal signal counts as on its way out also when it was chosen by another (4.8+); before, only one that exits does, §8.5 step 1.</summary>
    public required bool KilledWillFreeMemory { get; init; }
    /// <summary>The scan of a memory cgroup looks at every thread (to 5.2); false = at processes. A process whose leader is elsewhere is found by its threads, §8.3.</summary>
    public required bool ScansThreads { get; init; }
    /// <summary>Also in a memory cgroup only tasks are chosen whose cpuset shares a node with that of who asked (to 5.2).</summary>
    public required bool MemcgAsksForCpusets { get; init; }
    /// <summary>A policy that spreads pages says where a task's memory is, as one that binds does (to 5.14).</summary>
    public required bool SpreadingCountsAsBound { get; init; }
    /// <summary>A selection scan ends at any victim or exiting task (4.1).</summary>
    public required bool ExitingAbortsScan { get; init; }
}
