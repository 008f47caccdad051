using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.Pages;

/// <summary>What a page frame is used for, and its state. Two bytes per frame.</summary>
[Flags]
public enum PageFlags : ushort
{
    /// <summary>Free.</summary>
    None = 0,
    /// <summary>In use.</summary>
    Allocated = 1 << 0,
    /// <summary>PG_swapbacked: anonymous.</summary>
    Anon = 1 << 1,
    /// <summary>PG_lru: counted on an LRU list.</summary>
    Lru = 1 << 2,
    /// <summary>PG_active.</summary>
    Active = 1 << 3,
    /// <summary>A CPU's add batch holds a reference.</summary>
    InAddBatch = 1 << 4,
    /// <summary>Kernel memory; of an anonymous page, that MADV_FREE gave it up (PG_swapbacked is clear).</summary>
    Kernel = 1 << 5,
    /// <summary>A page of shared anonymous memory; its map count is one more than its mappings.</summary>
    Shmem = 1 << 6,
    /// <summary>In the page cache of a file.</summary>
    File = 1 << 7,
    /// <summary>PG_referenced.</summary>
    Referenced = 1 << 8,
    /// <summary>PG_workingset.</summary>
    Workingset = 1 << 9,
    /// <summary>PG_dirty.</summary>
    Dirty = 1 << 10,
    /// <summary>PG_writeback.</summary>
    Writeback = 1 << 11,
    /// <summary>PG_unevictable.</summary>
    Unevictable = 1 << 12,
    /// <summary>PG_swapcache.</summary>
    SwapCache = 1 << 13,
    /// <summary>PG_reclaim; while a page is not under writeback, PG_readahead.</summary>
    Reclaim = 1 << 14,
    /// <summary>PG_locked: being read.</summary>
    Locked = 1 << 15,
}

/// <summary>
/// All page frames, by index: what each is used for, which memory cgroup it is charged to, how many page tables map it.
/// Columns of arrays, 24 bytes per frame; a free frame's map count is the link to the next free one of its zone. Lower zones have lower indices.
/// </summary>
[Kernel("struct page", "include/linux/mm_types.h", Deviation = "Frames are handed out one by one: orders above 0 are not fragmented.")]
public sealed class PageFrames
{
    private readonly PageFlags[] _flags;
    private readonly ushort[] _memcg; // id; 0 = not charged
    private readonly int[] _mapCount;
    private readonly int[] _next; // towards the tail of its list
    private readonly int[] _previous;
    private readonly int[] _mapping; // whose page
    private readonly int[] _index; // which page of it
    private readonly Zone[] _zonelist; // all, highest first
    private readonly Zone[] _fastZones; // the same; none where nodes have to be looked at first
    private readonly MemoryNode[] _nodes;
    private readonly int _cpus;

    internal PageFrames(MachineOptions options)
    {
        Total = options.MemoryBytes / KernelConstants.PageSize;
        Invariant.Holds(Total <= int.MaxValue);
        Reserved = ReservedAtBoot(Total);
        int usable = (int)(Total - Reserved);
        _flags = new PageFlags[usable];
        _memcg = new ushort[usable];
        _mapCount = new int[usable];
        _next = new int[usable];
        _previous = new int[usable];
        _mapping = new int[usable];
        _index = new int[usable];
        Zones = ZoneLayout.Of(Total, usable, options.Era.Pages.DmaManaged, options.Nodes);
        _zonelist = new Zone[Zones.Count];
        for (int i = 0; i < _zonelist.Length; i++)
        {
            _zonelist[i] = Zones[_zonelist.Length - 1 - i];
            Zones[i].Index = i;
        }
        _cpus = options.Cpus;
        _nodes = NodesOf(Zones, options.Nodes);
        _fastZones = _nodes.Length == 1 ? _zonelist : [];
        Watermarks = new Watermarks([.. Zones], options.Era.Pages);
    }

    private static MemoryNode[] NodesOf(IReadOnlyList<Zone> zones, int count)
    {
        MemoryNode[] nodes = new MemoryNode[count];
        for (int id = 0; id < count; id++)
        {
            List<Zone> own = [];
            foreach (Zone zone in zones)
            {
                if (zone.NodeId == id)
                {
                    own.Add(zone);
                }
            }
            nodes[id] = new MemoryNode(id, [.. own]);
        }
        for (int id = 0; id < count; id++)
        {
            List<Zone> order = [];
            for (int step = 0; step < count; step++)
            {
                IReadOnlyList<Zone> each = nodes[(id + step) % count].Zones;
                for (int i = each.Count - 1; i >= 0; i--)
                {
                    order.Add(each[i]);
                }
            }
            nodes[id].Zonelist = [.. order];
        }
        return nodes;
    }

