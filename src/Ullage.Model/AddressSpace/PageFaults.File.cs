using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>Faults of file mappings. A page comes from the page cache, is read if need be, and neighbours that are there are mapped along.</summary>
internal sealed partial class PageFaults
{
    private const int AroundPages = 16; // fault_around_bytes

    private FileRules Rules => _machine.Era.Files;

    /// <summary>What accessed bits of a mapping mean: nothing where it is advised as sequential, from 6.3 also as random; then they are not even cleared.</summary>
    [Kernel("vma_has_recency", "include/linux/mm_inline.h")]
    internal bool TellsRecency(Vma vma, out bool clears)
    {
        clears = !Rules.RandomMappingsHaveNoRecency;
        return (vma.Flags & VmaFlags.SequentialRead) == 0 && (clears || (vma.Flags & VmaFlags.RandomRead) == 0);
    }

    /// <summary>The page is the file's: it is missing, or is written and not this mapping's own copy.</summary>
    private bool IsFileFault(PageTablePage table, int at, bool write)
    {
        int entry = Ptes.Entry(table.Table, at);
        return entry == 0 || (write && (Ptes.Flags(table.Table, at) & PteFlags.Swap) == 0 && (_frames.Flags(Math.Abs(entry) - 1) & PageFlags.File) != 0);
    }

    /// <summary>A page of a file mapping is accessed that is not there, or written that may only be read.</summary>
    [Kernel("do_fault", "mm/memory.c")]
    private VmFault FileFault(TaskStruct task, Mm mm, Vma vma, long page, bool write, PageTablePage table)
    {
        int at = (int)(page & 511);
        int entry = Ptes.Entry(table.Table, at);
        bool shared = (vma.Flags & VmaFlags.Shared) != 0;
        long index = vma.PageOffset + page - vma.StartPage;
        if (entry != 0)
        {
            return WriteProtected(task, mm, vma, page, table);
        }
        FileFetch fetch = new() { Index = index };
        while (true)
        {
            if (!write && MapAround(mm, vma, page, table))
            {
                return VmFault.Done;
            }
            TaskStruct? outer = _machine.Current;
            _machine.Current = task;
            VmFault fault = Fetch(task, mm, vma, ref fetch);
            _machine.Current = outer;
            if (fault != VmFault.Done)
            {
                return fault;
            }
            if (!fetch.Retry)
            {
                break;
            }
        }
        if (!write)
        {
            MapFile(mm, table, at, fetch.Frame, writable: false);
            return VmFault.Done;
        }
        if (!shared)
        {
            return OwnCopy(task, mm, vma, page, table);
        }
        MapFile(mm, table, at, fetch.Frame, writable: true);
        MakeWritable(task, table, at, fetch.Frame);
        return VmFault.Done;
    }

    /// <summary>What a fault remembers of its search for the page.</summary>
    private struct FileFetch
    {
        public long Index;
        public int Frame;
        public bool Tried;
        public bool Retry;
    }

    /// <summary>A write to a page that is mapped for reading.</summary>
    [Kernel("do_wp_page", "mm/memory.c")]
    private VmFault WriteProtected(TaskStruct task, Mm mm, Vma vma, long page, PageTablePage table)
    {
        if ((vma.Flags & VmaFlags.Shared) == 0)
        {
            return OwnCopy(task, mm, vma, page, table);
        }
        int at = (int)(page & 511);
        MakeWritable(task, table, at, Math.Abs(Ptes.Entry(table.Table, at)) - 1);
        return VmFault.Done;
    }

    /// <summary>A private mapping is written: it gets an anonymous page of its own in place of the file's.</summary>
    [Kernel("do_cow_fault", "mm/memory.c", Deviation = "The file's page is fetched before the copy is allocated.")]
    private VmFault OwnCopy(TaskStruct task, Mm mm, Vma vma, long page, PageTablePage table)
    {
        MemCgroup memcg = MemcgOf(task, mm);
        return vma.HasAnonVma || PrepareAnonVma(vma, memcg) ? NewAnonPage(mm, vma, memcg, page, table) : VmFault.OutOfMemory;
    }

    /// <summary>The first write to a page of a shared mapping makes the page dirty.</summary>
    [Kernel("ext4_page_mkwrite", "fs/ext4/inode.c")]
    private void MakeWritable(TaskStruct task, PageTablePage table, int at, int frame)
    {
        Ptes.Entry(table.Table, at) = frame + 1;
        Ptes.Flags(table.Table, at) |= PteFlags.Accessed | PteFlags.Dirty;
        _machine.PageCache.Writeback.MarkDirty(_machine.PageCache.Map(_frames.Mapping(frame)), frame);
        _machine.Dirtying.AfterDirtying(task);
    }

