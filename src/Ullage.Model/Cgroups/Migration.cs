using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>
/// Moves tasks between cgroups of one hierarchy, in the kernel's phases (§10.1): note the css_sets that are left; find or make those that are
/// entered; snapshot the tasks; ask every controller, and take everything back if one refuses; commit, which cannot fail; tell the
/// controllers; let go. Up to the commit nothing has changed that anybody could see.
/// </summary>
[Kernel("cgroup_attach_task", "kernel/cgroup/cgroup.c", Deviation = "One migration at a time: nothing forks or exits between its phases.")]
internal sealed class Migration(Machine machine)
{
    private readonly List<(CssSet Source, CssSet Destination)> _preloaded = [];
    private readonly List<Controller> _agreed = [];

    /// <summary>Who listens to every phase; null = nobody.</summary>
    public Action<MigrationEvent>? Watcher { get; set; }

    /// <summary>Moves a whole process or one thread.</summary>
    public Errno Attach(TaskStruct leader, bool wholeProcess, Cgroup destination)
    {
        TaskStruct[] tasks = wholeProcess ? [.. leader.Signal.Threads] : [leader];
        return Run(tasks, _ => destination, destination);
    }

    /// <summary>Moves tasks, each to the cgroup that <paramref name="target"/> names: its own one again where a controller came or went (§10.3).</summary>
    public Errno Run(IReadOnlyList<TaskStruct> tasks, Func<TaskStruct, Cgroup> target, Cgroup about)
    {
        if (tasks.Count == 0)
        {
            return Errno.None;
        }
        _preloaded.Clear();
        Tell(new() { Phase = MigrationPhase.Begin, TimeNs = machine.TimeNs, Task = tasks[0], Tasks = tasks.Count, Destination = about });
        Preload(tasks, target);
        Errno errno = Migrate(tasks, about.Hierarchy);
        foreach ((CssSet source, CssSet destination) in _preloaded)
        {
            machine.CssSets.Put(source);
            machine.CssSets.Put(destination);
        }
        Tell(new() { Phase = MigrationPhase.End, TimeNs = machine.TimeNs, Task = tasks[0], Errno = errno, Destination = about });
        return errno;
    }

    /// <summary>Sources, then destinations. Sources that are their own destination are dropped.</summary>
    [Kernel("cgroup_migrate_prepare_dst", "kernel/cgroup/cgroup.c")]
    private void Preload(IReadOnlyList<TaskStruct> tasks, Func<TaskStruct, Cgroup> target)
    {
        List<(CssSet Source, Cgroup Target)> sources = [];
        foreach (TaskStruct task in tasks)
        {
            CssSet source = task.CssSet;
            if (!task.Exiting && !sources.Exists(each => each.Source == source))
            {
                source.References++;
                sources.Add((source, target(task)));
                Tell(new() { Phase = MigrationPhase.Source, TimeNs = machine.TimeNs, From = source, Tasks = source.Tasks.Count });
            }
        }
        foreach ((CssSet source, Cgroup cgroup) in sources)
        {
            CssSet destination = machine.CssSets.Find(source, cgroup, out bool made);
            if (source == destination)
            {
                Tell(new() { Phase = MigrationPhase.Same, TimeNs = machine.TimeNs, From = source, To = destination });
                machine.CssSets.Put(source);
                machine.CssSets.Put(destination);
                continue;
            }
            _preloaded.Add((source, destination));
            Tell(new() { Phase = MigrationPhase.Destination, TimeNs = machine.TimeNs, From = source, To = destination, IsNew = made });
        }
    }

    [Kernel("cgroup_migrate", "kernel/cgroup/cgroup.c")]
    private Errno Migrate(IReadOnlyList<TaskStruct> tasks, CgroupHierarchy hierarchy)
    {
        TaskSet moving = Snapshot(tasks, hierarchy);
        if (moving.Tasks.Count == 0)
        {
            return Errno.None; // controllers are not asked when nothing moves
        }
        List<Controller> affected = Affected(moving);
        Errno errno = Ask(moving, affected);
        if (errno != Errno.None)
        {
            return errno;
        }
        Tell(new() { Phase = MigrationPhase.Commit, TimeNs = machine.TimeNs, Tasks = moving.Tasks.Count });
        foreach (MovingTask each in moving.Tasks)
        {
            if (each.Task.Exiting)
            {
                continue; // killed while a controller made room for it
            }
            machine.CssSets.Move(each.Task, each.To);
            machine.Psi.Move(each.Task);
            Tell(new() { Phase = MigrationPhase.Moved, TimeNs = machine.TimeNs, Task = each.Task, From = each.From, To = each.To });
        }
        foreach (Controller controller in affected)
        {
            controller.Attach(moving);
            if (!machine.Era.Life.HasPostAttach)
            {
                controller.PostAttach(moving);
            }
            Tell(new() { Phase = MigrationPhase.Attach, TimeNs = machine.TimeNs, Controller = controller, Note = controller.Describe(moving, MigrationPhase.Attach) });
        }
        foreach (Controller controller in machine.Era.Life.HasPostAttach ? affected : [])
        {
            controller.PostAttach(moving);
            Tell(new() { Phase = MigrationPhase.PostAttach, TimeNs = machine.TimeNs, Controller = controller, Note = controller.Describe(moving, MigrationPhase.PostAttach) });
        }
        return Errno.None;
    }

    private TaskSet Snapshot(IReadOnlyList<TaskStruct> tasks, CgroupHierarchy hierarchy)
    {
        TaskSet moving = new(hierarchy);
        foreach (TaskStruct task in tasks)
        {
            if (task.Exiting)
            {
                Tell(new() { Phase = MigrationPhase.Skipped, TimeNs = machine.TimeNs, Task = task });
                continue;
            }
            foreach ((CssSet source, CssSet destination) in _preloaded)
            {
                if (task.CssSet == source)
                {
                    moving.Add(new MovingTask(task, source, destination));
                }
            }
        }
        return moving;
    }

    private List<Controller> Affected(TaskSet moving)
    {
        List<Controller> affected = [];
        foreach (Controller controller in machine.Controllers.All)
        {
            if (controller.Concerns(moving))
            {
                affected.Add(controller);
            }
        }
        return affected;
    }

    private Errno Ask(TaskSet moving, List<Controller> affected)
    {
        _agreed.Clear();
        foreach (Controller controller in affected)
        {
            Errno errno = controller.CanAttach(moving);
            Tell(new() { Phase = MigrationPhase.CanAttach, TimeNs = machine.TimeNs, Controller = controller, Errno = errno, Note = controller.Describe(moving, MigrationPhase.CanAttach) });
            if (errno != Errno.None)
            {
                foreach (Controller agreed in _agreed)
                {
                    agreed.CancelAttach(moving);
                    Tell(new() { Phase = MigrationPhase.CancelAttach, TimeNs = machine.TimeNs, Controller = agreed });
                }
                return errno;
            }
            _agreed.Add(controller);
        }
        return Errno.None;
    }

    private void Tell(MigrationEvent happened) => Watcher?.Invoke(happened);
}
