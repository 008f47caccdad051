namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>What must always hold.</summary>
public sealed partial class GlibcMalloc
{
    /// <summary>Checks that chunks neither overlap nor leave gaps, that every arena's bytes are accounted for, and that lists hold what they should.</summary>
    /// <exception cref="InvariantException">Something does not hold; the message says what.</exception>
    public void Verify()
    {
        long[] bytes = new long[_arenas.Count];
        (long mmaps, long mmapped, long used) = (0, 0, 0);
        for (int i = 0; i < _chunks.Length; i++)
        {
            Chunk chunk = _chunks[i];
            if (chunk.State == ChunkState.None)
            {
                continue;
            }
            used += chunk.State is ChunkState.InUse or ChunkState.Mmapped ? 1 : 0;
            if (chunk.State == ChunkState.Mmapped)
            {
                (mmaps, mmapped) = (mmaps + 1, mmapped + chunk.Size + chunk.Lead);
                continue;
            }
            bytes[chunk.Arena] += chunk.Size;
            VerifyNeighbours(i, chunk);
        }
        Invariant.Holds(mmaps == _state.Mmaps && mmapped == _state.MmappedBytes, "mappings of single chunks are all counted");
        Invariant.Holds(used == _inUse.Count + CountCaches(), "chunks in use are those that the program or a cache has");
        foreach (Arena arena in _arenas)
        {
            VerifyArena(arena, bytes[arena.Number]);
        }
    }

    private void VerifyNeighbours(int index, Chunk chunk)
    {
        Invariant.Holds(chunk.Size >= MallocSizes.Smallest && (chunk.Size & (MallocSizes.Alignment - 1)) == 0, "a chunk's size is a multiple of 16, at least 32");
        Invariant.Holds((chunk.Address & (MallocSizes.Alignment - 1)) == 0, "a chunk's address is a multiple of 16");
        Invariant.Holds(chunk.State == ChunkState.Top == (_arenas[chunk.Arena].Top == index), "an arena has one top");
        if (chunk.Above < 0)
        {
            Invariant.Holds(chunk.State is ChunkState.Top or ChunkState.Fence, "a region ends with a top or a fence");
            return;
        }
        Chunk above = _chunks[chunk.Above];
        Invariant.Holds(above.Below == index && above.Address == chunk.Address + chunk.Size && above.Arena == chunk.Arena, "chunks lie side by side");
        Invariant.Holds(chunk.State != ChunkState.Free || above.State is not (ChunkState.Free or ChunkState.Top), "free neighbours are joined");
    }

    private void VerifyArena(Arena arena, long bytes)
    {
        long own = arena.OthersBytes;
        int heaps = 0;
        for (HeapArea? heap = arena.Heap; heap is not null; heap = heap.Previous, heaps++)
        {
            Invariant.Holds(heap.Size <= heap.WritableBytes && heap.WritableBytes <= MallocSizes.HeapMax, "a heap in use is writable and no larger than 64 MiB");
            own += heap.Previous is null ? FirstHeapBytes() : _state.Rules.HeapInfoBytes;
        }
        Invariant.Holds(bytes + own == arena.SystemBytes, "an arena's chunks make up what it has from the kernel");
        (long chunks, long free) = (0, 0);
        for (int i = 0; i < _chunks.Length; i++)
        {
            if (_chunks[i].State == ChunkState.Free && _chunks[i].Arena == arena.Number)
            {
                (chunks, free) = (chunks + 1, free + _chunks[i].Size);
            }
        }
        Invariant.Holds(arena.Bins.Total == (chunks, free), "free chunks are all in lists");
    }

    private long FirstHeapBytes() => (_state.Rules.HeapInfoBytes + _state.Rules.ArenaBytes + MallocSizes.Alignment - 1) & -MallocSizes.Alignment;

    private long CountCaches()
    {
        long count = _lostCaches;
        foreach (ArenaUser? user in _threads)
        {
            count += user?.Cache is null ? 0 : 1;
        }
        return count;
    }
}
