using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.Pages;

/// <summary>What a page frame is used for, and its state. One byte per frame.</summary>
[Flags]
public enum PageFlags : byte
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
    /// <summary>Kernel memory.</summary>
    Kernel = 1 << 5,
    /// <summary>A page of shared anonymous memory; its map count is one more than its mappings.</summary>
    Shmem = 1 << 6,
}

/// <summary>
/// All page frames, by index: what each is used for, which memory cgroup it is charged to, how many page tables map it.
/// Columns of arrays; a free frame's map count is the link to the next free one.
/// </summary>
[Kernel("struct page", "include/linux/mm_types.h", Deviation = "One zone per machine until the page allocator's room is built; orders above 0 are not fragmented.")]
public sealed class PageFrames
{
    private readonly PageFlags[] _flags;
    private readonly ushort[] _memcg; // id; 0 = not charged
    private readonly int[] _mapCount;
    private int _freeHead = -1;
    private int _fresh;

    internal PageFrames(MachineOptions options)
    {
        Total = options.MemoryBytes / KernelConstants.PageSize;
        Invariant.Holds(Total <= int.MaxValue);
        Reserved = ReservedAtBoot(Total);
        int usable = (int)(Total - Reserved);
        _flags = new PageFlags[usable];
        _memcg = new ushort[usable];
        _mapCount = new int[usable];
    }

    /// <summary>Frames of RAM.</summary>
    public long Total { get; }

    /// <summary>Frames that the kernel image, the frame table and firmware keep: they never reach the allocator.</summary>
    public long Reserved { get; }

    /// <summary>Frames that the allocator manages (MemTotal).</summary>
    public int Managed => _flags.Length;

    /// <summary>Frames in use.</summary>
    public int Used { get; private set; }

    /// <summary>Frames free.</summary>
    public int Free => Managed - Used;

    /// <summary>struct page costs 64 bytes per frame; kernel text, data and firmware take about 24 MiB.</summary>
    private static long ReservedAtBoot(long total) => Math.Min(total / 4, (total / 64) + (24L << 20 >> KernelConstants.PageShift));

    /// <summary>Takes a frame; -1 when none is left.</summary>
    [Kernel("get_page_from_freelist", "mm/page_alloc.c")]
    internal int Allocate(PageFlags use)
    {
        int frame = _freeHead;
        if (frame >= 0)
        {
            _freeHead = _mapCount[frame];
        }
        else if (_fresh < _flags.Length)
        {
            frame = _fresh++;
        }
        else
        {
            return -1;
        }
        Used++;
        Allocations++;
        _flags[frame] = PageFlags.Allocated | use;
        _memcg[frame] = 0;
        _mapCount[frame] = 0;
        return frame;
    }

    [Kernel("free_unref_page", "mm/page_alloc.c")]
    internal void Release(int frame)
    {
        Invariant.Holds((_flags[frame] & PageFlags.Allocated) != 0);
        _flags[frame] = PageFlags.None;
        _mapCount[frame] = _freeHead;
        _freeHead = frame;
        Used--;
        Releases++;
    }

    internal ref PageFlags Flags(int frame) => ref _flags[frame];

    internal ref ushort Memcg(int frame) => ref _memcg[frame];

    internal ref int MapCount(int frame) => ref _mapCount[frame];

    /// <summary>Frames taken from the allocator since boot (vmstat pgalloc).</summary>
    public long Allocations { get; private set; }

    /// <summary>Frames given back since boot (vmstat pgfree).</summary>
    public long Releases { get; private set; }

    /// <summary>Counts frames by use. Looks at every frame that was ever used: for files that are read now and then.</summary>
    internal FrameUse CountUse()
    {
        FrameUse use = default;
        for (int frame = 0; frame < _fresh; frame++)
        {
            PageFlags flags = _flags[frame];
            if ((flags & (PageFlags.Anon | PageFlags.Shmem)) == 0)
            {
                continue;
            }
            bool isShmem = (flags & PageFlags.Shmem) != 0;
            use.Anon += isShmem ? 0 : 1;
            use.Shmem += isShmem ? 1 : 0;
            use.Mapped += isShmem && _mapCount[frame] > 1 ? 1 : 0;
            use.ActiveAnon += (flags & (PageFlags.Lru | PageFlags.Active)) == (PageFlags.Lru | PageFlags.Active) ? 1 : 0;
            use.InactiveAnon += (flags & (PageFlags.Lru | PageFlags.Active)) == PageFlags.Lru ? 1 : 0;
        }
        return use;
    }

    /// <summary>Counts charged frames per memory cgroup id: the ground that usage stands on.</summary>
    internal long[] CountCharged(int highestId)
    {
        long[] counts = new long[highestId + 1];
        for (int frame = 0; frame < _fresh; frame++)
        {
            if ((_flags[frame] & PageFlags.Allocated) != 0)
            {
                counts[_memcg[frame]]++;
            }
        }
        return counts;
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
}
