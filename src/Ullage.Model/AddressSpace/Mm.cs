using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.AddressSpace;

/// <summary>One address space: mappings, page tables, counts (§7).</summary>
[Kernel("struct mm_struct", "include/linux/mm_types.h")]
public sealed class Mm
{
    internal const long TaskSizePages = 0x7fff_ffff_f000 >> KernelConstants.PageShift;

    internal const long LowestPage = 16; // vm.mmap_min_addr, 64 KiB
    internal const long DefaultStackPages = 8L << 20 >> KernelConstants.PageShift;

    private readonly List<Vma> _vmas = []; // by address
    private readonly Dictionary<long, PageTablePage> _pteTables = [];
    private readonly Dictionary<long, PageTablePage> _pmdTables = [];
    private readonly Dictionary<long, PageTablePage> _pudTables = [];
    private long _lastTableKey = -1;
    private PageTablePage? _lastTable;
    private long _walkTableKey = -1;
    private PageTablePage? _walkTable;
    private Vma? _lastVma;

    /// <summary>The task whose memory cgroup new pages are charged to.</summary>
    public TaskStruct? Owner { get; internal set; }

    /// <summary>The slab object of the mm_struct.</summary>
    internal Slab.SlabObject Object { get; set; }

    /// <summary>Who pays for the top page table; null = nobody.</summary>
    internal Charging.MemCgroup? PgdMemcg { get; set; }

    /// <summary>Tasks that use it.</summary>
    internal int Users { get; set; } = 1;

    /// <summary>Top of the mmap area, in pages; mappings grow down from here.</summary>
    public long MmapBasePage { get; internal set; }

    /// <summary>Page after the last one of the stack.</summary>
    public long StackTopPage { get; internal set; }

    /// <summary>Anonymous pages present (RssAnon).</summary>
    public long AnonPages { get; internal set; }

    /// <summary>File pages present (RssFile).</summary>
    public long FilePages { get; internal set; }

    /// <summary>Pages of shared anonymous memory present (RssShmem).</summary>
    public long ShmemPages { get; internal set; }

    /// <summary>Pages in swap (VmSwap), those of shared memory not counted.</summary>
    public long SwapPages { get; internal set; }

    /// <summary>Where the search for its anonymous pages' mappings begins; null = it never had one.</summary>
    internal RmapNode? Rmap { get; set; }

    /// <summary>mremap(2) has moved a mapping, so that pages may be elsewhere than their numbers say.</summary>
    internal bool HasMoved { get; set; }

    /// <summary>Where the heap begins, in bytes.</summary>
    public long StartBrk { get; internal set; }

    /// <summary>The program break, in bytes: the heap's end.</summary>
    public long Brk { get; internal set; }

    /// <summary>Highest <see cref="Rss"/> seen (VmHWM).</summary>
    public long PeakRss { get; private set; }

    /// <summary>Highest <see cref="TotalPages"/> seen (VmPeak).</summary>
    public long PeakTotalPages { get; private set; }

    /// <summary>Page-table pages of all levels but the top one.</summary>
    public int TablePages => _pteTables.Count + _pmdTables.Count + _pudTables.Count;

    /// <summary>Lowest-level tables.</summary>
    public int PteTables => _pteTables.Count;

    /// <summary>Second-level tables.</summary>
    public int PmdTables => _pmdTables.Count;

    /// <summary>Third-level tables.</summary>
    public int PudTables => _pudTables.Count;

    /// <summary>Pages mapped (VmSize).</summary>
    public long TotalPages { get; private set; }

    /// <summary>Writable private pages mapped, stack excluded (VmData).</summary>
    public long DataPages { get; private set; }

    /// <summary>Pages of the stack mapping (VmStk).</summary>
    public long StackPages { get; private set; }

    /// <summary>Pages of executable file mappings (VmExe + VmLib).</summary>
    public long ExecPages { get; private set; }

    /// <summary>Pages present.</summary>
    public long Rss => AnonPages + FilePages + ShmemPages;

    /// <summary>RLIMIT_AS in pages.</summary>
    public long LimitPages { get; internal set; } = long.MaxValue;

    /// <summary>RLIMIT_DATA in pages.</summary>
    public long LimitDataPages { get; internal set; } = long.MaxValue;

