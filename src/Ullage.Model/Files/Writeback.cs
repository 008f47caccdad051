using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Files;

/// <summary>
/// Dirty pages and their way to the disk: a flusher writes them when too many are dirty, when they have been for 30 s, when somebody
/// syncs, or when reclaim asks. Who dirties pages faster than the disk takes them is made to wait.
/// </summary>
[Kernel("wb_workfn", "fs/fs-writeback.c", Deviation = "One disk, one flusher for all cgroups.")]
internal sealed class Writeback
{
    private const long IntervalNs = 5_000_000_000; // dirty_writeback_centisecs
    private const long ExpireNs = 30_000_000_000; // dirty_expire_centisecs
    private const int ChunkPages = 1024; // MIN_WRITEBACK_PAGES
    private const int LargestWrite = 256; // pages of one request

    private readonly Machine _machine;
    private readonly PageCache _cache;
    private readonly PageFrames _frames;
    private readonly List<AddressSpaceMap> _dirty = []; // oldest first
    private readonly Queue<Request> _writes = new();
    private readonly Action _complete;
    private readonly Action _flush;
    private bool _flushQueued;
    private bool _completionQueued;
    private long _flushDueNs;
    private bool _asked;
    private long _lastDoneNs;

    private readonly record struct Request(long DoneNs, AddressSpaceMap Map, long First, int Pages);

    public Writeback(Machine machine, PageCache cache)
    {
        _machine = machine;
        _cache = cache;
        _frames = machine.Frames;
        _complete = CompleteAndGoOn;
        _flush = Flush;
    }

    /// <summary>vm.dirty_ratio.</summary>
    public int DirtyRatio { get; set; } = 20;

    /// <summary>vm.dirty_background_ratio.</summary>
    public int BackgroundRatio { get; set; } = 10;

    /// <summary>Pages that could be dirty: free ones and the page cache, without what is kept back.</summary>
    [Kernel("global_dirtyable_memory", "mm/page-writeback.c")]
    public long Dirtyable => Math.Max(0, _frames.Free - _frames.Watermarks.TotalReserve) + _machine.Vm[VmItem.InactiveFile] + _machine.Vm[VmItem.ActiveFile];

    /// <summary>Above so many dirty pages writers wait (nr_dirty_threshold).</summary>
    [Kernel("domain_dirty_limits", "mm/page-writeback.c")]
    public long Threshold => Dirtyable * DirtyRatio / 100;

    /// <summary>Above so many dirty pages the flusher works (nr_dirty_background_threshold).</summary>
    public long BackgroundThreshold => Dirtyable * BackgroundRatio / 100;

    /// <summary>Pages dirty or on their way.</summary>
    public long Pending => _machine.Vm[VmItem.FileDirty] + _machine.Vm[VmItem.Writeback];

    /// <summary>A page was written to: it is dirty from now on.</summary>
    [Kernel("folio_account_dirtied", "mm/page-writeback.c")]
    public void MarkDirty(AddressSpaceMap map, int frame)
    {
        ref PageFlags flags = ref _frames.Flags(frame);
        if ((flags & PageFlags.Dirty) != 0)
        {
            return;
        }
        flags |= PageFlags.Dirty;
        _cache.Count(frame, MemcgStat.FileDirty, VmItem.FileDirty, 1);
        _machine.Vm.Add(VmItem.Dirtied, 1);
        _cache.Tree.TagDirty(map, _frames.Index(frame), true);
        map.Dirty++;
        if (!map.OnDirtyList)
        {
            map.OnDirtyList = true;
            map.DirtiedNs = _machine.TimeNs;
            _dirty.Add(map);
            Queue(_machine.TimeNs + IntervalNs);
        }
    }

    /// <summary>A dirty page goes without being written.</summary>
    [Kernel("folio_account_cleaned", "mm/page-writeback.c")]
    public void CancelDirty(AddressSpaceMap map, int frame)
    {
        _frames.Flags(frame) &= ~PageFlags.Dirty;
        _cache.Count(frame, MemcgStat.FileDirty, VmItem.FileDirty, -1);
        _cache.Tree.TagDirty(map, _frames.Index(frame), false);
        map.Dirty--;
    }

