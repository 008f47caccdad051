using System.Numerics;
using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model.Files;

/// <summary>
/// Which pages are read before they are asked for. A stream begins with a small window, doubles it until the largest, and marks a page in each
/// window: who reaches that page has the next window read while this one is used. Random reads leave no window.
/// </summary>
[Kernel("ondemand_readahead", "mm/readahead.c", Deviation = "No congestion; pages, not larger folios.")]
internal sealed class Readahead(Machine machine, PageCache cache)
{
    private const int ForcedChunk = 512; // 2 MiB
    private const int LotsOfMisses = 100; // MMAP_LOTSAMISS

    private readonly PageFrames _frames = machine.Frames;
    private readonly FileRules _rules = machine.Era.Files;
    private FileWay _way; // of the reads that are made now

    /// <summary>A page is missing that read(2) wants, and so many with it.</summary>
    [Kernel("page_cache_sync_ra", "mm/readahead.c")]
    public void Sync(FileHandle file, long index, long wanted)
    {
        if (file.RaPages == 0)
        {
            return;
        }
        if (file.IsRandom)
        {
            Force(file, index, wanted);
            return;
        }
        _way = FileWay.Sync;
        if (_rules.Readahead == ReadaheadRule.Split)
        {
            SyncSplit(file, index, wanted);
        }
        else
        {
            OnDemand(file, index, wanted, marked: false);
        }
    }

    /// <summary>A page is there that was marked: its window's successor is due.</summary>
    [Kernel("page_cache_async_ra", "mm/readahead.c")]
    public void Async(FileHandle file, int frame, long index, long wanted)
    {
        if (file.RaPages == 0 || (_frames.Flags(frame) & PageFlags.Writeback) != 0)
        {
            return; // under writeback the bit means something else
        }
        _frames.Flags(frame) &= ~PageFlags.Reclaim;
        _way = FileWay.Async;
        if (_rules.Readahead != ReadaheadRule.Split)
        {
            OnDemand(file, index, wanted, marked: true);
            return;
        }
        int most = MostPages(file, wanted);
        if (index == file.Start + file.Size - file.AsyncSize)
        {
            Advance(file, most);
        }
        else if (!TryAdopt(file, index, wanted, most))
        {
            return;
        }
        Submit(file, index, most);
    }

    /// <summary>The largest window: larger reads may have what one request of the disk takes.</summary>
    private int MostPages(FileHandle file, long wanted) =>
        wanted > file.RaPages && _rules.IoPages > file.RaPages ? (int)Math.Min(wanted, _rules.IoPages) : file.RaPages;

    private void OnDemand(FileHandle file, long index, long wanted, bool marked)
    {
        int most = MostPages(file, wanted);
        if (index == 0)
        {
            Begin(file, index, wanted, most);
        }
        else if (index == file.Start + file.Size - file.AsyncSize || index == file.Start + file.Size)
        {
            Advance(file, most);
        }
        else if (marked)
        {
            if (!TryAdopt(file, index, wanted, most))
            {
                return;
            }
        }
        else if (wanted > most || FollowsPrevious(file, index))
        {
            Begin(file, index, wanted, most);
        }
        else if (!TryContext(file, index, wanted, most))
        {
            Read(file, index, wanted, 0); // a small random read
            return;
        }
        Submit(file, index, most);
    }

    private void SyncSplit(FileHandle file, long index, long wanted)
    {
        int most = MostPages(file, wanted);
        if (index == 0 || wanted > most || FollowsPrevious(file, index))
        {
            Begin(file, index, wanted, most);
        }
        else if (!TryContext(file, index, wanted, most))
        {
            Read(file, index, wanted, 0);
            return;
        }
        Submit(file, index, most);
    }

    private static bool FollowsPrevious(FileHandle file, long index) =>
        file.PreviousPosition >= 0 && (ulong)(index - (file.PreviousPosition >> 12)) <= 1;

    private void Begin(FileHandle file, long index, long wanted, int most)
    {
        file.Start = index;
        file.Size = InitialSize(wanted, most);
        int rest = _rules.Readahead == ReadaheadRule.Split ? file.Size >> 1 : file.Size;
        file.AsyncSize = file.Size > wanted ? (int)(file.Size - wanted) : rest;
    }

