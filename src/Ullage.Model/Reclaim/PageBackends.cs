using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Swap;

namespace Ullage.Model.Reclaim;

/// <summary>What reclaim asks of those who own pages: page tables, the page cache, swap.</summary>
[Kernel("struct address_space_operations", "include/linux/fs.h")]
internal sealed class PageBackends(Machine machine)
{
    private readonly PageFrames _frames = machine.Frames;

    /// <summary>Swap that a cgroup may still use, in pages (§2.11).</summary>
    public long FreeSwapPages(MemCgroup memcg) => machine.Swap.FreePages(memcg);

    /// <summary>All swap, in pages.</summary>
    public long TotalSwapPages => machine.Swap.Map.Pages;

    private bool IsFile(int frame) => (_frames.Flags(frame) & PageFlags.File) != 0;

    /// <summary>Page tables of the target's subtree that have accessed the page since they were asked last.</summary>
    public int Referenced(int frame, MemCgroup? target, out bool isExecutable) =>
        IsFile(frame) ? machine.FileRmap.Referenced(frame, target, out isExecutable) : machine.Rmap.Referenced(frame, target, out isExecutable);

    /// <summary>Takes the page out of all page tables; false = it cannot be.</summary>
    public bool TryToUnmap(int frame) => IsFile(frame) ? machine.FileRmap.TryToUnmap(frame) : machine.Rmap.TryToUnmap(frame);

    /// <summary>Gives an anonymous page a place on the swap device.</summary>
    public bool AddToSwap(int frame) => machine.Swap.AddToSwap(frame);

    /// <summary>Writes a page for reclaim.</summary>
    public PageOutResult PageOut(int frame)
    {
        if (!IsFile(frame))
        {
            return machine.Swap.PageOut(frame);
        }
        return machine.PageCache.WritePage(frame) ? PageOutResult.Success : PageOutResult.Keep;
    }

    /// <summary>Takes a page that nobody maps out of its cache, leaves a shadow, frees it; false = somebody uses it.</summary>
    public bool RemoveMapping(int frame, MemCgroup? target) =>
        IsFile(frame) ? machine.PageCache.RemoveMapping(frame, target) : machine.Swap.RemoveMapping(frame, target);

    /// <summary>The page goes back to an active list: it needs no place on the swap device, if those are getting scarce.</summary>
    public void DropSwapIfFull(int frame)
    {
        if ((_frames.Flags(frame) & PageFlags.SwapCache) != 0 && machine.Swap.Charges.IsFullFor(frame))
        {
            machine.Swap.TryToFree(frame);
        }
    }

    /// <summary>Sleeps until the page is written.</summary>
    public void WaitOnWriteback(int frame)
    {
        if (IsFile(frame))
        {
            machine.PageCache.WaitOnWriteback(frame);
        }
        else
        {
            machine.Swap.WaitOnWriteback(frame);
        }
    }

    /// <summary>Dirty pages reach the end of the lists: starts writing them.</summary>
    public void WakeFlusher() => machine.PageCache.WakeFlusher();

    /// <summary>Frees a page that nobody uses and whose last reference was just dropped.</summary>
    public void FreeUnused(int cpu, int frame) => machine.Faults.FreeAnon(cpu, frame);
}
