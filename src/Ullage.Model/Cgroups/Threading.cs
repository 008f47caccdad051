using Ullage.Abi;

namespace Ullage.Model.Cgroups;

/// <summary>
/// v2: threaded cgroups (§10.2). Threads of one process may only be spread over a threaded subtree, whose resources are those of the domain above
/// it; outside, a process is in one cgroup, and a cgroup that hands domain controllers down has no processes of its own.
/// </summary>
[Kernel("cgroup_type_write", "kernel/cgroup/cgroup.c")]
internal static class Threading
{
    private static bool IsMixable(Cgroup cgroup) => cgroup.Parent is null;

    private static bool HasThreadedChildren(Cgroup cgroup)
    {
        foreach (Cgroup child in cgroup.Children)
        {
            if (child.IsThreaded)
            {
                return true;
            }
        }
        return false;
    }

    private static bool HasPopulatedDomainChildren(Cgroup cgroup)
    {
        foreach (Cgroup child in cgroup.Children)
        {
            if (!child.IsThreaded && child.PopulatedTasks > 0)
            {
                return true;
            }
        }
        return false;
    }

    [Kernel("cgroup_can_be_thread_root", "kernel/cgroup/cgroup.c")]
    private static bool CanBeThreadRoot(Cgroup cgroup) =>
        IsMixable(cgroup) || (!cgroup.IsThreaded && !HasPopulatedDomainChildren(cgroup) && !cgroup.DistributesMemory);

    [Kernel("cgroup_is_thread_root", "kernel/cgroup/cgroup.c")]
    public static bool IsThreadRoot(Cgroup cgroup) =>
        !cgroup.IsThreaded && (HasThreadedChildren(cgroup) || (cgroup.Tasks.Count > 0 && cgroup.DistributesThreaded));

    [Kernel("cgroup_is_valid_domain", "kernel/cgroup/cgroup.c")]
    public static bool IsValidDomain(Cgroup cgroup)
    {
        if (cgroup.IsThreaded)
        {
            return false;
        }
        for (Cgroup? above = cgroup.Parent; above is not null; above = above.Parent)
        {
            if ((!IsMixable(above) && IsThreadRoot(above)) || above.IsThreaded)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>What cgroup.type shows.</summary>
    [Kernel("cgroup_type_show", "kernel/cgroup/cgroup.c")]
    public static string TypeOf(Cgroup cgroup) =>
        cgroup.IsThreaded ? "threaded" : !IsValidDomain(cgroup) ? "domain invalid" : IsThreadRoot(cgroup) ? "domain threaded" : "domain";

    /// <summary>Makes a cgroup threaded, for good. EOPNOTSUPP when it has tasks or hands memory down, or the one above cannot be its domain.</summary>
    [Kernel("cgroup_enable_threaded", "kernel/cgroup/cgroup.c")]
    public static Errno Enable(Machine machine, Cgroup cgroup)
    {
        if (cgroup.IsThreaded)
        {
            return Errno.None;
        }
        Cgroup domain = cgroup.Parent!.Domain;
        if (cgroup.PopulatedTasks > 0 || cgroup.DistributesMemory || !IsValidDomain(domain) || !CanBeThreadRoot(domain))
        {
            return Errno.EOPNOTSUPP;
        }
        cgroup.IsThreaded = true;
        if (cgroup.OwnMemcg is { } memcg)
        {
            cgroup.OwnMemcg = null; // memory is the domain's
            machine.Hierarchy.Offline(memcg);
        }
        return Errno.None;
    }

    /// <summary>May a process, or a thread, enter (§10.2)?</summary>
    [Kernel("cgroup_migrate_vet_dst", "kernel/cgroup/cgroup.c")]
    public static Errno VetDestination(Cgroup source, Cgroup destination, bool wholeProcess)
    {
        if (!IsValidDomain(destination.Domain))
        {
            return Errno.EOPNOTSUPP;
        }
        if (!CanBeThreadRoot(destination) && !destination.IsThreaded && (destination.DistributesMemory || destination.DistributesThreaded))
        {
            return Errno.EBUSY; // no internal processes
        }
        return wholeProcess || source.Domain == destination.Domain ? Errno.None : Errno.EOPNOTSUPP;
    }

    /// <summary>May a cgroup hand these controllers down (§10.3)?</summary>
    [Kernel("cgroup_vet_subtree_control_enable", "kernel/cgroup/cgroup.c")]
    public static Errno VetEnable(Cgroup cgroup, bool memory, bool threaded)
    {
        if (!memory && !threaded)
        {
            return Errno.None;
        }
        if (!IsValidDomain(cgroup.Domain))
        {
            return Errno.EOPNOTSUPP;
        }
        if (IsMixable(cgroup))
        {
            return Errno.None;
        }
        if (memory && (IsThreadRoot(cgroup) || cgroup.IsThreaded))
        {
            return Errno.EOPNOTSUPP;
        }
        if (!memory && (CanBeThreadRoot(cgroup) || cgroup.IsThreaded))
        {
            return Errno.None;
        }
        return cgroup.Tasks.Count > 0 ? Errno.EBUSY : Errno.None;
    }
}
