using Ullage.Abi;
using Ullage.Model.Cgroups;

namespace Ullage.Model;

/// <summary>Tasks and cgroups: who stands where, and moving (§10).</summary>
public sealed partial class Machine
{
    /// <summary>All mounted hierarchies in the order of mounting; one on v2.</summary>
    public IReadOnlyList<CgroupHierarchy> Hierarchies { get; }

    /// <summary>Where tasks stand: combinations of cgroups, shared.</summary>
    public CssSets CssSets { get; }

    /// <summary>Controllers, in the order in which they are asked. Own ones can be added.</summary>
    public ControllerList Controllers { get; }

    /// <summary>Own files in every /proc/&lt;pid&gt; directory.</summary>
    public Kernfs.ProcPidFiles ProcPidFiles { get; } = new();

    internal Migration Migration { get; }

    /// <summary>Told of every phase of every migration from now on; null = nobody listens.</summary>
    public Action<MigrationEvent>? MigrationWatcher { get => Migration.Watcher; set => Migration.Watcher = value; }

    /// <summary>Moves a process, or one thread, into a cgroup on behalf of the current task: <see cref="Attach"/>, but EACCES for whom it is not allowed.</summary>
    [Kernel("__cgroup_procs_write", "kernel/cgroup/cgroup.c")]
    public Errno Move(Cgroup destination, int pid, bool wholeProcess)
    {
        ArgumentNullException.ThrowIfNull(destination);
        TaskStruct? task = pid == 0 ? Current : Tasks.Find(pid);
        if (task is null || !destination.Online || MayMove(task, task.CssSet.Cgroups[destination.Hierarchy.Index], destination))
        {
            return Attach(destination, pid, wholeProcess);
        }
        Spend(Costs.ControlWriteNs);
        return Errno.EACCES;
    }

    /// <summary>Moves a process, or one thread, into a cgroup (§10.2), whoever asks for it.</summary>
    /// <param name="destination">A cgroup of any mounted hierarchy.</param>
    /// <param name="pid">A thread id; 0 = the current task.</param>
    /// <param name="wholeProcess">All threads (cgroup.procs), or this one alone (tasks, cgroup.threads).</param>
    /// <returns>ENODEV, ESRCH, EBUSY, EOPNOTSUPP as in §10.2, or what a controller answered. On any of them nothing has changed.</returns>
    [Kernel("cgroup_attach_task", "kernel/cgroup/cgroup.c")]
    public Errno Attach(Cgroup destination, int pid, bool wholeProcess)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Spend(Costs.MigrateNs);
        if (!destination.Online)
        {
            return Errno.ENODEV;
        }
        TaskStruct? task = pid == 0 ? Current : Tasks.Find(pid);
        if (task is null)
        {
            return Errno.ESRCH;
        }
        if (wholeProcess)
        {
            task = task.Signal.Leader;
        }
        Cgroup source = task.CssSet.Cgroups[destination.Hierarchy.Index];
        Errno errno = Hierarchy.Version == 2 ? Threading.VetDestination(source, destination, wholeProcess) : Errno.None;
        return errno != Errno.None ? errno : Migration.Attach(task, wholeProcess, destination);
    }

    /// <summary>v1: whose task it is. v2: whose cgroups they are, up to the one above both.</summary>
    [Kernel("cgroup_procs_write_permission", "kernel/cgroup/cgroup.c", Deviation = "No cgroup namespaces.")]
    private bool MayMove(TaskStruct task, Cgroup source, Cgroup destination)
    {
        if (Current is not { Signal: { IsPrivileged: false } writer })
        {
            return true;
        }
        if (Hierarchy.Version == 1)
        {
            return writer.Uid == task.Signal.Uid;
        }
        Cgroup common = destination;
        while (!source.IsBelow(common))
        {
            common = common.Parent!;
        }
        return common.OwnerUid == writer.Uid;
    }

    /// <summary>Removed cgroups that are still in memory, each with what keeps it there, in the order of their ids.</summary>
    public IReadOnlyList<DyingCgroup> DyingCgroups()
    {
        List<DyingCgroup> dying = [];
        foreach (Charging.MemCgroup memcg in Hierarchy.Memcgs)
        {
            if (!memcg.Online)
            {
                dying.Add(DyingCgroup.Of(this, memcg));
            }
        }
        return dying;
    }

    /// <summary>
    /// Hands a cgroup to a user: the files that delegation names (cgroup.procs, cgroup.threads, cgroup.subtree_control and others) can be written
    /// and cgroups made in it; its own limits stay with the one above.
    /// </summary>
    [Kernel("cgroup_kn_set_ugid", "kernel/cgroup/cgroup.c")]
    public static void Delegate(Cgroup cgroup, int uid)
    {
        ArgumentNullException.ThrowIfNull(cgroup);
        ArgumentOutOfRangeException.ThrowIfNegative(uid);
        cgroup.OwnerUid = uid;
    }
}
