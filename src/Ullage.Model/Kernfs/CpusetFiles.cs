using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Pages;
using static Ullage.Model.Kernfs.ControlFile;

namespace Ullage.Model.Kernfs;

/// <summary>cpuset.*: which CPUs and nodes a cgroup's tasks may use (§10.2).</summary>
[Kernel("cpuset_common_seq_show", "kernel/cgroup/cpuset.c")]
internal sealed class CpusetFiles(Machine machine)
{
    private const int MostNodes = 1024; // MAX_NUMNODES: a number beyond it is out of range, one below it that is not there is invalid

    private readonly bool _isV1 = machine.Options.CgroupVersion == 1;

    public IEnumerable<ControlFile> Files()
    {
        yield return new ControlFile("cpuset.cpus", cgroup => cgroup.OwnCpuset!.Cpus + "\n", (cgroup, text) => WriteCpus(cgroup.OwnCpuset!, text));
        yield return new ControlFile("cpuset.mems", cgroup => cgroup.OwnCpuset!.Mems + "\n", (cgroup, text) => WriteMems(cgroup.OwnCpuset!, text));
        yield return new ControlFile(_isV1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective", cgroup => cgroup.OwnCpuset!.EffectiveCpus + "\n");
        yield return new ControlFile(_isV1 ? "cpuset.effective_mems" : "cpuset.mems.effective", cgroup => cgroup.OwnCpuset!.EffectiveMems + "\n");
        yield return Flag("cpuset.cpu_exclusive", cpuset => cpuset.CpuExclusive, (cpuset, on) => cpuset.CpuExclusive = on);
        yield return Flag("cpuset.mem_exclusive", cpuset => cpuset.MemExclusive, (cpuset, on) => cpuset.MemExclusive = on);
        yield return Flag("cpuset.mem_hardwall", cpuset => cpuset.MemHardwall, (cpuset, on) => cpuset.MemHardwall = on);
    }

    private ControlFile Flag(string name, Func<Cpuset, bool> get, Action<Cpuset, bool> set) => new(name, cgroup => Line(get(cgroup.OwnCpuset!) ? 1 : 0), (cgroup, text) =>
    {
        Errno errno = KernelNumber.TryParseInt(KernelNumber.Strip(text), out int value);
        Cpuset cpuset = cgroup.OwnCpuset!;
        bool was = get(cpuset);
        if (errno != Errno.None || was == (value != 0))
        {
            return errno;
        }
        set(cpuset, value != 0);
        errno = Judge(cpuset, cpuset.Mems, cpuset.Cpus);
        if (errno != Errno.None)
        {
            set(cpuset, was);
        }
        return errno;
    });

    [Kernel("update_cpumask", "kernel/cgroup/cpuset.c")]
    private Errno WriteCpus(Cpuset cpuset, string text)
    {
        if (cpuset.Parent is null)
        {
            return Errno.EACCES;
        }
        Errno errno = BitList.TryParse(KernelNumber.Strip(text), machine.Options.PossibleCpus, out bool[] has);
        if (errno != Errno.None)
        {
            return errno;
        }
        CpuMask cpus = new(has);
        if (!cpus.IsWithin(CpuMask.First(machine.Options.Cpus)))
        {
            return Errno.EINVAL;
        }
        errno = Judge(cpuset, cpuset.Mems, cpus);
        if (errno == Errno.None)
        {
            cpuset.Cpus = cpus;
            machine.Controllers.Cpuset.Changed(cpuset);
        }
        return errno;
    }

    [Kernel("update_nodemask", "kernel/cgroup/cpuset.c")]
    private Errno WriteMems(Cpuset cpuset, string text)
    {
        if (cpuset.Parent is null)
        {
            return Errno.EACCES;
        }
        Errno errno = BitList.TryParse(KernelNumber.Strip(text), MostNodes, out bool[] has);
        if (errno != Errno.None)
        {
            return errno;
        }
        ulong bits = 0;
        for (int node = 0; node < has.Length; node++)
        {
            if (has[node] && node >= machine.Options.Nodes)
            {
                return Errno.EINVAL;
            }
            bits |= has[node] ? 1UL << node : 0;
        }
        NodeMask mems = new(bits);
        errno = Judge(cpuset, mems, cpuset.Cpus);
        if (errno == Errno.None)
        {
            cpuset.Mems = mems;
            machine.Controllers.Cpuset.Changed(cpuset);
        }
        return errno;
    }

    /// <summary>May a cpuset have these? v1 keeps children within their parents; nobody may overlap with who is exclusive; who has tasks keeps something.</summary>
    [Kernel("validate_change", "kernel/cgroup/cpuset.c")]
    private Errno Judge(Cpuset cpuset, NodeMask mems, CpuMask cpus)
    {
        if (_isV1 || machine.Era.Cgroups.CpusetChildrenLimitParents)
        {
            foreach (Cpuset child in cpuset.Children)
            {
                if (!child.IsWithin(mems, cpus, cpuset))
                {
                    return Errno.EBUSY;
                }
            }
        }
        if (cpuset.Parent is not { } above)
        {
            return Errno.None;
        }
        bool within = mems.IsWithin(above.Mems) && cpus.IsWithin(above.Cpus) && (!cpuset.MemExclusive || above.MemExclusive) && (!cpuset.CpuExclusive || above.CpuExclusive);
        if (_isV1 && !within)
        {
            return Errno.EACCES;
        }
        foreach (Cpuset sibling in above.Children)
        {
            if (sibling != cpuset && (((sibling.MemExclusive || cpuset.MemExclusive) && sibling.Mems.Meets(mems))
                || ((sibling.CpuExclusive || cpuset.CpuExclusive) && !sibling.Cpus.And(cpus).IsEmpty)))
            {
                return Errno.EINVAL;
            }
        }
        bool loses = (!cpuset.Mems.IsEmpty && mems.IsEmpty) || (!cpuset.Cpus.IsEmpty && cpus.IsEmpty);
        return loses && cpuset.Cgroup.PopulatedTasks > 0 ? Errno.ENOSPC : Errno.None;
    }
}
