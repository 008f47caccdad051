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
public sealed partial class PageFrames
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
