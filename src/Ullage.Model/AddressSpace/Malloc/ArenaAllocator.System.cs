namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>Asks the kernel for more: a mapping for one chunk, a higher break, or a larger heap (§7.3, sysmalloc).</summary>
internal sealed partial class ArenaAllocator
{
    private int FromSystem(Arena? arena, long size, ThreadCache? cache)
    {
        calls.At(MallocPlace.Sysmalloc, isEntered: true);
        bool mapsAlone = arena is null || (size >= state.MmapThreshold && state.Mmaps < state.MmapMax);
        if (mapsAlone && MapAlone(size) is >= 0 and int alone)
        {
            return alone;
        }
        if (arena is null)
        {
            return None;
        }
        if (arena.IsMain)
        {
            GrowMain(arena, size, cache);
        }
        else if (!GrowHeap(arena, size) && !AddHeap(arena, size, cache) && !mapsAlone && MapAlone(size) is >= 0 and int after)
        {
            return after;
        }
        return arena.Top >= 0 && chunks[arena.Top].Size >= size + MallocSizes.Smallest ? CutTop(arena, size) : None;
    }

    /// <summary>A mapping that holds one chunk.</summary>
    private int MapAlone(long size)
    {
        long bytes = MallocSizes.PageUp(size + MallocSizes.Word);
        long address = bytes > size ? calls.Mmap(bytes) : None;
        if (address < 0)
        {
            return None;
        }
        calls.Write(address + MallocSizes.Word);
        state.Mmaps++;
        state.MmappedBytes += bytes;
        state.MostMmaps = Math.Max(state.MostMmaps, state.Mmaps);
        state.MostMmappedBytes = Math.Max(state.MostMmappedBytes, state.MmappedBytes);
        return chunks.Add(None, address, bytes, ChunkState.Mmapped);
    }

    /// <summary>Unmaps such a chunk. The first one above the threshold moves it, and the trim threshold with it.</summary>
    public void FreeAlone(int chunk)
    {
        (long address, long bytes, long lead) = (chunks[chunk].Address, chunks[chunk].Size, chunks[chunk].Lead);
        if (!state.Options.FixesThresholds && bytes > state.MmapThreshold && bytes <= MallocSizes.LargestDynamicThreshold)
        {
            (state.MmapThreshold, state.TrimThreshold) = (bytes, 2 * bytes);
        }
        state.Mmaps--;
        state.MmappedBytes -= bytes + lead;
        chunks.Remove(chunk);
        calls.At(MallocPlace.MunmapChunk, isEntered: true);
        calls.Munmap(address - lead, bytes + lead);
    }

    /// <summary>sbrk(3): the old break, -1 when the kernel refuses.</summary>
    private long Sbrk(long bytes)
    {
        if (state.Break == 0)
        {
            state.Break = calls.Brk(0);
        }
        long old = state.Break;
        if (bytes == 0)
        {
            return old;
        }
        state.Break = calls.Brk(old + bytes);
        state.HighestBreak = Math.Max(state.HighestBreak, state.Break);
        return state.Break < old + bytes ? None : old;
    }

    private void GrowMain(Arena arena, long size, ThreadCache? cache)
    {
        long oldSize = arena.Top >= 0 ? chunks[arena.Top].Size : 0;
        long oldEnd = arena.Top >= 0 ? chunks[arena.Top].Address + oldSize : None;
        long bytes = MallocSizes.PageUp(size + state.TopPad + MallocSizes.Smallest - (arena.IsContiguous ? oldSize : 0));
        calls.At(MallocPlace.Morecore, isEntered: false);
        long start = bytes > 0 ? Sbrk(bytes) : None;
        long end = None;
        if (start < 0)
        {
            calls.At(MallocPlace.Sysmalloc, isEntered: false);
            bytes = FallbackBytes(arena, bytes, oldSize);
            start = bytes > size ? calls.Mmap(bytes) : None;
            if (start < 0)
            {
                return;
            }
            end = start + bytes;
            arena.IsContiguous = false;
        }
        arena.SystemBytes += bytes;
        if (start == oldEnd && end < 0)
        {
            chunks[arena.Top].Size += bytes;
            return;
        }
        BeginRegion(arena, new Region(start, bytes, end), oldSize, oldEnd, cache);
    }

    /// <summary>How much an mmap asks for that stands in for a refused brk.</summary>
    private long FallbackBytes(Arena arena, long bytes, long oldSize)
    {
        bool large = arena.IsContiguous || state.Rules.FallbackIsAlwaysLarge;
        long needed = arena.IsContiguous ? MallocSizes.PageUp(bytes + oldSize) : bytes;
        return large ? Math.Max(needed, MallocSizes.FallbackLeast) : needed;
    }

    /// <summary>Memory for the main arena.</summary>
    /// <param name="Start">Its address.</param>
    /// <param name="Bytes">Its length.</param>
    /// <param name="End">Its end when mmap gave it; -1 when brk did.</param>
    private readonly record struct Region(long Start, long Bytes, long End);

    /// <summary>The first memory, or some that does not join the top: somebody else moved the break, or brk was refused.</summary>
    private void BeginRegion(Arena arena, Region region, long oldSize, long oldEnd, ThreadCache? cache)
    {
        long correction = 0;
        long start = region.Start;
        long end = region.End;
        if (arena.IsContiguous)
        {
            long others = oldSize > 0 ? region.Start - oldEnd : 0;
            long misaligned = -start & (MallocSizes.Alignment - 1);
            arena.SystemBytes += others;
            arena.OthersBytes += others + misaligned;
            start += misaligned;
            correction = misaligned + oldSize;
            correction += MallocSizes.PageUp(region.Start + region.Bytes + correction) - (region.Start + region.Bytes + correction);
            end = Sbrk(correction);
            if (end < 0)
            {
                (correction, end) = (0, Sbrk(0));
            }
        }
        else if (end < 0)
        {
            end = Sbrk(0);
        }
        int oldTop = arena.Top;
        arena.SystemBytes += correction;
        arena.Top = chunks.Add(arena.Number, start, end - start + correction, ChunkState.Top);
        calls.Write(start + MallocSizes.Word);
        if (oldTop >= 0)
        {
            Retire(arena, oldTop, null, cache);
        }
    }

    /// <summary>Closes a region, or heap, that is no longer the last: its top becomes a free chunk and a fence.</summary>
    private void Retire(Arena arena, int top, HeapArea? heap, ThreadCache? cache)
    {
        long usable = (chunks[top].Size - MallocSizes.Smallest) & -MallocSizes.Alignment;
        bool isWorthIt = usable >= MallocSizes.Smallest;
        int fence = isWorthIt ? chunks.Split(top, usable, ChunkState.Fence) : top;
        chunks[fence].State = ChunkState.Fence;
        calls.Write(chunks[fence].Address + MallocSizes.Word);
        if (heap is not null)
        {
            heap.Fence = fence;
        }
        if (isWorthIt)
        {
            chunks[top].State = ChunkState.InUse;
            Free(arena, top, cache);
        }
    }
}
