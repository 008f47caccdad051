using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Oom;

/// <summary>What a memcg OOM came to, for the charge that asked (§2.3).</summary>
internal enum MemcgOomResult
{
    /// <summary>A victim was found, or is dying already.</summary>
    Success,
    /// <summary>Nobody could be killed.</summary>
    Failed,
    /// <summary>Left to the end of the page fault.</summary>
    Async,
    /// <summary>Not for this charge.</summary>
    Skipped,
}

/// <summary>What kept an allocation from memory that there may be elsewhere (§8.2 step 5).</summary>
[Kernel("enum oom_constraint", "include/linux/oom.h")]
internal enum OomConstraint
{
    /// <summary>Nothing: the whole machine is short of it.</summary>
    None,
    /// <summary>The nodes of its task's cpuset.</summary>
    Cpuset,
    /// <summary>The nodes of a memory policy that binds.</summary>
    MemoryPolicy,
    /// <summary>The limit of a memory cgroup.</summary>
    Memcg,
}

/// <summary>One call of the OOM killer.</summary>
[Kernel("struct oom_control", "include/linux/oom.h")]
internal sealed record OomContext
{
    /// <summary>The memory cgroup whose limit was hit; null = the whole machine.</summary>
    public MemCgroup? Memcg { get; init; }
    /// <summary>What kept the allocation from memory elsewhere.</summary>
    public OomConstraint Constraint { get; init; }
    /// <summary>The nodes that a memory policy allowed; null = none restricted it.</summary>
    public NodeMask? Nodes { get; init; }
    /// <summary>What the allocation could do.</summary>
    public Gfp Gfp { get; init; }
    /// <summary>log2 of its pages.</summary>
    public int Order { get; init; }
    /// <summary>The task that ran out of memory.</summary>
    public TaskStruct? Current { get; init; }
    /// <summary>Who asked is killed, whatever its badness (vm.oom_kill_allocating_task).</summary>
    public bool KillsAllocatingTask { get; init; }
    /// <summary>Pages that badness is measured against (§8.4).</summary>
    public long TotalPages { get; init; }
    /// <summary>Under a page fault of user space; false = in a system call.</summary>
    public bool InFault { get; init; }
}

/// <summary>Whom the selection chose.</summary>
/// <param name="Victim">The process; null when nobody can be killed.</param>
/// <param name="Points">Its badness.</param>
/// <param name="Aborted">A victim is dying already: nobody else is killed.</param>
internal readonly record struct OomChoice(TaskStruct? Victim, long Points, bool Aborted);
