namespace Ullage.Model.Eras;

/// <summary>When a CPU counts as fully stalled on memory (§6.2).</summary>
public enum MemFullRule
{
    /// <summary>Somebody stalls and nobody runs; a stalled task that runs is sampled by the timer tick (to 5.12).</summary>
    NobodyRuns,
    /// <summary>Somebody stalls and everybody who runs stalls, too (5.16+).</summary>
    AllWhoRunStall,
}

/// <summary>Parameters of pressure stall information (§6).</summary>
public sealed record PressureRules
{
    /// <summary>PSI exists (4.20+).</summary>
    public required bool Exists { get; init; }
    /// <summary>When memory is "full".</summary>
    public required MemFullRule MemFull { get; init; }
    /// <summary>cpu "some" means more tasks than the one on the CPU (5.7+); false = more than one.</summary>
    public required bool TracksOnCpu { get; init; }
    /// <summary>cpu files have a "full" line (5.13+).</summary>
    public required bool CpuFull { get; init; }
    /// <summary>irq files exist where the kernel accounts interrupt time (6.1+).</summary>
    public required bool Irq { get; init; }
    /// <summary>The v2 root has pressure files, which show the system (5.4+).</summary>
    public required bool RootFiles { get; init; }
    /// <summary>cgroup.pressure switches a cgroup's accounting (6.1+).</summary>
    public required bool CgroupSwitch { get; init; }
    /// <summary>try_to_free_mem_cgroup_pages is a stall itself (to 5.4); false = the charge and reclaim_high around it are (§6.7).</summary>
    public required bool ReclaimIsStall { get; init; }
    /// <summary>Shortest window of a trigger in microseconds; 1 = any (§6.6).</summary>
    public required long MinWindowUs { get; init; }
    /// <summary>Tasks without privileges may poll, in windows of whole 2 s (6.5+).</summary>
    public required bool UnprivilegedTriggers { get; init; }
    /// <summary>A second trigger on an open file is refused (5.17+); false = it replaces the first.</summary>
    public required bool SecondTriggerBusy { get; init; }
    /// <summary>An event that came too early after the last one is kept until its time (6.1+).</summary>
    public required bool KeepsEarlyEvents { get; init; }
}
