using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Slab;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>mremap(2).</summary>
public sealed partial class Machine
{
    /// <summary>Resizes a mapping, in place or, where there is no room, at another address.</summary>
    /// <param name="task">Whose.</param>
    /// <param name="address">Its address, a page's.</param>
    /// <param name="oldBytes">Its length from there; 0 = a second mapping of shared memory, which is not modelled (EINVAL).</param>
    /// <param name="newBytes">The length that it shall have.</param>
    /// <param name="mayMove">MREMAP_MAYMOVE.</param>
    /// <param name="fixedAt">MREMAP_FIXED: the address where it shall be, for which it must be allowed to move; null = anywhere.</param>
    /// <param name="keepsOld">MREMAP_DONTUNMAP (5.7+): the old mapping stays, empty; the lengths must be the same.</param>
    /// <returns>Where it is then, or an errno (§7.2).</returns>
    [Kernel("sys_mremap", "mm/mremap.c", Deviation = "A length of 0 is EINVAL also for shared memory, and MREMAP_DONTUNMAP together with MREMAP_FIXED.")]
    public (Errno Errno, long Address) Mremap(TaskStruct task, long address, long oldBytes, long newBytes, bool mayMove, long? fixedAt = null, bool keepsOld = false)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.MmapNs);
        if (address < 0 || (address & (KernelConstants.PageSize - 1)) != 0 || oldBytes < 0 || newBytes <= 0 || task.Mm is not { } mm)
        {
            return (Errno.EINVAL, 0);
        }
        long start = address >> KernelConstants.PageShift;
        (long oldPages, long newPages) = (PageCount(oldBytes), PageCount(newBytes));
        if (keepsOld)
        {
            bool fits = Era.AddressSpace.HasDontUnmap && mayMove && oldBytes == newBytes && fixedAt is null;
            return fits ? MoveAndKeep(task, mm, start, oldPages) : (Errno.EINVAL, 0);
        }
        if (fixedAt is { } target)
        {
            Path.Entry = KernelEntry.Mremap;
            return mayMove ? RemapTo(task, mm, (start, oldPages), (target, newPages)) : (Errno.EINVAL, 0);
        }
        if (oldPages >= newPages)
        {
            Errno shrunk = oldPages == newPages ? Errno.None : Munmap(task, (start + newPages) << KernelConstants.PageShift, (oldPages - newPages) << KernelConstants.PageShift);
            if (shrunk != Errno.None)
            {
                return (shrunk, 0);
            }
            oldPages = newPages;
        }
        if (mm.Find(start) is not { } vma || oldPages > vma.EndPage - start)
        {
            return (Errno.EFAULT, 0);
        }
        if (oldPages == newPages)
        {
            return (Errno.None, address);
        }
        return oldPages == 0 ? (Errno.EINVAL, 0) : Enlarge(task, mm, vma, start, oldPages, newPages, mayMove);
    }

    [Kernel("vma_to_resize", "mm/mremap.c")]
    private (Errno Errno, long Address) Enlarge(TaskStruct task, Mm mm, Vma vma, long start, long oldPages, long newPages, bool mayMove)
    {
        Path.Entry = KernelEntry.Mremap;
        long more = newPages - oldPages;
        if (newPages > Mm.TaskSizePages || !MayExpand(mm, vma.Flags, more))
        {
            return (Errno.ENOMEM, 0);
        }
        bool inPlace = start + oldPages == vma.EndPage && mm.IsFree(vma.EndPage, more);
        long target = inPlace ? start : mayMove && mm.Vmas.Count < Overcommit.MaxMapCount - 3 ? mm.FindGap(newPages) : -1;
        if (target < 0 || (vma.IsAccounted && !Overcommit.TryCharge(task, mm, more)))
        {
            return (Errno.ENOMEM, 0);
        }
        if (inPlace)
        {
            mm.Resize(vma, vma.StartPage, start + newPages);
            MergeAround(mm, start, start + newPages);
        }
        else if (!MoveVma(task, mm, (start, oldPages), (target, newPages)))
        {
            Overcommit.Uncharge(vma.IsAccounted ? more : 0);
            return (Errno.ENOMEM, 0);
        }
        return (Errno.None, target << KernelConstants.PageShift);
    }

    /// <summary>The pages get another address; the old mapping stays as it was made, with nothing in it. Both are promised memory.</summary>
    private (Errno Errno, long Address) MoveAndKeep(TaskStruct task, Mm mm, long start, long pages)
    {
        Path.Entry = KernelEntry.Mremap;
        if (mm.Find(start) is not { } vma || pages > vma.EndPage - start)
        {
            return (Errno.EFAULT, 0);
        }
        if (!Era.AddressSpace.DontUnmapAny && (vma.File is not null || (vma.Flags & (VmaFlags.Shared | VmaFlags.File)) != 0))
        {
            return (Errno.EINVAL, 0);
        }
        long target = MayExpand(mm, vma.Flags, pages) && mm.Vmas.Count < Overcommit.MaxMapCount - 3 ? mm.FindGap(pages) : -1;
        if (target < 0 || (vma.IsAccounted && !Overcommit.TryCharge(task, mm, pages)))
        {
            return (Errno.ENOMEM, 0);
        }
        if (MoveVma(task, mm, (start, pages), (target, pages), keepsOld: true))
        {
            return (Errno.None, target << KernelConstants.PageShift);
        }
        Overcommit.Uncharge(vma.IsAccounted ? pages : 0);
        return (Errno.ENOMEM, 0);
    }

    /// <summary>Makes the new mapping, moves the entries, then unmaps the old range, whose promise goes over to the new one, unless it is kept.</summary>
    [Kernel("move_vma", "mm/mremap.c")]
    private bool MoveVma(TaskStruct task, Mm mm, (long Start, long Pages) from, (long Start, long Pages) to, bool keepsOld = false)
    {
        if (!SplitAt(task, mm, from.Start) || !SplitAt(task, mm, from.Start + from.Pages))
        {
            return false;
        }
        Vma old = mm.Find(from.Start)!;
        MemCgroup memcg = task.Cgroup.Memcg;
        if (!Slab.TryAllocate(Slab.Known.VmAreaStruct, memcg, Gfp.Kernel, out SlabObject allocated))
        {
            return false;
        }
        Vma moved = new(to.Start, to.Start + to.Pages, old.Flags)
        {
            Object = allocated, HasAnonVma = old.HasAnonVma, AnonVmaId = old.AnonVmaId, Policy = old.Policy, Shmem = old.Shmem, File = old.File, PageOffset = old.Shmem is not null || old.File is not null || old.HasAnonVma ? old.PageOffset : to.Start,
        };
        mm.Insert(moved);
        mm.HasMoved = true;
        if (!Faults.TryMoveEntries(mm, memcg, from.Start, to.Start, from.Pages))
        {
            mm.Remove(moved);
            FreeEmptyTables(mm, moved.StartPage, moved.EndPage);
            Slab.Free(allocated);
            return false;
        }
        (moved.ChainObject, moved.AnonVmaObject) = (old.ChainObject, old.AnonVmaObject);
        if (keepsOld)
        {
            Empty(old, moved);
            MergeAround(mm, moved.StartPage, moved.EndPage);
            return true;
        }
        mm.Remove(old);
        Slab.Free(old.Object);
        FreeEmptyTables(mm, from.Start, from.Start + from.Pages);
        MergeAround(mm, moved.StartPage, moved.EndPage);
        return true;
    }

    /// <summary>A mapping that stays behind begins anew: it was never written, and what it maps has one mapping more.</summary>
    [Kernel("dontunmap_complete", "mm/mremap.c")]
    private static void Empty(Vma old, Vma moved)
    {
        (old.ChainObject, old.AnonVmaObject, old.HasAnonVma, old.AnonVmaId) = (default, default, false, 0);
        if (moved.File is { } file)
        {
            file.Map.Users++;
        }
        if (moved.Shmem is { } shmem)
        {
            shmem.Mappings++;
        }
        if (moved.File is null && moved.Shmem is null)
        {
            old.PageOffset = old.StartPage;
        }
    }
}
