using Ullage.Abi;
using Ullage.Model.Cgroups;

namespace Ullage.Model;

/// <summary>All tasks, by pid.</summary>
public sealed class TaskTable
{
    private readonly Machine _machine;
    private readonly SortedDictionary<int, TaskStruct> _byPid = [];
    private int _lastPid;

    internal TaskTable(Machine machine)
    {
        _machine = machine;
        _lastPid = 1000 + machine.Random.Fork("pid").Below(2000);
    }

    /// <summary>The task with this thread id, or null. Zombies are found.</summary>
    public TaskStruct? Find(int pid) => _byPid.GetValueOrDefault(pid);

    /// <summary>All tasks by pid, zombies included.</summary>
    public IEnumerable<TaskStruct> All => _byPid.Values;

    /// <summary>How many there are.</summary>
    public int Count => _byPid.Count;

    internal TaskStruct AddProcess(string comm, CssSet cssSet, SignalStruct? parent)
    {
        int pid = NextPid();
        SignalStruct signal = new() { Tgid = pid, Parent = parent };
        TaskStruct task = Add(pid, signal, cssSet, comm);
        signal.Leader = task;
        parent?.Children.Add(signal);
        return task;
    }

    internal TaskStruct AddThread(SignalStruct signal, CssSet cssSet, string comm) => Add(NextPid(), signal, cssSet, comm);

    private TaskStruct Add(int pid, SignalStruct signal, CssSet cssSet, string comm)
    {
        TaskStruct task = new(pid, signal, cssSet, comm.Length > 15 ? comm[..15] : comm);
        task.Cpu = _machine.CurrentCpu;
        signal.Threads.Add(task);
        _byPid.Add(pid, task);
        CssSets.Link(task);
        return task;
    }

    private int NextPid()
    {
        const int pidMax = 4_194_304;
        do
        {
            _lastPid = _lastPid >= pidMax ? 300 : _lastPid + 1;
        }
        while (_byPid.ContainsKey(_lastPid));
        return _lastPid;
    }

    /// <summary>Removes a task that nobody will look at again.</summary>
    [Kernel("release_task", "kernel/exit.c")]
    internal void Release(TaskStruct task)
    {
        task.Objects?.FreeAll();
        _byPid.Remove(task.Pid);
        _machine.CssSets.Release(task);
        if (task == task.Signal.Leader)
        {
            task.Signal.Parent?.Children.Remove(task.Signal);
        }
    }
}
