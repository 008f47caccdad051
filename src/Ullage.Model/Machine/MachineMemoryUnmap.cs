using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;

namespace Ullage.Model;

/// <summary>munmap(2), and what it shares with exit.</summary>
public sealed partial class Machine
{
    /// <summary>Unmaps a range; its end is rounded up to a page.</summary>
    /// <returns>EINVAL for an address that is not a page's or a range outside user space; ENOMEM when a mapping would have to be split and cannot.</returns>
    [Kernel("do_munmap", "mm/mmap.c")]
    public Errno Munmap(TaskStruct task, long address, long bytes)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.MmapNs);
        const long userBytes = Mm.TaskSizePages << KernelConstants.PageShift;
        if (bytes <= 0 || address < 0 || (address & (KernelConstants.PageSize - 1)) != 0 || address > userBytes || bytes > userBytes - address || task.Mm is not { } mm)
        {
            return Errno.EINVAL;
        }
        long start = address >> KernelConstants.PageShift;
        return Unmap(task, mm, start, start + PageCount(bytes));
    }

    private Errno Unmap(TaskStruct task, Mm mm, long start, long end)
    {
        if (SplitsInTwo(mm, start, end) && mm.Vmas.Count >= Overcommit.MaxMapCount)
        {
            return Errno.ENOMEM;
        }
        if (!SplitAt(task, mm, start, limited: false) || !SplitAt(task, mm, end, limited: false))
        {
            return Errno.ENOMEM;
        }
        Lru.Drain(CurrentCpu);
        Uncharges.Begin();
        long accounted = 0;
        for (int at = mm.IndexAfter(start); at < mm.Vmas.Count && mm.Vmas[at].StartPage < end;)
        {
            Vma vma = mm.Vmas[at];
            ZapRange(mm, vma.StartPage, vma.EndPage);
            mm.Remove(vma);
            accounted += vma.IsAccounted ? vma.Pages : 0;
            FreeVma(vma);
        }
        FreeEmptyTables(mm, start, end);
        Uncharges.End();
        Overcommit.Uncharge(accounted);
        return Errno.None;
    }

    /// <summary>A hole in one mapping's middle makes two of it.</summary>
    private static bool SplitsInTwo(Mm mm, long start, long end) => mm.Find(start) is { } vma && vma.StartPage < start && vma.EndPage > end;

    /// <summary>Unmaps the pages of a range, tables stay.</summary>
    [Kernel("zap_pte_range", "mm/memory.c")]
    internal void ZapRange(Mm mm, long start, long end)
    {
        for (long page = start; page < end;)
        {
            long next = Math.Min(end, (page | 511) + 1);
            if (mm.PteTableOf(page) is { } table)
            {
                ZapTable(mm, table, page, (int)(next - page));
            }
            else if (mm.HasNoTables(page, out long skip))
            {
                next = Math.Min(end, skip);
            }
            page = next;
        }
    }

    private void ZapTable(Mm mm, PageTablePage table, long page, int count)
    {
        int first = (int)(page & 511);
        Span<int> entries = Faults.Ptes.Table(table.Table).Slice(first, count);
        Span<PteFlags> flags = Faults.Ptes.TableFlags(table.Table).Slice(first, count);
        for (int i = 0; i < entries.Length && table.Present > 0; i++)
        {
            int entry = entries[i];
            if (entry == 0)
            {
                continue;
            }
            PteFlags flag = flags[i];
            bool isSwapped = (flag & PteFlags.Swap) != 0;
            (entries[i], flags[i]) = (0, PteFlags.None);
            table.Present--;
            Spend(Costs.UnmapPageNs);
            if (entry == PageFaults.ImagePage)
            {
                mm.FilePages--;
            }
            else if (isSwapped)
            {
                mm.SwapPages--;
                Swap.FreeAndCache(PtePool.SlotOf(entry));
            }
            else if (entry != PageFaults.ZeroPage && (Frames.Flags(Math.Abs(entry) - 1) & Ullage.Model.Pages.PageFlags.File) != 0)
            {
                Faults.ZapFile(mm, page + i, Math.Abs(entry) - 1, flag);
            }
            else if (entry != PageFaults.ZeroPage)
            {
                Faults.Unmap(mm, Math.Abs(entry) - 1);
            }
        }
    }

    /// <summary>Frees the tables that only the range used: whole aligned blocks that no mapping touches any more.</summary>
    [Kernel("free_pgtables", "mm/memory.c")]
    private void FreeEmptyTables(Mm mm, long start, long end)
    {
        for (int level = 1; level <= 3; level++)
        {
            int shift = 9 * level;
            foreach (long key in mm.TableKeysIn(level, start >> shift, (end - 1) >> shift))
            {
                if (!mm.AnyMappingIn(key << shift, (key + 1) << shift))
                {
                    mm.TablesOf(level).Remove(key, out PageTablePage? table);
                    mm.ForgetLastTable();
                    Faults.FreeTable(table!);
                }
            }
        }
    }
}
