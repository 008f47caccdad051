namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>Finds room in an arena: fastbins, bins, top, and then the kernel (§7.3, sysmalloc).</summary>
internal sealed partial class ArenaAllocator(MallocState state, ChunkTable chunks, IMallocCalls calls)
{
    private const int None = -1;

    /// <summary>A chunk of <paramref name="size"/>; -1 = there is no memory. Without an arena only a mapping of its own can be had.</summary>
    public int Allocate(Arena? arena, long size, ThreadCache? cache)
    {
        calls.At(MallocPlace.IntMalloc, isEntered: true);
        if (arena is null)
        {
            return FromSystem(null, size, cache);
        }
        if (TryExact(arena, size, cache, out int exact))
        {
            return exact;
        }
        if (size >= MallocSizes.FirstLarge && arena.HasFast)
        {
            Consolidate(arena);
        }
        while (true)
        {
            if (SortUnsorted(arena, size, cache, out int sorted) || TryBins(arena, size, out sorted))
            {
                return sorted;
            }
            if (arena.Top >= 0 && chunks[arena.Top].Size >= size + MallocSizes.Smallest)
            {
                return CutTop(arena, size);
            }
            if (!arena.HasFast)
            {
                return FromSystem(arena, size, cache);
            }
            Consolidate(arena);
        }
    }

    /// <summary>The fastbin or small bin of just this size; others of the size move to the thread's cache meanwhile.</summary>
    private bool TryExact(Arena arena, long size, ThreadCache? cache, out int found)
    {
        found = None;
        if (size <= MallocSizes.LargestFast && PopFast(arena, size) is >= 0 and int fast)
        {
            found = fast;
            while (HasRoom(cache, size) && PopFast(arena, size) is >= 0 and int more)
            {
                Put(cache!, more);
            }
            return true;
        }
        if (size >= MallocSizes.FirstLarge)
        {
            return false;
        }
        int bin = Bins.IndexOf(size);
        found = arena.Bins.Last(bin);
        if (found < 0)
        {
            return false;
        }
        Take(arena, found);
        while (HasRoom(cache, size) && arena.Bins.Last(bin) is >= 0 and int more)
        {
            Take(arena, more);
            Put(cache!, more);
        }
        return true;
    }

    private int PopFast(Arena arena, long size)
    {
        int index = MallocSizes.FastIndex(size);
        int chunk = arena.Fast[index];
        if (chunk >= 0)
        {
            arena.Fast[index] = chunks[chunk].Back;
            chunks[chunk].Back = None;
            chunks[chunk].State = ChunkState.InUse;
        }
        return chunk;
    }

    private void Take(Arena arena, int chunk)
    {
        arena.Bins.Remove(chunk);
        chunks[chunk].State = ChunkState.InUse;
    }

    private static bool HasRoom(ThreadCache? cache, long size) =>
        cache is not null && size <= MallocSizes.LargestCached && cache.Counts[MallocSizes.CacheIndex(size)] < MallocSizes.CachedEach;

    private void Put(ThreadCache cache, int chunk)
    {
        ref Chunk put = ref chunks[chunk];
        int index = MallocSizes.CacheIndex(put.Size);
        (put.State, put.Back) = (ChunkState.Cached, cache.Newest[index]);
        cache.Newest[index] = chunk;
        cache.Counts[index]++;
        calls.Write(put.Address + MallocSizes.Alignment);
    }

    /// <summary>The newest chunk of a size in a thread's cache; -1 = none.</summary>
    public int TakeCached(ThreadCache cache, int index)
    {
        int chunk = cache.Newest[index];
        if (chunk >= 0)
        {
            cache.Newest[index] = chunks[chunk].Back;
            cache.Counts[index]--;
            chunks[chunk].Back = None;
            chunks[chunk].State = ChunkState.InUse;
        }
        return chunk;
    }

    /// <summary>Puts unsorted chunks where they belong, the oldest first, unless one of them is what is wanted.</summary>
    private bool SortUnsorted(Arena arena, long size, ThreadCache? cache, out int found)
    {
        bool cached = false;
        for (int looked = 0; looked < MallocSizes.UnsortedAtOnce && arena.Bins.Last(Bins.Unsorted) is >= 0 and int oldest; looked++)
        {
            if (size < MallocSizes.FirstLarge && arena.Bins.IsOnlyUnsorted(oldest) && chunks[oldest].Address == arena.LastRemainder
                && chunks[oldest].Size > size + MallocSizes.Smallest)
            {
                found = Cut(arena, oldest, size, remember: true);
                return true;
            }
            Take(arena, oldest);
            if (chunks[oldest].Size != size)
            {
                arena.Bins.AddSorted(oldest);
            }
            else if (HasRoom(cache, size))
            {
                Put(cache!, oldest);
                cached = true;
            }
            else
            {
                found = oldest;
                return true;
            }
        }
        found = cached ? TakeCached(cache!, MallocSizes.CacheIndex(size)) : None;
        return cached;
    }

    /// <summary>The smallest chunk that is large enough.</summary>
    private bool TryBins(Arena arena, long size, out int found)
    {
        int bin = Bins.IndexOf(size);
        found = size >= MallocSizes.FirstLarge ? arena.Bins.BestFit(bin, size) : None;
        if (found >= 0)
        {
            found = Cut(arena, found, size, remember: false);
            return true;
        }
        int next = arena.Bins.NextNotEmpty(bin + 1);
        if (next < 0)
        {
            return false;
        }
        found = Cut(arena, arena.Bins.Last(next), size, remember: size < MallocSizes.FirstLarge);
        return true;
    }

    /// <summary>Takes a free chunk, or its lower part; the rest becomes unsorted.</summary>
    private int Cut(Arena arena, int chunk, long size, bool remember)
    {
        Take(arena, chunk);
        if (chunks[chunk].Size - size >= MallocSizes.Smallest)
        {
            int rest = chunks.Split(chunk, size, ChunkState.Free);
            arena.Bins.AddUnsorted(rest);
            arena.LastRemainder = remember ? chunks[rest].Address : arena.LastRemainder;
            calls.Write(chunks[rest].Address + MallocSizes.Word);
        }
        return chunk;
    }

    private int CutTop(Arena arena, long size)
    {
        int chunk = arena.Top;
        arena.Top = chunks.Split(chunk, size, ChunkState.Top);
        chunks[chunk].State = ChunkState.InUse;
        calls.Write(chunks[arena.Top].Address + MallocSizes.Word);
        return chunk;
    }
}
