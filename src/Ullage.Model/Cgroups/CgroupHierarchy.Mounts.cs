using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>Which hierarchies there are, and what each has.</summary>
public sealed partial class CgroupHierarchy
{
    /// <summary>Its place in the order of mounting, from 0.</summary>
    public int Index { get; }

    /// <summary>The number that /proc shows: 0 on v2, from 1 in the order of mounting on v1.</summary>
    public int Id => Version == 2 ? 0 : Index + 1;

    /// <summary>What /proc/&lt;pid&gt;/cgroup calls it: its controllers, or <c>name=…</c>; empty on v2.</summary>
    public string Name => _spec.Label;

    /// <summary>What messages call it: the same, or <c>v2</c>.</summary>
    public string Label => Version == 2 ? "v2" : _spec.Label;

    /// <summary>It has the memory controller.</summary>
    public bool HasMemory => _spec.Controllers.Contains("memory");

    /// <summary>It has the pids controller; on v2 cgroups also have to hand it down.</summary>
    public bool HasPids => _spec.Controllers.Contains("pids") && _machine.Era.Life.PidsFiles.Count > 0;

    /// <summary>It has the cpuset controller; on v2 cgroups also have to hand it down.</summary>
    public bool HasCpuset => _spec.Controllers.Contains("cpuset") && (Version == 1 || _machine.Era.Cgroups.V2CpusetFiles.Count > 0);

    /// <summary>Names below /sys/fs/cgroup that lead to it on v1: the mount, and each of its controllers.</summary>
    internal IEnumerable<string> MountNames
    {
        get
        {
            const string prefix = "name=";
            yield return Name.StartsWith(prefix, StringComparison.Ordinal) ? Name[prefix.Length..] : Name;
            foreach (string controller in _spec.Controllers.Length > 1 ? _spec.Controllers : [])
            {
                yield return controller;
            }
        }
    }

    /// <summary>The directory of its root.</summary>
    internal string Directory
    {
        get
        {
            if (Version == 2)
            {
                return "/sys/fs/cgroup";
            }
            string mount = "";
            foreach (string name in MountNames)
            {
                mount = mount.Length == 0 || name == "memory" ? name : mount;
            }
            return "/sys/fs/cgroup/" + mount;
        }
    }

    /// <summary>All hierarchies of a machine, in the order of mounting.</summary>
    [Kernel("cgroup_setup_root", "kernel/cgroup/cgroup.c")]
    internal static CgroupHierarchy[] MakeAll(Machine machine)
    {
        IReadOnlyList<HierarchySpec> specs = Specs(machine.Options);
        CgroupHierarchy[] all = new CgroupHierarchy[specs.Count];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = new CgroupHierarchy(machine, i, specs[i]);
        }
        return all;
    }

    internal static CgroupHierarchy WithMemory(IReadOnlyList<CgroupHierarchy> all)
    {
        int at = 0;
        while (!all[at].HasMemory)
        {
            at++;
        }
        return all[at];
    }

    private static List<HierarchySpec> Specs(MachineOptions options)
    {
        if (options.CgroupVersion == 2)
        {
            return [HierarchySpec.V2];
        }
        List<HierarchySpec> specs = [];
        foreach (string text in options.V1Hierarchies)
        {
            specs.Add(HierarchySpec.Parse(text));
        }
        return specs;
    }

    /// <summary>Refuses what cannot be mounted.</summary>
    /// <exception cref="ArgumentException">It says what is wrong.</exception>
    internal static void Check(MachineOptions options)
    {
        HashSet<string> seen = [];
        bool hasMemory = false;
        foreach (HierarchySpec spec in Specs(options))
        {
            foreach (string name in spec.Controllers.Length > 0 ? spec.Controllers : [spec.Label])
            {
                if (!seen.Add(name))
                {
                    throw new ArgumentException($"cgroup hierarchies: {name} is mounted twice: a controller is in one hierarchy only");
                }
                hasMemory |= name == "memory";
                if (options.CgroupVersion == 1 && name == "pids" && options.Era.Life.PidsFiles.Count == 0)
                {
                    throw new ArgumentException($"cgroup hierarchies: kernel {options.Era.Name} has no pids controller: leave pids out, or take a kernel from 4.15");
                }
            }
        }
        if (!hasMemory)
        {
            throw new ArgumentException("cgroup hierarchies: none has memory: name it in one of them");
        }
    }
}