    /// <summary>Reclaim or a writer wants the flusher to work now.</summary>
    [Kernel("wakeup_flusher_threads", "fs/fs-writeback.c")]
    public void WakeFlusher()
    {
        if (_dirty.Count > 0)
        {
            _asked = true;
            Queue(_machine.TimeNs + _machine.Costs.WorkItemNs);
        }
    }

    private void Queue(long dueNs)
    {
        if (!_flushQueued || dueNs < _flushDueNs)
        {
            _flushQueued = true;
            _flushDueNs = dueNs;
            _machine.Work.Add(dueNs, _flush);
        }
    }

    /// <summary>The flusher's turn: files that have been dirty long enough; all of them while too much is dirty or somebody asked.</summary>
    [Kernel("wb_do_writeback", "fs/fs-writeback.c")]
    private void Flush()
    {
        if (!_flushQueued || _machine.TimeNs < _flushDueNs)
        {
            return; // it was brought forward
        }
        _flushQueued = false;
        bool all = _asked || _machine.Vm[VmItem.FileDirty] > BackgroundThreshold;
        bool more = false;
        for (int i = 0; i < _dirty.Count;)
        {
            AddressSpaceMap map = _dirty[i];
            if (!all && map.DirtiedNs > _machine.TimeNs - ExpireNs)
            {
                break; // the others are younger
            }
            WriteChunk(map);
            if (map.Dirty > 0)
            {
                more = true;
                _dirty.RemoveAt(i); // behind the others, it goes on in its turn
                _dirty.Add(map);
                break;
            }
            i = map.OnDirtyList ? i + 1 : i;
        }
        _asked &= more;
        if (_dirty.Count > 0)
        {
            Queue(more ? Math.Max(_machine.TimeNs + _machine.Costs.WorkItemNs, LastWriteDone()) : _machine.TimeNs + IntervalNs);
        }
    }

    private long LastWriteDone() => _writes.Count == 0 ? 0 : _writes.Peek().DoneNs;

    private void WriteChunk(AddressSpaceMap map)
    {
        int written = WriteRange(map, map.WritebackNext, ChunkPages);
        if (written < ChunkPages && map.Dirty > 0)
        {
            WriteRange(map, 0, ChunkPages - written);
        }
        LeaveListIfClean(map);
    }

    private void LeaveListIfClean(AddressSpaceMap map)
    {
        if (map.Dirty == 0 && map.OnDirtyList)
        {
            map.OnDirtyList = false;
            _dirty.Remove(map);
        }
    }

    /// <summary>Sends dirty pages of a file to the disk from a page on, at most so many; answers how many.</summary>
    [Kernel("write_cache_pages", "mm/page-writeback.c")]
    private int WriteRange(AddressSpaceMap map, long from, int most)
    {
        int sent = 0;
        (long first, int run) = (0, 0);
        for (long index = _cache.Tree.NextDirty(map, from); index >= 0 && sent < most; index = _cache.Tree.NextDirty(map, index + 1))
        {
            int frame = _cache.Find(map, index);
            if ((_frames.Flags(frame) & PageFlags.Dirty) == 0 || (_frames.Flags(frame) & PageFlags.Writeback) != 0)
            {
                continue;
            }
            if (run > 0 && (index != first + run || run == LargestWrite))
            {
                Submit(map, first, run);
                run = 0;
            }
            first = run == 0 ? index : first;
            run++;
            sent++;
            Begin(map, frame);
            map.WritebackNext = index + 1;
        }
        if (run > 0)
        {
            Submit(map, first, run);
        }
        return sent;
    }

    /// <summary>A page is on its way to the disk: who writes to it through a mapping faults again.</summary>
    [Kernel("folio_clear_dirty_for_io", "mm/page-writeback.c")]
    private void Begin(AddressSpaceMap map, int frame)
    {
        CancelDirty(map, frame);
        _machine.FileRmap.MakeClean(frame);
        _frames.Flags(frame) |= PageFlags.Writeback;
        _cache.Count(frame, MemcgStat.FileWriteback, VmItem.Writeback, 1);
        map.Writeback++;
    }

