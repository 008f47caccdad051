using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Reclaim;

/// <summary>
/// v1 cgroups above their soft limit, by how much (§2.12). Global reclaim takes the one with the largest excess first; of equal ones the one
/// that joined last. A cgroup's place is looked after every 1024 of its page events, so that the order lags behind.
/// </summary>
[Kernel("struct mem_cgroup_tree_per_node", "mm/memcontrol-v1.c", Deviation = "One tree for the machine, not one per node.")]
internal sealed class SoftLimitTree
{
    private readonly SortedSet<(long Excess, long Order, int Id)> _tree = [];
    private readonly SortedDictionary<int, ((long Excess, long Order, int Id) Key, MemCgroup Memcg)> _places = [];
    private long _order;

    /// <summary>How many stand in it.</summary>
    public int Count => _tree.Count;

    /// <summary>Pages above the soft limit.</summary>
    [Kernel("soft_limit_excess", "mm/memcontrol-v1.c")]
    public static long ExcessOf(MemCgroup memcg) => Math.Max(0, memcg.Memory.Usage - memcg.SoftLimit);

    /// <summary>Puts a cgroup and those above it where their usage of now belongs.</summary>
    [Kernel("memcg1_update_tree", "mm/memcontrol-v1.c")]
    public void Update(MemCgroup memcg)
    {
        for (MemCgroup? m = memcg; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            Remove(m);
            Insert(m);
        }
    }

    private void Insert(MemCgroup memcg)
    {
        long excess = ExcessOf(memcg);
        if (excess > 0 && memcg.Online)
        {
            (long Excess, long Order, int Id) key = (excess, ++_order, memcg.Id);
            _tree.Add(key);
            _places[memcg.Id] = (key, memcg);
        }
    }

    /// <summary>Takes a cgroup out, as when it is freed.</summary>
    [Kernel("memcg1_remove_from_trees", "mm/memcontrol-v1.c")]
    public void Remove(MemCgroup memcg)
    {
        if (_places.Remove(memcg.Id, out ((long Excess, long Order, int Id) Key, MemCgroup Memcg) place))
        {
            _tree.Remove(place.Key);
        }
    }

    /// <summary>
    /// Takes out the one with the largest excess; null when nobody is above its soft limit any more. Who took it puts it back with
    /// <see cref="Update"/> once it has reclaimed from it.
    /// </summary>
    [Kernel("mem_cgroup_largest_soft_limit_node", "mm/memcontrol-v1.c")]
    public MemCgroup? TakeLargest()
    {
        while (_tree.Count > 0)
        {
            MemCgroup memcg = _places[_tree.Max.Id].Memcg;
            Remove(memcg);
            if (ExcessOf(memcg) > 0 && memcg.Online)
            {
                return memcg;
            }
        }
        return null;
    }
}
