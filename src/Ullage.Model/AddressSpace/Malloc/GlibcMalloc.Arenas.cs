namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>Which arena a thread uses, and which one is tried when it has no memory.</summary>
public sealed partial class GlibcMalloc
{
    private Arena _nextToReuse;
    private int _arenaLimit;
    private bool _isThreaded;
    private readonly int _lostCaches; // of threads that did not live on in a forked child

    private int Allocate(ArenaUser user, long bytes, long size)
    {
        if (!_isThreaded && _state.Rules.SingleThreadUsesMainOnly)
        {
            return _allocator.Allocate(_arenas[0], size, user.Cache);
        }
        Arena? arena = user.Arena ?? AttachArena(user, bytes, null);
        int chunk = _allocator.Allocate(arena, size, user.Cache);
        if (chunk >= 0 || arena is null)
        {
            return chunk;
        }
        Arena? other = arena.IsMain ? AttachArena(user, bytes, arena) : _arenas[0];
        return other is null ? -1 : _allocator.Allocate(other, size, user.Cache);
    }

    /// <summary>The thread's cache, which is made at its first call; null when this release has none or there is no memory for it.</summary>
    private ThreadCache? CacheOf(ArenaUser user)
    {
        if (user.Cache is null && _state.Rules.HasTcache)
        {
            long bytes = _state.Rules.TcacheBytes;
            int chunk = Allocate(user, bytes, MallocSizes.ChunkFor(bytes));
            user.Cache = chunk >= 0 ? new ThreadCache { Chunk = chunk } : null;
        }
        return user.Cache;
    }

    /// <summary>
    /// An arena for a thread: one that a thread left, else a new one, else, at the limit, one that others use. Null when there is no memory for a new one.
    /// </summary>
    private Arena? AttachArena(ArenaUser user, long bytes, Arena? avoid)
    {
        Arena? arena;
        if (_leftArenas.Count > 0)
        {
            arena = _leftArenas.Pop();
            arena.Attached = 1;
        }
        else if (MayAddArena())
        {
            arena = AddArena(bytes);
        }
        else
        {
            arena = _nextToReuse == avoid ? _nextToReuse.Next : _nextToReuse;
            _nextToReuse = arena.Next;
            arena.Attached++;
        }
        if (arena is not null)
        {
            Detach(user.Arena);
            user.Arena = arena;
        }
        return arena;
    }

    private static void Detach(Arena? arena)
    {
        if (arena is not null)
        {
            arena.Attached--;
        }
    }

    /// <summary>The limit is 8 for each CPU, but looked at only once there are more arenas than M_ARENA_TEST.</summary>
    private bool MayAddArena()
    {
        if (_arenaLimit == 0)
        {
            _arenaLimit = _state.Options.ArenaMax > 0 ? _state.Options.ArenaMax
                : _arenas.Count > _state.Options.ArenaTest ? MallocSizes.ArenasPerCpu * Math.Max(_state.Options.Cpus, 1) : 0;
        }
        return _arenaLimit == 0 || _arenas.Count < _arenaLimit;
    }

    private Arena? AddArena(long bytes)
    {
        Arena? arena = _allocator.NewArena(_arenas.Count, bytes);
        if (arena is not null)
        {
            Arena main = _arenas[0];
            (arena.Next, main.Next) = (main.Next, arena);
            _arenas.Add(arena);
        }
        return arena;
    }

    /// <summary>The malloc of a forked child, which has only the thread that forked: its thread 0. Arenas of other threads are there to be taken.</summary>
    /// <param name="calls">The child's process.</param>
    /// <param name="thread">The thread that forks.</param>
    public GlibcMalloc Fork(IMallocCalls calls, int thread) => new(this, calls, UserOf(thread));

    private GlibcMalloc(GlibcMalloc parent, IMallocCalls calls, ArenaUser forking)
    {
        _state = parent._state.Copy();
        _chunks = parent._chunks.Copy();
        _allocator = new ArenaAllocator(_state, _chunks, calls);
        _inUse = new Dictionary<long, int>(parent._inUse);
        foreach (Arena arena in parent._arenas)
        {
            _arenas.Add(arena.Copy(_chunks));
        }
        foreach (Arena arena in parent._arenas)
        {
            _arenas[arena.Number].Next = _arenas[arena.Next.Number];
        }
        _nextToReuse = _arenas[parent._nextToReuse.Number];
        _arenaLimit = parent._arenaLimit;
        _lostCaches = (int)parent.CountCaches() - (forking.Cache is null ? 0 : 1);
        Arena? own = forking.Arena is { } used ? _arenas[used.Number] : null;
        _threads.Add(new ArenaUser { Arena = own, Cache = forking.Cache?.Copy() });
        foreach (Arena arena in _arenas)
        {
            arena.Attached = arena == own ? 1 : 0;
            if (arena != own)
            {
                _leftArenas.Push(arena);
            }
        }
    }
}
