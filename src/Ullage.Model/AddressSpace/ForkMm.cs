using Ullage.Abi;

namespace Ullage.Model.AddressSpace;

/// <summary>fork(2)'s copy of an address space: anonymous pages are shared until one side writes; what is accounted is promised again (§7.2).</summary>
[Kernel("dup_mmap", "mm/mmap.c")]
internal static class ForkMm
{
    /// <summary>The copy, or null when its memory could not be promised, or its tables or mappings could not be had.</summary>
    public static Mm? Copy(Machine machine, TaskStruct parent, TaskStruct child)
    {
        Mm source = parent.Mm!;
        Mm mm = new()
        {
            Owner = child, MmapBasePage = source.MmapBasePage, StackTopPage = source.StackTopPage, StartBrk = source.StartBrk, Brk = source.Brk,
            LimitPages = source.LimitPages, LimitDataPages = source.LimitDataPages, LimitStackPages = source.LimitStackPages,
            TakesRightsAway = source.TakesRightsAway, HasMoved = source.HasMoved,
        };
        machine.Rmap.Nodes.Fork(source, mm);
        if (!machine.TryAllocateMm(mm, child.Cgroup.Memcg))
        {
            machine.Rmap.Nodes.Remove(mm);
            return null;
        }
        foreach (Vma vma in source.Vmas)
        {
            if (!CopyVma(machine, parent, mm, vma, child))
            {
                machine.ReleaseMm(mm);
                return null;
            }
        }
        mm.NoteRss();
        return mm;
    }

    private static bool CopyVma(Machine machine, TaskStruct parent, Mm mm, Vma vma, TaskStruct child)
    {
        Mm source = parent.Mm!;
        long promised = vma.IsAccounted ? vma.Pages : 0;
        if (promised > 0 && !machine.Overcommit.TryCharge(parent, source, promised))
        {
            return false;
        }
        if (!machine.Faults.TryAllocateVma(child, vma, out Vma copy))
        {
            machine.Overcommit.Uncharge(promised);
            return false;
        }
        mm.Insert(copy);
        if (vma.Shmem is { } shmem)
        {
            shmem.Mappings++;
            return true; // its pages come back by faults
        }
        if (vma.File is { } file)
        {
            file.Map.Users++;
        }
        return !vma.HasAnonVma // no page of its own: the program's text, and what was only read, come back by faults, too
            || CopyEntries(machine, source, mm, vma, child);
    }

    [Kernel("copy_page_range", "mm/memory.c")]
    private static bool CopyEntries(Machine machine, Mm source, Mm mm, Vma vma, TaskStruct child)
    {
        for (long page = vma.StartPage; page < vma.EndPage; page++)
        {
            if (source.PteTableOf(page) is null)
            {
                page = (source.HasNoTables(page, out long next) ? next : (page | 511) + 1) - 1; // nothing mapped below this table
                continue;
            }
            if (!machine.Faults.CopyEntry(source, mm, child.Cgroup.Memcg, page))
            {
                return false;
            }
        }
        return true;
    }
}
