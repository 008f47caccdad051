using Ullage.Abi;

namespace Ullage.Model.AddressSpace;

/// <summary>Shared anonymous memory: a nameless file of the kernel's own tmpfs. Its pages live, in memory or in swap, as long as some mapping of it does.</summary>
/// <param name="id">Its number, which its pages carry.</param>
/// <param name="pages">Its size.</param>
/// <param name="noReserve">Its pages are accounted one by one when they come, not all at creation (§7.2).</param>
[Kernel("struct shmem_inode_info", "include/linux/shmem_fs.h")]
internal sealed class ShmemObject(int id, long pages, bool noReserve)
{
    private const int ChunkPages = 512;

    private readonly SortedDictionary<long, int[]> _chunks = []; // by page: frame + 1, or -(slot + 1) in swap
    private long _lastKey = -1;
    private int[] _last = [];

    public int Id { get; } = id;

    public long Pages { get; } = pages;

    public bool NoReserve { get; } = noReserve;

    /// <summary>Mappings of it, in all address spaces.</summary>
    public int Mappings { get; set; } = 1;

    /// <summary>Which mappings those are, as far as they are part of an address space now.</summary>
    public List<(Mm Mm, Vma Vma)> MappedBy { get; } = [];

    /// <summary>Pages that it has, in memory or in swap.</summary>
    public long Present { get; private set; }

    /// <summary>Of these, the ones in swap.</summary>
    public long Swapped { get; private set; }

    /// <summary>Pages that count as committed.</summary>
    [Kernel("shmem_acct_size", "mm/shmem.c")]
    public long Committed => NoReserve ? Present : Pages;

    /// <summary>A page: frame + 1, -(slot + 1) when it is in swap, 0 = none yet.</summary>
    [Kernel("filemap_get_entry", "mm/filemap.c")]
    public int EntryAt(long page)
    {
        long key = page / ChunkPages;
        if (key != _lastKey)
        {
            if (!_chunks.TryGetValue(key, out int[]? chunk))
            {
                return 0;
            }
            (_lastKey, _last) = (key, chunk);
        }
        return _last[page % ChunkPages];
    }

    [Kernel("shmem_add_to_page_cache", "mm/shmem.c")]
    public void Add(long page, int frame) => Set(page, frame + 1);

    /// <summary>Its page goes to a slot of the swap space.</summary>
    [Kernel("shmem_delete_from_page_cache", "mm/shmem.c")]
    public void MoveToSwap(long page, int slot) => Set(page, PtePool.SwapEntry(slot));

    /// <summary>Its page was never written and is dropped: it is all zeros when it is made again.</summary>
    public void Forget(long page) => Set(page, 0);

    private void Set(long page, int entry)
    {
        long key = page / ChunkPages;
        if (!_chunks.TryGetValue(key, out int[]? chunk))
        {
            chunk = new int[ChunkPages];
            _chunks.Add(key, chunk);
        }
        ref int was = ref chunk[page % ChunkPages];
        Present += (entry != 0 ? 1 : 0) - (was != 0 ? 1 : 0);
        Swapped += (entry < 0 ? 1 : 0) - (was < 0 ? 1 : 0);
        was = entry;
    }

    /// <summary>Its pages by chunk, in order: frame + 1, negative = in swap, 0 = none.</summary>
    public IEnumerable<int[]> Chunks => _chunks.Values;
}

/// <summary>All shared memory, by number.</summary>
internal sealed class ShmemObjects
{
    private readonly List<ShmemObject?> _byId = [null];
    private readonly Stack<int> _free = [];

    public ShmemObject? ById(int id) => id > 0 && id < _byId.Count ? _byId[id] : null;

    [Kernel("shmem_zero_setup", "mm/shmem.c")]
    public ShmemObject New(long pages, bool noReserve)
    {
        int id = _free.Count > 0 ? _free.Pop() : _byId.Count;
        ShmemObject made = new(id, pages, noReserve);
        if (id == _byId.Count)
        {
            _byId.Add(made);
        }
        else
        {
            _byId[id] = made;
        }
        return made;
    }

    public void Remove(ShmemObject gone)
    {
        _byId[gone.Id] = null;
        _free.Push(gone.Id);
    }

    /// <summary>All that are in use, in the order of their numbers.</summary>
    public IEnumerable<ShmemObject> All
    {
        get
        {
            foreach (ShmemObject? each in _byId)
            {
                if (each is not null)
                {
                    yield return each;
                }
            }
        }
    }
}
