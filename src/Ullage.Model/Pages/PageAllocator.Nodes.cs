using Ullage.Abi;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Pages;

/// <summary>Which nodes an allocation may look at: those of a memory policy that binds, and those of the task's cpuset (§8.2 step 5).</summary>
internal sealed partial class PageAllocator
{
    /// <summary>Where pages came from.</summary>
    public NumaCounters Numa { get; }

    /// <summary>A policy of the mapping goes before the task's; both say where to begin, and one that binds also where to end.</summary>
    [Kernel("policy_nodemask", "mm/mempolicy.c")]
    private AllocRequest RequestOf(PageFlags use, MemoryPolicy? ofMapping, long place)
    {
        MemoryNode own = _frames.NodeOfCpu(_machine.CurrentCpu);
        AllocRequest local = new(use, GfpOf(use), own, NodeMask.All);
        if (!_frames.IsNuma)
        {
            return local;
        }
        TaskStruct? task = _machine.Current;
        switch (ofMapping ?? task?.Policy)
        {
            case { Mode: PolicyMode.Bind } bound:
                return bound.Nodes.Meets(_machine.Oom.AllowedTo(task)) ? local with { Nodes = bound.Nodes } : local; // a cpuset without them goes before it
            case { Mode: PolicyMode.Preferred } preferred:
                return local with { Preferred = _frames.Nodes[preferred.Nodes.Lowest] };
            case { Mode: PolicyMode.Interleave } spread:
                int turn = ofMapping is not null && place >= 0 ? spread.Nodes.At((int)(place % spread.Nodes.Count)) : task!.NextInterleaved(spread.Nodes);
                return local with { Preferred = _frames.Nodes[turn] };
            default:
                return local;
        }
    }

    /// <summary>Takes a frame from the first zone of the nodes it may look at that allows it; -1 = none does.</summary>
    /// <param name="request">The allocation.</param>
    /// <param name="mark">How low it may go.</param>
    /// <param name="hardwall">The cpuset's own nodes only, also for the kernel's memory.</param>
    [Kernel("get_page_from_freelist", "mm/page_alloc.c")]
    private int Take(in AllocRequest request, Watermark mark, bool hardwall)
    {
        if (!_frames.IsNuma)
        {
            return _frames.Allocate(request.Use, mark);
        }
        return TakeFrom(request, request.Nodes.And(CpusetNodes(hardwall || request.IsUserPage)), mark);
    }

    private int TakeAnywhere(in AllocRequest request, Watermark mark) =>
        _frames.IsNuma ? TakeFrom(request, NodeMask.All, mark) : _frames.Allocate(request.Use, mark);

    private int TakeFrom(in AllocRequest request, NodeMask nodes, Watermark mark)
    {
        foreach (Zone zone in request.Preferred.Zonelist)
        {
            if (nodes.Has(zone.NodeId) && zone.Allows(mark))
            {
                Count(request, nodes, zone.NodeId);
                return _frames.Take(zone, request.Use);
            }
        }
        return -1;
    }

    private void Count(in AllocRequest request, NodeMask nodes, int got)
    {
        int own = _frames.NodeOfCpu(_machine.CurrentCpu).Id;
        int wanted = request.Preferred.Id;
        while (!nodes.Has(wanted))
        {
            wanted = (wanted + 1) % _frames.Nodes.Count; // the first that it may have at all
        }
        Numa.Count(wanted, got, own);
        if (request.Preferred.Id == got && _machine.Current?.Policy is { Mode: PolicyMode.Interleave })
        {
            Numa.CountInterleaved(got);
        }
    }

    /// <summary>
    /// Nodes that the current task's cpuset lets it use. A victim of the OOM killer may use all, so that it can get out; the kernel's own memory, if
    /// need be, those of the nearest cpuset above that is walled off.
    /// </summary>
    [Kernel("cpuset_node_allowed", "kernel/cgroup/cpuset.c")]
    private NodeMask CpusetNodes(bool hardwall)
    {
        if (_machine.Current is not { CssSet.Cpuset: { } cpuset } task || task.IsOomVictim)
        {
            return NodeMask.All;
        }
        if (hardwall)
        {
            return cpuset.TaskMems;
        }
        return task.Exiting ? NodeMask.All : cpuset.HardwallMems;
    }

    /// <summary>Nodes of the request whose kswapd is woken.</summary>
    [Kernel("wake_all_kswapds", "mm/page_alloc.c")]
    private void WakeKswapds(in AllocRequest request)
    {
        if (!_frames.IsNuma)
        {
            _machine.Kswapds[0].Wake();
            return;
        }
        NodeMask nodes = request.Nodes.And(CpusetNodes(request.IsUserPage));
        foreach (MemoryNode node in _frames.Nodes)
        {
            if (nodes.Has(node.Id))
            {
                _machine.Kswapds[node.Id].Wake();
            }
        }
    }

    /// <summary>Nodes that the request's task may use for it, by its cpuset.</summary>
    internal NodeMask AllowedNodes(in AllocRequest request) => CpusetNodes(request.IsUserPage);

    /// <summary>Direct reclaim keeps to the cpuset's own nodes.</summary>
    private NodeMask ReclaimNodes(in AllocRequest request) => _frames.IsNuma ? request.Nodes.And(CpusetNodes(hardwall: true)) : NodeMask.All;

    /// <summary>Nodes whose memory counts as reclaimable for the request. Free memory outside the cpuset, too, until an era looks at that.</summary>
    private NodeMask RetryNodes(in AllocRequest request) =>
        _frames.IsNuma && _rules.RetryKeepsToCpuset ? request.Nodes.And(CpusetNodes(request.IsUserPage)) : request.Nodes;
}
