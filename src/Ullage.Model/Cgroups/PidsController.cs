using Ullage.Abi;
using Ullage.Model.Tracing;

namespace Ullage.Model.Cgroups;

/// <summary>
/// The pids controller: it counts tasks, and refuses forks beyond pids.max. A move it never refuses (§10.2): tasks can be put where there are
/// too many already, and then nothing there can fork. It counts a move when it is asked, and counts it back when another controller refuses.
/// </summary>
[Kernel("pids_cgrp_subsys", "kernel/cgroup/pids.c")]
internal sealed class PidsController(Machine machine) : Controller
{
    public override string Name => "pids";

    public override bool IsThreaded => true;

    internal override bool Concerns(TaskSet tasks)
    {
        foreach (MovingTask each in tasks.Tasks)
        {
            if (each.From.Pids != each.To.Pids)
            {
                return true;
            }
        }
        return false;
    }

    [Kernel("pids_can_attach", "kernel/cgroup/pids.c")]
    protected internal override Errno CanAttach(TaskSet tasks)
    {
        foreach (MovingTask each in tasks.Tasks)
        {
            Recount(each.Task, each.To.Pids);
        }
        return Errno.None;
    }

    [Kernel("pids_cancel_attach", "kernel/cgroup/pids.c")]
    protected internal override void CancelAttach(TaskSet tasks)
    {
        foreach (MovingTask each in tasks.Tasks)
        {
            if (each.Task.HoldsCssSet)
            {
                Recount(each.Task, each.From.Pids);
            }
        }
    }

    private static void Recount(TaskStruct task, PidsCgroup? to)
    {
        to?.Charge(1);
        task.CountedIn?.Uncharge(1);
        task.CountedIn = to;
    }

    protected internal override string? Describe(TaskSet tasks, MigrationPhase phase)
    {
        PidsCgroup? to = tasks.Tasks[0].To.Pids;
        return to is null || phase != MigrationPhase.CanAttach ? null : to.Max < to.Current
            ? FormattableString.Invariant($"pids.current {to.Current} is above pids.max {to.Max}: it will not fork there")
            : FormattableString.Invariant($"pids.current {to.Current}");
    }

    /// <summary>May a task fork here? EAGAIN when it may not (§10.2). The child is counted already then.</summary>
    [Kernel("pids_can_fork", "kernel/cgroup/pids.c")]
    internal Errno TryFork(TaskStruct child)
    {
        if (child.CssSet.Pids is not { } here)
        {
            return Errno.None;
        }
        if (here.TryCharge() is not { } over)
        {
            child.CountedIn = here;
            return Errno.None;
        }
        Refuse(child.CssSet, here, over);
        return Errno.EAGAIN;
    }

    [Kernel("pids_event", "kernel/cgroup/pids.c")]
    private void Refuse(CssSet set, PidsCgroup here, PidsCgroup over)
    {
        if (++here.ForkFailures == 1)
        {
            machine.Log.Write((int)PrintkLevel.Info, "cgroup: fork rejected by pids controller in " + PathOf(set));
        }
        bool counted = machine.Era.Life.PidsEventsHierarchical && machine.Options.CgroupVersion == 2;
        if (!counted)
        {
            here.MaxEvents++;
            here.LocalEvents++;
            here.EventsChanges.Notify(machine.TimeNs);
            return;
        }
        over.LocalEvents++;
        for (PidsCgroup? p = over; p is not null; p = p.Parent)
        {
            p.MaxEvents++;
            p.EventsChanges.Notify(machine.TimeNs);
        }
    }

    private static string PathOf(CssSet set)
    {
        foreach (Cgroup cgroup in set.Cgroups)
        {
            if (cgroup.Pids == set.Pids)
            {
                Cgroup at = cgroup;
                while (at.OwnPids is null)
                {
                    at = at.Parent!;
                }
                return at.Path;
            }
        }
        return "/";
    }

    /// <summary>A task that existed before somebody counted is counted now (a root task, a fork that no limit was asked for).</summary>
    internal static void Count(TaskStruct task) => Recount(task, task.CssSet.Pids);

    /// <summary>The task is gone.</summary>
    [Kernel("pids_release", "kernel/cgroup/pids.c")]
    internal void Exit(TaskStruct task, CssSet from)
    {
        Invariant.Holds(task.CountedIn is null || from.Place >= 0 || machine.Panicked is not null);
        Recount(task, null);
    }

    /// <summary>Every subtree has as many tasks as its counter says.</summary>
    internal void Verify(CgroupHierarchy hierarchy)
    {
        Dictionary<PidsCgroup, long> counts = [];
        foreach (TaskStruct task in machine.Tasks.All)
        {
            Invariant.Holds(task.CountedIn == (task.CssSet.Pids), $"{task} is counted where it stands");
            for (PidsCgroup? p = task.CountedIn; p is not null; p = p.Parent)
            {
                counts[p] = counts.GetValueOrDefault(p) + 1;
            }
        }
        Verify(hierarchy.Root, counts);
    }

    private static void Verify(Cgroup cgroup, Dictionary<PidsCgroup, long> counts)
    {
        if (cgroup.OwnPids is { } pids)
        {
            Invariant.Holds(pids.Current == counts.GetValueOrDefault(pids), $"pids of {cgroup}: {pids.Current} = {counts.GetValueOrDefault(pids)}");
        }
        foreach (Cgroup child in cgroup.Children)
        {
            Verify(child, counts);
        }
    }
}
