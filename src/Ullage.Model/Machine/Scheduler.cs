using Ullage.Abi;
using Ullage.Model.Pressure;

namespace Ullage.Model;

/// <summary>
/// CPUs, run queues and timers. A CPU that is free takes the first task of its queue, or of the longest one, and runs it
/// for a slice; effects happen at the slice's start, its cost keeps the CPU busy. Ties are broken by the order of adding.
/// </summary>
public sealed partial class Scheduler
{
    private const long SettleNs = 10_000_000;

    private readonly Machine _machine;
    private readonly List<TaskStruct>[] _queues;
    private readonly long[] _busyUntilNs;
    private readonly EventQueue _timers = new();
    private readonly List<TaskStruct> _frozen = []; // runnable, but for their cgroup
    private readonly SimRandom _random;
    private long _settledAtNs;

    internal Scheduler(Machine machine)
    {
        _machine = machine;
        _queues = new List<TaskStruct>[machine.Options.Cpus];
        for (int cpu = 0; cpu < _queues.Length; cpu++)
        {
            _queues[cpu] = [];
        }
        _busyUntilNs = new long[machine.Options.Cpus];
        _random = machine.Random.Fork("scheduler");
    }

    /// <summary>Called when all threads of a process have ended.</summary>
    public Action<SignalStruct>? ProcessEnded { get; set; }

    /// <summary>Runs <paramref name="action"/> at a time (nanoseconds since boot); earlier times run at once.</summary>
    public void At(long dueNs, Action action) => _timers.Add(Math.Max(dueNs, _machine.Clock.NowNs), action);

    /// <summary>Gives a task something to do and makes it runnable.</summary>
    public void Start(TaskStruct task, ITaskProgram program)
    {
        ArgumentNullException.ThrowIfNull(task);
        task.Program = program;
        task.Cpu = _random.Below(_queues.Length);
        task.State = TaskState.Running;
        Enqueue(task);
    }

    /// <summary>A thread with nothing to do: it sleeps until its process ends.</summary>
    public void Park(TaskStruct task)
    {
        ArgumentNullException.ThrowIfNull(task);
        task.State = TaskState.Sleeping;
        task.Cpu = _machine.CurrentCpu;
    }

