using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>How a memory policy chooses nodes.</summary>
public enum PolicyMode
{
    /// <summary>MPOL_PREFERRED: one node first, then the others.</summary>
    Preferred,
    /// <summary>MPOL_BIND: these nodes only.</summary>
    Bind,
    /// <summary>MPOL_INTERLEAVE: these nodes in turn, each with the others behind it.</summary>
    Interleave,
}

/// <summary>A memory policy, of a task (set_mempolicy(2)) or of a mapping (mbind(2)). None at all = the node of the CPU first.</summary>
/// <param name="Mode">How it chooses.</param>
/// <param name="Nodes">Among which nodes; never empty.</param>
[Kernel("struct mempolicy", "include/linux/mempolicy.h", Deviation = "MPOL_F_STATIC_NODES, MPOL_F_RELATIVE_NODES, weighted interleave and several preferred nodes are not modelled.")]
public sealed record MemoryPolicy(PolicyMode Mode, NodeMask Nodes)
{
    /// <summary>The policy once the nodes that are allowed have changed: each node becomes the one in its place.</summary>
    [Kernel("mpol_rebind_nodemask", "mm/mempolicy.c")]
    internal MemoryPolicy Rebound(NodeMask before, NodeMask now)
    {
        ulong bits = 0;
        for (int node = 0; node < NodeMask.Most; node++)
        {
            if (!Nodes.Has(node))
            {
                continue;
            }
            int place = before.Has(node) ? before.And(new NodeMask((1UL << node) - 1)).Count : -1;
            bits |= place < 0 || now.IsEmpty ? 1UL << node : 1UL << now.At(place);
        }
        return this with { Nodes = new NodeMask(bits).Meets(now) ? new NodeMask(bits).And(now) : new NodeMask(bits) };
    }

    /// <summary>A task with this policy may have memory on some of the nodes: only one that binds (to 5.14: or spreads) says it has not (§8.3).</summary>
    [Kernel("mempolicy_in_oom_domain", "mm/mempolicy.c")]
    internal bool MayHaveMemoryOn(NodeMask nodes, bool spreadingCounts) =>
        (Mode != PolicyMode.Bind && !(Mode == PolicyMode.Interleave && spreadingCounts)) || Nodes.Meets(nodes);
}
