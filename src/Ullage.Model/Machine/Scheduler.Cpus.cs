using Ullage.Abi;

namespace Ullage.Model;

/// <summary>Which CPU a task runs on: one that its cpuset allows.</summary>
public sealed partial class Scheduler
{
    /// <summary>Of the CPUs that its cpuset allows the one it ran on if that is idle, else an idle one, else the one it ran on.</summary>
    private int ChooseCpu(TaskStruct task, int previous)
    {
        bool mayStay = MayRun(task, previous);
        if (mayStay && IsIdle(previous))
        {
            return previous;
        }
        int first = -1;
        for (int cpu = 0; cpu < _queues.Length; cpu++)
        {
            if (!MayRun(task, cpu))
            {
                continue;
            }
            first = first < 0 ? cpu : first;
            if (IsIdle(cpu))
            {
                return cpu;
            }
        }
        return mayStay ? previous : first;
    }

    [Kernel("cpuset_cpus_allowed", "kernel/cgroup/cpuset.c")]
    private static bool MayRun(TaskStruct task, int cpu) => task.CssSet.Cpuset is not { Parent: not null } cpuset || cpuset.TaskCpus.Has(cpu);

    [Kernel("sched_balance_newidle", "kernel/sched/fair.c")]
    private int LongestQueue(int cpu)
    {
        int longest = cpu;
        for (int other = 0; other < _queues.Length; other++)
        {
            longest = _queues[other].Count > _queues[longest].Count && HasWorkFor(other, cpu) ? other : longest;
        }
        return longest;
    }

    /// <summary>Some task of a queue may run on a CPU, or is in the wrong queue and moves on once its CPU is free.</summary>
    private bool HasWorkFor(int from, int cpu)
    {
        foreach (TaskStruct task in _queues[from])
        {
            if (from == cpu || MayRun(task, cpu))
            {
                return true;
            }
        }
        return false;
    }

    private bool FindsWork(int cpu)
    {
        for (int from = 0; from < _queues.Length; from++)
        {
            if (HasWorkFor(from, cpu))
            {
                return true;
            }
        }
        return false;
    }
}