    [Kernel("get_init_ra_size", "mm/readahead.c")]
    private static int InitialSize(long wanted, int most)
    {
        long size = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(wanted, 1));
        return size <= most / 32 ? (int)size * 4 : size <= most / 4 ? (int)size * 2 : most;
    }

    [Kernel("get_next_ra_size", "mm/readahead.c")]
    private static int NextSize(FileHandle file, int most) =>
        file.Size < most / 16 ? 4 * file.Size : file.Size <= most / 2 ? 2 * file.Size : most;

    /// <summary>The stream goes on: the next window.</summary>
    private static void Advance(FileHandle file, int most)
    {
        file.Start += file.Size;
        file.Size = NextSize(file, most);
        file.AsyncSize = file.Size;
    }

    /// <summary>A marked page of somebody else's window: the stream goes on behind the pages that are there.</summary>
    private bool TryAdopt(FileHandle file, long index, long wanted, int most)
    {
        long start = index + 1;
        while (start - index <= most && cache.Find(file.Map, start) >= 0)
        {
            start++;
        }
        if (start - index > most)
        {
            return false;
        }
        file.Start = start;
        file.Size = (int)(start - index + wanted);
        file.Size = NextSize(file, most);
        file.AsyncSize = file.Size;
        return true;
    }

    /// <summary>Pages before this one that are in memory tell of a stream, also where several are mixed in one open file.</summary>
    [Kernel("try_context_readahead", "mm/readahead.c")]
    private bool TryContext(FileHandle file, long index, long wanted, int most)
    {
        long history = 0;
        while (history < most && index - 1 - history >= 0 && cache.Find(file.Map, index - 1 - history) >= 0)
        {
            history++;
        }
        if (history <= wanted)
        {
            return false; // a single page is no stream
        }
        if (history >= index)
        {
            history *= 2; // cached from the file's beginning: a long stream
        }
        file.Start = index;
        file.Size = (int)Math.Min(history + wanted, most);
        file.AsyncSize = 1;
        return true;
    }

    /// <summary>Reads the window. One that lies wholly ahead of the page in hand takes the next one along.</summary>
    private void Submit(FileHandle file, long index, int most)
    {
        if (_rules.Readahead != ReadaheadRule.Split && index == file.Start && file.Size == file.AsyncSize)
        {
            int more = NextSize(file, most);
            if (_rules.Readahead == ReadaheadRule.Unbounded || file.Size + more <= most)
            {
                (file.AsyncSize, file.Size) = (more, file.Size + more);
            }
            else
            {
                (file.Size, file.AsyncSize) = (most, most >> 1);
            }
        }
        Read(file, file.Start, file.Size, file.AsyncSize);
    }

    [Kernel("force_page_cache_ra", "mm/readahead.c")]
    internal void Force(FileHandle file, long index, long wanted)
    {
        _way = FileWay.Forced;
        long left = _rules.IoPages == 0 ? Math.Min(wanted, ForcedChunk) : Math.Min(wanted, Math.Max(_rules.IoPages, file.RaPages));
        while (left > 0)
        {
            long chunk = Math.Min(left, ForcedChunk);
            Read(file, index, chunk, 0);
            index += chunk;
            left -= chunk;
        }
    }

    /// <summary>Reads those pages of a range that are missing, and marks the one that has so many of them behind it.</summary>
    [Kernel("page_cache_ra_unbounded", "mm/readahead.c")]
    internal void Read(FileHandle file, long first, long count, long lookahead)
    {
        FileWay outer = machine.Path.Way;
        machine.Path.Way = _way;
        ReadMissing(file, first, count, lookahead);
        machine.Path.Way = outer;
    }

    private void ReadMissing(FileHandle file, long first, long count, long lookahead)
    {
        AddressSpaceMap map = file.Map;
        long end = Math.Min(first + count, map.Pages);
        long batch = first; // pages from here to the one in hand were added and wait to be read
        bool workingset = false;
        for (long index = first; index < end; index++)
        {
            int frame = cache.Find(map, index) >= 0 ? -1 : cache.Add(map, index, Gfp.Kernel | Gfp.NoRetry | Gfp.NoWarn, toWrite: false);
            if (frame >= 0)
            {
                workingset |= (_frames.Flags(frame) & PageFlags.Workingset) != 0;
                _frames.Flags(frame) |= index == first + count - lookahead ? PageFlags.Reclaim : PageFlags.None;
                continue;
            }
            Flush(map, batch, index, ref workingset);
            batch = index + 1;
            if (_rules.OnFailure == ReadaheadFailure.Stop && cache.Find(map, index) < 0)
            {
                return;
            }
        }
        Flush(map, batch, end, ref workingset);
    }

    private void Flush(AddressSpaceMap map, long batch, long end, ref bool workingset)
    {
        if (end > batch)
        {
            cache.Submit(map, batch, (int)(end - batch), workingset);
            workingset = false;
        }
    }

    /// <summary>A fault found no page: pages around it are read, unless faults mostly miss anyway.</summary>
    [Kernel("do_sync_mmap_readahead", "mm/filemap.c")]
    public void SyncFault(FileHandle file, long index, bool sequential)
    {
        if (file.RaPages == 0)
        {
            return;
        }
        if (sequential)
        {
            Sync(file, index, file.RaPages);
            return;
        }
        if (file.MmapMiss < LotsOfMisses * 10)
        {
            file.MmapMiss++;
        }
        if (file.MmapMiss > LotsOfMisses)
        {
            return;
        }
        _way = FileWay.Around;
        file.Start = Math.Max(0, index - (file.RaPages / 2));
        file.Size = file.RaPages;
        file.AsyncSize = file.RaPages / 4;
        Read(file, file.Start, file.Size, file.AsyncSize);
    }

    /// <summary>A fault found a page. True = it was marked and the next window was asked for.</summary>
    [Kernel("do_async_mmap_readahead", "mm/filemap.c")]
    public bool AsyncFault(FileHandle file, int frame, long index)
    {
        if (file.RaPages == 0)
        {
            return false;
        }
        if (file.MmapMiss > 0)
        {
            file.MmapMiss--;
        }
        if ((_frames.Flags(frame) & PageFlags.Reclaim) == 0 || (_frames.Flags(frame) & PageFlags.Writeback) != 0)
        {
            return false;
        }
        Async(file, frame, index, file.RaPages);
        return true;
    }
}