    /// <summary>
    /// Finds the page or has it read. A fault that must wait lets go of the address space and is then tried again from the start (<see cref="FileFetch.Retry"/>).
    /// </summary>
    [Kernel("filemap_fault", "mm/filemap.c")]
    private VmFault Fetch(TaskStruct task, Mm mm, Vma vma, ref FileFetch fetch)
    {
        PageCache cache = _machine.PageCache;
        FileHandle file = vma.File!;
        fetch.Retry = false;
        if (fetch.Index >= file.Map.Pages)
        {
            return VmFault.Bus;
        }
        fetch.Frame = cache.Find(file.Map, fetch.Index);
        bool random = (vma.Flags & VmaFlags.RandomRead) != 0;
        bool letsGo = false;
        if (fetch.Frame >= 0)
        {
            cache.Held = fetch.Frame;
            letsGo = !random && !fetch.Tried && cache.Readahead.AsyncFault(file, fetch.Frame, fetch.Index) && Rules.ReadaheadRetriesFault;
            cache.Held = -1;
        }
        else if (!TryRead(task, mm, vma, ref fetch))
        {
            return VmFault.OutOfMemory;
        }
        if ((_frames.Flags(fetch.Frame) & PageFlags.Locked) != 0)
        {
            letsGo = true;
            if (!cache.WaitUntilRead(file.Map, fetch.Index, fetch.Frame))
            {
                fetch.Retry = true;
            }
        }
        if (letsGo && !fetch.Tried)
        {
            fetch.Tried = fetch.Retry = true;
            CountFault(task, mm, Rules.RetriesCountFaults);
        }
        return task.FatalSignalPending ? VmFault.OutOfMemory : VmFault.Done;
    }

    private void CountFault(TaskStruct task, Mm mm, bool counts)
    {
        if (counts)
        {
            Count++;
            MemcgOf(task, mm).Stats.Add(_machine.CurrentCpu, MemcgStat.PgFault, 1);
        }
    }

    /// <summary>A major fault: the page is read, with others around it unless the mapping is advised as random.</summary>
    private bool TryRead(TaskStruct task, Mm mm, Vma vma, ref FileFetch fetch)
    {
        PageCache cache = _machine.PageCache;
        FileHandle file = vma.File!;
        _machine.Vm.Add(VmItem.PgMajFault, 1);
        MemcgOf(task, mm).Stats.Add(_machine.CurrentCpu, MemcgStat.PgMajFault, 1);
        if ((vma.Flags & VmaFlags.RandomRead) == 0)
        {
            cache.Readahead.SyncFault(file, fetch.Index, (vma.Flags & VmaFlags.SequentialRead) != 0);
        }
        fetch.Frame = cache.Find(file.Map, fetch.Index);
        if (fetch.Frame >= 0)
        {
            return true;
        }
        fetch.Frame = cache.AddAlone(file.Map, fetch.Index);
        return fetch.Frame >= 0;
    }

    /// <summary>
    /// Maps the pages that are there in the aligned block of 16 around an address, but for one that is marked for readahead: its own fault will
    /// see the mark. True = the page itself is mapped now.
    /// </summary>
    [Kernel("do_fault_around", "mm/memory.c")]
    private bool MapAround(Mm mm, Vma vma, long page, PageTablePage table)
    {
        FileHandle file = vma.File!;
        long first = Math.Max(Math.Max(page & ~(AroundPages - 1L), vma.StartPage), page & ~511L);
        long last = Math.Min(Math.Min(first + AroundPages, vma.EndPage), (page | 511) + 1) - 1;
        last = Math.Min(last, vma.StartPage + file.Map.Pages - 1 - vma.PageOffset);
        const PageFlags skipped = PageFlags.Locked | PageFlags.Reclaim;
        for (long at = first; at <= last; at++)
        {
            if (Ptes.Entry(table.Table, (int)(at & 511)) != 0)
            {
                continue;
            }
            int frame = _machine.PageCache.Find(file.Map, vma.PageOffset + at - vma.StartPage);
            if (frame < 0 || ((_frames.Flags(frame) & skipped) != 0 && !_machine.PageCache.IsMappable(file.Map, frame)))
            {
                continue;
            }
            file.MmapMiss -= file.MmapMiss > 0 ? 1 : 0;
            MapFile(mm, table, (int)(at & 511), frame, writable: false);
        }
        return Ptes.Entry(table.Table, (int)(page & 511)) != 0;
    }

    private void MapFile(Mm mm, PageTablePage table, int at, int frame, bool writable)
    {
        Ptes.Entry(table.Table, at) = writable ? frame + 1 : -(frame + 1);
        Ptes.Flags(table.Table, at) = PteFlags.Accessed;
        table.Present++;
        mm.FilePages++;
        mm.NoteRss();
        AddFileRmap(frame);
    }

    [Kernel("folio_add_file_rmap_pte", "mm/rmap.c")]
    internal void AddFileRmap(int frame)
    {
        if (_frames.MapCount(frame)++ == 1)
        {
            _machine.PageCache.Count(frame, MemcgStat.FileMapped, VmItem.FileMapped, 1);
        }
    }

    /// <summary>One page table no longer maps a file's page, which stays in its file.</summary>
    internal void UnmapFile(Mm mm, int frame)
    {
        mm.FilePages--;
        if (--_frames.MapCount(frame) == 1)
        {
            _machine.PageCache.Count(frame, MemcgStat.FileMapped, VmItem.FileMapped, -1);
        }
    }

    /// <summary>An entry of a file's page goes with its mapping: a page that was used through it counts as accessed.</summary>
    [Kernel("zap_present_folio_ptes", "mm/memory.c")]
    internal void ZapFile(Mm mm, long page, int frame, PteFlags flags)
    {
        if ((flags & PteFlags.Accessed) != 0 && mm.FindCached(page) is { } vma && TellsRecency(vma, out _))
        {
            _machine.Lru.MarkAccessed(frame);
        }
        UnmapFile(mm, frame);
    }
}
