namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>Gives chunks back: to a cache, a fastbin, the bins, the top, and at last to the kernel.</summary>
internal sealed partial class ArenaAllocator
{
    /// <summary>Frees a chunk of an arena.</summary>
    public void Free(Arena arena, int chunk, ThreadCache? cache)
    {
        long size = chunks[chunk].Size;
        if (HasRoom(cache, size))
        {
            Put(cache!, chunk);
            return;
        }
        if (size <= MallocSizes.LargestFast)
        {
            int index = MallocSizes.FastIndex(size);
            (chunks[chunk].State, chunks[chunk].Back) = (ChunkState.Fast, arena.Fast[index]);
            arena.Fast[index] = chunk;
            arena.HasFast = true;
            calls.Write(chunks[chunk].Address + MallocSizes.Alignment);
            return;
        }
        if (Coalesce(arena, chunk) < MallocSizes.ConsolidateFrom)
        {
            return;
        }
        if (arena.HasFast)
        {
            Consolidate(arena);
        }
        if (arena.IsMain)
        {
            TrimMain(arena);
        }
        else
        {
            TrimHeap(arena);
        }
    }

    /// <summary>Joins a chunk with its free neighbours; the whole becomes unsorted or part of the top. Answers its size.</summary>
    private long Coalesce(Arena arena, int chunk)
    {
        if (chunks[chunk].Below is >= 0 and int below && chunks[below].State == ChunkState.Free)
        {
            Take(arena, below);
            chunks.JoinAbove(below);
            chunk = below;
        }
        int above = chunks[chunk].Above;
        if (above == arena.Top)
        {
            chunks.JoinAbove(chunk);
            chunks[chunk].State = ChunkState.Top;
            arena.Top = chunk;
            return chunks[chunk].Size;
        }
        if (chunks[above].State == ChunkState.Free)
        {
            arena.Bins.Remove(above);
            chunks.JoinAbove(chunk);
        }
        arena.Bins.AddUnsorted(chunk);
        calls.Write(chunks[chunk].Address + MallocSizes.Alignment);
        return chunks[chunk].Size;
    }

    /// <summary>Empties the fastbins, the smallest size first.</summary>
    private void Consolidate(Arena arena)
    {
        arena.HasFast = false;
        for (int index = 0; index < arena.Fast.Length; index++)
        {
            while (arena.Fast[index] is >= 0 and int chunk)
            {
                arena.Fast[index] = chunks[chunk].Back;
                (chunks[chunk].Back, chunks[chunk].State) = (None, ChunkState.InUse);
                Coalesce(arena, chunk);
            }
        }
    }

    /// <summary>What of a top may be given back, in whole pages: top_pad bytes stay.</summary>
    private long Spare(long top)
    {
        long area = top - MallocSizes.Smallest - 1;
        return top < state.TrimThreshold || area <= state.TopPad ? 0 : MallocSizes.PageDown(area - state.TopPad);
    }

    private void TrimMain(Arena arena) => _ = TrimMain(arena, Spare(chunks[arena.Top].Size));

    /// <summary>Moves the break down, if the top ends there. Answers whether it moved.</summary>
    private bool TrimMain(Arena arena, long spare)
    {
        calls.At(MallocPlace.Systrim, isEntered: true);
        ref Chunk top = ref chunks[arena.Top];
        long end = Sbrk(0);
        if (spare == 0 || end != top.Address + top.Size)
        {
            return false;
        }
        Sbrk(-spare);
        long released = end - Sbrk(0);
        top.Size -= released;
        arena.SystemBytes -= released;
        return released > 0;
    }

    /// <summary>Unmaps heaps that hold nothing, then shrinks the last one.</summary>
    private void TrimHeap(Arena arena)
    {
        calls.At(MallocPlace.HeapTrim, isEntered: true);
        while (arena.Heap is { Previous: { } previous } heap && chunks[arena.Top].Address == heap.Address + state.Rules.HeapInfoBytes)
        {
            ref Chunk fence = ref chunks[previous.Fence];
            int below = fence.Below;
            bool belowIsFree = below >= 0 && chunks[below].State == ChunkState.Free;
            long size = fence.Size + (belowIsFree ? chunks[below].Size : 0);
            if (size + MallocSizes.HeapMax - previous.Size < state.TopPad + MallocSizes.Smallest + Ullage.Abi.Units.KernelConstants.PageSize)
            {
                break;
            }
            arena.SystemBytes -= heap.Size;
            DeleteHeap(heap);
            chunks.Remove(arena.Top);
            fence.State = ChunkState.Top;
            arena.Top = previous.Fence;
            if (belowIsFree)
            {
                arena.Bins.Remove(below);
                chunks.JoinAbove(below);
                chunks[below].State = ChunkState.Top;
                arena.Top = below;
            }
            arena.Heap = previous;
            previous.Fence = None;
        }
        long spare = Spare(chunks[arena.Top].Size);
        if (spare > 0 && ShrinkHeap(arena.Heap!, spare))
        {
            chunks[arena.Top].Size -= spare;
            arena.SystemBytes -= spare;
        }
    }

    /// <summary>Frees everything that a thread's cache holds, and the cache.</summary>
    public void Discard(ThreadCache cache, Func<int, Arena> arenaOf)
    {
        for (int index = 0; index < cache.Newest.Length; index++)
        {
            while (TakeCached(cache, index) is >= 0 and int chunk)
            {
                Free(arenaOf(chunk), chunk, null);
            }
        }
        if (chunks[cache.Chunk].State == ChunkState.Mmapped)
        {
            FreeAlone(cache.Chunk);
            return;
        }
        Free(arenaOf(cache.Chunk), cache.Chunk, null);
    }
}
