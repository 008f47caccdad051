using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model.Files;

/// <summary>Reading: what is there is copied, what is not is fetched, and more than was asked for where that looks sensible.</summary>
internal sealed partial class PageCache
{
    /// <summary>read(2) at an offset. Answers the bytes read; fewer at the file's end or when memory could not be had after some.</summary>
    [Kernel("filemap_read", "mm/filemap.c")]
    public (Errno Errno, long Bytes) Read(FileHandle file, long offset, long bytes)
    {
        AddressSpaceMap map = file.Map;
        long end = Math.Min(offset + bytes, map.Bytes);
        if (offset >= end)
        {
            return (Errno.None, 0);
        }
        long lastIndex = (end + KernelConstants.PageSize - 1) >> KernelConstants.PageShift;
        for (long at = offset; at < end; at = ((at >> KernelConstants.PageShift) + 1) << KernelConstants.PageShift)
        {
            long index = at >> KernelConstants.PageShift;
            int frame = Find(map, index);
            if (frame < 0 || (_frames.Flags(frame) & (PageFlags.Locked | PageFlags.Reclaim)) != 0)
            {
                frame = GetPage(file, index, lastIndex);
                if (frame < 0)
                {
                    return (at == offset ? Errno.ENOMEM : Errno.None, at - offset);
                }
            }
            if (at != offset || !ReadsSamePage(file, index, at))
            {
                _machine.Lru.MarkAccessed(frame);
            }
            _machine.Spend(_machine.Costs.FileCopyNs);
            file.PreviousPosition = _rules.RemembersEnd ? Math.Min(end, (index + 1) << KernelConstants.PageShift) : PositionAfter(index, end);
        }
        return (Errno.None, end - offset);
    }

    /// <summary>Up to 5.11: the last page, and the offset in it where the read ended.</summary>
    private static long PositionAfter(long index, long end)
    {
        long inPage = Math.Min(end - (index << KernelConstants.PageShift), KernelConstants.PageSize) & (KernelConstants.PageSize - 1);
        return (index << KernelConstants.PageShift) + inPage;
    }

    /// <summary>A page that is read several times in a row is accessed once (§3.3).</summary>
    private bool ReadsSamePage(FileHandle file, long index, long at)
    {
        long previous = file.PreviousPosition;
        if (previous < 0)
        {
            return false;
        }
        return _rules.RemembersEnd
            ? previous > 0 && (previous - 1) >> KernelConstants.PageShift == index
            : previous >> KernelConstants.PageShift == index && ((previous ^ at) & (KernelConstants.PageSize - 1)) == 0;
    }

    /// <summary>Gets a page that is not simply there: it is missing, marked for readahead, or still being read.</summary>
    [Kernel("filemap_get_pages", "mm/filemap.c")]
    private int GetPage(FileHandle file, long index, long lastIndex)
    {
        AddressSpaceMap map = file.Map;
        while (true)
        {
            int frame = Find(map, index);
            if (frame < 0)
            {
                Readahead.Sync(file, index, lastIndex - index);
                frame = Find(map, index);
            }
            if (frame < 0)
            {
                return ReadAlone(map, index);
            }
            if ((_frames.Flags(frame) & PageFlags.Reclaim) != 0)
            {
                Held = frame;
                Readahead.Async(file, frame, index, lastIndex - index);
                Held = -1;
            }
            if (WaitUntilRead(map, index, frame))
            {
                return frame;
            }
        }
    }

    /// <summary>Reads one page, whatever it takes; -1 = no memory.</summary>
    [Kernel("filemap_create_folio", "mm/filemap.c")]
    internal int ReadAlone(AddressSpaceMap map, long index)
    {
        int frame = AddAlone(map, index);
        if (frame >= 0)
        {
            if (!WaitUntilRead(map, index, frame))
            {
                return ReadAlone(map, index); // it was reclaimed meanwhile
            }
        }
        return frame;
    }

    /// <summary>Adds one page and asks the disk for it, without readahead; -1 = no memory.</summary>
    internal int AddAlone(AddressSpaceMap map, long index)
    {
        FileWay outer = _machine.Path.Way;
        _machine.Path.Way = FileWay.Alone;
        int frame = Add(map, index, Gfp.Kernel, toWrite: false);
        if (frame >= 0)
        {
            Submit(map, index, 1, (_frames.Flags(frame) & PageFlags.Workingset) != 0);
        }
        _machine.Path.Way = outer;
        return frame;
    }

