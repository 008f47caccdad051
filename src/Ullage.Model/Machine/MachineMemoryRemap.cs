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
    /// <returns>Where it is then, or an errno (§7.2).</returns>
    [Kernel("sys_mremap", "mm/mremap.c", Deviation = "A length of 0 is EINVAL also for shared memory.")]
    public (Errno Errno, long Address) Mremap(TaskStruct task, long address, long oldBytes, long newBytes, bool mayMove, long? fixedAt = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.MmapNs);
        if (address < 0 || (address & (KernelConstants.PageSize - 1)) != 0 || oldBytes < 0 || newBytes <= 0 || task.Mm is not { } mm)
        {
            return (Errno.EINVAL, 0);
        }
        long start = address >> KernelConstants.PageShift;
        (long oldPages, long newPages) = (PageCount(oldBytes), PageCount(newBytes));
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

    /// <summary>Makes the new mapping, moves the entries, then unmaps the old range, whose promise goes over to the new one.</summary>
    [Kernel("move_vma", "mm/mremap.c")]
    private bool MoveVma(TaskStruct task, Mm mm, (long Start, long Pages) from, (long Start, long Pages) to)
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
            Object = allocated, HasAnonVma = old.HasAnonVma, AnonVmaId = old.AnonVmaId, Shmem = old.Shmem, File = old.File, PageOffset = old.Shmem is not null || old.File is not null || old.HasAnonVma ? old.PageOffset : to.Start,
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
        mm.Remove(old);
        Slab.Free(old.Object);
        FreeEmptyTables(mm, from.Start, from.Start + from.Pages);
        MergeAround(mm, moved.StartPage, moved.EndPage);
        return true;
    }
}
