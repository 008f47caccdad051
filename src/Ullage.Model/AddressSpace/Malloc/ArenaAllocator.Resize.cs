using Ullage.Abi.Units;

namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>Chunks that change their size, chunks at a wanted alignment, and everything that can be given back (realloc, memalign, malloc_trim).</summary>
internal sealed partial class ArenaAllocator
{
    private const long ChunkHeader = 48; // sizeof (struct malloc_chunk)

    /// <summary>
    /// Makes a chunk of an arena larger or smaller: in place, into the top, over a free neighbour, or elsewhere in the same arena. Answers the chunk
    /// that it is then; -1 = there is no memory in this arena, and the old one is as it was.
    /// </summary>
    public int Resize(Arena arena, int chunk, long size, ThreadCache? cache)
    {
        long old = chunks[chunk].Size;
        if (old < size)
        {
            int above = chunks[chunk].Above;
            if (above == arena.Top && old + chunks[above].Size >= size + MallocSizes.Smallest)
            {
                return GrowIntoTop(arena, chunk, size);
            }
            if (above != arena.Top && chunks[above].State == ChunkState.Free && old + chunks[above].Size >= size)
            {
                Take(arena, above);
                chunks.JoinAbove(chunk);
            }
            else
            {
                int other = Allocate(arena, size, cache);
                if (other < 0 || chunks[chunk].Above != other)
                {
                    return other < 0 ? None : MoveTo(arena, chunk, other, cache);
                }
                chunks.JoinAbove(chunk); // the new one is just behind: nothing needs to move
            }
        }
        GiveRestBack(arena, chunk, size, cache);
        return chunk;
    }

    private int GrowIntoTop(Arena arena, int chunk, long size)
    {
        chunks.JoinAbove(chunk);
        arena.Top = chunks.Split(chunk, size, ChunkState.Top);
        calls.Write(chunks[arena.Top].Address + MallocSizes.Word);
        return chunk;
    }

    private int MoveTo(Arena arena, int chunk, int other, ThreadCache? cache)
    {
        Copy(chunk, other);
        Free(arena, chunk, cache);
        return other;
    }

    /// <summary>The program's bytes are copied: every page of theirs is written.</summary>
    public void Copy(int from, int to) => WriteRange(chunks[to].Address + MallocSizes.Alignment, Math.Min(chunks[from].Size, chunks[to].Size) - MallocSizes.Alignment);

    /// <summary>Pages that malloc itself writes, for the program.</summary>
    public void WriteRange(long address, long bytes)
    {
        for (long at = address; at < address + bytes; at = (at & -KernelConstants.PageSize) + KernelConstants.PageSize)
        {
            calls.Write(at);
        }
    }

    /// <summary>What a chunk in use has beyond a size is freed, if it is a chunk of its own.</summary>
    private void GiveRestBack(Arena arena, int chunk, long size, ThreadCache? cache)
    {
        if (chunks[chunk].Size - size < MallocSizes.Smallest)
        {
            return;
        }
        int rest = chunks.Split(chunk, size, ChunkState.InUse);
        calls.Write(chunks[rest].Address + MallocSizes.Word);
        Free(arena, rest, cache);
    }

    /// <summary>A mapping of its own gets another length, wherever there is room. False = the kernel refuses.</summary>
    public bool ResizeAlone(int chunk, long size)
    {
        ref Chunk mapped = ref chunks[chunk];
        long total = mapped.Size + mapped.Lead;
        long wanted = MallocSizes.PageUp(size + mapped.Lead + MallocSizes.Word);
        if (total == wanted)
        {
            return true;
        }
        calls.At(MallocPlace.MremapChunk, isEntered: true);
        long address = calls.Mremap(mapped.Address - mapped.Lead, total, wanted);
        if (address < 0)
        {
            return false;
        }
        (mapped.Address, mapped.Size) = (address + mapped.Lead, wanted - mapped.Lead);
        state.MmappedBytes += wanted - total;
        state.MostMmappedBytes = Math.Max(state.MostMmappedBytes, state.MmappedBytes);
        calls.Write(mapped.Address + MallocSizes.Word);
        return true;
    }

