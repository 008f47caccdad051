using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Tracing;

namespace Ullage.Model.Oom;

/// <summary>Killing whom the selection chose (§8.5), or helping out who is on the way out already.</summary>
internal sealed partial class OomKiller
{
    /// <summary>A task that is on its way out and whose memory the reaper has not taken yet: killing it, or another one, gives nothing more.</summary>
    [Kernel("task_will_free_mem", "mm/oom_kill.c", Deviation = "No two processes share an address space.")]
    private bool WillFreeMemory(TaskStruct task, bool isCurrent) => task.Mm is { OomSkip: false }
        && (task.Exiting || (task.FatalSignalPending && (isCurrent || _rules.KilledWillFreeMemory)));

    /// <summary>It may use the reserves from now on, and the reaper helps it.</summary>
    [Kernel("mark_oom_victim", "mm/oom_kill.c")]
    private void MarkVictim(TaskStruct task)
    {
        task.IsOomVictim = true;
        _reaper.Queue(task);
    }

    [Kernel("oom_kill_process", "mm/oom_kill.c")]
    private void KillProcess(OomContext oc, OomChoice choice)
    {
        TaskStruct victim = choice.Victim!;
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.OomKillProcess);
        }
        if (WillFreeMemory(victim, isCurrent: false))
        {
            MarkVictim(victim); // §8.5 step 1: no report, no count, no second signal
            return;
        }
        _machine.Spend(_machine.Costs.OomReportNs);
        _report.Header(oc, choice);
        if (_rules.SacrificeChild)
        {
            victim = WorstChild(victim, oc) ?? victim;
        }
        MemCgroup? group = _rules.OomGroup ? OomGroupOf(victim, oc.Memcg) : null;
        Kill(oc, victim);
        if (group is not null)
        {
            KillGroup(oc, group);
        }
        if (_rules.SleepsAfterKill && _machine.Current is { FatalSignalPending: false })
        {
            _machine.Stall(1_000_000_000 / _machine.Options.Hz);
        }
    }

    /// <summary>§8.5 step 3: any child with a positive badness goes before its parent.</summary>
    private TaskStruct? WorstChild(TaskStruct parent, OomContext oc)
    {
        TaskStruct? worst = null;
        long most = 0;
        foreach (SignalStruct child in parent.Signal.Children)
        {
            bool elsewhere = child.Leader.Mm == parent.Mm || !IsEligible(oc, child.Leader) || (oc.Memcg is { } domain && !child.Leader.Cgroup.Memcg.IsDescendantOf(domain));
            long points = elsewhere ? 0 : Badness.Of(child.Leader, oc.TotalPages);
            if (points > most)
            {
                (worst, most) = (child.Leader, points);
            }
        }
        return worst;
    }

    /// <summary>§2.8: the highest group with oom.group between the victim and the limit.</summary>
    [Kernel("mem_cgroup_get_oom_group", "mm/memcontrol.c")]
    private static MemCgroup? OomGroupOf(TaskStruct victim, MemCgroup? domain)
    {
        MemCgroup? group = null;
        for (MemCgroup? m = victim.Cgroup.Memcg; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            group = m.OomGroup ? m : group;
            if (m == domain)
            {
                break;
            }
        }
        return group;
    }

    private void KillGroup(OomContext oc, MemCgroup group)
    {
        if (_rules.OomGroupKillEvent)
        {
            group.RaiseEvent(MemcgEvent.OomGroupKill);
        }
        _report.GroupKill(group);
        foreach (TaskStruct task in new List<TaskStruct>(Candidates(group)))
        {
            if (task.Signal.OomScoreAdj != -1000 && task.Mm is not null)
            {
                Kill(oc, task);
            }
        }
    }

    [Kernel("__oom_kill_process", "mm/oom_kill.c")]
    private void Kill(OomContext oc, TaskStruct victim)
    {
        if (victim.Mm is null)
        {
            _report.AlreadyExiting(oc, victim);
            return;
        }
        Kills++;
        (victim.Mm?.Owner ?? victim).Cgroup.Memcg.RaiseEvent(MemcgEvent.OomKill);
        victim.Signal.OomKilled = true;
        foreach (TaskStruct thread in victim.Signal.Threads)
        {
            thread.IsOomVictim = true;
        }
        _machine.SendFatal(victim.Signal, 9);
        _report.Killed(oc, victim);
        if (victim.Signal != _machine.Current?.Signal)
        {
            _machine.Work.Add(_machine.TimeNs + _machine.Costs.DeathNs, () =>
            {
                _machine.CurrentCpu = victim.Cpu;
                _machine.ExitGroup(victim.Signal, 0, 9);
            });
        }
        _reaper.Queue(victim);
    }
}
