using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Pages;

namespace Ullage.Model;

/// <summary>madvise(2) on pages of anonymous memory: MADV_FREE and MADV_WILLNEED.</summary>
public sealed partial class Machine
{
    /// <summary>Pages of a range may go when memory is short, unless they are written again; what is in swap goes now.</summary>
    [Kernel("madvise_free_pte_range", "mm/madvise.c")]
    private void FreeLazily(Mm mm, long start, long end)
    {
        for (long page = start; page < end;)
        {
            if (mm.PteTableOf(page) is not { Present: > 0 } table)
            {
                page = mm.HasNoTables(page, out long next) ? next : (page | 511) + 1;
                continue;
            }
            FreeLazily(mm, table, (int)(page & 511));
            page++;
        }
    }

    private void FreeLazily(Mm mm, PageTablePage table, int index)
    {
        ref int entry = ref Faults.Ptes.Entry(table.Table, index);
        ref PteFlags flags = ref Faults.Ptes.Flags(table.Table, index);
        if (entry is 0 or PageFaults.ZeroPage or PageFaults.ImagePage)
        {
            return;
        }
        if ((flags & PteFlags.Swap) != 0)
        {
            int slot = PtePool.SlotOf(entry);
            (entry, flags) = (0, PteFlags.None);
            table.Present--;
            mm.SwapPages--;
            Swap.FreeAndCache(slot);
            return;
        }
        int frame = Math.Abs(entry) - 1;
        if (MayGiveUp(frame))
        {
            flags &= ~(PteFlags.Accessed | PteFlags.Dirty);
            Lru.MarkLazyFree(frame);
        }
    }

    /// <summary>A page with a copy in swap, or one that is dirty beside its page tables, must be this process's alone, and loses both.</summary>
    private bool MayGiveUp(int frame)
    {
        PageFlags flags = Frames.Flags(frame);
        if ((flags & (PageFlags.SwapCache | PageFlags.Dirty)) == 0)
        {
            return (flags & PageFlags.Anon) != 0;
        }
        if (Frames.MapCount(frame) != 1 || ((flags & PageFlags.SwapCache) != 0 && !Swap.TryToFree(frame)))
        {
            return false;
        }
        Frames.Flags(frame) &= ~PageFlags.Dirty;
        return true;
    }

    /// <summary>Reads what of a range is in swap into the swap cache, without waiting for the disk.</summary>
    [Kernel("swapin_walk_pmd_entry", "mm/madvise.c", Deviation = "Who then faults finds the page there, also when the disk is not done with it yet.")]
    private void ReadSwapAhead(TaskStruct task, Mm mm, long start, long end)
    {
        for (long page = start; page < end;)
        {
            if (mm.PteTableOf(page) is not { Present: > 0 } table)
            {
                page = mm.HasNoTables(page, out long next) ? next : (page | 511) + 1;
                continue;
            }
            int index = (int)(page & 511);
            if ((Faults.Ptes.Flags(table.Table, index) & PteFlags.Swap) != 0)
            {
                Swap.ReadAhead(PtePool.SlotOf(Faults.Ptes.Entry(table.Table, index)), (mm.Owner ?? task).Cgroup.Memcg);
            }
            page++;
        }
        Lru.Drain(CurrentCpu);
    }
}
