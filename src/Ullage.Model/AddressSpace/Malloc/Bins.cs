using System.Collections.Immutable;
using System.Numerics;

namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>
/// An arena's lists of free chunks: one of chunks not sorted yet, one for each small size, and bins of growing width for large ones, the largest
/// chunk in front. Of chunks of one size in a large bin, the first one stays where it is as long as there are others.
/// </summary>
internal sealed class Bins
{
    public const int Unsorted = 1;
    private const int Count = 127;

    /// <summary>Bins of large chunks: those of one row are 2^Shift bytes wide and end with the chunk sizes whose shifted value is Last.</summary>
    private static readonly ImmutableArray<(int Shift, int Last, int Base)> Rows = [(6, 48, 48), (9, 20, 91), (12, 10, 110), (15, 4, 119), (18, 2, 124)];

    private readonly ChunkTable _chunks;
    private readonly int[] _first = new int[Count];
    private readonly int[] _last = new int[Count];
    private readonly int[] _smallest = new int[Count];
    private readonly ulong[] _map = new ulong[2];

    public Bins(ChunkTable chunks)
    {
        _chunks = chunks;
        Array.Fill(_first, -1);
        Array.Fill(_last, -1);
        Array.Fill(_smallest, -1);
    }

    public Bins Copy(ChunkTable chunks)
    {
        Bins copy = new(chunks);
        _first.CopyTo(copy._first, 0);
        _last.CopyTo(copy._last, 0);
        _smallest.CopyTo(copy._smallest, 0);
        _map.CopyTo(copy._map, 0);
        return copy;
    }

    /// <summary>Free chunks in all lists, and their bytes.</summary>
    public (long Chunks, long Bytes) Total { get; private set; }

    /// <summary>The bin of a chunk size.</summary>
    public static int IndexOf(long size)
    {
        if (size < MallocSizes.FirstLarge)
        {
            return (int)(size / MallocSizes.Alignment);
        }
        foreach ((int shift, int last, int start) in Rows)
        {
            if (size >> shift <= last)
            {
                return start + (int)(size >> shift);
            }
        }
        return Count - 1;
    }

    private static bool IsLarge(int bin) => bin >= (int)(MallocSizes.FirstLarge / MallocSizes.Alignment);

    /// <summary>The chunk that has been longest in a small bin or in the unsorted list; the smallest of a large bin; -1 = none.</summary>
    public int Last(int bin) => _last[bin];

    /// <summary>The chunk before another one in its list, towards the front; -1 = it is the first.</summary>
    public int Before(int chunk) => _chunks[chunk].Front;

    /// <summary>The unsorted list holds only this chunk.</summary>
    public bool IsOnlyUnsorted(int chunk) => _first[Unsorted] == chunk && _last[Unsorted] == chunk;

    public void AddUnsorted(int chunk) => InsertBehind(Unsorted, -1, chunk);

    /// <summary>Puts a chunk where its size belongs.</summary>
    public void AddSorted(int chunk)
    {
        long size = _chunks[chunk].Size;
        int bin = IndexOf(size);
        if (!IsLarge(bin))
        {
            InsertBehind(bin, -1, chunk);
            return;
        }
        (int smaller, int larger) = (-1, _smallest[bin]);
        while (larger >= 0 && _chunks[larger].Size < size)
        {
            (smaller, larger) = (larger, _chunks[larger].Larger);
        }
        if (larger >= 0 && _chunks[larger].Size == size)
        {
            InsertBehind(bin, larger, chunk);
            return;
        }
        InsertBehind(bin, smaller >= 0 ? _chunks[smaller].Front : _last[bin], chunk);
        _chunks[chunk].FirstOfSize = true;
        LinkSizes(bin, chunk, smaller, larger);
    }

    private void LinkSizes(int bin, int chunk, int smaller, int larger)
    {
        (_chunks[chunk].Smaller, _chunks[chunk].Larger) = (smaller, larger);
        SetLarger(bin, smaller, chunk);
        if (larger >= 0)
        {
            _chunks[larger].Smaller = chunk;
        }
    }

    private void SetLarger(int bin, int chunk, int larger)
    {
        if (chunk >= 0)
        {
            _chunks[chunk].Larger = larger;
        }
        else
        {
            _smallest[bin] = larger;
        }
    }

    /// <summary>Takes a chunk out of its list.</summary>
    public void Remove(int chunk)
    {
        ref Chunk gone = ref _chunks[chunk];
        int bin = gone.Bin;
        if (gone.FirstOfSize)
        {
            int next = gone.Back;
            if (next >= 0 && _chunks[next].Size == gone.Size)
            {
                _chunks[next].FirstOfSize = true;
                LinkSizes(bin, next, gone.Smaller, gone.Larger);
            }
            else
            {
                SetLarger(bin, gone.Smaller, gone.Larger);
                if (gone.Larger >= 0)
                {
                    _chunks[gone.Larger].Smaller = gone.Smaller;
                }
            }
        }
        SetBack(bin, gone.Front, gone.Back);
        SetFront(bin, gone.Back, gone.Front);
        if (_first[bin] < 0)
        {
            _map[bin >> 6] &= ~(1UL << (bin & 63));
        }
        Total = (Total.Chunks - 1, Total.Bytes - gone.Size);
        (gone.Front, gone.Back, gone.Smaller, gone.Larger, gone.FirstOfSize, gone.Bin) = (-1, -1, -1, -1, false, 0);
    }

    /// <summary>The smallest chunk of a large bin that holds <paramref name="size"/>; of equal ones not the first; -1 = none.</summary>
    public int BestFit(int bin, long size)
    {
        int best = _smallest[bin];
        while (best >= 0 && _chunks[best].Size < size)
        {
            best = _chunks[best].Larger;
        }
        int second = best >= 0 ? _chunks[best].Back : -1;
        return second >= 0 && _chunks[second].Size == _chunks[best].Size ? second : best;
    }

    /// <summary>The first bin from <paramref name="bin"/> on that is not empty; -1 = none.</summary>
    public int NextNotEmpty(int bin)
    {
        for (int word = bin >> 6; word < _map.Length; word++)
        {
            ulong bits = word == bin >> 6 ? _map[word] & (ulong.MaxValue << (bin & 63)) : _map[word];
            if (bits != 0)
            {
                return (word << 6) + BitOperations.TrailingZeroCount(bits);
            }
        }
        return -1;
    }

    /// <summary>Inserts behind a chunk, or in front when there is none.</summary>
    private void InsertBehind(int bin, int front, int chunk)
    {
        int back = front >= 0 ? _chunks[front].Back : _first[bin];
        (_chunks[chunk].Front, _chunks[chunk].Back, _chunks[chunk].Bin) = (front, back, bin);
        _chunks[chunk].State = ChunkState.Free;
        SetBack(bin, front, chunk);
        SetFront(bin, back, chunk);
        _map[bin >> 6] |= 1UL << (bin & 63);
        Total = (Total.Chunks + 1, Total.Bytes + _chunks[chunk].Size);
    }

    private void SetBack(int bin, int chunk, int back)
    {
        if (chunk >= 0)
        {
            _chunks[chunk].Back = back;
        }
        else
        {
            _first[bin] = back;
        }
    }

    private void SetFront(int bin, int chunk, int front)
    {
        if (chunk >= 0)
        {
            _chunks[chunk].Front = front;
        }
        else
        {
            _last[bin] = front;
        }
    }
}