    /// <summary>RLIMIT_STACK in pages.</summary>
    public long LimitStackPages { get; internal set; } = DefaultStackPages;

    /// <summary>The OOM reaper has unmapped it or gave up (MMF_OOM_SKIP).</summary>
    public bool OomSkip { get; internal set; }

    /// <summary>It waits for the OOM reaper, or had its turn (MMF_OOM_REAP_QUEUED).</summary>
    internal bool OomReapQueued { get; set; }

    /// <summary>Mappings by address.</summary>
    public IReadOnlyList<Vma> Vmas => _vmas;

    /// <summary>mprotect(2) has taken rights from a mapping, so a present page is no longer proof that it may be used.</summary>
    internal bool TakesRightsAway { get; set; }

    internal void NoteRss() => PeakRss = Math.Max(PeakRss, Rss);

    /// <summary>Index of the first mapping that ends after <paramref name="page"/>.</summary>
    [Kernel("find_vma", "mm/mmap.c")]
    internal int IndexAfter(long page)
    {
        int low = 0;
        int high = _vmas.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_vmas[middle].EndPage > page)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }
        return low;
    }

    /// <summary>The mapping that holds <paramref name="page"/>, or null.</summary>
    internal Vma? Find(long page)
    {
        int at = IndexAfter(page);
        return at < _vmas.Count && _vmas[at].StartPage <= page ? _vmas[at] : null;
    }

    /// <summary>The mapping that holds <paramref name="page"/>; asks first for the one found last.</summary>
    internal Vma? FindCached(long page)
    {
        if (_lastVma is { } last && page >= last.StartPage && page < last.EndPage)
        {
            return last;
        }
        return _lastVma = Find(page);
    }

    /// <summary>The first mapping that ends after <paramref name="page"/>, or null.</summary>
    internal Vma? FirstFrom(long page)
    {
        int at = IndexAfter(page);
        return at < _vmas.Count ? _vmas[at] : null;
    }

    /// <summary>True when a mapping touches the range.</summary>
    internal bool AnyMappingIn(long start, long end) => FirstFrom(start) is { } vma && vma.StartPage < end;

    /// <summary>The highest gap below the mmap base that holds <paramref name="pages"/>; -1 when there is none.</summary>
    [Kernel("arch_get_unmapped_area_topdown", "arch/x86/kernel/sys_x86_64.c", Deviation = "Nothing is mapped above the mmap base when there is no room below it.")]
    internal long FindGap(long pages)
    {
        long top = MmapBasePage;
        for (int i = IndexAfter(top - 1) - 1; i >= -1; i--)
        {
            int above = i + 1;
            long ceiling = above < _vmas.Count ? Math.Min(top, _vmas[above].StartPage) : top;
            long floor = i >= 0 ? _vmas[i].EndPage : LowestPage;
            if (ceiling - floor >= pages)
            {
                return ceiling - pages;
            }
        }
        return -1;
    }

    /// <summary>True when nothing is mapped from <paramref name="page"/> on for so many pages, and it is user space.</summary>
    internal bool IsFree(long page, long pages) => page >= LowestPage && pages <= TaskSizePages - page && !AnyMappingIn(page, page + pages);

    internal void Insert(Vma vma)
    {
        _vmas.Insert(IndexAfter(vma.StartPage), vma);
        vma.File?.Map.Mappings.Add(new FileMapping(this, vma));
        vma.Shmem?.MappedBy.Add((this, vma));
        Account(vma.Flags, vma.Pages);
    }

    internal void Remove(Vma vma)
    {
        _vmas.Remove(vma);
        vma.File?.Map.Mappings.Remove(new FileMapping(this, vma));
        vma.Shmem?.MappedBy.Remove((this, vma));
        _lastVma = null;
        Account(vma.Flags, -vma.Pages);
    }

    /// <summary>Moves a mapping's ends; the neighbours must leave room.</summary>
    internal void Resize(Vma vma, long startPage, long endPage)
    {
        Account(vma.Flags, endPage - startPage - vma.Pages);
        vma.PageOffset += startPage - vma.StartPage;
        vma.StartPage = startPage;
        vma.EndPage = endPage;
    }

    internal void ChangeFlags(Vma vma, VmaFlags flags)
    {
        Account(vma.Flags, -vma.Pages);
        vma.Flags = flags;
        Account(vma.Flags, vma.Pages);
    }

    [Kernel("vm_stat_account", "mm/mmap.c")]
    private void Account(VmaFlags flags, long pages)
    {
        TotalPages += pages;
        if ((flags & VmaFlags.GrowsDown) != 0)
        {
            StackPages += pages;
        }
        else if ((flags & (VmaFlags.Exec | VmaFlags.Write)) == VmaFlags.Exec)
        {
            ExecPages += pages;
        }
        else if ((flags & (VmaFlags.Write | VmaFlags.Shared)) == VmaFlags.Write)
        {
            DataPages += pages;
        }
        PeakTotalPages = Math.Max(PeakTotalPages, TotalPages);
    }

    /// <summary>The lowest-level table of a page, or null when there is none.</summary>
    internal PageTablePage? PteTableOf(long page)
    {
        long key = page >> 9;
        if (key == _lastTableKey)
        {
            return _lastTable;
        }
        if (!_pteTables.TryGetValue(key, out PageTablePage? table))
        {
            return null;
        }
        (_lastTableKey, _lastTable) = (key, table);
        return table;
    }

    /// <summary>The same for a walk from pages to their entries, which goes elsewhere than the faults that it alternates with.</summary>
    internal PageTablePage? PteTableForWalk(long page)
    {
        long key = page >> 9;
        if (key != _walkTableKey)
        {
            if (!_pteTables.TryGetValue(key, out PageTablePage? table))
            {
                return null;
            }
            (_walkTableKey, _walkTable) = (key, table);
        }
        return _walkTable;
    }

    /// <summary>Which tables a page still needs, from the top: 3 = PUD, 2 = PMD, 1 = PTE, 0 = none.</summary>
    internal int MissingLevel(long page) =>
        !_pudTables.ContainsKey(page >> 27) ? 3 : !_pmdTables.ContainsKey(page >> 18) ? 2 : _pteTables.ContainsKey(page >> 9) ? 0 : 1;

    internal void AddTable(int level, long page, PageTablePage table) => TablesOf(level).Add(page >> (9 * level), table);

    internal Dictionary<long, PageTablePage> TablesOf(int level) => level switch { 3 => _pudTables, 2 => _pmdTables, _ => _pteTables };

    internal void ForgetLastTable()
    {
        (_lastTableKey, _lastTable) = (-1, null);
        (_walkTableKey, _walkTable) = (-1, null);
    }

    /// <summary>Tells how far from a page without a lowest-level table there is none above it either.</summary>
    internal bool HasNoTables(long page, out long next)
    {
        int shift = !_pudTables.ContainsKey(page >> 27) ? 27 : !_pmdTables.ContainsKey(page >> 18) ? 18 : 9;
        next = ((page >> shift) + 1) << shift;
        return shift > 9;
    }

    /// <summary>Keys of a level's tables from one to another, in order.</summary>
    internal List<long> TableKeysIn(int level, long first, long last)
    {
        Dictionary<long, PageTablePage> tables = TablesOf(level);
        List<long> keys = [];
        if (last - first < tables.Count)
        {
            for (long key = first; key <= last; key++)
            {
                if (tables.ContainsKey(key))
                {
                    keys.Add(key);
                }
            }
            return keys;
        }
        keys.AddRange(tables.Keys);
        keys.RemoveAll(key => key < first || key > last);
        keys.Sort();
        return keys;
    }

    /// <summary>Tables of a level in address order, so that frees replay.</summary>
    internal List<PageTablePage> SortedTables(int level)
    {
        List<long> keys = [.. TablesOf(level).Keys];
        keys.Sort();
        return keys.ConvertAll(key => TablesOf(level)[key]);
    }

    /// <summary>Forgets all mappings, after their pages and tables were freed.</summary>
    internal void Clear()
    {
        foreach (Vma vma in _vmas)
        {
            vma.File?.Map.Mappings.Remove(new FileMapping(this, vma));
            vma.Shmem?.MappedBy.Remove((this, vma));
        }
        _vmas.Clear();
        _lastVma = null;
        TotalPages = DataPages = StackPages = ExecPages = FilePages = ShmemPages = 0;
    }
}