    /// <summary>Asks the disk for pages that were added, one after another. What was never written is zeroes and there at once.</summary>
    [Kernel("ext4_mpage_readpages", "fs/ext4/readpage.c")]
    internal void Submit(AddressSpaceMap map, long first, int pages, bool workingset)
    {
        int onDisk = (int)Math.Clamp(((map.OnDisk + KernelConstants.PageSize - 1) >> KernelConstants.PageShift) - first, 0, pages);
        for (long index = first + onDisk; index < first + pages; index++)
        {
            Unlock(map, index);
        }
        if (onDisk == 0)
        {
            return;
        }
        bool nested = true;
        bool stalls = workingset && (_rules.StallsInSubmit || _rules.StallsInReadahead);
        if (stalls)
        {
            nested = EnterStall(KernelSite.FileSubmit);
        }
        if (_machine.Current is { } task)
        {
            task.ReadBytes += (long)onDisk << KernelConstants.PageShift;
        }
        long done = _machine.Disk.ReadDoneAt(onDisk);
        if (stalls)
        {
            _machine.Psi.MemstallLeave(_machine.Current, nested);
        }
        if (done <= _machine.TimeNs && _reads.Count == 0)
        {
            for (long index = first; index < first + onDisk; index++)
            {
                Unlock(map, index); // a disk that takes no time
            }
            return;
        }
        _reads.Add(new ReadRequests.Request(done, map, first, onDisk));
        QueueCompletion();
    }

    /// <summary>Waits for a page that is being read (§6.7). False = it is no longer this file's page.</summary>
    [Kernel("folio_wait_bit_common", "mm/filemap.c")]
    internal bool WaitUntilRead(AddressSpaceMap map, long index, int frame)
    {
        if ((_frames.Flags(frame) & PageFlags.Locked) == 0)
        {
            return true;
        }
        long done = _reads.DoneNsOf(map, index);
        if (done > _machine.TimeNs)
        {
            bool stalls = (_frames.Flags(frame) & PageFlags.Workingset) != 0;
            bool nested = !stalls || EnterStall(KernelSite.FileWait);
            _machine.IoSchedule(done - _machine.TimeNs);
            if (stalls)
            {
                _machine.Psi.MemstallLeave(_machine.Current, nested);
            }
        }
        CompleteReads(_machine.TimeNs);
        return Find(map, index) == frame;
    }

    private bool EnterStall(KernelSite site)
    {
        KernelSite outer = _machine.Path.Site;
        _machine.Path.Site = site;
        bool nested = _machine.Psi.MemstallEnter(_machine.Current);
        _machine.Path.Site = outer;
        return nested;
    }

    private void CompleteReads()
    {
        _completionQueued = false;
        CompleteReads(_machine.TimeNs);
        QueueCompletion();
    }

    /// <summary>Whoever waits for a page completes reads himself; this is for those that nobody waits for.</summary>
    private void QueueCompletion()
    {
        if (_reads.Count > 0 && !_completionQueued)
        {
            _completionQueued = true;
            _machine.Work.Add(_reads.NextDoneNs, _completeReads);
        }
    }

    /// <summary>Reads that have ended by now unlock their pages.</summary>
    [Kernel("mpage_read_end_io", "fs/ext4/readpage.c")]
    private void CompleteReads(long nowNs)
    {
        while (_reads.NextDoneNs <= nowNs)
        {
            ReadRequests.Request request = _reads.Take();
            for (long index = request.First; index < request.First + request.Pages; index++)
            {
                Unlock(request.Map, index);
            }
        }
    }

    private void Unlock(AddressSpaceMap map, long index)
    {
        int frame = Find(map, index);
        if (frame >= 0)
        {
            _frames.Flags(frame) &= ~PageFlags.Locked;
        }
    }

    /// <summary>A page that was locked or is marked may be mapped by its neighbour's fault: it has been read by now, and has no mark.</summary>
    internal bool IsMappable(AddressSpaceMap map, int frame) =>
        (_frames.Flags(frame) & PageFlags.Reclaim) == 0 && IsResident(map, _frames.Index(frame));

    /// <summary>What mincore(2) says: the page is there and was read.</summary>
    [Kernel("mincore_page", "mm/mincore.c")]
    public bool IsResident(AddressSpaceMap map, long index)
    {
        int frame = Find(map, index);
        if (frame >= 0 && (_frames.Flags(frame) & PageFlags.Locked) != 0)
        {
            CompleteReads(_machine.TimeNs);
        }
        return frame >= 0 && (_frames.Flags(frame) & PageFlags.Locked) == 0;
    }
}
