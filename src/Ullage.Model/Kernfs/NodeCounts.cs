using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Kernfs;

/// <summary>A cgroup's pages by node, counted when a file asks. A machine with one node needs none of it.</summary>
internal sealed class NodeCounts
{
    private readonly Machine _machine;
    private readonly FrameUse[] _use;
    private readonly long[] _swapCached;
    private readonly long[] _tables;
    private readonly long[,] _lists;

    public NodeCounts(Machine machine, MemCgroup memcg, bool subtree)
    {
        _machine = machine;
        int nodes = machine.Frames.IsNuma ? machine.Frames.Nodes.Count : 0;
        (_use, _swapCached, _tables, _lists) = (new FrameUse[nodes], new long[nodes], new long[nodes], new long[nodes, Lruvec.Lists]);
        if (nodes == 0)
        {
            return;
        }
        bool[] counted = new bool[machine.Hierarchy.HighestId + 1];
        counted[0] = memcg.IsRoot; // charged to nobody
        foreach (MemCgroup each in machine.Hierarchy.Memcgs)
        {
            counted[each.Id] = each == memcg || (subtree && (memcg.IsRoot || each.IsDescendantOf(memcg)));
            AddLists(counted[each.Id] ? each.Lruvecs ?? [] : []);
        }
        foreach (Zone zone in machine.Frames.Zones)
        {
            AddFrames(zone, counted);
        }
    }

    private void AddLists(Lruvec[] lruvecs)
    {
        foreach (Lruvec lruvec in lruvecs)
        {
            int node = _machine.Lru.NodeAt(lruvec.Place).Id;
            for (int list = 0; list < Lruvec.Lists; list++)
            {
                _lists[node, list] += lruvec.Size((LruList)list);
            }
        }
    }

    private void AddFrames(Zone zone, bool[] counted)
    {
        PageFrames frames = _machine.Frames;
        ref FrameUse use = ref _use[zone.NodeId];
        for (int frame = zone.FirstFrame; frame < zone.Fresh; frame++)
        {
            PageFlags flags = frames.Flags(frame);
            int memcg = frames.Memcg(frame);
            if (flags == PageFlags.None || !counted[memcg])
            {
                continue;
            }
            _tables[zone.NodeId] += (flags & (PageFlags.Kernel | PageFlags.Anon)) == PageFlags.Kernel && memcg != 0 ? 1 : 0;
            _swapCached[zone.NodeId] += (flags & PageFlags.SwapCache) != 0 ? 1 : 0;
            bool isMapped = frames.MapCount(frame) > ((flags & PageFlags.Anon) != 0 ? 0 : 1);
            use.Anon += (flags & PageFlags.Anon) != 0 && (isMapped || !_machine.Era.Swap.AnonCountsMapped) ? 1 : 0;
            use.Shmem += (flags & PageFlags.Shmem) != 0 ? 1 : 0;
            use.File += (flags & (PageFlags.Shmem | PageFlags.File)) != 0 ? 1 : 0;
            use.FileMapped += (flags & (PageFlags.Shmem | PageFlags.File)) != 0 && isMapped ? 1 : 0;
            use.Dirty += (flags & (PageFlags.File | PageFlags.Dirty)) == (PageFlags.File | PageFlags.Dirty) ? 1 : 0;
            use.Writeback += (flags & (PageFlags.File | PageFlags.Writeback)) == (PageFlags.File | PageFlags.Writeback) ? 1 : 0;
        }
    }

    /// <summary>Pages on a list.</summary>
    public long On(int node, LruList list) => _lists[node, (int)list];

    /// <summary>Page cache on lists.</summary>
    public long File(int node) => On(node, LruList.InactiveFile) + On(node, LruList.ActiveFile);

    /// <summary>Anonymous and shared pages on lists.</summary>
    public long Anon(int node) => On(node, LruList.InactiveAnon) + On(node, LruList.ActiveAnon);

    /// <summary>A node's part of a field of v2 memory.stat; null = it is not known by node.</summary>
    public long? V2Value(string field, int node)
    {
        long? pages = field switch
        {
            "anon" => _use[node].Anon,
            "file" => _use[node].File,
            "shmem" => _use[node].Shmem,
            "file_mapped" => _use[node].FileMapped,
            "file_dirty" => _use[node].Dirty,
            "file_writeback" => _use[node].Writeback,
            "swapcached" => _swapCached[node],
            "pagetables" => _tables[node],
            "inactive_anon" => On(node, LruList.InactiveAnon),
            "active_anon" => On(node, LruList.ActiveAnon),
            "inactive_file" => On(node, LruList.InactiveFile),
            "active_file" => On(node, LruList.ActiveFile),
            "unevictable" => On(node, LruList.Unevictable),
            _ => null,
        };
        return pages * KernelConstants.PageSize;
    }
}
