using System.Collections.Immutable;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Model.Kernfs;

/// <summary>
/// v2: which controllers a cgroup hands to its children (§10.3): memory, a domain controller, pids and cpuset, which threaded cgroups can have too.
/// Where one comes or goes the tasks below get another css_set, by a migration onto their own cgroups.
/// </summary>
[Kernel("cgroup_subtree_control_write", "kernel/cgroup/cgroup.c")]
internal sealed class SubtreeControl(Machine machine)
{
    private const string MemoryName = "memory";
    private const string PidsName = "pids";
    private const string CpusetName = "cpuset";

    private static readonly ImmutableArray<string> Order = [CpusetName, MemoryName, PidsName];

    public static string Show(Cgroup cgroup) => Words(name => Distributes(cgroup, name));

    public string ShowAvailable(Cgroup cgroup) => Words(name => IsAvailable(cgroup, name));

    private static string Words(Func<string, bool> has)
    {
        StringBuilder text = new();
        foreach (string name in Order)
        {
            text.Append(has(name) ? (text.Length > 0 ? " " : "") + name : "");
        }
        return text.Append('\n').ToString();
    }

    [Kernel("cgroup_control", "kernel/cgroup/cgroup.c")]
    private bool IsAvailable(Cgroup cgroup, string name) => name switch
    {
        MemoryName => cgroup.Parent is null || (cgroup.Parent.DistributesMemory && !cgroup.IsThreaded),
        PidsName => machine.Hierarchy.HasPids && (cgroup.Parent is null || cgroup.Parent.DistributesPids),
        CpusetName => machine.Hierarchy.HasCpuset && (cgroup.Parent is null || cgroup.Parent.DistributesCpuset),
        _ => false,
    };

    private static bool Distributes(Cgroup cgroup, string name) => name switch
    {
        MemoryName => cgroup.DistributesMemory,
        PidsName => cgroup.DistributesPids,
        CpusetName => cgroup.DistributesCpuset,
        _ => false,
    };

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
        return Threading.VetEnable(cgroup, enable.Contains(MemoryName) && !cgroup.DistributesMemory,
            (enable.Contains(PidsName) && !cgroup.DistributesPids) || (enable.Contains(CpusetName) && !cgroup.DistributesCpuset));
    }

    /// <summary>The controllers that a cgroup hands down.</summary>
    private readonly record struct Handed(bool Memory, bool Pids, bool Cpuset);

    /// <summary>States of a child before the change.</summary>
    private readonly record struct Before(Cgroup Child, Charging.MemCgroup? Memcg, PidsCgroup? Pids, Cpuset? Cpuset);

    private Errno Apply(Cgroup cgroup, List<string> enable, List<string> disable)
    {
        Handed now = new(cgroup.DistributesMemory, cgroup.DistributesPids, cgroup.DistributesCpuset);
        bool Wants(string name, bool has) => enable.Contains(name) || (has && !disable.Contains(name));
        Errno errno = Set(cgroup, new(Wants(MemoryName, now.Memory), Wants(PidsName, now.Pids), Wants(CpusetName, now.Cpuset)));
        if (errno != Errno.None)
        {
            Invariant.Holds(Set(cgroup, now) == Errno.None);
        }
        return errno;
    }

    /// <summary>States come first, then the tasks change their css_sets, then states that nobody uses go offline.</summary>
    [Kernel("cgroup_apply_control", "kernel/cgroup/cgroup.c")]
    private Errno Set(Cgroup cgroup, Handed handed)
    {
        (cgroup.DistributesMemory, cgroup.DistributesPids, cgroup.DistributesCpuset) = (handed.Memory, handed.Pids, handed.Cpuset);
        List<Before> before = [];
        foreach (Cgroup child in cgroup.Children)
        {
            before.Add(new(child, handed.Memory ? null : child.OwnMemcg, child.OwnPids, child.OwnCpuset));
            if (handed.Memory && child.OwnMemcg is null && !child.IsThreaded && !machine.Hierarchy.CreateMemcg(child))
            {
                return machine.Era.Cgroups.IdsExhausted;
            }
            SetStates(cgroup, child, handed);
        }
        Errno errno = UpdateTasks(cgroup);
        foreach (Before each in before)
        {
            if (errno != Errno.None)
            {
                each.Child.OwnMemcg = each.Memcg ?? each.Child.OwnMemcg;
                (each.Child.OwnPids, each.Child.OwnCpuset) = (each.Pids, each.Cpuset);
            }
            else if (each.Memcg is { } memcg)
            {
                machine.Hierarchy.Offline(memcg);
            }
        }
        return errno;
    }

    private static void SetStates(Cgroup cgroup, Cgroup child, Handed handed)
    {
        if (!handed.Memory)
        {
            child.OwnMemcg = null; // its tasks are charged to the parent; what was charged stays with the state that goes
        }
        child.OwnPids = !handed.Pids ? null : child.OwnPids ?? new PidsCgroup(cgroup.Pids);
        if (!handed.Cpuset)
        {
            child.OwnCpuset = null;
        }
        else if (child.OwnCpuset is null)
        {
            CgroupHierarchy.CreateCpuset(child);
        }
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
            if (task.CssSet.Memcg != cgroup.Memcg || task.CssSet.Pids != cgroup.Pids || task.CssSet.Cpuset != cgroup.Cpuset)
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
