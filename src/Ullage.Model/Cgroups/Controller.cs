using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>
/// A controller: what it has to say when tasks move (§10.1). Before anything moves each may refuse; one that agreed and is overruled by a
/// later one takes back what it did. After the commit nothing can fail. Own controllers can be added to a machine
/// (<see cref="ControllerList.Add"/>): they see every migration of the hierarchy that has the memory controller.
/// </summary>
[Kernel("struct cgroup_subsys", "include/linux/cgroup-defs.h")]
public abstract class Controller
{
    /// <summary>Its name, such as <c>memory</c>.</summary>
    public abstract string Name { get; }

    /// <summary>v2: it tells threads of one process apart, so that threaded cgroups can have it (§10.2).</summary>
    public virtual bool IsThreaded => false;

    /// <summary>The move changes something for it: otherwise it is not asked. An own controller is, in the hierarchy that has memory.</summary>
    internal virtual bool Concerns(TaskSet tasks) => tasks.Hierarchy.HasMemory;

    /// <summary>May these tasks move? Anything but <see cref="Errno.None"/> refuses, and leaves nothing behind.</summary>
    protected internal virtual Errno CanAttach(TaskSet tasks) => Errno.None;

    /// <summary>It agreed, a later controller refused: takes back what <see cref="CanAttach"/> did.</summary>
    protected internal virtual void CancelAttach(TaskSet tasks)
    {
    }

    /// <summary>The tasks have moved.</summary>
    protected internal virtual void Attach(TaskSet tasks)
    {
    }

    /// <summary>The tasks have moved and all locks are released (4.6+; before that it is a part of <see cref="Attach"/>).</summary>
    protected internal virtual void PostAttach(TaskSet tasks)
    {
    }

    /// <summary>What it did in a phase, for narration; null = nothing worth a word.</summary>
    protected internal virtual string? Describe(TaskSet tasks, MigrationPhase phase) => null;
}
