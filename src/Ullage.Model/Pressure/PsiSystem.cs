using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Model.Pressure;

/// <summary>
/// PSI of one machine: takes the changes of tasks, brings them into the order of time, and runs the work of groups between
/// them. A call of the model runs to its end at its beginning, so the changes inside it lie ahead of the clock; they wait
/// here, and everything up to a time is carried out when somebody looks (docs/mechanisms/pressure.md).
/// </summary>
[Kernel("psi_task_change", "kernel/sched/psi.c")]
internal sealed class PsiSystem
{
    private readonly Machine _machine;
    private readonly PressureRules _rules;
    private readonly PsiChangeQueue _changes = new();
    private readonly List<PsiGroup> _groups = []; // whose work may be due
    private readonly TaskStruct?[] _stalledOnCpu; // by CPU: its running task, when that stalls
    private readonly TaskStruct?[] _lastOnCpu; // by CPU: whom the scheduler last gave it to
    private readonly long _tickNs;
    private readonly bool _sampledByTick;
    private int _stalledCpus;
    private long _doneNs;
    private long _nextWorkNs = long.MaxValue;

    public PsiSystem(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.Pressure;
        Enabled = _rules.Exists && machine.Options.Psi;
        _tickNs = 1_000_000_000L / machine.Options.Hz;
        _sampledByTick = _rules.MemFull == MemFullRule.NobodyRuns;
        _stalledOnCpu = new TaskStruct?[machine.Options.Cpus];
        _lastOnCpu = new TaskStruct?[machine.Options.Cpus];
        Everything = NewGroup(null);
    }

    /// <summary>The kernel has PSI and it is on.</summary>
    public bool Enabled { get; }

    /// <summary>The group of all tasks.</summary>
    public PsiGroup Everything { get; }

    /// <summary>Somebody polls, so that time must not jump over <see cref="NextDueNs"/>.</summary>
    public bool Polled { get; private set; }

    /// <summary>When something happens next; <see cref="long.MaxValue"/> = nothing is foreseen.</summary>
    public long NextDueNs => Math.Min(_changes.NextNs, _nextWorkNs);

    /// <summary>The group of a new v2 cgroup.</summary>
    public PsiGroup NewGroup(PsiGroup? parent)
    {
        PsiGroup group = new(_rules, parent, _machine.Options.Cpus, _machine.Options.Hz, _machine.TimeNs);
        if (Enabled)
        {
            _groups.Add(group);
        }
        return group;
    }

    /// <summary>A cgroup was removed.</summary>
    public void Forget(PsiGroup group)
    {
        AdvanceTo(_machine.TimeNs);
        group.Gone = true;
        _groups.Remove(group);
        FindNextWork();
    }

    private PsiGroup GroupOf(Cgroup cgroup) => cgroup.Pressure ?? Everything;

    /// <summary>The task's state changes now, inside a call or between calls.</summary>
    public void Change(TaskStruct task, PsiTask clear, PsiTask set)
    {
        if (Enabled)
        {
            ref PsiTaskState psi = ref Foreseen(task);
            Foresee(task, (psi.Foreseen & ~clear) | set, psi.ForeseenCpu);
        }
    }

    /// <summary>The task becomes runnable on a CPU.</summary>
    [Kernel("psi_enqueue", "kernel/sched/stats.h")]
    public void Enqueue(TaskStruct task, int cpu)
    {
        if (Enabled)
        {
            Foresee(task, (Foreseen(task).Foreseen & ~PsiTask.IoWait) | PsiTask.Running, cpu);
        }
    }

    /// <summary>The task gets a CPU; who had it last, waits from now on if it still wants to run.</summary>
    [Kernel("psi_sched_switch", "kernel/sched/stats.h")]
    public void Switch(TaskStruct task, int cpu)
    {
        if (!Enabled)
        {
            return;
        }
        if (_lastOnCpu[cpu] is { } last && last != task && last.Psi.ForeseenCpu == cpu && (last.Psi.Foreseen & PsiTask.OnCpu) != 0)
        {
            Change(last, PsiTask.OnCpu, PsiTask.None);
        }
        _lastOnCpu[cpu] = task;
        Foresee(task, Foreseen(task).Foreseen | PsiTask.Running | PsiTask.OnCpu, cpu);
    }

    /// <summary>The task was moved to another cgroup.</summary>
    [Kernel("cgroup_move_task", "kernel/sched/psi.c")]
    public void Move(TaskStruct task)
    {
        if (Enabled)
        {
            Foresee(task, Foreseen(task).Foreseen, task.Psi.ForeseenCpu);
        }
    }

    /// <summary>The task's state now. When more was foreseen, as of a sleep that a signal ends, that does not happen.</summary>
    private ref PsiTaskState Foreseen(TaskStruct task)
    {
        ref PsiTaskState psi = ref task.Psi;
        if (_machine.TimeNs < psi.ForeseenNs)
        {
            PsiChange last = _changes.DropAfter(task, _machine.TimeNs) ?? new PsiChange { State = psi.Counted, Cpu = psi.Cpu, Group = psi.Group! };
            (psi.Foreseen, psi.ForeseenCpu, psi.ForeseenGroup) = (last.State, last.Cpu, last.Group);
        }
        return ref psi;
    }

