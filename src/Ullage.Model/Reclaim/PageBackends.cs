using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>How writing a page went.</summary>
internal enum PageOutResult
{
    /// <summary>It cannot be written now.</summary>
    Keep,
    /// <summary>It cannot be written at all.</summary>
    Activate,
    /// <summary>Writing has begun, or (a synchronous device) is done: the page's flags tell.</summary>
    Success,
    /// <summary>It was clean already.</summary>
    Clean,
}

/// <summary>What reclaim asks of those who own pages: page tables, the page cache, swap.</summary>
internal sealed class PageBackends(Machine machine)
{
    /// <summary>Swap that a cgroup may still use, in pages (§2.11).</summary>
    public long FreeSwapPages(MemCgroup memcg) => 0;

    /// <summary>All swap, in pages.</summary>
    public long TotalSwapPages => 0;

    /// <summary>Page tables of the target's subtree that have accessed the page since they were asked last.</summary>
    public int Referenced(int frame, MemCgroup? target, out bool isExecutable)
    {
        isExecutable = false;
        return 0;
    }

    /// <summary>Takes the page out of all page tables; false = it cannot be.</summary>
    public bool TryToUnmap(int frame) => false;

    /// <summary>Gives an anonymous page a place on the swap device.</summary>
    public bool AddToSwap(int frame) => false;

    /// <summary>Writes a page for reclaim.</summary>
    public PageOutResult PageOut(int frame) => PageOutResult.Activate;

    /// <summary>Takes a page that nobody maps out of its cache, leaves a shadow, frees it; false = somebody uses it.</summary>
    public bool RemoveMapping(int frame, MemCgroup? target) => false;

    /// <summary>The page goes back to an active list: it needs no place on the swap device, if those are getting scarce.</summary>
    public void DropSwapIfFull(int frame)
    {
    }

    /// <summary>Sleeps until the page is written.</summary>
    public void WaitOnWriteback(int frame)
    {
    }

    /// <summary>Dirty pages reach the end of the lists: starts writing them.</summary>
    public void WakeFlusher()
    {
    }

    /// <summary>Frees a page that nobody uses and whose last reference was just dropped.</summary>
    public void FreeUnused(int cpu, int frame) => machine.Faults.FreeAnon(cpu, frame);
}
