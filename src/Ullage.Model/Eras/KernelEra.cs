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

/// <summary>How a charge treats a task that is dying anyway (§2.3, 5b).</summary>
public enum DyingTaskCharge
{
    /// <summary>Charged to the root instead: -EINTR (4.1).</summary>
    Bypass,
    /// <summary>Charged beyond the limit.</summary>
    Force,
    /// <summary>No special treatment until the OOM killer has run for it.</summary>
    Normal,
}

/// <summary>What a failing OOM kill means for the charge that asked for it (§2.3, row 15).</summary>
public enum OomFailure
{
    /// <summary>Charged beyond the limit.</summary>
    Force,
    /// <summary>-ENOMEM.</summary>
    NoMem,
}

/// <summary>What happens when an era's charge has used up its last resort (§2.2, steps 16 and 17).</summary>
public enum ChargeLastResort
{
    /// <summary>-EINTR, and the caller acts (4.1).</summary>
    Bypass,
    /// <summary>Charged beyond the limit.</summary>
    Force,
}

/// <summary>What memory.high does to the task that exceeds it (§2.6).</summary>
public enum HighThrottleRule
{
    /// <summary>Reclaim inside the charge (4.1).</summary>
    ReclaimInCharge,
    /// <summary>Reclaim on return to user space (4.4 to 5.3).</summary>
    ReclaimOnReturn,
    /// <summary>Reclaim, then a sleep by the overage of the task's own cgroup (5.4).</summary>
    SleepByOwn,
    /// <summary>Reclaim, then a sleep by the largest overage up to the root; reclaim again while it helps (5.8+).</summary>
    SleepByAncestors,
}

/// <summary>Parameters of the charge path.</summary>
public sealed record ChargingRules
{
    /// <summary>Name of the function in stack traces.</summary>
    public required string FunctionName { get; init; }
    /// <summary>Pages charged at once (§2.1).</summary>
    public required int Batch { get; init; }
    /// <summary>Memory cgroups that one CPU's stock can hold (§2.1).</summary>
    public required int StockSlots { get; init; }
    /// <summary>A stock that grew over the batch is drained (§2.1, "refill overflow").</summary>
    public required bool StockIsBounded { get; init; }
    /// <summary>Stock is drained when its cgroup goes offline (§5.2).</summary>
    public required bool DrainStockOnOffline { get; init; }
    /// <summary>Reclaim retries before the OOM killer (§2.2 step 1).</summary>
    public required int ReclaimRetries { get; init; }
    /// <summary>What a dying task gets (§2.3, 5b).</summary>
    public required DyingTaskCharge DyingTask { get; init; }
    /// <summary>The last resort.</summary>
    public required ChargeLastResort LastResort { get; init; }
    /// <summary>__GFP_ATOMIC forces at once (§2.3, 5a).</summary>
    public required bool AtomicForces { get; init; }
    /// <summary>__GFP_HIGH forces where the charge would fail (§2.2 step 16).</summary>
    public required bool HighForces { get; init; }
    /// <summary>PF_MEMALLOC forces (§2.3, 5c).</summary>
    public required bool MemallocForces { get; init; }
    /// <summary>__GFP_RETRY_MAYFAIL ends a charge before (4.19: after the first) OOM kill (§2.3, row 15).</summary>
    public required RetryMayFailRule RetryMayFail { get; init; }
    /// <summary>A force that has not raised the max event raises it (§2.3, row 7).</summary>
    public required bool ForceRaisesMaxEvent { get; init; }
    /// <summary>After a successful kill a task that is itself dying gives up (§2.3, row 15).</summary>
    public required bool DyingGivesUpAfterOom { get; init; }
    /// <summary>What a failing OOM kill means.</summary>
    public required OomFailure WhenOomFails { get; init; }
    /// <summary>Events of a cgroup show in its ancestors' memory.events too (§2.5).</summary>
    public required bool HierarchicalEvents { get; init; }
    /// <summary>failcnt moves only on the v1 memory counter, not on memsw and kmem (§1.1; measured on 6.18).</summary>
    public required bool FailcntOnlyOnV1Memory { get; init; }
    /// <summary>A negative counter is also clamped to zero (§1.3).</summary>
    public required bool ClampNegativeUsage { get; init; }
    /// <summary>A set_max succeeds on a raise whatever the usage (§1.4).</summary>
    public required bool SetMaxAllowsRaise { get; init; }
    /// <summary>What memory.high does.</summary>
    public required HighThrottleRule High { get; init; }
    /// <summary>More than a batch over memory.high is handled before the charge returns (6.1+), §2.6.</summary>
    public required bool HighHandledInCharge { get; init; }
    /// <summary>A dying task is not throttled (6.12+), §2.6.</summary>
    public required bool DyingSkipsHigh { get; init; }
    /// <summary>v1 may switch hierarchy off (§1.1).</summary>
    public required bool NonHierarchicalPossible { get; init; }
}

