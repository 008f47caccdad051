using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Model.Kernfs;

/// <summary>
/// v2: which controllers a cgroup hands to its children (§10.3): memory, a domain controller, and pids, which threaded cgroups can have too.
/// Where one comes or goes the tasks below get another css_set, by a migration onto their own cgroups.
/// </summary>
[Kernel("cgroup_subtree_control_write", "kernel/cgroup/cgroup.c")]
internal sealed class SubtreeControl(Machine machine)
{
    private const string MemoryName = "memory";
    private const string PidsName = "pids";

    public static string Show(Cgroup cgroup) => Words(cgroup.DistributesMemory, cgroup.DistributesPids);

    public string ShowAvailable(Cgroup cgroup) => Words(IsAvailable(cgroup, MemoryName), IsAvailable(cgroup, PidsName));

    private static string Words(bool memory, bool pids) => (memory, pids) switch
    {
        (true, true) => MemoryName + " " + PidsName + "\n",
        (true, false) => MemoryName + "\n",
        (false, true) => PidsName + "\n",
        _ => "\n",
    };

    [Kernel("cgroup_control", "kernel/cgroup/cgroup.c")]
    private bool IsAvailable(Cgroup cgroup, string name) => name switch
    {
        MemoryName => cgroup.Parent is null || (cgroup.Parent.DistributesMemory && !cgroup.IsThreaded),
        PidsName => machine.Hierarchy.HasPids && (cgroup.Parent is null || cgroup.Parent.DistributesPids),
        _ => false,
    };

    private static bool Distributes(Cgroup cgroup, string name) => name == MemoryName ? cgroup.DistributesMemory : name == PidsName && cgroup.DistributesPids;

    public Errno Write(Cgroup cgroup, string text)
    {
        List<string> enable = [];
        List<string> disable = [];
        foreach (string token in KernelNumber.Strip(text).ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = token[1..];
            if (token[0] is not ('+' or '-') || !machine.Era.Cgroups.V2Controllers.Has(name))
            {
                return Errno.EINVAL;
            }
            enable.Remove(name);
            disable.Remove(name);
            (token[0] == '+' ? enable : disable).Add(name);
        }
        return Check(cgroup, enable, disable) is var errno && errno != Errno.None ? errno : Apply(cgroup, enable, disable);
    }

    private Errno Check(Cgroup cgroup, List<string> enable, List<string> disable)
    {
        foreach (string name in enable)
        {
            if (!Distributes(cgroup, name) && !IsAvailable(cgroup, name))
            {
                return Errno.ENOENT;
            }
        }
        foreach (Cgroup child in cgroup.Children)
        {
            foreach (string name in disable)
            {
                if (Distributes(child, name))
                {
                    return Errno.EBUSY;
                }
            }
        }
        return Threading.VetEnable(cgroup, enable.Contains(MemoryName) && !cgroup.DistributesMemory, enable.Contains(PidsName) && !cgroup.DistributesPids);
    }

    private Errno Apply(Cgroup cgroup, List<string> enable, List<string> disable)
    {
        (bool memory, bool pids) = (cgroup.DistributesMemory, cgroup.DistributesPids);
        bool wantsMemory = enable.Contains(MemoryName) || (memory && !disable.Contains(MemoryName));
        bool wantsPids = enable.Contains(PidsName) || (pids && !disable.Contains(PidsName));
        Errno errno = Set(cgroup, wantsMemory, wantsPids);
        if (errno != Errno.None)
        {
            Invariant.Holds(Set(cgroup, memory, pids) == Errno.None);
        }
        return errno;
    }

    /// <summary>States come first, then the tasks change their css_sets, then states that nobody uses go offline.</summary>
    [Kernel("cgroup_apply_control", "kernel/cgroup/cgroup.c")]
    private Errno Set(Cgroup cgroup, bool memory, bool pids)
    {
        (cgroup.DistributesMemory, cgroup.DistributesPids) = (memory, pids);
        List<(Cgroup Child, Charging.MemCgroup? Memcg, PidsCgroup? Pids)> before = [];
        foreach (Cgroup child in cgroup.Children)
        {
            before.Add((child, memory ? null : child.OwnMemcg, child.OwnPids));
            if (memory && child.OwnMemcg is null && !child.IsThreaded && !machine.Hierarchy.CreateMemcg(child))
            {
                return machine.Era.Cgroups.IdsExhausted;
            }
            if (!memory)
            {
                child.OwnMemcg = null; // its tasks are charged to the parent; what was charged stays with the state that goes
            }
            child.OwnPids = !pids ? null : child.OwnPids ?? new PidsCgroup(cgroup.Pids);
        }
        Errno errno = UpdateTasks(cgroup);
        foreach ((Cgroup child, Charging.MemCgroup? memcg, PidsCgroup? own) in before)
        {
            if (errno != Errno.None)
            {
                child.OwnMemcg = memcg ?? child.OwnMemcg;
                child.OwnPids = own;
            }
            else if (memcg is not null)
            {
                machine.Hierarchy.Offline(memcg);
            }
        }
        return errno;
    }

    [Kernel("cgroup_update_dfl_csses", "kernel/cgroup/cgroup.c")]
    private Errno UpdateTasks(Cgroup cgroup)
    {
        List<TaskStruct> tasks = [];
        foreach (Cgroup child in cgroup.Children)
        {
            AddTasks(child, tasks);
        }
        return machine.Migration.Run(tasks, task => task.Cgroup, cgroup);
    }

    private static void AddTasks(Cgroup cgroup, List<TaskStruct> tasks)
    {
        foreach (TaskStruct task in cgroup.Tasks)
        {
            if (task.CssSet.Memcg != cgroup.Memcg || task.CssSet.Pids != cgroup.Pids)
            {
                tasks.Add(task);
            }
        }
        foreach (Cgroup child in cgroup.Children)
        {
            AddTasks(child, tasks);
        }
    }
}
