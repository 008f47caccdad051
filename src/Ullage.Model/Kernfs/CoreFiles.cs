using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Kernfs;

/// <summary>What the core files of both versions share: lists of pids and moving them (§10.2).</summary>
internal sealed class CoreFiles(Machine machine)
{
    private const int KthreaddPid = 2; // on every kernel, and it stays in the root

    /// <summary>Process ids, or thread ids. v1 shows a sorted snapshot without repeats, v2 the order of its lists.</summary>
    [Kernel("cgroup_procs_show", "kernel/cgroup/cgroup.c")]
    public string ShowPids(Cgroup cgroup, bool threads)
    {
        List<int> pids = [];
        AddPids(cgroup, threads, pids);
        if (cgroup.Hierarchy.Version == 1)
        {
            pids.Sort();
        }
        StringBuilder text = new();
        int last = 0;
        foreach (int pid in pids)
        {
            if (pid != last)
            {
                text.Append(pid.ToString(CultureInfo.InvariantCulture)).Append('\n');
            }
            last = pid;
        }
        return text.ToString();
    }

    private static void AddPids(Cgroup cgroup, bool threads, List<int> pids)
    {
        foreach (TaskStruct task in cgroup.Tasks)
        {
            int pid = threads ? task.Pid : task.Signal.Tgid;
            bool shown = threads || task == task.Signal.Leader || (cgroup.Hierarchy.Version == 1 && !pids.Contains(pid));
            if (shown)
            {
                pids.Add(pid);
            }
        }
        foreach (Cgroup child in threads ? [] : cgroup.Children)
        {
            if (child.IsThreaded)
            {
                AddPids(child, threads, pids); // a domain's processes are those of its threaded subtree, too
            }
        }
    }

    /// <summary>Moves a process or a thread by its id; 0 is the writer.</summary>
    [Kernel("cgroup_procs_write_start", "kernel/cgroup/cgroup.c")]
    public Errno MovePid(Cgroup cgroup, string text, bool wholeProcess)
    {
        if (KernelNumber.TryParseInt(KernelNumber.Strip(text), out int pid) != Errno.None || pid < 0)
        {
            return Errno.EINVAL; // also what is too large
        }
        if (pid == KthreaddPid)
        {
            return Errno.EINVAL;
        }
        Errno errno = machine.Move(cgroup, pid, wholeProcess);
        machine.Scheduler.Thaw();
        return errno;
    }
}
