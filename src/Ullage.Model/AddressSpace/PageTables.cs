using Ullage.Abi;

namespace Ullage.Model.AddressSpace;

/// <summary>
/// Page table entries of all address spaces, in one pool: a table is 512 consecutive ints, an entry is frame + 1, 0 = none.
/// A negative entry is a frame shared after fork, not writable: -(frame + 1).
/// </summary>
[Kernel("pte_t", "arch/x86/include/asm/pgtable_types.h")]
internal sealed class PtePool
{
    public const int EntriesPerTable = 512;

    private int[] _entries = new int[64 * EntriesPerTable];
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
        }
        return _fresh++;
    }

    public void Release(int table)
    {
        Array.Clear(_entries, table * EntriesPerTable, EntriesPerTable);
        _nextFree[table] = _freeHead;
        _freeHead = table;
    }

    public ref int Entry(int table, int index) => ref _entries[(table * EntriesPerTable) + index];

    public Span<int> Table(int table) => _entries.AsSpan(table * EntriesPerTable, EntriesPerTable);
}

/// <summary>One page-table page: its place in the pool, its fill, and the memory cgroup that paid for it.</summary>
[Kernel("struct ptdesc", "include/linux/mm_types.h")]
internal sealed class PageTablePage(int table)
{
    public int Table { get; set; } = table;
    public int Present { get; set; }
    public int Frame { get; set; } = -1;
}