    /// <summary>A chunk whose memory begins at a multiple of <paramref name="alignment"/>; what lies before and behind is freed again. -1 = there is no memory.</summary>
    public int AllocateAligned(Arena? arena, long alignment, long size, ThreadCache? cache, Func<int, Arena> arenaOf)
    {
        int chunk = Allocate(arena, MallocSizes.ChunkFor(size + alignment + MallocSizes.Smallest), cache);
        if (chunk < 0)
        {
            return None;
        }
        long memory = chunks[chunk].Address + MallocSizes.Alignment;
        long lead = ((memory + alignment - 1) & -alignment) - memory;
        lead = lead is > 0 and < MallocSizes.Smallest ? lead + alignment : lead;
        if (chunks[chunk].State == ChunkState.Mmapped)
        {
            ref Chunk mapped = ref chunks[chunk];
            (mapped.Address, mapped.Size, mapped.Lead) = (mapped.Address + lead, mapped.Size - lead, lead);
            if (lead > 0)
            {
                calls.Write(mapped.Address + MallocSizes.Word);
            }
            return chunk;
        }
        Arena owner = arenaOf(chunk);
        if (lead > 0)
        {
            int aligned = chunks.Split(chunk, lead, ChunkState.InUse);
            calls.Write(chunks[aligned].Address + MallocSizes.Word);
            Free(owner, chunk, cache);
            chunk = aligned;
        }
        if (chunks[chunk].Size > size + MallocSizes.Smallest)
        {
            GiveRestBack(owner, chunk, size, cache);
        }
        return chunk;
    }

    /// <summary>malloc_trim of one arena: whole pages inside free chunks, and the top of the main arena down to <paramref name="pad"/>. Answers whether anything was given back.</summary>
    public bool Trim(Arena arena, long pad)
    {
        if (arena.Top < 0)
        {
            return false;
        }
        Consolidate(arena);
        bool any = TrimBin(arena, Bins.Unsorted);
        for (int bin = arena.Bins.NextNotEmpty(Bins.IndexOf(KernelConstants.PageSize)); bin >= 0; bin = arena.Bins.NextNotEmpty(bin + 1))
        {
            any |= TrimBin(arena, bin);
        }
        long area = chunks[arena.Top].Size - MallocSizes.Smallest - 1;
        return (arena.IsMain && TrimMain(arena, area <= pad ? 0 : MallocSizes.PageDown(area - pad))) || any;
    }

    private bool TrimBin(Arena arena, int bin)
    {
        bool any = false;
        calls.At(MallocPlace.Mtrim, isEntered: false);
        for (int chunk = arena.Bins.Last(bin); chunk >= 0; chunk = arena.Bins.Before(chunk))
        {
            long start = MallocSizes.PageUp(chunks[chunk].Address + ChunkHeader);
            long bytes = MallocSizes.PageDown(chunks[chunk].Address + chunks[chunk].Size - start);
            if (bytes > 0)
            {
                calls.MadviseDontNeed(start, bytes);
                any = true;
            }
        }
        return any;
    }

    /// <summary>
    /// What calloc clears of a chunk: nothing of a mapping of its own, and only what was there before of a top that was just made larger, because
    /// the kernel's pages are clear.
    /// </summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="oldTop">Address of the arena's top before; 0 = it had none.</param>
    /// <param name="oldTopEnd">Up to where that top, or what was ever got for its arena, went.</param>
    public void Clear(int chunk, long oldTop, long oldTopEnd)
    {
        if (chunks[chunk].State == ChunkState.Mmapped)
        {
            return;
        }
        long bytes = chunks[chunk].Size - MallocSizes.Word;
        if (chunks[chunk].Address == oldTop && oldTopEnd - oldTop < bytes)
        {
            bytes = oldTopEnd - oldTop;
        }
        WriteRange(chunks[chunk].Address + MallocSizes.Alignment, bytes);
    }

    /// <summary>Up to where memory of an arena's top may be dirty: what was writable of its heap, or the highest that the break ever was.</summary>
    public long DirtyEnd(Arena arena)
    {
        if (arena.Top < 0)
        {
            return 0;
        }
        long end = chunks[arena.Top].Address + chunks[arena.Top].Size;
        return arena.Heap is { } heap ? Math.Max(end, heap.Address + heap.WritableBytes) : Math.Max(end, arena.IsContiguous ? state.HighestBreak : 0);
    }
}
