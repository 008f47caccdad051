using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>How far below the line an allocation may go (§9.1).</summary>
internal enum Watermark
{
    /// <summary>Below it kswapd wakes: the first try.</summary>
    Low,
    /// <summary>What the slow path leaves alone.</summary>
    Min,
    /// <summary>Half of min: victims of the OOM killer.</summary>
    Oom,
    /// <summary>The last try before a kill: catches memory that came back meanwhile.</summary>
    High,
    /// <summary>Everything: allocations that free memory.</summary>
    None,
}

/// <summary>One zone: a range of frames with its free list and its watermarks, in pages.</summary>
[Kernel("struct zone", "include/linux/mmzone.h", Deviation = "No per-CPU lists, no migrate types, no highatomic reserve, no boost.")]
public sealed class Zone
{
    internal Zone(int type, int node, long startPfn, long spanned, long present, int firstFrame, int managed)
    {
        Type = type;
        NodeId = node;
        StartPfn = startPfn;
        Spanned = spanned;
        Present = present;
        FirstFrame = firstFrame;
        Managed = managed;
        Free = managed;
        FreeHead = -1;
        Fresh = firstFrame;
    }

    /// <summary>0 = DMA, 1 = DMA32, 2 = Normal.</summary>
    public int Type { get; }

    /// <summary>The NUMA node whose memory it is.</summary>
    public int NodeId { get; }

    /// <summary>Its place among the machine's zones that have pages, lowest first.</summary>
    public int Index { get; internal set; }

    /// <summary>Where its pages stand among the lists of a cgroup: one set for each node, in 4.1 for each zone.</summary>
    internal int LruPlace { get; set; }

    /// <summary>Its name as the kernel prints it.</summary>
    public string Name => Type switch { 0 => "DMA", 1 => "DMA32", _ => "Normal" };

    /// <summary>Physical number of its first frame.</summary>
    public long StartPfn { get; }

    /// <summary>Frames from its first to its last.</summary>
    public long Spanned { get; }

    /// <summary>Frames of RAM.</summary>
    public long Present { get; }

    /// <summary>Frames that the allocator has.</summary>
    public int Managed { get; }

    /// <summary>Frames free.</summary>
    public int Free { get; internal set; }

    /// <summary>The min watermark.</summary>
    public long Min { get; internal set; }

    /// <summary>The low watermark.</summary>
    public long Low { get; internal set; }

    /// <summary>The high watermark.</summary>
    public long High { get; internal set; }

    /// <summary>Frames kept for requests that could not be met by a higher zone: added to the mark of all that could (§9.1).</summary>
    public long LowmemReserve { get; internal set; }

    /// <summary>Frames taken since boot (vmstat pgalloc_*).</summary>
    public long Allocations { get; internal set; }

    /// <summary>Frames reclaim looked at since one was freed here (4.1: how hopeless it is).</summary>
    internal long PagesScanned { get; set; }

    private readonly long[] _reclaim = new long[(int)VmItem.Count];

    /// <summary>4.1 counts the machine's reclaim by zone: pages scanned and reclaimed, and pages of active lists looked at.</summary>
    internal ref long Reclaim(VmItem item) => ref _reclaim[(int)item];

    private readonly int[] _listPages = new int[Lruvec.Lists];

    /// <summary>Its pages on LRU lists of a kind, of all cgroups.</summary>
    internal ref int ListPages(LruList list) => ref _listPages[(int)list];

    /// <summary>Its page cache on lists.</summary>
    internal int FilePages => _listPages[(int)LruList.InactiveFile] + _listPages[(int)LruList.ActiveFile];

    /// <summary>Its anonymous pages on lists.</summary>
    internal int AnonPages => _listPages[(int)LruList.InactiveAnon] + _listPages[(int)LruList.ActiveAnon];

    internal int FirstFrame { get; }

    internal int EndFrame => FirstFrame + Managed;

    /// <summary>First of the free frames that were used before; -1 = none.</summary>
    internal int FreeHead { get; set; }

    /// <summary>First frame that was never used.</summary>
    internal int Fresh { get; set; }

    /// <summary>Low watermark and reserve in one, for the fast path.</summary>
    internal long FastMark { get; set; }

    /// <summary>Physical number of a frame. What is not managed lies at the zone's start.</summary>
    internal long PfnOf(int frame) => StartPfn + (Spanned - Managed) + (frame - FirstFrame);

    /// <summary>A single page may be taken: free pages exceed mark and reserve.</summary>
    [Kernel("__zone_watermark_ok", "mm/page_alloc.c", Deviation = "Order 0 only.")]
    internal bool Allows(Watermark mark) => mark == Watermark.None ? Free > 0 : Free > Pages(mark) + LowmemReserve;

    private long Pages(Watermark mark) => mark switch
    {
        Watermark.Low => Low,
        Watermark.Min => Min,
        Watermark.Oom => Min - (Min / 2),
        _ => High,
    };
}
