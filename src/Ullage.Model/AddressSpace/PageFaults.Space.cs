using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.AddressSpace;

/// <summary>What changes an address space from within a fault, and faults that no user access makes.</summary>
internal sealed partial class PageFaults
{
    /// <summary>The stack grows down to a page that was accessed below it; null = it may not (§7.2).</summary>
    [Kernel("expand_downwards", "mm/mmap.c")]
    private Vma? ExpandStack(TaskStruct task, Mm mm, long page)
    {
        int at = mm.IndexAfter(page);
        if (at == mm.Vmas.Count || mm.Vmas[at] is not { } stack || (stack.Flags & VmaFlags.GrowsDown) == 0 || page < 0)
        {
            return null;
        }
        if (at > 0 && (mm.Vmas[at - 1].Flags & (VmaFlags.Read | VmaFlags.Write | VmaFlags.Exec)) != 0
            && page - mm.Vmas[at - 1].EndPage < _machine.Era.AddressSpace.StackGapPages)
        {
            return null;
        }
        long more = stack.StartPage - page;
        if (stack.EndPage - page > mm.LimitStackPages || more > mm.LimitPages - mm.TotalPages || !_machine.Overcommit.TryCharge(task, mm, more))
        {
            return null;
        }
        mm.Resize(stack, page, stack.EndPage);
        return stack;
    }

    /// <summary>Makes a page present as the kernel does for MAP_POPULATE: writable memory by a write, other by a read. False = it cannot.</summary>
    [Kernel("faultin_page", "mm/gup.c")]
    internal bool FaultIn(TaskStruct task, long page)
    {
        Mm? mm = task.Mm;
        if (mm?.FindCached(page) is not { } vma)
        {
            return false;
        }
        bool write = (vma.Flags & (VmaFlags.Write | VmaFlags.Shared)) == VmaFlags.Write;
        if (!vma.Allows(write))
        {
            return false;
        }
        if (mm.PteTableOf(page) is { } table && Ptes.Entry(table.Table, (int)(page & 511)) is var entry
            && (entry > 0 || (entry != 0 && !write && (Ptes.Flags(table.Table, (int)(page & 511)) & PteFlags.Swap) == 0)))
        {
            return true;
        }
        Count++;
        MemcgOf(task, mm).Stats.Add(_machine.CurrentCpu, MemcgStat.PgFault, 1);
        _machine.Spend(_anonFaultNs);
        return HandleUntilDone(task, mm, vma, page, write) == VmFault.Done;
    }

    /// <summary>Moves the entries of a range to another one; when a table cannot be had, nothing is moved.</summary>
    [Kernel("move_page_tables", "mm/mremap.c")]
    internal bool TryMoveEntries(Mm mm, MemCgroup memcg, long from, long to, long pages)
    {
        for (long at = 0; at < pages; at = NextTable(mm, from, at))
        {
            long last = Math.Min(pages, ((from + at) | 511) + 1 - from) - 1;
            bool isUsed = mm.PteTableOf(from + at) is { Present: > 0 };
            if (isUsed && ((mm.PteTableOf(to + at) ?? AllocateTables(mm, memcg, to + at)) is null || (mm.PteTableOf(to + last) ?? AllocateTables(mm, memcg, to + last)) is null))
            {
                return false;
            }
        }
        for (long at = 0; at < pages;)
        {
            if (mm.PteTableOf(from + at) is not { Present: > 0 } source)
            {
                at = NextTable(mm, from, at);
                continue;
            }
            MoveEntry(mm, source, from + at, to + at);
            at++;
        }
        return true;
    }

    private void MoveEntry(Mm mm, PageTablePage source, long from, long to)
    {
        ref int entry = ref Ptes.Entry(source.Table, (int)(from & 511));
        if (entry != 0)
        {
            PageTablePage target = mm.PteTableOf(to)!;
            ref PteFlags flags = ref Ptes.Flags(source.Table, (int)(from & 511));
            Ptes.Entry(target.Table, (int)(to & 511)) = entry;
            Ptes.Flags(target.Table, (int)(to & 511)) = flags;
            target.Present++;
            flags = PteFlags.None;
            entry = 0;
            source.Present--;
        }
    }

    private static long NextTable(Mm mm, long from, long at)
    {
        long page = from + at;
        return (mm.HasNoTables(page, out long next) ? next : (page | 511) + 1) - from;
    }
}