    /// <summary>NUMA nodes, at least one.</summary>
    public IReadOnlyList<MemoryNode> Nodes => _nodes;

    /// <summary>There are several nodes.</summary>
    internal bool IsNuma => _nodes.Length > 1;

    /// <summary>The node that a CPU belongs to: nodes have equal shares of them, in their order.</summary>
    [Kernel("cpu_to_node", "include/linux/topology.h")]
    internal MemoryNode NodeOfCpu(int cpu) => _nodes.Length == 1 ? _nodes[0] : _nodes[Math.Min(cpu, _cpus - 1) * _nodes.Length / _cpus];

    /// <summary>The node that a frame lies on.</summary>
    [Kernel("page_to_nid", "include/linux/mm.h")]
    internal int NodeIdOf(int frame) => _nodes.Length == 1 ? 0 : ZoneOf(frame).NodeId;

    /// <summary>Frames of RAM.</summary>
    public long Total { get; }

    /// <summary>Frames that the kernel image, the frame table and firmware keep: they never reach the allocator.</summary>
    public long Reserved { get; }

    /// <summary>Zones that have pages, lowest first.</summary>
    public IReadOnlyList<Zone> Zones { get; }

    /// <summary>What is kept back.</summary>
    public Watermarks Watermarks { get; }

    /// <summary>Frames that the allocator manages (MemTotal).</summary>
    public int Managed => _flags.Length;

    /// <summary>Frames in use.</summary>
    public int Used => Managed - Free;

    /// <summary>Frames free.</summary>
    public int Free
    {
        get
        {
            int free = 0;
            foreach (Zone zone in _zonelist)
            {
                free += zone.Free;
            }
            return free;
        }
    }

    /// <summary>struct page costs 64 bytes per frame; kernel text, data and firmware take about 24 MiB.</summary>
    private static long ReservedAtBoot(long total) => Math.Min(total / 4, (total / 64) + (24L << 20 >> KernelConstants.PageShift));

    /// <summary>Takes a frame from the highest zone that is above its low watermark; -1 = none is, or there are several nodes to choose from.</summary>
    [Kernel("get_page_from_freelist", "mm/page_alloc.c")]
    internal int Allocate(PageFlags use)
    {
        Zone[] zones = _fastZones;
        for (int i = 0; i < zones.Length; i++)
        {
            if (zones[i].Free > zones[i].FastMark)
            {
                return Take(zones[i], use);
            }
        }
        return -1;
    }

    /// <summary>Takes a frame from the highest zone that allows it; -1 = none does.</summary>
    internal int Allocate(PageFlags use, Watermark mark)
    {
        foreach (Zone zone in _zonelist)
        {
            if (zone.Allows(mark))
            {
                return Take(zone, use);
            }
        }
        return -1;
    }

    internal int Take(Zone zone, PageFlags use)
    {
        int frame = zone.FreeHead;
        if (frame >= 0)
        {
            zone.FreeHead = _mapCount[frame];
        }
        else
        {
            frame = zone.Fresh++;
        }
        zone.Free--;
        zone.Allocations++;
        _flags[frame] = PageFlags.Allocated | use;
        _memcg[frame] = 0;
        _mapCount[frame] = 0;
        _mapping[frame] = 0;
        _index[frame] = 0;
        return frame;
    }

    [Kernel("free_unref_page", "mm/page_alloc.c")]
    internal void Release(int frame)
    {
        Invariant.Holds((_flags[frame] & PageFlags.Allocated) != 0);
        Zone zone = ZoneOf(frame);
        _flags[frame] = PageFlags.None;
        _mapCount[frame] = zone.FreeHead;
        zone.FreeHead = frame;
        zone.Free++;
        zone.PagesScanned = 0;
        Releases++;
    }

    [Kernel("page_zone", "include/linux/mm.h")]
    internal Zone ZoneOf(int frame)
    {
        Zone[] zones = _zonelist;
        int i = 0;
        while (frame < zones[i].FirstFrame)
        {
            i++;
        }
        return zones[i];
    }

