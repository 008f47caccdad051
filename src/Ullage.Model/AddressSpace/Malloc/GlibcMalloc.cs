namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>
/// The C library's malloc in one process: glibc on x86-64 as it behaves (§7.3), chunk by chunk, without the memory itself. Threads are
/// numbers; 0 is the main thread. What it does to the process goes through <see cref="IMallocCalls"/>.
/// </summary>
public sealed partial class GlibcMalloc
{
    private readonly MallocState _state;
    private readonly ChunkTable _chunks;
    private readonly ArenaAllocator _allocator;
    private readonly Dictionary<long, int> _inUse = [];
    private readonly List<ArenaUser?> _threads = [];
    private readonly List<Arena> _arenas = [];
    private readonly Stack<Arena> _leftArenas = [];

    /// <summary>Nothing is asked of the kernel before the first call.</summary>
    public GlibcMalloc(IMallocCalls calls, MallocOptions options)
    {
        ArgumentNullException.ThrowIfNull(calls);
        ArgumentNullException.ThrowIfNull(options);
        _state = new MallocState(options);
        _chunks = new ChunkTable();
        _allocator = new ArenaAllocator(_state, _chunks, calls);
        Arena main = new(0, _chunks) { Attached = 1 };
        _arenas.Add(main);
        _nextToReuse = main;
        _threads.Add(new ArenaUser { Arena = main });
    }

    /// <summary>How it was set up.</summary>
    public MallocOptions Options => _state.Options;

    /// <summary>Requests of this size and more get a mapping of their own; freeing one moves it (M_MMAP_THRESHOLD). Bytes.</summary>
    public long MmapThreshold => _state.MmapThreshold;

    /// <summary>The top may be this large before its end is given back (M_TRIM_THRESHOLD). Bytes.</summary>
    public long TrimThreshold => _state.TrimThreshold;

    /// <summary>Arenas, the main one included.</summary>
    public int Arenas => _arenas.Count;

    /// <summary>malloc(3): the address, or 0 = NULL with ENOMEM.</summary>
    /// <param name="thread">Who asks; 0 = the main thread.</param>
    /// <param name="bytes">How much; negative stands for more than PTRDIFF_MAX.</param>
    public long Malloc(int thread, long bytes)
    {
        ArenaUser user = UserOf(thread);
        if (IsBeyondAll(bytes))
        {
            return 0;
        }
        long size = MallocSizes.ChunkFor(bytes);
        ThreadCache? cache = CacheOf(user);
        int chunk = cache is not null && size <= MallocSizes.LargestCached ? _allocator.TakeCached(cache, MallocSizes.CacheIndex(size)) : -1;
        return Remember(chunk >= 0 ? chunk : Allocate(user, bytes, size));
    }

    private static bool IsBeyondAll(long bytes) => bytes < 0 || bytes > long.MaxValue - MallocSizes.HeapMax;

    private long Remember(int chunk)
    {
        if (chunk < 0)
        {
            return 0;
        }
        long address = _chunks[chunk].Address + MallocSizes.Alignment;
        _inUse.Add(address, chunk);
        return address;
    }

    /// <summary>free(3).</summary>
    /// <param name="thread">Who frees, which need not be who allocated.</param>
    /// <param name="address">What malloc answered; 0 does nothing.</param>
    /// <exception cref="ArgumentException">malloc did not give this address, or it was freed before: glibc would abort the process.</exception>
    public void Free(int thread, long address)
    {
        ArenaUser user = UserOf(thread);
        if (address == 0)
        {
            return;
        }
        if (!_inUse.Remove(address, out int chunk))
        {
            throw new ArgumentException($"free(0x{address:x}): invalid pointer: free only what malloc gave, and once", nameof(address));
        }
        if (_chunks[chunk].State == ChunkState.Mmapped)
        {
            _allocator.FreeAlone(chunk);
            return;
        }
        _allocator.Free(ArenaOf(chunk), chunk, CacheOf(user));
    }

    /// <summary>malloc_usable_size(3) in bytes: 0 when malloc did not give this address.</summary>
    public long UsableBytes(long address)
    {
        if (!_inUse.TryGetValue(address, out int chunk))
        {
            return 0;
        }
        return _chunks[chunk].Size - (_chunks[chunk].State == ChunkState.Mmapped ? 2 : 1) * MallocSizes.Word;
    }

    /// <summary>The number of the arena that an address belongs to: 0 = main, -1 = a mapping of its own.</summary>
    public int ArenaNumber(long address) => _inUse.TryGetValue(address, out int chunk) ? _chunks[chunk].Arena : -1;

    /// <summary>A thread begins. It has no arena before its first call.</summary>
    public int BeginThread()
    {
        _isThreaded = true;
        _threads.Add(new ArenaUser());
        return _threads.Count - 1;
    }

    /// <summary>A thread ends: its cache is freed, its arena is there for the next one.</summary>
    public void EndThread(int thread)
    {
        ArenaUser user = UserOf(thread);
        if (user.Cache is { } cache)
        {
            user.Cache = null;
            _allocator.Discard(cache, ArenaOf);
        }
        _threads[thread] = null;
        if (user.Arena is { } arena && --arena.Attached == 0)
        {
            _leftArenas.Push(arena);
        }
    }

    private ArenaUser UserOf(int thread) => thread >= 0 && thread < _threads.Count && _threads[thread] is { } user ? user
        : throw new ArgumentOutOfRangeException(nameof(thread), thread, "there is no such thread, or it has ended");

    private Arena ArenaOf(int chunk) => _arenas[_chunks[chunk].Arena];

    /// <summary>One thread.</summary>
    private sealed class ArenaUser
    {
        public Arena? Arena { get; set; }

        public ThreadCache? Cache { get; set; }
    }
}
