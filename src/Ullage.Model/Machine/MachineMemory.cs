using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Slab;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>System calls on memory.</summary>
public sealed partial class Machine
{
    private const int MaxMapCount = 65530; // vm.max_map_count

    internal UnchargeBatch Uncharges { get; }

    /// <summary>One access to the page at <paramref name="address"/>.</summary>
    public FaultOutcome Touch(TaskStruct task, long address, bool write)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Faults.Touch(task, address >> KernelConstants.PageShift, write);
    }

    /// <summary>Takes a frame, by the slow path if need be; -1 = none.</summary>
    [Kernel("__alloc_pages_slowpath", "mm/page_alloc.c", Deviation = "No watermarks, reserves and global reclaim until the page allocator's room is built.")]
    internal int AllocateSlow(PageFlags use)
    {
        while (true)
        {
            int frame = Frames.Allocate(use);
            if (frame >= 0)
            {
                return frame;
            }
            Lru.Drain(CurrentCpu);
            if (Current is null or { IsDying: true } || !Oom.GlobalOutOfMemory(Gfp.Kernel))
            {
                return -1;
            }
            SpendAndRunDue(Costs.DeathNs);
        }
    }

    /// <summary>Maps private anonymous memory. Length is rounded up to pages.</summary>
    /// <returns>Its address, or an errno (§7.2).</returns>
    [Kernel("do_mmap", "mm/mmap.c", Deviation = "Overcommit accounting comes with the address space room.")]
    public (Errno Errno, long Address) Mmap(TaskStruct task, long bytes, VmaFlags flags)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.MmapNs);
        Path.Entry = KernelEntry.Mmap;
        if (bytes <= 0)
        {
            return (bytes == 0 ? Errno.EINVAL : Errno.ENOMEM, 0);
        }
        Mm mm = task.Mm!;
        long pages = (bytes + KernelConstants.PageSize - 1) >> KernelConstants.PageShift;
        if (pages > Mm.TaskSizePages || mm.Vmas.Count > MaxMapCount)
        {
            return (Errno.ENOMEM, 0);
        }
        long start = mm.FindGap(pages);
        if (start < 0 || !MayExpand(mm, flags, pages) || !MapRegion(task, mm, start, start + pages, flags))
        {
            return (Errno.ENOMEM, 0);
        }
        return (Errno.None, start << KernelConstants.PageShift);
    }

    [Kernel("may_expand_vm", "mm/mmap.c")]
    private static bool MayExpand(Mm mm, VmaFlags flags, long pages)
    {
        bool isData = (flags & (VmaFlags.Write | VmaFlags.Shared | VmaFlags.GrowsDown)) == VmaFlags.Write;
        return mm.TotalPages + pages <= mm.LimitPages && (!isData || mm.DataPages + pages <= mm.LimitDataPages);
    }

    [Kernel("mmap_region", "mm/mmap.c")]
    private bool MapRegion(TaskStruct task, Mm mm, long start, long end, VmaFlags flags)
    {
        int at = mm.IndexAfter(start);
        Vma? above = at < mm.Vmas.Count && mm.Vmas[at].StartPage == end ? mm.Vmas[at] : null;
        Vma? below = at > 0 && mm.Vmas[at - 1].EndPage == start ? mm.Vmas[at - 1] : null;
        if (above is not null && above.Flags == flags)
        {
            mm.Resize(above, start, above.EndPage);
            MergeWithBelow(mm, above);
            return true;
        }
        if (below is not null && below.Flags == flags)
        {
            mm.Resize(below, below.StartPage, end);
            return true;
        }
        if (!Slab.TryAllocate(SlabCache.VmAreaStruct, task.Cgroup.Memcg, Gfp.Kernel, out SlabObject allocated))
        {
            return false;
        }
        mm.Insert(new Vma(start, end, flags) { Object = allocated });
        return true;
    }

    /// <summary>Joins a mapping with the one that ends where it starts, if they are alike and at most one has an anon_vma.</summary>
    [Kernel("vma_merge", "mm/vma.c", Deviation = "The surviving mapping keeps its anon_vma_chain; none is cloned.")]
    private void MergeWithBelow(Mm mm, Vma vma)
    {
        int at = mm.IndexAfter(vma.StartPage);
        if (at == 0 || mm.Vmas[at - 1] is not { } below || below.EndPage != vma.StartPage || below.Flags != vma.Flags || (below.HasAnonVma && vma.HasAnonVma))
        {
            return;
        }
        long start = below.StartPage;
        (Vma stays, Vma goes) = below.HasAnonVma ? (below, vma) : (vma, below);
        long end = vma.EndPage;
        mm.Remove(goes);
        mm.Resize(stays, start, end);
        FreeVma(goes);
    }

    private void FreeVma(Vma vma)
    {
        Slab.Free(vma.ChainObject);
        Slab.Free(vma.AnonVmaObject);
        Slab.Free(vma.Object);
    }

    /// <summary>Unmaps a range; both ends are rounded out to pages.</summary>
    [Kernel("do_munmap", "mm/mmap.c")]
    public Errno Munmap(TaskStruct task, long address, long bytes)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.MmapNs);
        if (bytes <= 0 || address < 0 || (address & (KernelConstants.PageSize - 1)) != 0)
        {
            return Errno.EINVAL;
        }
        Mm mm = task.Mm!;
        long start = address >> KernelConstants.PageShift;
        long end = (address + bytes + KernelConstants.PageSize - 1) >> KernelConstants.PageShift;
        if (!SplitAt(task, mm, start) || !SplitAt(task, mm, end))
        {
            return Errno.ENOMEM;
        }
        Lru.Drain(CurrentCpu);
        Uncharges.Begin();
        for (int at = mm.IndexAfter(start); at < mm.Vmas.Count && mm.Vmas[at].StartPage < end;)
        {
            Vma vma = mm.Vmas[at];
            ZapRange(mm, vma.StartPage, vma.EndPage);
            mm.Remove(vma);
            FreeVma(vma);
        }
        FreeEmptyTables(mm, start, end);
        Uncharges.End();
        return Errno.None;
    }

    /// <summary>Makes a mapping begin at <paramref name="page"/>, if one goes across it.</summary>
    [Kernel("__split_vma", "mm/vma.c")]
    private bool SplitAt(TaskStruct task, Mm mm, long page)
    {
        Path.Entry = KernelEntry.Split;
        Vma? vma = mm.Find(page);
        if (vma is null || vma.StartPage == page)
        {
            return true;
        }
        if (mm.Vmas.Count >= MaxMapCount || !Slab.TryAllocate(SlabCache.VmAreaStruct, task.Cgroup.Memcg, Gfp.Kernel, out SlabObject allocated))
        {
            return false;
        }
        SlabObject chain = default;
        if (vma.HasAnonVma && !Slab.TryAllocate(SlabCache.AnonVmaChain, task.Cgroup.Memcg, Gfp.Kernel, out chain))
        {
            Slab.Free(allocated);
            return false;
        }
        long end = vma.EndPage;
        mm.Resize(vma, vma.StartPage, page);
        mm.Insert(new Vma(page, end, vma.Flags) { Object = allocated, ChainObject = chain, HasAnonVma = vma.HasAnonVma });
        return true;
    }

    /// <summary>Unmaps the pages of a range, tables stay.</summary>
    [Kernel("zap_pte_range", "mm/memory.c")]
    internal void ZapRange(Mm mm, long start, long end)
    {
        for (long page = start; page < end;)
        {
            long next = Math.Min(end, (page | 511) + 1);
            if (mm.PteTableOf(page) is { } table)
            {
                ZapTable(mm, table, (int)(page & 511), (int)(next - page));
            }
            page = next;
        }
    }

    private void ZapTable(Mm mm, PageTablePage table, int first, int count)
    {
        Span<int> entries = Faults.Ptes.Table(table.Table).Slice(first, count);
        for (int i = 0; i < entries.Length && table.Present > 0; i++)
        {
            int entry = entries[i];
            if (entry == 0)
            {
                continue;
            }
            entries[i] = 0;
            table.Present--;
            Spend(Costs.UnmapPageNs);
            if (entry == PageFaults.ImagePage)
            {
                mm.FilePages--;
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
            Dictionary<long, PageTablePage> tables = mm.TablesOf(level);
            for (long key = start >> shift; key <= (end - 1) >> shift; key++)
            {
                if (tables.TryGetValue(key, out PageTablePage? table) && !mm.AnyMappingIn(key << shift, (key + 1) << shift))
                {
                    tables.Remove(key);
                    mm.ForgetLastTable();
                    Faults.FreeTable(table);
                }
            }
        }
    }

    /// <summary>Changes a range's flags: splits and joins mappings as madvise and mprotect do.</summary>
    /// <returns><see cref="Errno.ENOMEM"/> when part of the range is not mapped.</returns>
    [Kernel("madvise_walk_vmas", "mm/madvise.c")]
    internal Errno ChangeFlags(TaskStruct task, long address, long bytes, VmaFlags clear, VmaFlags set)
    {
        Spend(Costs.SyscallNs);
        Mm mm = task.Mm!;
        long start = address >> KernelConstants.PageShift;
        long end = (address + bytes + KernelConstants.PageSize - 1) >> KernelConstants.PageShift;
        if (bytes < 0 || (address & (KernelConstants.PageSize - 1)) != 0)
        {
            return Errno.EINVAL;
        }
        if (!SplitAt(task, mm, start) || !SplitAt(task, mm, end))
        {
            return Errno.ENOMEM;
        }
        long mapped = 0;
        for (long page = start; page < end && mm.FirstFrom(page) is { } vma && vma.StartPage < end; page = vma.EndPage)
        {
            mapped += vma.Pages;
            mm.ChangeFlags(vma, (vma.Flags & ~clear) | set);
        }
        MergeAround(mm, start, end);
        return mapped == end - start ? Errno.None : Errno.ENOMEM;
    }

    private void MergeAround(Mm mm, long start, long end)
    {
        for (Vma? vma = mm.FirstFrom(start); vma is not null && vma.StartPage <= end; vma = mm.FirstFrom(Math.Max(vma.EndPage, vma.StartPage + 1)))
        {
            MergeWithBelow(mm, vma);
        }
    }

    /// <summary>madvise(2) for the advices that this version knows: MADV_NOHUGEPAGE and MADV_DONTNEED.</summary>
    public Errno Madvise(TaskStruct task, long address, long bytes, Advice advice)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (advice == Advice.NoHugePage)
        {
            return ChangeFlags(task, address, bytes, VmaFlags.None, VmaFlags.NoHugePage);
        }
        Spend(Costs.SyscallNs);
        Lru.Drain(CurrentCpu);
        Uncharges.Begin();
        ZapRange(task.Mm!, address >> KernelConstants.PageShift, (address + bytes + KernelConstants.PageSize - 1) >> KernelConstants.PageShift);
        Uncharges.End();
        return Errno.None;
    }

    /// <summary>mprotect(2).</summary>
    public Errno Mprotect(TaskStruct task, long address, long bytes, VmaFlags protection)
    {
        ArgumentNullException.ThrowIfNull(task);
        const VmaFlags all = VmaFlags.Read | VmaFlags.Write | VmaFlags.Exec;
        task.Mm!.TakesRightsAway |= (protection & VmaFlags.Write) == 0;
        return ChangeFlags(task, address, bytes, all, protection & all);
    }
}

/// <summary>Advice of madvise(2).</summary>
public enum Advice
{
    /// <summary>MADV_NOHUGEPAGE.</summary>
    NoHugePage,
    /// <summary>MADV_DONTNEED.</summary>
    DontNeed,
}
