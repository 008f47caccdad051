using Ullage.Abi;

namespace Ullage.Model.Swap;

/// <summary>How many slots around a fault are read: more while what was read ahead is used, less when not, at most 2^page_cluster.</summary>
[Kernel("swapin_nr_pages", "mm/swap_state.c")]
internal sealed class SwapReadWindow
{
    private int _hits = 4;
    private int _previousSlot;
    private int _lastPages;

    /// <summary>vm.page-cluster.</summary>
    public int PageCluster { get; set; } = 3;

    /// <summary>A page that was read ahead was used.</summary>
    public void Hit() => _hits++;

    /// <summary>The window for a fault on a slot, in slots: a power of two.</summary>
    public int For(int slot)
    {
        int most = 1 << Math.Min(PageCluster, 16);
        if (most <= 1)
        {
            return 1;
        }
        int hits = _hits;
        _hits = 0;
        int pages = Window(slot, hits);
        pages = Math.Max(Math.Min(pages, most), _lastPages / 2); // shrinks slowly: by half at most
        if (hits == 0)
        {
            _previousSlot = slot;
        }
        _lastPages = pages;
        return pages;
    }

    private int Window(int slot, int hits)
    {
        if (hits == 0)
        {
            return slot == _previousSlot + 1 || slot == _previousSlot - 1 ? 2 : 1; // no reason to read ahead, unless faults are neighbours
        }
        int pages = 4;
        while (pages < hits + 2)
        {
            pages <<= 1;
        }
        return pages;
    }
}