    /// <summary>Wakes a task that sleeps.</summary>
    [Kernel("wake_up_process", "kernel/sched/core.c")]
    public void Wake(TaskStruct task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.State is TaskState.Sleeping or TaskState.WaitingForOom)
        {
            task.State = TaskState.Running;
            task.SleepGeneration++;
            if (task.Program is not null)
            {
                Enqueue(task);
            }
        }
        else if (task.FatalSignalPending)
        {
            Thaw(); // frozen tasks can be killed
        }
    }

    /// <summary>Lets tasks run whose cgroups are no longer frozen, or who were killed.</summary>
    [Kernel("cgroup_do_freeze", "kernel/cgroup/freezer.c")]
    internal void Thaw()
    {
        for (int i = 0; i < _frozen.Count;)
        {
            TaskStruct task = _frozen[i];
            if (task.Cgroup.Frozen && !task.FatalSignalPending)
            {
                i++;
                continue;
            }
            _frozen.RemoveAt(i);
            Enqueue(task);
        }
    }

    private void Enqueue(TaskStruct task)
    {
        task.Cpu = ChooseCpu(task, task.Cpu);
        _queues[task.Cpu].Add(task);
        _machine.Psi.Enqueue(task, task.Cpu);
    }

    private bool IsIdle(int cpu) => _queues[cpu].Count == 0 && _busyUntilNs[cpu] <= _machine.Clock.NowNs;

    /// <summary>Runs until <paramref name="untilNs"/> or until nothing is left to do; answers whether anything is left.</summary>
    public bool RunUntil(long untilNs)
    {
        while (_machine.Panicked is null && NextEventNs() is long next && next != long.MaxValue)
        {
            if (next > untilNs)
            {
                _machine.ResetCallTime(); // who looks now is in no call
                _machine.Clock.AdvanceTo(Math.Max(untilNs, _machine.Clock.NowNs));
                return true;
            }
            _machine.Clock.AdvanceTo(Math.Max(next, _machine.Clock.NowNs));
            RunDue();
        }
        if (_machine.Panicked is not null)
        {
            _machine.Clock.AdvanceTo(_machine.TimeNs); // it stopped inside a call
            _machine.ResetCallTime();
        }
        return false;
    }

    private void RunDue()
    {
        long now = _machine.Clock.NowNs;
        _machine.ResetCallTime();
        _machine.RunDueWork(now);
        _machine.Psi.AdvanceTo(now);
        while (_timers.NextDueNs <= now && _machine.Panicked is null)
        {
            _timers.Take(out _)();
        }
        for (int cpu = 0; cpu < _queues.Length; cpu++)
        {
            _machine.ResetCallTime();
            if (_busyUntilNs[cpu] <= now && _machine.Panicked is null && TakeNext(cpu, cpu) is { } task)
            {
                RunSlice(cpu, task);
            }
        }
        for (int cpu = 0; cpu < _queues.Length; cpu++)
        {
            if (_busyUntilNs[cpu] <= now && TakeNext(LongestQueue(cpu), cpu) is { } task)
            {
                RunSlice(cpu, task); // idle: it pulls from a CPU that is busy
            }
        }
    }

    /// <summary>
    /// When something happens next. Once no task has anything to do, kernel work that is due soon is still done (a victim's exit,
    /// a stock that drains); what the kernel would do seconds later for nobody is not waited for, unless a task waits for memory.
    /// </summary>
    private long NextEventNs()
    {
        long next = NextTaskEventNs();
        if (_machine.Psi.Polled)
        {
            next = Math.Min(next, Math.Max(_machine.Psi.NextDueNs, _machine.Clock.NowNs)); // who polls is told in time
        }
        bool worthWaiting = next != long.MaxValue || _machine.Work.NextDueNs <= _settledAtNs || _machine.Oom.Waiters.Any;
        return worthWaiting ? Math.Min(next, _machine.Work.NextDueNs) : long.MaxValue;
    }

    private long NextTaskEventNs()
    {
        long next = _timers.NextDueNs;
        bool anyQueued = false;
        foreach (List<TaskStruct> queue in _queues)
        {
            anyQueued |= queue.Count > 0;
        }
        if (!anyQueued)
        {
            return next;
        }
        long free = long.MaxValue;
        for (int cpu = 0; cpu < _busyUntilNs.Length; cpu++)
        {
            if (_busyUntilNs[cpu] < free && FindsWork(cpu))
            {
                free = _busyUntilNs[cpu];
            }
        }
        return Math.Min(next, Math.Max(free, _machine.Clock.NowNs));
    }

    /// <summary>The first task of a queue that may run on a CPU. One that waits for a CPU that it may not use any more goes to another.</summary>
    private TaskStruct? TakeNext(int from, int cpu)
    {
        for (int at = 0; at < _queues[from].Count;)
        {
            TaskStruct task = _queues[from][at];
            if (!MayRun(task, cpu) && from != cpu)
            {
                at++;
                continue;
            }
            _queues[from].RemoveAt(at);
            if (!MayRun(task, cpu))
            {
                task.Cpu = ChooseCpu(task, cpu);
                _queues[task.Cpu].Add(task);
                continue;
            }
            if (task.State != TaskState.Running || task.Program is null)
            {
                continue;
            }
            if (!task.Cgroup.Frozen || task.FatalSignalPending)
            {
                return task;
            }
            _frozen.Add(task);
            _machine.Psi.Change(task, PsiTask.Running | PsiTask.OnCpu, PsiTask.None);
        }
        return null;
    }

    private void RunSlice(int cpu, TaskStruct task)
    {
        Machine m = _machine;
        m.CurrentCpu = cpu;
        m.Current = task;
        task.Cpu = cpu;
        m.ResetCallTime();
        m.Psi.Switch(task, cpu);
        if (task.FatalSignalPending)
        {
            m.Spend(m.Costs.SyscallNs);
            m.ExitGroup(task.Signal, 0, task.Signal.ExitSignal);
        }
        else
        {
            Continue(task, task.Program!.Run(m, task, m.Costs.SliceNs));
        }
        _busyUntilNs[cpu] = m.Clock.NowNs + Math.Max(m.CallNs - m.StalledNs, 1);
        _settledAtNs = m.TimeNs + SettleNs;
        m.Current = null;
    }

    private void Continue(TaskStruct task, ProgramStep step)
    {
        Machine m = _machine;
        if (task.State == TaskState.Zombie || m.Panicked is not null)
        {
            return;
        }
        if (task.FatalSignalPending)
        {
            // Work, not a timer: who waits inside a call for this task's memory lets work run, but no timers.
            m.Work.Add(m.TimeNs + m.Costs.SignalDeliveryNs, () =>
            {
                m.CurrentCpu = task.Cpu;
                m.ExitGroup(task.Signal, 0, task.Signal.ExitSignal);
            });
            return;
        }
        switch (step.Next)
        {
            case ProgramNext.Ready when m.StalledNs > 0:
                Sleep(task, m.TimeNs); // it sleeps in the kernel: only a fatal signal wakes it before
                break;
            case ProgramNext.Ready:
                At(m.TimeNs, () => Requeue(task));
                break;
            case ProgramNext.Sleep:
                Sleep(task, m.TimeNs + step.Value);
                break;
            case ProgramNext.Blocked:
                task.State = task.State == TaskState.Running ? TaskState.Sleeping : task.State;
                m.Psi.Change(task, PsiTask.Running | PsiTask.OnCpu, PsiTask.None);
                break;
            default:
                m.ExitGroup(task.Signal, (int)step.Value, 0);
                break;
        }
    }

    private void Requeue(TaskStruct task)
    {
        if (task.State == TaskState.Running)
        {
            _queues[task.Cpu].Add(task);
        }
    }

    private void Sleep(TaskStruct task, long untilNs)
    {
        task.State = TaskState.Sleeping;
        _machine.Psi.Change(task, PsiTask.Running | PsiTask.OnCpu, PsiTask.None);
        int generation = ++task.SleepGeneration;
        At(untilNs, () =>
        {
            if (task.SleepGeneration == generation)
            {
                Wake(task);
            }
        });
    }
}
