using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Reclaim;

/// <summary>
/// Walks over subtrees in pre-order, removed cgroups that are still in memory included. Where walks stop early (§3.9) they share a position,
/// so that the next one goes on behind it and nobody is always first.
/// </summary>
[Kernel("mem_cgroup_iter", "mm/memcontrol.c")]
internal sealed class MemcgWalkPositions(Machine machine)
{
    private readonly Dictionary<(ulong Root, int Priority, int Zone), MemCgroup> _last = [];
    private readonly Stack<List<MemCgroup>> _buffers = new();

    /// <summary>The cgroups to visit. Give the list back with <see cref="End"/>.</summary>
    public List<MemCgroup> Begin(MemCgroup root, int priority, int zone, bool full)
    {
        List<MemCgroup> walk = _buffers.Count > 0 ? _buffers.Pop() : [];
        Collect(root, walk);
        if (!full && _last.Count > 0 && _last.Remove(Key(root, priority, zone), out MemCgroup? last))
        {
            walk.RemoveRange(0, walk.IndexOf(last) + 1); // from the beginning when it is gone
        }
        return walk;
    }

    /// <summary>The walk stops behind <paramref name="last"/>; null = it was complete.</summary>
    [Kernel("mem_cgroup_iter_break", "mm/memcontrol.c")]
    public void Break(MemCgroup root, int priority, int zone, MemCgroup? last)
    {
        if (last is not null)
        {
            _last[Key(root, priority, zone)] = last;
        }
    }

    public void End(List<MemCgroup> walk)
    {
        walk.Clear();
        _buffers.Push(walk);
    }

    private (ulong Root, int Priority, int Zone) Key(MemCgroup root, int priority, int zone) =>
        (root.Serial, machine.Era.Reclaim.Walk == MemcgWalk.SharedByPriority ? priority : 0, zone);

    private static void Collect(MemCgroup memcg, List<MemCgroup> walk)
    {
        walk.Add(memcg);
        foreach (MemCgroup child in memcg.Children)
        {
            if (child.HierarchyParent == memcg || memcg.IsRoot)
            {
                Collect(child, walk);
            }
        }
    }
}
