using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Pressure;

namespace Ullage.Model;

/// <summary>What a task is doing, as far as scheduling asks.</summary>
public enum TaskState
{
    /// <summary>On a CPU or waiting for one.</summary>
    Running,
    /// <summary>Sleeps until a time or a wake-up; a signal wakes it.</summary>
    Sleeping,
    /// <summary>Sleeps until its memory cgroup has room again; only a fatal signal wakes it otherwise (§2.7).</summary>
    WaitingForOom,
    /// <summary>Ended; its parent has not looked yet.</summary>
    Zombie,
}

/// <summary>One thread.</summary>
[Kernel("struct task_struct", "include/linux/sched.h")]
public sealed class TaskStruct
{
    internal TaskStruct(int pid, SignalStruct signal, CssSet cssSet, string comm)
    {
        Pid = pid;
        Signal = signal;
        CssSet = cssSet;
        Comm = comm;
    }

    /// <summary>Its thread id; the leader's is the process id.</summary>
    public int Pid { get; }

    /// <summary>Its process.</summary>
    public SignalStruct Signal { get; }

    /// <summary>Its name, at most 15 characters.</summary>
    public string Comm { get; internal set; }

    /// <summary>Its cgroup in the hierarchy that has the memory controller.</summary>
    public Cgroup Cgroup => CssSet.MemoryCgroup;

    /// <summary>Its cgroups in all hierarchies.</summary>
    public CssSet CssSet { get; internal set; }

    /// <summary>It counts as a holder of <see cref="CssSet"/>.</summary>
    internal bool HoldsCssSet { get; set; }

    /// <summary>The pids state that counts it; null = none does.</summary>
    internal PidsCgroup? CountedIn { get; set; }

    /// <summary>Its address space; null once it has begun to exit.</summary>
    public Mm? Mm { get; internal set; }

    /// <summary>What it is doing.</summary>
    public TaskState State { get; internal set; } = TaskState.Running;

    /// <summary>SIGKILL is on its way.</summary>
    public bool FatalSignalPending { get; internal set; }

    /// <summary>PF_EXITING.</summary>
    public bool Exiting { get; internal set; }

    /// <summary>TIF_MEMDIE: chosen by the OOM killer.</summary>
    public bool IsOomVictim { get; internal set; }

    /// <summary>PF_MEMALLOC: allocates in order to free.</summary>
    internal bool Memalloc { get; set; }

    /// <summary>The task is inside a page fault of user space, so it may wait for OOM (§2.3).</summary>
    internal bool InUserFault { get; set; }

    /// <summary>The memcg OOM that the end of the fault has to handle (§8.1).</summary>
    internal MemCgroup? MemcgInOom { get; set; }

    /// <summary>What the charge that left <see cref="MemcgInOom"/> behind could do: the report at the end of the fault shows it.</summary>
    internal Gfp MemcgOomGfp { get; set; }

    /// <summary>log2 of its pages.</summary>
    internal int MemcgOomOrder { get; set; }

    /// <summary>Pages charged while over memory.high, to be paid for on the way back to user space (§2.6).</summary>
    internal int PagesOverHigh { get; set; }

    /// <summary>Its kernel stack's memory cgroup, to uncharge at the end.</summary>
    internal MemCgroup? StackMemcg { get; set; }

    /// <summary>It has a kernel stack that was taken at fork.</summary>
    internal bool HasStack { get; set; }

    /// <summary>Its memory policy (set_mempolicy(2)); null = memory of the node that it runs on.</summary>
    public Pages.MemoryPolicy? Policy { get; internal set; }

    private int _interleaved = -1;

    /// <summary>The node whose turn it is, for a policy that spreads.</summary>
    [Kernel("interleave_nodes", "mm/mempolicy.c")]
    internal int NextInterleaved(Pages.NodeMask nodes) => _interleaved = nodes.After(_interleaved);

    /// <summary>Its slab objects.</summary>
    internal TaskObjects? Objects { get; set; }

    /// <summary>PF_MEMSTALL: between psi_memstall_enter and psi_memstall_leave (§6.1).</summary>
    internal bool InMemstall { get; set; }

    /// <summary>Bytes fetched from disks for it (read_bytes of /proc/PID/io).</summary>
    public long ReadBytes { get; internal set; }

    /// <summary>Pages dirtied since it was last asked to wait.</summary>
    internal int DirtiedPages { get; set; }

    /// <summary>What PSI counts it as.</summary>
    internal PsiTaskState Psi;

    /// <summary>The CPU it last ran on.</summary>
    public int Cpu { get; internal set; }

    /// <summary>What it does when it has a CPU; null = nothing (it waits).</summary>
    internal ITaskProgram? Program { get; set; }

    /// <summary>Counts sleeps, so that a late timer does not wake the next one.</summary>
    internal int SleepGeneration { get; set; }

    /// <summary>Dying tasks get no special wait (§0.2).</summary>
    internal bool IsDying => IsOomVictim || FatalSignalPending || Exiting;

    /// <inheritdoc/>
    public override string ToString() => $"{Comm}[{Pid}]";
}

/// <summary>What the threads of one process share.</summary>
[Kernel("struct signal_struct", "include/linux/sched/signal.h")]
public sealed class SignalStruct
{
    /// <summary>The process id.</summary>
    public int Tgid { get; internal init; }

    /// <summary>Its first thread.</summary>
    public TaskStruct Leader { get; internal set; } = null!;

    /// <summary>Its threads, the leader first.</summary>
    internal List<TaskStruct> Threads { get; } = [];

    /// <summary>The process that forked it; null for the first ones.</summary>
    public SignalStruct? Parent { get; internal set; }

    /// <summary>Processes that it forked and that live or wait to be looked at.</summary>
    internal List<SignalStruct> Children { get; } = [];

    /// <summary>User id.</summary>
    public int Uid { get; internal set; }

    /// <summary>/proc/&lt;pid&gt;/oom_score_adj, -1000 to 1000.</summary>
    public int OomScoreAdj { get; internal set; }

    /// <summary>Below this only a privileged task may set <see cref="OomScoreAdj"/> (§8.3).</summary>
    internal int OomScoreAdjMin { get; set; }

    /// <summary>Exit status; null while it runs or when a signal ended it.</summary>
    public int? ExitCode { get; internal set; }

    /// <summary>The signal that ended it; 0 = none.</summary>
    public int ExitSignal { get; internal set; }

    /// <summary>The OOM killer killed it.</summary>
    public bool OomKilled { get; internal set; }

    /// <summary>All its threads have ended.</summary>
    public bool Ended { get; internal set; }

    /// <summary>CAP_SYS_ADMIN, CAP_SYS_RESOURCE: everything but uid 0 lacks them.</summary>
    public bool IsPrivileged => Uid == 0;
}
