using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Slab;

namespace Ullage.Model.Files;

/// <summary>
/// The trees of all files, in one pool: which frame, or which shadow of a reclaimed page, is at which page of a file. An entry is frame + 1, or the
/// complement of a shadow (negative), or 0. Nodes of 64 entries are slab objects, charged to who made them; nodes that have only shadows wait on a list to be reclaimed (§3.10).
/// </summary>
[Kernel("struct xarray", "include/linux/xarray.h")]
internal sealed partial class PageTree
{
    public const int Shift = 6;
    private const int Mask = (1 << Shift) - 1;

    private readonly Machine _machine;
    private readonly ChunkedArray<long> _entries = new();
    private readonly ChunkedArray<Node> _nodes = new();
    private readonly KmemCache _cache;
    private readonly bool _accounts;
    private readonly bool _mayWait;
    private int _freeHead = -1;
    private int _fresh;

    private struct Node
    {
        public SlabObject Object;
        public int Map;
        public int Key; // page number / 64; of a free node the next free one
        public ulong Dirty;
        public byte Pages;
        public byte Shadows;
        public bool IsFolded; // one entry of the level above: a folio that is as large as the node, or larger
    }

    public PageTree(Machine machine)
    {
        _machine = machine;
        _cache = machine.Slab.Cache("radix_tree_node");
        _accounts = machine.Era.Files.AccountsNodes;
        _mayWait = machine.Era.Files.NodesMayWait;
    }

    /// <summary>Nodes without pages by who pays for them; made when the first node is.</summary>
    public ListLru? ShadowNodes { get; private set; }

    /// <summary>Nodes that exist.</summary>
    public int Live { get; private set; }

    /// <summary>The entry of a page.</summary>
    [Kernel("xas_load", "lib/xarray.c")]
    public long Load(AddressSpaceMap map, long index)
    {
        long key = index >> Shift;
        int[] nodes = map.Nodes;
        if ((ulong)key >= (ulong)nodes.Length)
        {
            return index == 0 ? map.Head : 0;
        }
        int node = nodes[key] - 1;
        return node < 0 ? 0 : _entries[(node << Shift) + (int)(index & Mask)];
    }

    /// <summary>Makes room for an entry; false = the nodes cannot be had.</summary>
    /// <param name="map">The file.</param>
    /// <param name="index">The page.</param>
    /// <param name="memcg">Who pays for nodes.</param>
    /// <param name="gfp">What may be done to have them.</param>
    /// <param name="folds">The page is part of a folio that is as large as a node, or larger: such a folio needs none (6.16+).</param>
    public bool TryReserve(AddressSpaceMap map, long index, MemCgroup memcg, Gfp gfp, bool folds)
    {
        long key = index >> Shift;
        if (key < map.Nodes.Length && map.Nodes[key] != 0)
        {
            return folds || TryUnfold(map.Nodes[key] - 1, memcg, gfp);
        }
        if (index == 0 && map.Nodes.Length == 0)
        {
            return true;
        }
        if (map.Nodes.Length == 0 && !TryMoveHead(map, memcg, gfp))
        {
            return false;
        }
        if (key >= map.Nodes.Length)
        {
            int[] nodes = map.Nodes;
            Array.Resize(ref nodes, (int)Math.Max(key + 1, Math.Max(2 * (long)nodes.Length, ((map.Pages - 1) >> Shift) + 1)));
            map.Nodes = nodes;
        }
        return map.Nodes[key] != 0 || TryAddNode(map, key, memcg, gfp, folds);
    }

    private bool TryMoveHead(AddressSpaceMap map, MemCgroup memcg, Gfp gfp)
    {
        map.Nodes = new int[Math.Max(1, (int)Math.Min(((map.Pages - 1) >> Shift) + 1, int.MaxValue))];
        long head = map.Head;
        if (head == 0)
        {
            return true;
        }
        if (!TryAddNode(map, 0, memcg, gfp, folds: false))
        {
            map.Nodes = [];
            return false;
        }
        map.Head = 0;
        (map.Cached, map.Shadows) = (0, 0); // they move
        Store(map, 0, head);
        if (head > 0 && (_machine.Frames.Flags((int)head - 1) & PageFlags.Dirty) != 0)
        {
            TagDirty(map, 0, dirty: true);
        }
        return true;
    }

    /// <summary>Puts an entry where <see cref="TryReserve"/> made room; answers what was there. Empty nodes are freed.</summary>
    [Kernel("xas_store", "lib/xarray.c")]
    public long Store(AddressSpaceMap map, long index, long entry)
    {
        if (map.Nodes.Length == 0)
        {
            long head = map.Head;
            map.Head = entry;
            Count(map, head, entry);
            return head;
        }
        int number = map.Nodes[index >> Shift] - 1;
        ref long at = ref _entries[(number << Shift) + (int)(index & Mask)];
        long before = at;
        at = entry;
        (int pages, int shadows) = Count(map, before, entry);
        ref Node node = ref _nodes[number];
        node.Pages = (byte)(node.Pages + pages);
        node.Shadows = (byte)(node.Shadows + shadows);
        if (node.Pages == 0 || pages > 0)
        {
            Update(map, number, ref node);
        }
        return before;
    }

