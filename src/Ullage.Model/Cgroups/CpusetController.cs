using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Pages;

namespace Ullage.Model.Cgroups;

/// <summary>The cpuset controller: v1 lets nobody enter a cgroup without CPUs or nodes (§10.2); memory policies follow a task to its new nodes.</summary>
[Kernel("cpuset_cgrp_subsys", "kernel/cgroup/cpuset.c", Deviation = "Pages stay where they are when a task moves or its nodes change (cpuset.memory_migrate off). No partitions, no load balancing, no spreading of page cache.")]
internal sealed class CpusetController(Machine machine) : Controller
{
    public override string Name => "cpuset";

    public override bool IsThreaded => true;

    internal override bool Concerns(TaskSet tasks)
    {
        foreach (MovingTask each in tasks.Tasks)
        {
            if (each.From.Cpuset != each.To.Cpuset)
            {
                return true;
            }
        }
        return false;
    }

    [Kernel("cpuset_can_attach", "kernel/cgroup/cpuset.c")]
    protected internal override Errno CanAttach(TaskSet tasks)
    {
        foreach (MovingTask each in tasks.Tasks)
        {
            if (each.To.Cpuset is { } to && (to.EffectiveMems.IsEmpty || to.EffectiveCpus.IsEmpty))
            {
                return Errno.ENOSPC;
            }
        }
        return Errno.None;
    }

    [Kernel("cpuset_attach", "kernel/cgroup/cpuset.c")]
    protected internal override void Attach(TaskSet tasks)
    {
        NodeMask all = NodeMask.First(machine.Options.Nodes);
        foreach (MovingTask each in tasks.Tasks)
        {
            Rebind(each.Task, each.From.Cpuset?.TaskMems ?? all, each.To.Cpuset?.TaskMems ?? all);
        }
    }

    protected internal override string? Describe(TaskSet tasks, MigrationPhase phase) => tasks.Tasks[0].To.Cpuset is { } to && phase == MigrationPhase.CanAttach
        ? $"nodes {(to.EffectiveMems.IsEmpty ? "none" : to.EffectiveMems)}, CPUs {(to.EffectiveCpus.IsEmpty ? "none" : to.EffectiveCpus)}" : null;

    /// <summary>Policies of a task, and of its mappings, are moved to nodes that it may use.</summary>
    [Kernel("mpol_rebind_task", "mm/mempolicy.c")]
    private static void Rebind(TaskStruct task, NodeMask before, NodeMask now)
    {
        if (before == now)
        {
            return;
        }
        task.Policy = task.Policy?.Rebound(before, now);
        if (task.Signal.Leader != task)
        {
            return;
        }
        foreach (Vma vma in task.Mm?.Vmas ?? [])
        {
            vma.Policy = vma.Policy?.Rebound(before, now);
        }
    }

    /// <summary>A file of a cpuset was written: what counts changes there and below, and for the tasks in them.</summary>
    [Kernel("update_tasks_nodemask", "kernel/cgroup/cpuset.c")]
    public void Changed(Cpuset cpuset)
    {
        NodeMask before = cpuset.TaskMems;
        cpuset.Refresh();
        foreach (TaskStruct task in machine.Tasks.All)
        {
            if (task.CssSet.Cpuset == cpuset)
            {
                Rebind(task, before, cpuset.TaskMems);
            }
        }
        foreach (Cpuset below in cpuset.Children)
        {
            Changed(below);
        }
    }

    /// <summary>What a subtree may use is within what its root may, and every task has a CPU and a node.</summary>
    public void Verify(Cgroup cgroup)
    {
        if (cgroup.OwnCpuset is { Parent: { } above } own)
        {
            Invariant.Holds(own.EffectiveMems.IsWithin(above.EffectiveMems) && own.EffectiveCpus.IsWithin(above.EffectiveCpus), $"{own} is within the one above");
            Invariant.Holds(!own.TaskMems.IsEmpty && !own.TaskCpus.IsEmpty, $"{own} has something for its tasks");
        }
        foreach (Cgroup child in cgroup.Children)
        {
            Verify(child);
        }
    }
}
