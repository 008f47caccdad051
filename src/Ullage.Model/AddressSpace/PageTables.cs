using Ullage.Abi;

namespace Ullage.Model.AddressSpace;

/// <summary>What the processor and the kernel note beside a page table entry.</summary>
[Flags]
internal enum PteFlags : byte
{
    None = 0,
    /// <summary>The page was accessed since reclaim last looked.</summary>
    Accessed = 1 << 0,
    /// <summary>It was written since it was last clean.</summary>
    Dirty = 1 << 1,
    /// <summary>Not present: the entry names a slot of the swap space, -(slot + 1).</summary>
    Swap = 1 << 2,
    /// <summary>Nobody else has the page, whatever the entry allows: a write need not copy it (5.19+). A writable entry needs no such mark.</summary>
    Exclusive = 1 << 3,
}

/// <summary>
/// Page table entries of all address spaces, in one pool: a table is 512 consecutive ints, an entry is frame + 1, 0 = none.
/// A negative entry is a frame that may not be written in place, -(frame + 1), or with <see cref="PteFlags.Swap"/> a page in swap. A byte of flags stands beside each.
/// </summary>
[Kernel("pte_t", "arch/x86/include/asm/pgtable_types.h")]
internal sealed class PtePool
{
    public const int EntriesPerTable = 512;

    private int[] _entries = new int[64 * EntriesPerTable];
    private PteFlags[] _flags = new PteFlags[64 * EntriesPerTable];
    private int[] _nextFree = new int[64];
    private int _freeHead = -1;
    private int _fresh;

    public int Allocate()
    {
        if (_freeHead >= 0)
        {
            int reused = _freeHead;
            _freeHead = _nextFree[reused];
            return reused;
        }
        if (_fresh == _nextFree.Length)
        {
            Array.Resize(ref _nextFree, 2 * _nextFree.Length);
            Array.Resize(ref _entries, _nextFree.Length * EntriesPerTable);
            Array.Resize(ref _flags, _nextFree.Length * EntriesPerTable);
        }
        return _fresh++;
    }

    public void Release(int table)
    {
        Array.Clear(_entries, table * EntriesPerTable, EntriesPerTable);
        Array.Clear(_flags, table * EntriesPerTable, EntriesPerTable);
        _nextFree[table] = _freeHead;
        _freeHead = table;
    }

    public ref int Entry(int table, int index) => ref _entries[(table * EntriesPerTable) + index];

    public ref PteFlags Flags(int table, int index) => ref _flags[(table * EntriesPerTable) + index];

    /// <summary>The entry at a place in the pool: 512 * table + index.</summary>
    public ref int EntryAt(int place) => ref _entries[place];

    public ref PteFlags FlagsAt(int place) => ref _flags[place];

    public Span<int> Table(int table) => _entries.AsSpan(table * EntriesPerTable, EntriesPerTable);

    public Span<PteFlags> TableFlags(int table) => _flags.AsSpan(table * EntriesPerTable, EntriesPerTable);

    /// <summary>The entry that names a slot of the swap space.</summary>
    public static int SwapEntry(int slot) => -(slot + 1);

    /// <summary>The slot that a swap entry names.</summary>
    public static int SlotOf(int entry) => -entry - 1;
}

/// <summary>One page-table page: its place in the pool, its fill (entries that are not empty, swap entries included), and the memory cgroup that paid for it.</summary>
[Kernel("struct ptdesc", "include/linux/mm_types.h")]
internal sealed class PageTablePage(int table)
{
    public int Table { get; set; } = table;
    public int Present { get; set; }
    public int Frame { get; set; } = -1;
}