    private void Foresee(TaskStruct task, PsiTask state, int cpu)
    {
        PsiGroup group = GroupOf(task.Cgroup);
        ref PsiTaskState psi = ref task.Psi;
        if (state != psi.Foreseen || cpu != psi.ForeseenCpu || group != psi.ForeseenGroup)
        {
            (psi.Foreseen, psi.ForeseenCpu, psi.ForeseenGroup, psi.ForeseenNs) = (state, cpu, group, _machine.TimeNs);
            _changes.Add(_machine.TimeNs, task, state, cpu, group);
        }
    }

    /// <summary>A stall begins. Answers what <see cref="MemstallLeave"/> must be given: nested stalls count once.</summary>
    [Kernel("psi_memstall_enter", "kernel/sched/psi.c")]
    public bool MemstallEnter(TaskStruct? task)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(Tracing.KernelFunction.PsiMemstallEnter);
        }
        if (!Enabled || task is null || task.InMemstall)
        {
            return true;
        }
        task.InMemstall = true;
        Change(task, PsiTask.None, PsiTask.MemStall);
        return false;
    }

    /// <summary>A stall ends.</summary>
    [Kernel("psi_memstall_leave", "kernel/sched/psi.c")]
    public void MemstallLeave(TaskStruct? task, bool nested)
    {
        if (!nested)
        {
            task!.InMemstall = false;
            if (task.State != TaskState.Zombie)
            {
                Change(task, PsiTask.MemStall, PsiTask.None);
            }
        }
    }

    /// <summary>Carries out everything up to a time: changes, the timer tick of stalled CPUs, the work of groups.</summary>
    public void AdvanceTo(long untilNs)
    {
        while (true)
        {
            long change = _changes.NextNs;
            long tick = _stalledCpus > 0 ? ((_doneNs / _tickNs) + 1) * _tickNs : long.MaxValue;
            long next = Math.Min(Math.Min(change, tick), _nextWorkNs);
            if (next > untilNs)
            {
                break;
            }
            _doneNs = Math.Max(next, _doneNs);
            if (tick <= change && tick <= _nextWorkNs)
            {
                Tick();
            }
            else if (change <= _nextWorkNs)
            {
                Carry(_changes.Take());
            }
            else
            {
                RunWork();
            }
        }
        _doneNs = Math.Max(untilNs, _doneNs);
    }

    private void Tick()
    {
        for (int cpu = 0; cpu < _stalledOnCpu.Length; cpu++)
        {
            for (PsiGroup? group = _stalledOnCpu[cpu]?.Psi.Group; group is not null; group = group.Parent)
            {
                group.Tick(cpu, _doneNs);
            }
        }
    }

    private void Carry(PsiChange change)
    {
        if (change.Task is not { } task)
        {
            return;
        }
        ref PsiTaskState psi = ref task.Psi;
        if (psi.Group == change.Group && psi.Cpu == change.Cpu)
        {
            ChangeAll(change.Group, change.Cpu, psi.Counted, change.State);
        }
        else
        {
            if (psi.Group is { } left)
            {
                ChangeAll(left, psi.Cpu, psi.Counted, PsiTask.None);
            }
            ChangeAll(change.Group, change.Cpu, PsiTask.None, change.State);
        }
        NoteStalledCpu(task, psi.Cpu, change);
        (psi.Counted, psi.Cpu, psi.Group) = (change.State, change.Cpu, change.Group);
    }

    private void ChangeAll(PsiGroup first, int cpu, PsiTask before, PsiTask after)
    {
        for (PsiGroup? group = first; group is not null; group = group.Parent)
        {
            group.Change(cpu, before, after, _doneNs);
            _nextWorkNs = Math.Min(_nextWorkNs, Math.Min(group.WorkDueNs, group.Triggers.WorkDueNs));
        }
    }

    private void NoteStalledCpu(TaskStruct task, int lastCpu, PsiChange change)
    {
        if (!_sampledByTick)
        {
            return;
        }
        if (_stalledOnCpu[lastCpu] == task)
        {
            _stalledOnCpu[lastCpu] = null;
            _stalledCpus--;
        }
        const PsiTask stalled = PsiTask.MemStall | PsiTask.OnCpu;
        if ((change.State & stalled) == stalled && _stalledOnCpu[change.Cpu] is null)
        {
            _stalledOnCpu[change.Cpu] = task;
            _stalledCpus++;
        }
    }

    private void RunWork()
    {
        for (int i = 0; i < _groups.Count; i++)
        {
            PsiGroup group = _groups[i];
            if (group.Triggers.WorkDueNs <= _doneNs)
            {
                group.Triggers.RunWork(_doneNs);
            }
            if (group.WorkDueNs <= _doneNs)
            {
                group.RunWork(_doneNs);
            }
        }
        FindNextWork();
    }

    /// <summary>What must hold between any two calls (tests).</summary>
    public void Verify()
    {
        foreach (PsiGroup group in _groups)
        {
            group.Verify(Math.Max(_machine.TimeNs, _doneNs));
        }
    }

    /// <summary>Finds when work is due next, and whether somebody polls.</summary>
    public void FindNextWork()
    {
        (_nextWorkNs, Polled) = (long.MaxValue, false);
        foreach (PsiGroup group in _groups)
        {
            _nextWorkNs = Math.Min(_nextWorkNs, Math.Min(group.WorkDueNs, group.Triggers.WorkDueNs));
            Polled |= group.Triggers.Any;
        }
    }
}