    /// <summary>Some zone could serve one page more.</summary>
    internal bool Allows(Watermark mark)
    {
        foreach (Zone zone in _zonelist)
        {
            if (zone.Allows(mark))
            {
                return true;
            }
        }
        return false;
    }

    internal bool IsFree(int frame) => (_flags[frame] & PageFlags.Allocated) == 0;

    internal ref PageFlags Flags(int frame) => ref _flags[frame];

    internal ref ushort Memcg(int frame) => ref _memcg[frame];

    internal ref int MapCount(int frame) => ref _mapCount[frame];

    /// <summary>The next frame of its LRU list, towards the tail; -1 = it is the last.</summary>
    internal ref int Next(int frame) => ref _next[frame];

    /// <summary>The frame before it on its LRU list; -1 = it is the first.</summary>
    internal ref int Previous(int frame) => ref _previous[frame];

    /// <summary>Whose page it is: the address space of a file, the family of an anonymous page.</summary>
    internal ref int Mapping(int frame) => ref _mapping[frame];

    /// <summary>Which page of <see cref="Mapping"/>.</summary>
    internal ref int Index(int frame) => ref _index[frame];

    /// <summary>Frames taken from the allocator since boot (vmstat pgalloc).</summary>
    public long Allocations
    {
        get
        {
            long taken = 0;
            foreach (Zone zone in _zonelist)
            {
                taken += zone.Allocations;
            }
            return taken;
        }
    }

    /// <summary>Frames given back since boot (vmstat pgfree).</summary>
    public long Releases { get; private set; }

    /// <summary>Counts frames by use. Looks at every frame that was ever used: for files that are read now and then.</summary>
    internal FrameUse CountUse() => CountUse(_zonelist);

    /// <summary>Counts a node's frames by use.</summary>
    internal FrameUse CountUse(MemoryNode node) => CountUse(node.Zones);

    private FrameUse CountUse(IReadOnlyList<Zone> zones)
    {
        FrameUse use = default;
        foreach (Zone zone in zones)
        {
            FrameUse more = CountUse(zone);
            use.Anon += more.Anon;
            use.ActiveAnon += more.ActiveAnon;
            use.InactiveAnon += more.InactiveAnon;
            use.Shmem += more.Shmem;
            use.Mapped += more.Mapped;
            use.Kernel += more.Kernel;
            use.File += more.File;
            use.FileMapped += more.FileMapped;
            use.Dirty += more.Dirty;
            use.Writeback += more.Writeback;
        }
        return use;
    }

    /// <summary>Counts a zone's frames by use.</summary>
    internal FrameUse CountUse(Zone zone)
    {
        FrameUse use = default;
        for (int frame = zone.FirstFrame; frame < zone.Fresh; frame++)
        {
            PageFlags flags = _flags[frame];
            if ((flags & PageFlags.File) != 0)
            {
                use.File++;
                use.FileMapped += _mapCount[frame] > 1 ? 1 : 0;
                use.Dirty += (flags & PageFlags.Dirty) != 0 ? 1 : 0;
                use.Writeback += (flags & PageFlags.Writeback) != 0 ? 1 : 0;
                continue;
            }
            if ((flags & (PageFlags.Anon | PageFlags.Shmem)) == 0)
            {
                use.Kernel += (flags & PageFlags.Kernel) != 0 ? 1 : 0;
                continue;
            }
            bool isShmem = (flags & PageFlags.Shmem) != 0;
            use.Anon += !isShmem && _mapCount[frame] > 0 ? 1 : 0;
            use.Shmem += isShmem ? 1 : 0;
            use.Mapped += isShmem && _mapCount[frame] > 1 ? 1 : 0;
            use.ActiveAnon += (flags & (PageFlags.Lru | PageFlags.Active | PageKinds.LazyFree)) == (PageFlags.Lru | PageFlags.Active) ? 1 : 0;
            use.InactiveAnon += (flags & (PageFlags.Lru | PageFlags.Active | PageKinds.LazyFree)) == PageFlags.Lru ? 1 : 0;
        }
        return use;
    }

