namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>One arena: a top that grows, and lists of free chunks. The main one grows by brk, others by heaps.</summary>
internal sealed class Arena
{
    private const int FastSizes = 7;

    public Arena(int number, ChunkTable chunks)
    {
        Number = number;
        Bins = new Bins(chunks);
        Array.Fill(Fast, -1);
        Next = this;
    }

    private Arena(Arena source, ChunkTable chunks)
    {
        (Number, Top, SystemBytes, IsContiguous) = (source.Number, source.Top, source.SystemBytes, source.IsContiguous);
        OthersBytes = source.OthersBytes;
        (HasFast, LastRemainder, Attached) = (source.HasFast, source.LastRemainder, source.Attached);
        source.Fast.CopyTo(Fast, 0);
        Bins = source.Bins.Copy(chunks);
        Heap = source.Heap?.Copy();
        Next = this;
    }

    /// <summary>A copy for another process; its place in the ring is the caller's to set.</summary>
    public Arena Copy(ChunkTable chunks) => new(this, chunks);

    /// <summary>0 = the main arena.</summary>
    public int Number { get; }

    public bool IsMain => Number == 0;

    public Bins Bins { get; }

    /// <summary>The newest chunk of each fastbin.</summary>
    public int[] Fast { get; } = new int[FastSizes];

    /// <summary>A fastbin may hold something.</summary>
    public bool HasFast { get; set; }

    /// <summary>The top chunk; -1 before the first allocation.</summary>
    public int Top { get; set; } = -1;

    /// <summary>Bytes obtained from the kernel.</summary>
    public long SystemBytes { get; set; }

    /// <summary>Of these, bytes that hold no chunk: somebody else moved the break over them, or they only align the first chunk.</summary>
    public long OthersBytes { get; set; }

    /// <summary>The newest heap; null for the main arena.</summary>
    public HeapArea? Heap { get; set; }

    /// <summary>Growth joins what is there (main arena, as long as brk was never refused).</summary>
    public bool IsContiguous { get; set; } = true;

    /// <summary>Address of what a small request left of a larger chunk.</summary>
    public long LastRemainder { get; set; }

    /// <summary>Threads whose arena it is.</summary>
    public int Attached { get; set; }

    /// <summary>The next in the ring of all arenas.</summary>
    public Arena Next { get; set; }
}

/// <summary>Up to 64 MiB at a multiple of 64 MiB, of which a part is writable.</summary>
internal sealed class HeapArea(long address, HeapArea? previous)
{
    public long Address { get; } = address;

    public HeapArea? Previous { get; private set; } = previous;

    /// <summary>Bytes in use.</summary>
    public long Size { get; set; }

    /// <summary>Bytes that are writable.</summary>
    public long WritableBytes { get; set; }

    /// <summary>The chunk at its end, once a newer heap has the top.</summary>
    public int Fence { get; set; } = -1;

    public HeapArea Copy() => new(Address, Previous?.Copy()) { Size = Size, WritableBytes = WritableBytes, Fence = Fence };
}

/// <summary>Freed chunks that a thread keeps for itself: a stack for each size.</summary>
internal sealed class ThreadCache
{
    /// <summary>The chunk that holds it.</summary>
    public required int Chunk { get; init; }

    public int[] Newest { get; } = NoChunks();

    public int[] Counts { get; } = new int[MallocSizes.CachedSizes];

    public ThreadCache Copy()
    {
        ThreadCache copy = new() { Chunk = Chunk };
        Newest.CopyTo(copy.Newest, 0);
        Counts.CopyTo(copy.Counts, 0);
        return copy;
    }

    private static int[] NoChunks()
    {
        int[] none = new int[MallocSizes.CachedSizes];
        Array.Fill(none, -1);
        return none;
    }
}

/// <summary>What all arenas of a process share.</summary>
internal sealed class MallocState(MallocOptions options)
{
    public MallocOptions Options { get; } = options;

    public GlibcRules Rules => Options.Release;

    public long MmapThreshold { get; set; } = options.MmapThreshold ?? MallocSizes.DefaultThreshold;

    public long TrimThreshold { get; set; } = options.TrimThreshold ?? MallocSizes.DefaultThreshold;

    public long TopPad => Options.TopPad ?? MallocSizes.DefaultThreshold;

    public int MmapMax => Options.MmapMax ?? MallocSizes.DefaultMmapMax;

    /// <summary>Chunks with a mapping of their own, and their bytes; now and at most.</summary>
    public int Mmaps { get; set; }

    public long MmappedBytes { get; set; }

    public int MostMmaps { get; set; }

    public long MostMmappedBytes { get; set; }

    /// <summary>The break, once it was asked for.</summary>
    public long Break { get; set; }

    /// <summary>The highest that the break ever was: memory below it may be dirty although it was given back meanwhile.</summary>
    public long HighestBreak { get; set; }

    /// <summary>Where the next heap would be aligned without trimming; 0 = unknown.</summary>
    public long NextHeapHint { get; set; }

    public MallocState Copy() => new(Options)
    {
        MmapThreshold = MmapThreshold, TrimThreshold = TrimThreshold, Mmaps = Mmaps, MmappedBytes = MmappedBytes,
        MostMmaps = MostMmaps, MostMmappedBytes = MostMmappedBytes, Break = Break, HighestBreak = HighestBreak, NextHeapHint = NextHeapHint,
    };
}
