namespace Ullage.Model.Eras;

/// <summary>
/// How a grace period learns that a CPU which is busy in the kernel no longer looks at anything. A CPU that is idle, or interrupted by its tick in user
/// mode, says so by itself; this is about the others.
/// </summary>
public sealed record RcuRules
{
    /// <summary>
    /// Too many waiting objects (20,000 on one CPU) make the next call of cond_resched say so (5.7+); before, only another task's turn on the CPU
    /// does, for which a busy CPU is asked when the grace period has waited for long.
    /// </summary>
    public required bool OverloadForces { get; init; }

    /// <summary>The part of a second that a grace period waits before it asks a busy CPU (jiffies_till_sched_qs): 20 = 50 ms, 10 = 100 ms (4.19+).</summary>
    public required int AskAfterPerSecond { get; init; }

    /// <summary>
    /// Kernels whose preemption can be chosen at boot (PREEMPT_DYNAMIC: the measured ones from 6.1 on) have preemptible RCU. There a tick is enough
    /// when it finds the CPU outside of locks and read-side sections: in so many of 100 ticks while dentries are evicted. 0 = never.
    /// </summary>
    public required int QuietTicksPercent { get; init; }
}