    private static (int Pages, int Shadows) Count(AddressSpaceMap map, long before, long after)
    {
        int pages = (after > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
        int shadows = (after < 0 ? 1 : 0) - (before < 0 ? 1 : 0);
        map.Cached += pages;
        map.Shadows += shadows;
        return (pages, shadows);
    }

    /// <summary>Nodes with nothing but shadows are on their list, others are not; empty ones go.</summary>
    [Kernel("workingset_update_node", "mm/workingset.c")]
    private void Update(AddressSpaceMap map, int number, ref Node node)
    {
        bool listed = ShadowNodes!.Contains(number);
        bool isShadow = node is { Pages: 0, Shadows: > 0, IsFolded: false };
        if (isShadow != listed)
        {
            _machine.Vm.Add(VmItem.WorkingsetNodes, listed ? -1 : 1);
            if (listed)
            {
                ShadowNodes.Remove(number);
            }
            else
            {
                ShadowNodes.Add(number, _machine.Slab.PayerOf(node.Object) ?? _machine.Hierarchy.Root.Memcg);
            }
        }
        if (node.Pages == 0 && node.Shadows == 0)
        {
            FreeNode(map, number, ref node);
        }
    }

    /// <summary>Reclaims the oldest node of shadows that a cgroup pays for; false = it has none.</summary>
    [Kernel("shadow_lru_isolate", "mm/workingset.c")]
    public bool ReclaimShadowNode(MemCgroup memcg, Func<int, AddressSpaceMap> mapOf)
    {
        int number = ShadowNodes?.Oldest(memcg) ?? -1;
        if (number < 0)
        {
            return false;
        }
        ref Node node = ref _nodes[number];
        AddressSpaceMap map = mapOf(node.Map);
        Invariant.Holds(node.Pages == 0);
        for (int i = 0; i <= Mask; i++)
        {
            _entries[(number << Shift) + i] = 0;
        }
        map.Shadows -= node.Shadows;
        node.Shadows = 0;
        Update(map, number, ref node);
        return true;
    }

    /// <summary>Forgets the shadows of a range of pages, ends included.</summary>
    [Kernel("clear_shadow_entries", "mm/truncate.c")]
    public void ClearShadows(AddressSpaceMap map, long first, long last)
    {
        for (long index = first; index <= last && map.Shadows > 0; index++)
        {
            if (SkipNode(map, ref index))
            {
                continue;
            }
            if (Load(map, index) < 0)
            {
                Store(map, index, 0);
            }
        }
    }

    /// <summary>The first page in memory from <paramref name="index"/> on; -1 = none up to <paramref name="last"/>.</summary>
    [Kernel("find_get_entries", "mm/filemap.c")]
    public long NextPage(AddressSpaceMap map, long index, long last)
    {
        last = Math.Min(last, map.Nodes.Length == 0 ? 0 : ((long)map.Nodes.Length << Shift) - 1);
        for (; index <= last; index++)
        {
            if (SkipNode(map, ref index))
            {
                continue;
            }
            if (Load(map, index) > 0)
            {
                return index;
            }
        }
        return -1;
    }

    /// <summary>Where there is no node goes to the last page that it would have.</summary>
    private static bool SkipNode(AddressSpaceMap map, ref long index)
    {
        long key = index >> Shift;
        if (key >= map.Nodes.Length || map.Nodes[key] != 0)
        {
            return false;
        }
        index |= Mask;
        return true;
    }

    /// <summary>Marks a page as dirty, or not (PAGECACHE_TAG_DIRTY).</summary>
    public void TagDirty(AddressSpaceMap map, long index, bool dirty)
    {
        if (map.Nodes.Length == 0)
        {
            return; // its frame says it
        }
        ref ulong tags = ref _nodes[map.Nodes[index >> Shift] - 1].Dirty;
        ulong bit = 1UL << (int)(index & Mask);
        tags = dirty ? tags | bit : tags & ~bit;
    }

    /// <summary>The first page marked dirty from <paramref name="index"/> on; -1 = none. A lone page 0 is always answered: look at its frame.</summary>
    public long NextDirty(AddressSpaceMap map, long index)
    {
        if (map.Nodes.Length == 0)
        {
            return index == 0 && map.Head > 0 ? 0 : -1;
        }
        for (long key = index >> Shift; key < map.Nodes.Length; key++)
        {
            int number = map.Nodes[key] - 1;
            ulong tags = number < 0 ? 0 : _nodes[number].Dirty;
            if (key == index >> Shift)
            {
                tags &= ulong.MaxValue << (int)(index & Mask);
            }
            if (tags != 0)
            {
                return (key << Shift) + System.Numerics.BitOperations.TrailingZeroCount(tags);
            }
        }
        return -1;
    }

    /// <summary>Pages and shadows as the nodes count them, to be compared with the file's own counts.</summary>
    public (long Pages, long Shadows) Recount(AddressSpaceMap map)
    {
        (long pages, long shadows) = (map.Head > 0 ? 1 : 0, map.Head < 0 ? 1 : 0);
        foreach (int node in map.Nodes)
        {
            if (node == 0)
            {
                continue;
            }
            (int own, int gone) = (0, 0);
            for (int i = 0; i <= Mask; i++)
            {
                long entry = _entries[((node - 1) << Shift) + i];
                own += entry > 0 ? 1 : 0;
                gone += entry < 0 ? 1 : 0;
            }
            ref Node counted = ref _nodes[node - 1];
            Invariant.Holds(counted.Pages == own && counted.Shadows == gone && own + gone > 0, $"node of {map}: {counted.Pages} pages, {counted.Shadows} shadows = {own}, {gone}");
            Invariant.Holds(ShadowNodes!.Contains(node - 1) == (own == 0 && !counted.IsFolded), $"a node of {map} is on the list of shadow nodes when it has no page");
            pages += own;
            shadows += gone;
        }
        return (pages, shadows);
    }
}
