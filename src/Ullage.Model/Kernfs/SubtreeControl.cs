using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Model.Kernfs;

/// <summary>v2: which controllers a cgroup hands to its children (§10.3). Memory is the only one this machine has.</summary>
[Kernel("cgroup_subtree_control_write", "kernel/cgroup/cgroup.c")]
internal sealed class SubtreeControl(Machine machine)
{
    private const string MemoryName = "memory";

    public string Show(Cgroup cgroup) => cgroup.DistributesMemory ? MemoryName + "\n" : "\n";

    public string ShowAvailable(Cgroup cgroup) => IsAvailable(cgroup) ? MemoryName + "\n" : "\n";

    private static bool IsAvailable(Cgroup cgroup) => cgroup.Parent is null || cgroup.Parent.DistributesMemory;

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

    private static Errno Check(Cgroup cgroup, List<string> enable, List<string> disable)
    {
        foreach (string name in enable)
        {
            if (name != MemoryName || !IsAvailable(cgroup))
            {
                return Errno.ENOENT;
            }
        }
        foreach (Cgroup child in cgroup.Children)
        {
            if (disable.Contains(MemoryName) && child.DistributesMemory)
            {
                return Errno.EBUSY;
            }
        }
        bool enables = enable.Contains(MemoryName) && !cgroup.DistributesMemory;
        return enables && cgroup.Parent is not null && cgroup.Tasks.Count > 0 ? Errno.EBUSY : Errno.None; // no internal processes
    }

    private Errno Apply(Cgroup cgroup, List<string> enable, List<string> disable)
    {
        if (enable.Contains(MemoryName) && !cgroup.DistributesMemory)
        {
            return Enable(cgroup);
        }
        if (disable.Contains(MemoryName) && cgroup.DistributesMemory)
        {
            cgroup.DistributesMemory = false;
            foreach (Cgroup child in cgroup.Children)
            {
                Disable(child);
            }
        }
        return Errno.None;
    }

    [Kernel("cgroup_apply_control_enable", "kernel/cgroup/cgroup.c")]
    private Errno Enable(Cgroup cgroup)
    {
        foreach (Cgroup child in cgroup.Children)
        {
            if (!machine.Hierarchy.CreateMemcg(child))
            {
                foreach (Cgroup done in cgroup.Children)
                {
                    Disable(done);
                }
                return machine.Era.Cgroups.IdsExhausted;
            }
        }
        cgroup.DistributesMemory = true;
        return Errno.None;
    }

    /// <summary>The child's tasks are charged to the parent from now on; what was charged stays with the state that goes offline.</summary>
    [Kernel("cgroup_apply_control_disable", "kernel/cgroup/cgroup.c")]
    private void Disable(Cgroup child)
    {
        if (child.OwnMemcg is { } memcg)
        {
            child.OwnMemcg = null;
            machine.Hierarchy.Offline(memcg);
        }
    }
}
