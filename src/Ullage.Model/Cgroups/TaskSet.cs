using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>One task of a migration: where it stands and where it will.</summary>
/// <param name="Task">The task.</param>
/// <param name="From">Its css_set before the move.</param>
/// <param name="To">Its css_set after it.</param>
public readonly record struct MovingTask(TaskStruct Task, CssSet From, CssSet To);

/// <summary>The tasks of one migration, the first thread of the process first (§10.1 step 3).</summary>
[Kernel("struct cgroup_taskset", "kernel/cgroup/cgroup-internal.h")]
public sealed class TaskSet
{
    private readonly List<MovingTask> _tasks = [];

    internal TaskSet(CgroupHierarchy hierarchy) => Hierarchy = hierarchy;

    /// <summary>The hierarchy in which they move.</summary>
    public CgroupHierarchy Hierarchy { get; }

    /// <summary>The tasks that move.</summary>
    public IReadOnlyList<MovingTask> Tasks => _tasks;

    internal void Add(MovingTask task) => _tasks.Add(task);

    /// <summary>The cgroup that a task leaves.</summary>
    public Cgroup Source(MovingTask task) => task.From.Cgroups[Hierarchy.Index];

    /// <summary>The cgroup that a task enters.</summary>
    public Cgroup Destination(MovingTask task) => task.To.Cgroups[Hierarchy.Index];
}