    private void Submit(AddressSpaceMap map, long first, int pages)
    {
        long done = Math.Max(_machine.Disk.WriteDoneAt(pages), _lastDoneNs);
        _lastDoneNs = done;
        map.WrittenNs = done;
        map.OnDisk = Math.Max(map.OnDisk, Math.Min((first + pages) << Ullage.Abi.Units.KernelConstants.PageShift, map.Bytes));
        _writes.Enqueue(new Request(done, map, first, pages));
        QueueCompletion();
    }

    private void QueueCompletion()
    {
        if (_writes.Count > 0 && !_completionQueued)
        {
            _completionQueued = true;
            _machine.Work.Add(_writes.Peek().DoneNs, _complete);
        }
    }

    private void CompleteAndGoOn()
    {
        _completionQueued = false;
        Complete();
        QueueCompletion();
    }

    /// <summary>Writes that have ended by now.</summary>
    private void Complete()
    {
        while (_writes.Count > 0 && _writes.Peek().DoneNs <= _machine.TimeNs)
        {
            Request request = _writes.Dequeue();
            for (long index = request.First; index < request.First + request.Pages; index++)
            {
                int frame = _cache.Find(request.Map, index);
                if (frame >= 0 && (_frames.Flags(frame) & PageFlags.Writeback) != 0)
                {
                    End(request.Map, frame);
                }
            }
        }
    }

    [Kernel("folio_end_writeback", "mm/filemap.c")]
    private void End(AddressSpaceMap map, int frame)
    {
        ref PageFlags flags = ref _frames.Flags(frame);
        bool wanted = (flags & PageFlags.Reclaim) != 0;
        flags &= ~(PageFlags.Writeback | PageFlags.Reclaim);
        _cache.Count(frame, MemcgStat.FileWriteback, VmItem.Writeback, -1);
        _machine.Vm.Add(VmItem.Written, 1);
        map.Writeback--;
        if (wanted)
        {
            _machine.Lru.RotateReclaimable(frame);
        }
    }

    /// <summary>Writes one page for reclaim; false = it is not dirty, or on its way already.</summary>
    [Kernel("pageout", "mm/vmscan.c")]
    public bool WritePage(int frame)
    {
        AddressSpaceMap map = _cache.Map(_frames.Mapping(frame));
        if ((_frames.Flags(frame) & (PageFlags.Dirty | PageFlags.Writeback)) != PageFlags.Dirty)
        {
            return false;
        }
        Begin(map, frame);
        Submit(map, _frames.Index(frame), 1);
        LeaveListIfClean(map);
        return true;
    }

    /// <summary>Waits until a page has been written.</summary>
    [Kernel("folio_wait_writeback", "mm/page-writeback.c")]
    public void WaitOn(int frame)
    {
        AddressSpaceMap map = _cache.Map(_frames.Mapping(frame));
        long index = _frames.Index(frame);
        foreach (Request request in _writes)
        {
            if (request.Map == map && index >= request.First && index < request.First + request.Pages)
            {
                WaitUntil(request.DoneNs);
                return;
            }
        }
    }

    private void WaitUntil(long doneNs)
    {
        if (doneNs > _machine.TimeNs)
        {
            _machine.IoSchedule(doneNs - _machine.TimeNs);
        }
        Complete();
    }

    /// <summary>Waits for all pages of a file that are on their way.</summary>
    [Kernel("filemap_fdatawait_range", "mm/filemap.c")]
    public void WaitForAll(AddressSpaceMap map)
    {
        if (map.Writeback > 0)
        {
            WaitUntil(map.WrittenNs);
        }
    }

    /// <summary>fsync(2): everything that is dirty now is on the disk afterwards.</summary>
    [Kernel("vfs_fsync_range", "fs/sync.c")]
    public void Sync(AddressSpaceMap map)
    {
        WaitForAll(map); // a page on its way may be dirty again
        WriteRange(map, 0, int.MaxValue);
        LeaveListIfClean(map);
        WaitForAll(map);
    }

    /// <summary>sync(2).</summary>
    [Kernel("ksys_sync", "fs/sync.c")]
    public void SyncAll()
    {
        while (_dirty.Count > 0)
        {
            Sync(_dirty[0]);
        }
    }

    /// <summary>The file is gone: it is on no list.</summary>
    public void Forget(AddressSpaceMap map) => LeaveListIfClean(map);
}