/// <summary>When __GFP_RETRY_MAYFAIL ends a charge.</summary>
public enum RetryMayFailRule
{
    /// <summary>The era knows no such flag in charging.</summary>
    Ignored,
    /// <summary>Only after the OOM killer has run once (4.19).</summary>
    AfterOom,
    /// <summary>Before the OOM killer (5.3+).</summary>
    BeforeOom,
}

/// <summary>How kernel memory is accounted (§2.13).</summary>
public enum KmemActivation
{
    /// <summary>Only after a limit was written (4.1).</summary>
    WhenLimited,
    /// <summary>Always, but in the root.</summary>
    Always,
}

/// <summary>The order of counters in a kmem charge (§2.13, "charge order").</summary>
public enum KmemOrder
{
    /// <summary>kmem first, then memory (4.1).</summary>
    KmemFirst,
    /// <summary>memory first, then kmem, which may refuse (4.15 to 5.15).</summary>
    MemoryFirst,
    /// <summary>memory only; kmem counts without a limit (5.16+).</summary>
    MemoryOnly,
}

/// <summary>What slab accounting counts (§0.4).</summary>
public enum SlabUnit
{
    /// <summary>Whole slab pages of per-memcg child caches.</summary>
    Page,
    /// <summary>Objects, by bytes, through obj_cgroup.</summary>
    Object,
}

/// <summary>Parameters of kernel memory accounting.</summary>
public sealed record KmemRules
{
    /// <summary>When it begins.</summary>
    public required KmemActivation Activation { get; init; }
    /// <summary>Which counters, in which order.</summary>
    public required KmemOrder Order { get; init; }
    /// <summary>__GFP_NOFAIL is charged although the kmem limit refuses (5.4+).</summary>
    public required bool NofailExceedsKmemLimit { get; init; }
    /// <summary>The slab accounting unit.</summary>
    public required SlabUnit SlabUnit { get; init; }
    /// <summary>Page tables are charged (4.5+, with __GFP_ACCOUNT).</summary>
    public required bool ChargesPageTables { get; init; }
    /// <summary>Freed kmem pages go to the page stock instead of the counters (§2.17).</summary>
    public required bool UnchargeToStock { get; init; }
    /// <summary>An object stock over a page keeps the remainder; false = it is drained whole (§4.6).</summary>
    public required bool ObjStockKeepsRemainder { get; init; }
    /// <summary>Kernel stacks are single pages of a vmalloc area; false = one block of four pages (§2.17).</summary>
    public required bool VmapStack { get; init; }
    /// <summary>Size of vm_area_struct objects in bytes, with alignment.</summary>
    public required int VmAreaStructSize { get; init; }
    /// <summary>Size of anon_vma objects in bytes, with alignment.</summary>
    public required int AnonVmaSize { get; init; }
    /// <summary>Size of anon_vma_chain objects in bytes, with alignment.</summary>
    public required int AnonVmaChainSize { get; init; }
    /// <summary>The name pattern's number of child caches is the memcg id, not the css serial number (4.1).</summary>
    public required bool ChildCacheNamedById { get; init; }
}

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
    /// <summary>Descendants' kills count in an ancestor's v1 oom_control (5.4 only; measured).</summary>
    public required bool V1OomKillHierarchical { get; init; }
    /// <summary>memory.oom_control shows the oom_kill line (4.13+).</summary>
    public required bool OomControlShowsKills { get; init; }
    /// <summary>The limit counts swap by the smaller of memory + swap and memsw (to 5.8), §8.4.</summary>
    public required bool TotalPagesByMemsw { get; init; }
    /// <summary>A page fault that ran out of memory without a kill is retried with a message (5.16+), §8.1.</summary>
    public required bool LeakedFaultRetries { get; init; }
    /// <summary>A selection scan ends at any victim or exiting task (4.1).</summary>
    public required bool ExitingAbortsScan { get; init; }
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
