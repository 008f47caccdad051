using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Cgroups;

/// <summary>
/// The cpuset controller's part of a cgroup: on which CPUs its tasks run and from which nodes they get memory. On v1 a new one has neither, and no
/// task can enter before both are written; on v2 what is not written is the parent's.
/// </summary>
[Kernel("struct cpuset", "kernel/cgroup/cpuset.c")]
public sealed class Cpuset
{
    private readonly bool _inherits;

    internal Cpuset(Cgroup cgroup, Cpuset? parent, NodeMask mems, CpuMask cpus)
    {
        Cgroup = cgroup;
        Parent = parent;
        _inherits = cgroup.Hierarchy.Version == 2;
        (Mems, Cpus) = (mems, cpus);
        (EffectiveMems, EffectiveCpus) = (mems, cpus);
        if (parent is not null)
        {
            Refresh();
        }
    }

    /// <summary>Whose it is.</summary>
    public Cgroup Cgroup { get; }

    /// <summary>The one above; null for the root's.</summary>
    public Cpuset? Parent { get; }

    /// <summary>Nodes as written; none = nothing was written.</summary>
    public NodeMask Mems { get; internal set; }

    /// <summary>CPUs as written; none = nothing was written.</summary>
    public CpuMask Cpus { get; internal set; }

    /// <summary>Nodes that count.</summary>
    public NodeMask EffectiveMems { get; private set; }

    /// <summary>CPUs that count.</summary>
    public CpuMask EffectiveCpus { get; private set; }

    /// <summary>v1: no sibling may have its nodes.</summary>
    public bool MemExclusive { get; internal set; }

    /// <summary>v1: no sibling may have its CPUs.</summary>
    public bool CpuExclusive { get; internal set; }

    /// <summary>v1: also the kernel's memory for its tasks comes from its nodes.</summary>
    public bool MemHardwall { get; internal set; }

    /// <summary>Nodes that its tasks get memory from.</summary>
    [Kernel("guarantee_online_mems", "kernel/cgroup/cpuset.c")]
    public NodeMask TaskMems
    {
        get
        {
            Cpuset at = this;
            while (at.EffectiveMems.IsEmpty)
            {
                at = at.Parent!;
            }
            return at.EffectiveMems;
        }
    }

    /// <summary>Nodes that the kernel's own memory for its tasks may come from: those of the nearest one, from here up, that is walled off.</summary>
    [Kernel("nearest_hardwall_ancestor", "kernel/cgroup/cpuset.c")]
    internal NodeMask HardwallMems
    {
        get
        {
            Cpuset at = this;
            while (!at.MemExclusive && !at.MemHardwall && at.Parent is { } above)
            {
                at = above;
            }
            return at.EffectiveMems;
        }
    }

    /// <summary>CPUs that its tasks run on.</summary>
    [Kernel("guarantee_online_cpus", "kernel/cgroup/cpuset.c")]
    public CpuMask TaskCpus
    {
        get
        {
            Cpuset at = this;
            while (at.EffectiveCpus.IsEmpty)
            {
                at = at.Parent!;
            }
            return at.EffectiveCpus;
        }
    }

    /// <summary>Cpusets right below.</summary>
    internal IEnumerable<Cpuset> Children
    {
        get
        {
            foreach (Cgroup child in Cgroup.Children)
            {
                if (child.OwnCpuset is { } own)
                {
                    yield return own;
                }
            }
        }
    }

    /// <summary>Takes what was written, and what the parent has, into account.</summary>
    [Kernel("update_nodemasks_hier", "kernel/cgroup/cpuset.c")]
    internal void Refresh()
    {
        if (Parent is not { } above)
        {
            return;
        }
        NodeMask mems = Mems.And(above.EffectiveMems);
        CpuMask cpus = Cpus.And(above.EffectiveCpus);
        EffectiveMems = _inherits && mems.IsEmpty ? above.EffectiveMems : mems;
        EffectiveCpus = _inherits && cpus.IsEmpty ? above.EffectiveCpus : cpus;
    }

    /// <summary>All that it allows, another one allows, too.</summary>
    [Kernel("is_cpuset_subset", "kernel/cgroup/cpuset.c")]
    internal bool IsWithin(NodeMask mems, CpuMask cpus, Cpuset flagsOf) =>
        Mems.IsWithin(mems) && Cpus.IsWithin(cpus) && (!MemExclusive || flagsOf.MemExclusive) && (!CpuExclusive || flagsOf.CpuExclusive);

    /// <inheritdoc/>
    public override string ToString() => $"cpuset {Cgroup.Path}";
}
