namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>calloc(3), realloc(3), aligned allocation and malloc_trim(3).</summary>
public sealed partial class GlibcMalloc
{
    /// <summary>calloc(3): cleared memory, or 0 = NULL with ENOMEM. What the kernel has just given is clear already and stays untouched.</summary>
    /// <param name="thread">Who asks.</param>
    /// <param name="count">Elements; must not be negative.</param>
    /// <param name="bytes">Bytes of each; must not be negative.</param>
    public long Calloc(int thread, long count, long bytes)
    {
        ArenaUser user = UserOf(thread);
        if (count < 0 || bytes < 0 || (UInt128)(ulong)count * (ulong)bytes > (ulong)(long.MaxValue - MallocSizes.HeapMax))
        {
            return 0;
        }
        _ = CacheOf(user); // made, but not asked: calloc goes to the arena
        bool mainOnly = !_isThreaded && _state.Rules.SingleThreadUsesMainOnly;
        Arena? arena = mainOnly ? _arenas[0] : user.Arena ?? AttachArena(user, count * bytes, null);
        (long top, long end) = arena is { Top: >= 0 } ? (_chunks[arena.Top].Address, _allocator.DirtyEnd(arena)) : (0, 0);
        int chunk = Allocate(user, count * bytes, MallocSizes.ChunkFor(count * bytes));
        if (chunk >= 0)
        {
            _allocator.Clear(chunk, top, end);
        }
        return Remember(chunk);
    }

    /// <summary>realloc(3): where the memory is then, or 0 = NULL: with ENOMEM, the old one stays; or because <paramref name="bytes"/> is 0, it is free.</summary>
    /// <param name="thread">Who asks.</param>
    /// <param name="address">What malloc answered; 0 = none yet.</param>
    /// <param name="bytes">How much it shall be.</param>
    /// <exception cref="ArgumentException">malloc did not give this address, or it was freed before.</exception>
    public long Realloc(int thread, long address, long bytes)
    {
        if (address == 0)
        {
            return Malloc(thread, bytes);
        }
        if (bytes == 0)
        {
            Free(thread, address);
            return 0;
        }
        ArenaUser user = UserOf(thread);
        if (!_inUse.TryGetValue(address, out int chunk))
        {
            throw new ArgumentException($"realloc(0x{address:x}): invalid pointer: give only what malloc gave and what was not freed", nameof(address));
        }
        if (IsBeyondAll(bytes))
        {
            return 0;
        }
        long size = MallocSizes.ChunkFor(bytes);
        if (_chunks[chunk].State == ChunkState.Mmapped)
        {
            return _allocator.ResizeAlone(chunk, size) ? Moved(address, chunk)
                : _chunks[chunk].Size - MallocSizes.Word >= size ? address : Replace(thread, address, chunk, bytes);
        }
        int resized = _allocator.Resize(ArenaOf(chunk), chunk, size, user.Cache);
        return resized >= 0 ? Moved(address, resized) : Replace(thread, address, chunk, bytes);
    }

    private long Moved(long from, int chunk)
    {
        _inUse.Remove(from);
        return Remember(chunk);
    }

    /// <summary>New memory, a copy, and the old is freed.</summary>
    private long Replace(int thread, long address, int chunk, long bytes)
    {
        long other = Malloc(thread, bytes);
        if (other != 0)
        {
            _allocator.Copy(chunk, _inUse[other]);
            Free(thread, address);
        }
        return other;
    }

    /// <summary>memalign(3), aligned_alloc(3) and posix_memalign(3): memory at a multiple of <paramref name="alignment"/>, or 0 = NULL.</summary>
    /// <param name="thread">Who asks.</param>
    /// <param name="alignment">Bytes; rounded up to a power of two, at least 16.</param>
    /// <param name="bytes">How much.</param>
    public long Memalign(int thread, long alignment, long bytes)
    {
        if (alignment <= MallocSizes.Alignment)
        {
            return Malloc(thread, bytes);
        }
        ArenaUser user = UserOf(thread);
        const long largest = 1L << 61;
        if (alignment > largest || IsBeyondAll(bytes) || bytes > long.MaxValue - largest - MallocSizes.HeapMax)
        {
            return 0;
        }
        alignment = (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Max(alignment, MallocSizes.Smallest));
        _ = CacheOf(user);
        long size = MallocSizes.ChunkFor(bytes);
        bool mainOnly = !_isThreaded && _state.Rules.SingleThreadUsesMainOnly;
        Arena? arena = mainOnly ? _arenas[0] : user.Arena ?? AttachArena(user, bytes + alignment + MallocSizes.Smallest, null);
        int chunk = _allocator.AllocateAligned(arena, alignment, size, user.Cache, ArenaOf);
        if (chunk < 0 && arena is not null && !mainOnly)
        {
            arena = arena.IsMain ? AttachArena(user, bytes, arena) : _arenas[0];
            chunk = arena is null ? -1 : _allocator.AllocateAligned(arena, alignment, size, user.Cache, ArenaOf);
        }
        return Remember(chunk);
    }

    /// <summary>malloc_trim(3): gives whole free pages of all arenas back. True = there were some.</summary>
    /// <param name="pad">Bytes that the top of the main arena keeps.</param>
    public bool Trim(long pad)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pad);
        bool any = false;
        foreach (Arena arena in _arenas)
        {
            any |= _allocator.Trim(arena, pad);
        }
        return any;
    }
}