    /// <summary>Frames of a use that are charged to one cgroup are another's from now on. Looks at every frame that was ever used.</summary>
    internal void Recharge(PageFlags use, int from, int to)
    {
        foreach (Zone zone in _zonelist)
        {
            for (int frame = zone.FirstFrame; frame < zone.Fresh; frame++)
            {
                if (_memcg[frame] == from && (_flags[frame] & (PageFlags.Allocated | PageFlags.Anon | use)) == (PageFlags.Allocated | use))
                {
                    _memcg[frame] = (ushort)to;
                }
            }
        }
    }

    /// <summary>Counts charged frames per memory cgroup id: the ground that usage stands on.</summary>
    internal long[] CountCharged(int highestId)
    {
        long[] counts = new long[highestId + 1];
        for (int frame = 0; frame < _flags.Length; frame++)
        {
            if ((_flags[frame] & PageFlags.Allocated) != 0)
            {
                counts[_memcg[frame]]++;
            }
        }
        return counts;
    }

    /// <summary>Frames that have a flag. Looks at all of them: for checks.</summary>
    internal long CountFlag(PageFlags flag)
    {
        long count = 0;
        foreach (PageFlags flags in _flags)
        {
            count += (flags & flag) != 0 ? 1 : 0;
        }
        return count;
    }

    /// <summary>Counts charged anonymous frames that no page table maps, per memory cgroup id: in the swap cache, or about to be freed.</summary>
    internal long[] CountIdleAnon(int highestId)
    {
        long[] counts = new long[highestId + 1];
        for (int frame = 0; frame < _flags.Length; frame++)
        {
            if ((_flags[frame] & (PageFlags.Allocated | PageFlags.Anon)) == (PageFlags.Allocated | PageFlags.Anon) && _mapCount[frame] == 0)
            {
                counts[_memcg[frame]]++;
            }
        }
        return counts;
    }

    /// <summary>Throws unless zones cover all frames, each zone's count of free frames is true, and its list holds them.</summary>
    internal void Verify()
    {
        int end = 0;
        foreach (Zone zone in Zones)
        {
            Invariant.Holds(zone.FirstFrame == end && zone.Managed > 0 && zone.Managed <= zone.Present, $"extent of zone {zone.Name}");
            end = zone.EndFrame;
            int free = 0;
            for (int frame = zone.FirstFrame; frame < end; frame++)
            {
                bool isFree = (_flags[frame] & PageFlags.Allocated) == 0;
                free += isFree ? 1 : 0;
                Invariant.Holds(isFree || frame < zone.Fresh, $"frame {frame} of zone {zone.Name} was never handed out");
            }
            Invariant.Holds(free == zone.Free, $"free frames of zone {zone.Name}: {zone.Free} = {free}");
            int listed = zone.EndFrame - zone.Fresh;
            for (int frame = zone.FreeHead; frame >= 0 && listed <= free; frame = _mapCount[frame])
            {
                Invariant.Holds(frame >= zone.FirstFrame && frame < zone.Fresh && _flags[frame] == PageFlags.None, $"free list of zone {zone.Name}");
                listed++;
            }
            Invariant.Holds(listed == free, $"free list of zone {zone.Name}: {listed} = {free}");
            Invariant.Holds(zone.Min <= zone.Low && zone.Low <= zone.High && zone.LowmemReserve >= 0, $"watermarks of zone {zone.Name}");
        }
        Invariant.Holds(end == Managed, "zones cover all frames");
    }
}

/// <summary>Frames by use, machine-wide.</summary>
internal record struct FrameUse
{
    /// <summary>Anonymous.</summary>
    public long Anon;
    /// <summary>Shared anonymous memory.</summary>
    public long Shmem;
    /// <summary>Of <see cref="Shmem"/>, those that some page table maps.</summary>
    public long Mapped;
    /// <summary>Counted on an active list.</summary>
    public long ActiveAnon;
    /// <summary>Counted on an inactive list.</summary>
    public long InactiveAnon;
    /// <summary>Page tables, slabs.</summary>
    public long Kernel;
    /// <summary>Page cache of files.</summary>
    public long File;
    /// <summary>Of <see cref="File"/>, those that some page table maps.</summary>
    public long FileMapped;
    /// <summary>Of <see cref="File"/>, those that must be written.</summary>
    public long Dirty;
    /// <summary>Of <see cref="File"/>, those being written.</summary>
    public long Writeback;
}
