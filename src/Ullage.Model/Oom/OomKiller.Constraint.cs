using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Oom;

/// <summary>Allocations that were kept to some nodes: what they count as (§8.2 step 5), and who could give them memory there (§8.3).</summary>
internal sealed partial class OomKiller
{
    /// <summary>A policy that leaves nodes out goes before a cpuset that does.</summary>
    [Kernel("constrained_alloc", "mm/oom_kill.c")]
    private OomContext Constrained(OomContext oc, in AllocRequest request)
    {
        NodeMask all = NodeMask.First(_machine.Frames.Nodes.Count);
        if (request.IsBound && !all.IsWithin(request.Nodes))
        {
            return oc with { Constraint = OomConstraint.MemoryPolicy, Nodes = request.Nodes, TotalPages = PagesOn(request.Nodes) };
        }
        return all.IsWithin(_machine.Pages.AllowedNodes(request)) ? oc
            : oc with { Constraint = OomConstraint.Cpuset, TotalPages = PagesOn(AllowedTo(oc.Current)) };
    }

    /// <summary>Swap, and the RAM of some nodes.</summary>
    private long PagesOn(NodeMask nodes)
    {
        long pages = SwapPages;
        foreach (MemoryNode node in _machine.Frames.Nodes)
        {
            pages += nodes.Has(node.Id) ? node.Present : 0;
        }
        return pages;
    }

    /// <summary>Nodes that a task's cpuset allows (mems_allowed).</summary>
    internal NodeMask AllowedTo(TaskStruct? task) => task?.CssSet.Cpuset?.TaskMems ?? NodeMask.First(_machine.Frames.Nodes.Count);

    /// <summary>Of a scan, those whose death could give memory where it is wanted.</summary>
    internal IEnumerable<TaskStruct> Eligible(OomContext oc, MemCgroup? scanned)
    {
        foreach (TaskStruct task in Candidates(scanned))
        {
            if (IsEligible(oc, task))
            {
                yield return task;
            }
        }
    }

    /// <summary>Some thread may have memory on the nodes of the policy or, where none restricts, on those of the asking task's cpuset. From 5.3 on a memory cgroup's scan does not ask.</summary>
    [Kernel("oom_cpuset_eligible", "mm/oom_kill.c")]
    private bool IsEligible(OomContext oc, TaskStruct task)
    {
        if (!_machine.Frames.IsNuma || (oc.Memcg is not null && !_rules.MemcgAsksForCpusets))
        {
            return true;
        }
        NodeMask own = AllowedTo(oc.Current);
        foreach (TaskStruct thread in task.Signal.Threads)
        {
            if (oc.Nodes is { } nodes ? thread.Policy?.MayHaveMemoryOn(nodes, _rules.SpreadingCountsAsBound) ?? true : own.Meets(AllowedTo(thread)))
            {
                return true;
            }
        }
        return false;
    }
}
