using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>One mapping of a file in one address space.</summary>
internal readonly record struct FileMapping(Mm Mm, Vma Vma);

/// <summary>From a file's page to the page table entries that map it: a file knows its mappings, and they know where its pages are in them.</summary>
[Kernel("rmap_walk_file", "mm/rmap.c")]
internal sealed class FileRmap(Machine machine)
{
    private readonly PageFrames _frames = machine.Frames;

    /// <summary>Counts the entries that were used since this was last asked, and asks anew (§3.6).</summary>
    /// <param name="frame">The page.</param>
    /// <param name="target">Only address spaces of this cgroup's subtree count; null = all.</param>
    /// <param name="exec">One of them is executable.</param>
    [Kernel("folio_referenced_one", "mm/rmap.c")]
    public int Referenced(int frame, MemCgroup? target, out bool exec)
    {
        exec = false;
        int referenced = 0;
        if (_frames.MapCount(frame) == 1)
        {
            return 0;
        }
        foreach (FileMapping mapping in machine.PageCache.Map(_frames.Mapping(frame)).Mappings)
        {
            if (!TryFind(mapping, frame, out PageTablePage? table, out int index) || (target is not null && !Counts(mapping.Mm, target)))
            {
                continue;
            }
            bool tells = machine.Faults.TellsRecency(mapping.Vma, out bool clears);
            ref PteFlags flags = ref machine.Faults.Ptes.Flags(table!.Table, index);
            if ((flags & PteFlags.Accessed) == 0 || !(tells || clears))
            {
                continue;
            }
            flags &= ~PteFlags.Accessed;
            referenced += tells ? 1 : 0;
            exec |= tells && (mapping.Vma.Flags & VmaFlags.Exec) != 0;
        }
        return referenced;
    }

    [Kernel("mm_match_cgroup", "include/linux/memcontrol.h")]
    private static bool Counts(Mm mm, MemCgroup target)
    {
        for (MemCgroup? m = mm.Owner?.Cgroup.Memcg; m is not null; m = m.Parent)
        {
            if (m == target)
            {
                return true;
            }
        }
        return mm.Owner is null;
    }

    /// <summary>Takes a page out of all page tables; false = it is still mapped.</summary>
    [Kernel("try_to_unmap_one", "mm/rmap.c")]
    public bool TryToUnmap(int frame)
    {
        foreach (FileMapping mapping in machine.PageCache.Map(_frames.Mapping(frame)).Mappings)
        {
            if (_frames.MapCount(frame) == 1)
            {
                break;
            }
            if (TryFind(mapping, frame, out PageTablePage? table, out int index))
            {
                Unmap(mapping.Mm, table!, index, frame);
            }
        }
        return _frames.MapCount(frame) == 1;
    }

    private void Unmap(Mm mm, PageTablePage table, int index, int frame)
    {
        machine.Faults.Ptes.Entry(table.Table, index) = 0;
        machine.Faults.Ptes.Flags(table.Table, index) = PteFlags.None;
        table.Present--;
        machine.Faults.UnmapFile(mm, frame);
    }

    /// <summary>Takes away the right to write a page in place, so that the next write is seen.</summary>
    [Kernel("folio_mkclean", "mm/rmap.c")]
    public void MakeClean(int frame)
    {
        if (_frames.MapCount(frame) == 1)
        {
            return;
        }
        foreach (FileMapping mapping in machine.PageCache.Map(_frames.Mapping(frame)).Mappings)
        {
            if (TryFind(mapping, frame, out PageTablePage? table, out int index))
            {
                ref int entry = ref machine.Faults.Ptes.Entry(table!.Table, index);
                entry = -Math.Abs(entry);
                machine.Faults.Ptes.Flags(table.Table, index) &= ~PteFlags.Dirty;
            }
        }
    }

    /// <summary>Takes pages of a file, ends included, out of all page tables: they will be gone.</summary>
    [Kernel("unmap_mapping_range", "mm/memory.c")]
    public void UnmapRange(AddressSpaceMap map, long first, long last)
    {
        foreach (FileMapping mapping in map.Mappings)
        {
            Vma vma = mapping.Vma;
            for (long page = Math.Max(vma.StartPage, vma.StartPage + first - vma.PageOffset); page < vma.EndPage && page - vma.StartPage + vma.PageOffset <= last; page++)
            {
                int frame = machine.PageCache.Find(map, page - vma.StartPage + vma.PageOffset);
                if (frame >= 0 && TryFind(mapping, frame, out PageTablePage? table, out int index))
                {
                    Unmap(mapping.Mm, table!, index, frame);
                }
            }
        }
    }

    [Kernel("page_vma_mapped_walk", "mm/page_vma_mapped.c")]
    private bool TryFind(FileMapping mapping, int frame, out PageTablePage? table, out int index)
    {
        (table, index) = (null, 0);
        Vma vma = mapping.Vma;
        long page = vma.StartPage + _frames.Index(frame) - vma.PageOffset;
        if (page < vma.StartPage || page >= vma.EndPage || (table = mapping.Mm.PteTableOf(page)) is null)
        {
            return false;
        }
        index = (int)(page & 511);
        return Math.Abs((long)machine.Faults.Ptes.Entry(table.Table, index)) == frame + 1L
            && (machine.Faults.Ptes.Flags(table.Table, index) & PteFlags.Swap) == 0;
    }
}
