namespace Ullage.Model.AddressSpace.Malloc;

internal enum ChunkState : byte
{
    /// <summary>The entry is not used.</summary>
    None,
    /// <summary>The program has it, or malloc for its own purposes.</summary>
    InUse,
    /// <summary>Freed and in a thread's cache; neighbours take it for used.</summary>
    Cached,
    /// <summary>Freed and in a fastbin; neighbours take it for used.</summary>
    Fast,
    /// <summary>Free, in the unsorted list or a bin.</summary>
    Free,
    /// <summary>The last chunk of an arena, from which new ones are cut.</summary>
    Top,
    /// <summary>The end of a region that is not the last one.</summary>
    Fence,
    /// <summary>A mapping of its own.</summary>
    Mmapped,
}

/// <summary>One chunk. Indices are of the <see cref="ChunkTable"/>; -1 = none.</summary>
internal struct Chunk
{
    public long Address;
    public long Size;
    /// <summary>The arena's number; -1 for a mapping of its own.</summary>
    public int Arena;
    public ChunkState State;
    /// <summary>The list that it is in, see <see cref="Bins"/>.</summary>
    public int Bin;
    /// <summary>Neighbours in memory.</summary>
    public int Below;
    public int Above;
    /// <summary>Neighbours in a list; a stack (cache, fastbin) uses Back alone.</summary>
    public int Front;
    public int Back;
    /// <summary>Neighbours among the first chunks of each size in a large bin.</summary>
    public int Larger;
    public int Smaller;
    public bool FirstOfSize;
    /// <summary>Bytes of a mapping of its own that lie before the chunk, because the program wanted it aligned.</summary>
    public long Lead;
}

/// <summary>All chunks of a process.</summary>
internal sealed class ChunkTable
{
    private Chunk[] _chunks;
    private int _used;
    private int _unused = -1; // a chain through Back

    public ChunkTable() => _chunks = new Chunk[64];

    private ChunkTable(ChunkTable source)
    {
        _chunks = (Chunk[])source._chunks.Clone();
        (_used, _unused) = (source._used, source._unused);
    }

    public ChunkTable Copy() => new(this);

    /// <summary>Entries, used and unused.</summary>
    public int Length => _used;

    /// <summary>An entry; the reference is good until the next <see cref="Add"/>.</summary>
    public ref Chunk this[int index] => ref _chunks[index];

    public int Add(int arena, long address, long size, ChunkState state)
    {
        int index = _unused;
        if (index >= 0)
        {
            _unused = _chunks[index].Back;
        }
        else
        {
            if (_used == _chunks.Length)
            {
                Array.Resize(ref _chunks, 2 * _used);
            }
            index = _used++;
        }
        _chunks[index] = new Chunk
        {
            Address = address, Size = size, Arena = arena, State = state, Below = -1, Above = -1, Front = -1, Back = -1, Larger = -1, Smaller = -1,
        };
        return index;
    }

    public void Remove(int index)
    {
        _chunks[index] = new Chunk { State = ChunkState.None, Back = _unused };
        _unused = index;
    }

    /// <summary>Cuts a chunk in two; answers the upper part, which has the state given.</summary>
    public int Split(int index, long size, ChunkState state)
    {
        Chunk whole = _chunks[index];
        int rest = Add(whole.Arena, whole.Address + size, whole.Size - size, state);
        _chunks[rest].Below = index;
        _chunks[rest].Above = whole.Above;
        if (whole.Above >= 0)
        {
            _chunks[whole.Above].Below = rest;
        }
        _chunks[index].Size = size;
        _chunks[index].Above = rest;
        return rest;
    }

    /// <summary>Joins a chunk with the one above, which is no more.</summary>
    public void JoinAbove(int index)
    {
        int above = _chunks[index].Above;
        _chunks[index].Size += _chunks[above].Size;
        _chunks[index].Above = _chunks[above].Above;
        if (_chunks[above].Above >= 0)
        {
            _chunks[_chunks[above].Above].Below = index;
        }
        Remove(above);
    }
}
