namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>Heaps of the arenas beside the main one: 64 MiB of address space each, writable as far as it is used (§7.3).</summary>
internal sealed partial class ArenaAllocator
{
    /// <summary>The first heap of a new arena; null = there is no memory.</summary>
    public Arena? NewArena(int number, long request)
    {
        calls.At(MallocPlace.NewArena, isEntered: true);
        long own = state.Rules.HeapInfoBytes + state.Rules.ArenaBytes + MallocSizes.Alignment;
        HeapArea? heap = NewHeap(request + own, null) ?? NewHeap(own, null);
        if (heap is null)
        {
            return null;
        }
        Arena arena = new(number, chunks) { Heap = heap, SystemBytes = heap.Size, IsContiguous = false, Attached = 1 };
        long start = heap.Address + ((state.Rules.HeapInfoBytes + state.Rules.ArenaBytes + MallocSizes.Alignment - 1) & -MallocSizes.Alignment);
        arena.Top = chunks.Add(number, start, heap.Address + heap.Size - start, ChunkState.Top);
        calls.Write(heap.Address);
        calls.Write(start + MallocSizes.Word);
        return arena;
    }

    private HeapArea? NewHeap(long bytes, HeapArea? previous)
    {
        long pad = state.TopPad;
        if (bytes > MallocSizes.HeapMax)
        {
            return null;
        }
        long size = MallocSizes.PageUp(Math.Clamp(bytes + pad, MallocSizes.HeapMin, MallocSizes.HeapMax));
        long address = ReserveAligned();
        if (address < 0)
        {
            return null;
        }
        if (!calls.Mprotect(address, size))
        {
            calls.Munmap(address, MallocSizes.HeapMax);
            return null;
        }
        return new HeapArea(address, previous) { Size = size, WritableBytes = size };
    }

    /// <summary>Address space for a heap: next to the last one, or twice as much, of which the aligned half stays, or by luck.</summary>
    private long ReserveAligned()
    {
        const long max = MallocSizes.HeapMax;
        if (state.NextHeapHint != 0)
        {
            long hinted = calls.MmapReserve(state.NextHeapHint, max);
            state.NextHeapHint = 0;
            if (IsAlignedOrUnmap(hinted))
            {
                return hinted;
            }
        }
        long twice = calls.MmapReserve(0, 2 * max);
        if (twice < 0)
        {
            long lucky = calls.MmapReserve(0, max);
            return IsAlignedOrUnmap(lucky) ? lucky : None;
        }
        long address = (twice + max - 1) & -max;
        long below = address - twice;
        if (below > 0)
        {
            calls.Munmap(twice, below);
        }
        else
        {
            state.NextHeapHint = address + max;
        }
        calls.Munmap(address + max, max - below);
        return address;
    }

    private bool IsAlignedOrUnmap(long address)
    {
        if (address >= 0 && (address & (MallocSizes.HeapMax - 1)) != 0)
        {
            calls.Munmap(address, MallocSizes.HeapMax);
            return false;
        }
        return address >= 0;
    }

    /// <summary>Makes more of the newest heap writable.</summary>
    private bool GrowHeap(Arena arena, long size)
    {
        HeapArea heap = arena.Heap!;
        long more = MallocSizes.PageUp(MallocSizes.Smallest + size - chunks[arena.Top].Size);
        long grown = heap.Size + more;
        if (more <= 0 || grown > MallocSizes.HeapMax)
        {
            return false;
        }
        if (grown > heap.WritableBytes)
        {
            if (!calls.Mprotect(heap.Address + heap.WritableBytes, grown - heap.WritableBytes))
            {
                return false;
            }
            heap.WritableBytes = grown;
        }
        heap.Size = grown;
        arena.SystemBytes += more;
        chunks[arena.Top].Size += more;
        return true;
    }

    /// <summary>Another heap, which has the top from now on.</summary>
    private bool AddHeap(Arena arena, long size, ThreadCache? cache)
    {
        HeapArea old = arena.Heap!;
        long header = state.Rules.HeapInfoBytes;
        calls.At(MallocPlace.NewHeap, isEntered: true);
        HeapArea? heap = NewHeap(size + MallocSizes.Smallest + header, old);
        calls.At(MallocPlace.Sysmalloc, isEntered: false);
        if (heap is null)
        {
            return false;
        }
        arena.SystemBytes += heap.Size;
        arena.Heap = heap;
        int oldTop = arena.Top;
        arena.Top = chunks.Add(arena.Number, heap.Address + header, heap.Size - header, ChunkState.Top);
        calls.Write(heap.Address);
        Retire(arena, oldTop, old, cache);
        return true;
    }

    private bool ShrinkHeap(HeapArea heap, long bytes)
    {
        long shrunk = heap.Size - bytes;
        if (shrunk < state.Rules.HeapInfoBytes)
        {
            return false;
        }
        if (!calls.OvercommitsNever)
        {
            calls.MadviseDontNeed(heap.Address + shrunk, bytes);
        }
        else if (calls.MmapOver(heap.Address + shrunk, bytes))
        {
            heap.WritableBytes = shrunk;
        }
        else
        {
            return false;
        }
        heap.Size = shrunk;
        return true;
    }

    private void DeleteHeap(HeapArea heap)
    {
        if (heap.Address + MallocSizes.HeapMax == state.NextHeapHint)
        {
            state.NextHeapHint = 0;
        }
        calls.Munmap(heap.Address, MallocSizes.HeapMax);
    }
}
