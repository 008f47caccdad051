using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Slab;

namespace Ullage.Model.Files;

/// <summary>How nodes are had and given back: those with entries, and the levels above them.</summary>
internal sealed partial class PageTree
{
    /// <summary>A page of its own comes where a large folio was.</summary>
    [Kernel("xas_split", "lib/xarray.c")]
    private bool TryUnfold(int number, MemCgroup memcg, Gfp gfp)
    {
        if (!_nodes[number].IsFolded)
        {
            return true;
        }
        if (!TryAllocate(memcg, gfp, out SlabObject allocated))
        {
            return false;
        }
        _nodes[number].Object = allocated;
        _nodes[number].IsFolded = false;
        return true;
    }

    private bool TryAddNode(AddressSpaceMap map, long key, MemCgroup memcg, Gfp gfp, bool folds)
    {
        SlabObject allocated = default;
        if (!folds && !TryAllocate(memcg, gfp, out allocated))
        {
            return false;
        }
        if (!TryAddUpper(map, key, memcg, gfp))
        {
            if (!folds)
            {
                _machine.Slab.Free(allocated);
            }
            return false;
        }
        int node = _freeHead;
        if (node >= 0)
        {
            _freeHead = _nodes[node].Key;
        }
        else
        {
            node = _fresh++;
            _nodes.Reserve(_fresh);
            _entries.Reserve(_fresh << Shift);
            ShadowNodes ??= new ListLru(_machine.Hierarchy.Root.Memcg);
            ShadowNodes.Reserve(_fresh);
        }
        _nodes[node] = new Node { Object = allocated, Map = map.Number, Key = (int)key, IsFolded = folds };
        map.Nodes[key] = node + 1;
        Live++;
        return true;
    }

    /// <summary>A node is first asked for without waiting; then with (4.20+), or it is taken from what was preloaded for nobody's account.</summary>
    [Kernel("xas_alloc", "lib/xarray.c")]
    private bool TryAllocate(MemCgroup memcg, Gfp gfp, out SlabObject allocated)
    {
        if (!_accounts)
        {
            return _machine.Slab.TryAllocate(_cache, _machine.Hierarchy.Root.Memcg, gfp, out allocated);
        }
        return _machine.Slab.TryAllocate(_cache, memcg, Gfp.NoWait | Gfp.NoWarn | Gfp.Account, out allocated)
            || (_mayWait && _machine.Slab.TryAllocate(_cache, memcg, gfp | Gfp.Account, out allocated))
            || (!_mayWait && _machine.Slab.TryAllocate(_cache, _machine.Hierarchy.Root.Memcg, gfp, out allocated));
    }

    /// <summary>The levels above: as many as the file's size asks for.</summary>
    private bool TryAddUpper(AddressSpaceMap map, long key, MemCgroup memcg, Gfp gfp)
    {
        long leaf = key;
        long last = (Math.Max(map.Pages, 1) - 1) >> Shift;
        for (int level = 0; last > 0; level++, last >>= Shift)
        {
            key >>= Shift;
            if (level == map.Upper.Count)
            {
                map.Upper.Add([]);
            }
            if (map.Upper[level].TryGetValue(key, out UpperNode upper))
            {
                upper.Children++;
                map.Upper[level][key] = upper;
                return true;
            }
            if (!TryAllocate(memcg, gfp, out SlabObject allocated))
            {
                UndoUpper(map, leaf, level);
                return false;
            }
            map.Upper[level].Add(key, new UpperNode { Children = 1, Object = allocated });
        }
        return true;
    }

    /// <summary>Takes away the levels that were made for a node which then could not be had.</summary>
    private void UndoUpper(AddressSpaceMap map, long leaf, int levels)
    {
        for (int level = 0; level < levels; level++)
        {
            leaf >>= Shift;
            if (map.Upper[level].Remove(leaf, out UpperNode upper))
            {
                _machine.Slab.Free(upper.Object);
            }
        }
    }

    private void RemoveUpper(AddressSpaceMap map, long key)
    {
        foreach (Dictionary<long, UpperNode> level in map.Upper)
        {
            key >>= Shift;
            if (!level.TryGetValue(key, out UpperNode upper))
            {
                return;
            }
            if (--upper.Children > 0)
            {
                level[key] = upper;
                return;
            }
            level.Remove(key);
            _machine.Slab.Free(upper.Object);
        }
    }

    private void FreeNode(AddressSpaceMap map, int number, ref Node node)
    {
        Invariant.Holds(node.Dirty == 0);
        map.Nodes[node.Key] = 0;
        RemoveUpper(map, node.Key);
        if (!node.IsFolded)
        {
            _machine.Slab.Free(node.Object);
        }
        node = new Node { Key = _freeHead, Map = -1 };
        _freeHead = number;
        Live--;
    }
}
