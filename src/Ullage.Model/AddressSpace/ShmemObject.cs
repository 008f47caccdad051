using Ullage.Abi;

namespace Ullage.Model.AddressSpace;

/// <summary>Shared anonymous memory: a nameless file of the kernel's own tmpfs. Its pages live as long as some mapping of it does.</summary>
/// <param name="pages">Its size.</param>
/// <param name="noReserve">Its pages are accounted one by one when they come, not all at creation (§7.2).</param>
[Kernel("struct shmem_inode_info", "include/linux/shmem_fs.h")]
internal sealed class ShmemObject(long pages, bool noReserve)
{
    private const int ChunkPages = 512;

    private readonly SortedDictionary<long, int[]> _chunks = []; // frame + 1 by page
    private long _lastKey = -1;
    private int[] _last = [];

    public long Pages { get; } = pages;

    public bool NoReserve { get; } = noReserve;

    /// <summary>Mappings of it, in all address spaces.</summary>
    public int Mappings { get; set; } = 1;

    /// <summary>Pages that were touched.</summary>
    public long Present { get; private set; }

    /// <summary>Pages that count as committed.</summary>
    [Kernel("shmem_acct_size", "mm/shmem.c")]
    public long Committed => NoReserve ? Present : Pages;

    /// <summary>The frame of a page; -1 = none yet.</summary>
    public int FrameAt(long page)
    {
        long key = page / ChunkPages;
        if (key != _lastKey)
        {
            if (!_chunks.TryGetValue(key, out int[]? chunk))
            {
                return -1;
            }
            (_lastKey, _last) = (key, chunk);
        }
        return _last[page % ChunkPages] - 1;
    }

    [Kernel("shmem_add_to_page_cache", "mm/shmem.c")]
    public void Add(long page, int frame)
    {
        long key = page / ChunkPages;
        if (!_chunks.TryGetValue(key, out int[]? chunk))
        {
            chunk = new int[ChunkPages];
            _chunks.Add(key, chunk);
        }
        chunk[page % ChunkPages] = frame + 1;
        Present++;
    }

    /// <summary>Its pages by chunk, in order: frame + 1, 0 = none.</summary>
    public IEnumerable<int[]> Chunks => _chunks.Values;
}
