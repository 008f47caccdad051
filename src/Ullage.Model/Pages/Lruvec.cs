using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>The lists of a lruvec, in the kernel's order (§3.1): an active list follows its inactive one.</summary>
[Kernel("enum lru_list", "include/linux/mmzone.h")]
public enum LruList
{
    /// <summary>Anonymous and shmem pages, to be reclaimed first.</summary>
    InactiveAnon,
    /// <summary>Anonymous and shmem pages in use.</summary>
    ActiveAnon,
    /// <summary>Page cache, to be reclaimed first.</summary>
    InactiveFile,
    /// <summary>Page cache in use.</summary>
    ActiveFile,
    /// <summary>Pages that are never reclaimed.</summary>
    Unevictable,
}

/// <summary>
/// The LRU lists of one memory cgroup on one node (in 4.1: in one zone), §3.1. Linked through the columns of <see cref="PageFrames"/>;
/// new pages come to the head, reclaim takes from the tail. Which list a page is on follows from its flags.
/// </summary>
[Kernel("struct lruvec", "include/linux/mmzone.h")]
internal sealed partial class Lruvec
{
    /// <summary>How many lists there are.</summary>
    public const int Lists = 5;

    private readonly PageFrames _frames;
    private readonly int[] _heads = [-1, -1, -1, -1, -1];
    private readonly int[] _tails = [-1, -1, -1, -1, -1];
    private readonly int[] _sizes = new int[Lists];

    public Lruvec(PageFrames frames) => _frames = frames;

    /// <summary>The list that a page with such flags belongs to.</summary>
    [Kernel("folio_lru_list", "include/linux/mm_inline.h")]
    public static LruList ListOf(PageFlags flags)
    {
        if ((flags & PageFlags.Unevictable) != 0)
        {
            return LruList.Unevictable;
        }
        int list = flags.IsSwapBacked() ? (int)LruList.InactiveAnon : (int)LruList.InactiveFile;
        return (LruList)(list + ((flags & PageFlags.Active) != 0 ? 1 : 0));
    }

    /// <summary>Pages on a list.</summary>
    [Kernel("lruvec_lru_size", "mm/vmscan.c")]
    public int Size(LruList list) => _sizes[(int)list];

    /// <summary>The page that came last; -1 = the list is empty.</summary>
    public int Head(LruList list) => _heads[(int)list];

    /// <summary>The page that is due first; -1 = the list is empty.</summary>
    public int Tail(LruList list) => _tails[(int)list];

    /// <summary>Links a page in at the head of a list. The caller sets flags and counts.</summary>
    public void AddHead(int frame, LruList list)
    {
        ref int head = ref _heads[(int)list];
        _frames.Previous(frame) = -1;
        _frames.Next(frame) = head;
        if (head >= 0)
        {
            _frames.Previous(head) = frame;
        }
        else
        {
            _tails[(int)list] = frame;
        }
        head = frame;
        _sizes[(int)list]++;
    }

    /// <summary>Links a page in at the tail of a list, where reclaim takes it next.</summary>
    public void AddTail(int frame, LruList list)
    {
        ref int tail = ref _tails[(int)list];
        _frames.Next(frame) = -1;
        _frames.Previous(frame) = tail;
        if (tail >= 0)
        {
            _frames.Next(tail) = frame;
        }
        else
        {
            _heads[(int)list] = frame;
        }
        tail = frame;
        _sizes[(int)list]++;
    }

    /// <summary>Unlinks a page from the list that it is on.</summary>
    public void Remove(int frame, LruList list)
    {
        int next = _frames.Next(frame);
        int previous = _frames.Previous(frame);
        if (previous >= 0)
        {
            _frames.Next(previous) = next;
        }
        else
        {
            Invariant.Holds(_heads[(int)list] == frame);
            _heads[(int)list] = next;
        }
        if (next >= 0)
        {
            _frames.Previous(next) = previous;
        }
        else
        {
            Invariant.Holds(_tails[(int)list] == frame);
            _tails[(int)list] = previous;
        }
        _sizes[(int)list]--;
    }

    /// <summary>Unlinks so many pages from the tail of a list; <paramref name="last"/> is the last one that stays, -1 = none does.</summary>
    public void CutTail(LruList list, int last, int count)
    {
        _tails[(int)list] = last;
        if (last >= 0)
        {
            _frames.Next(last) = -1;
        }
        else
        {
            _heads[(int)list] = -1;
        }
        _sizes[(int)list] -= count;
    }

    /// <summary>Throws unless each list's links, both ways, hold as many pages as it counts, and they are where their flags say. Answers how many.</summary>
    internal long Verify(Func<int, bool> belongs)
    {
        long pages = 0;
        for (int list = 0; list < Lists; list++)
        {
            int previous = -1;
            int seen = 0;
            for (int frame = _heads[list]; frame >= 0 && seen <= _sizes[list]; frame = _frames.Next(frame))
            {
                PageFlags flags = _frames.Flags(frame);
                Invariant.Holds((flags & PageFlags.Lru) != 0 && (int)ListOf(flags) == list && belongs(frame), $"frame {frame} on list {(LruList)list} with flags {flags}");
                Invariant.Holds(_frames.Previous(frame) == previous, $"link back of frame {frame}");
                previous = frame;
                seen++;
            }
            Invariant.Holds(seen == _sizes[list] && _tails[list] == previous, $"list {(LruList)list}: {seen} linked = {_sizes[list]}");
            pages += seen;
        }
        return pages;
    }
}
