namespace Ullage.Model.Eras;

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
