using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;

namespace Ullage.Model;

/// <summary>How much an address given to mmap(2) counts.</summary>
public enum MapPlacement
{
    /// <summary>If there is room.</summary>
    Hint,
    /// <summary>MAP_FIXED: there; what is mapped there goes.</summary>
    Fixed,
    /// <summary>MAP_FIXED_NOREPLACE (4.17+; a hint before): there, or EEXIST.</summary>
    FixedNoReplace,
}

/// <summary>Mappings at an address that the program insists on.</summary>
public sealed partial class Machine
{
    private (Errno Errno, long Address) MapFixed(TaskStruct task, Mm mm, (long Address, long Pages) wanted, VmaFlags flags, MapPlacement placement)
    {
        long start = wanted.Address >> KernelConstants.PageShift;
        long end = start + wanted.Pages;
        if (wanted.Address < 0 || end > Mm.TaskSizePages)
        {
            return (Errno.ENOMEM, 0);
        }
        if ((wanted.Address & (KernelConstants.PageSize - 1)) != 0)
        {
            return (Errno.EINVAL, 0);
        }
        if (start < Mm.LowestPage)
        {
            return (Errno.EPERM, 0);
        }
        if (placement == MapPlacement.FixedNoReplace && mm.AnyMappingIn(start, end))
        {
            return (Errno.EEXIST, 0);
        }
        (long mapped, long accounted) = CountIn(mm, start, end);
        bool fits = mm.Vmas.Count <= Overcommit.MaxMapCount && MayExpand(mm, flags, wanted.Pages - mapped)
            && (!Era.AddressSpace.ReplacesAtOnce || MayPromise(task, mm, (IsAccountable(flags) ? wanted.Pages : 0) - accounted));
        if (!fits || (mapped > 0 && Unmap(task, mm, start, end) != Errno.None))
        {
            return (Errno.ENOMEM, 0);
        }
        return MapRegion(task, mm, start, end, flags) ? (Errno.None, wanted.Address) : (Errno.ENOMEM, 0); // what was there is gone already
    }

    /// <summary>Asks whether so many more pages could be promised, and promises nothing.</summary>
    private bool MayPromise(TaskStruct task, Mm mm, long pages)
    {
        if (pages <= 0)
        {
            return true;
        }
        bool fits = Overcommit.TryCharge(task, mm, pages);
        Overcommit.Uncharge(fits ? pages : 0);
        return fits;
    }

    /// <summary>Pages of a range that are mapped, and those that are promised.</summary>
    [Kernel("count_vma_pages_range", "mm/mmap.c")]
    private static (long Mapped, long Accounted) CountIn(Mm mm, long start, long end)
    {
        (long mapped, long accounted) = (0, 0);
        for (int at = mm.IndexAfter(start); at < mm.Vmas.Count && mm.Vmas[at].StartPage < end; at++)
        {
            Vma vma = mm.Vmas[at];
            long pages = Math.Min(end, vma.EndPage) - Math.Max(start, vma.StartPage);
            mapped += pages;
            accounted += vma.IsAccounted ? pages : 0;
        }
        return (mapped, accounted);
    }

    /// <summary>mremap(2) with MREMAP_FIXED: to exactly this address; what is mapped there goes, whatever happens then.</summary>
    [Kernel("mremap_to", "mm/mremap.c")]
    private (Errno Errno, long Address) RemapTo(TaskStruct task, Mm mm, (long Start, long Pages) from, (long Address, long Pages) to)
    {
        const long userBytes = Mm.TaskSizePages << KernelConstants.PageShift;
        long target = to.Address >> KernelConstants.PageShift;
        bool isBad = to.Address < 0 || (to.Address & (KernelConstants.PageSize - 1)) != 0 || to.Pages > Mm.TaskSizePages || to.Address > userBytes - (to.Pages << KernelConstants.PageShift);
        if (isBad || target < Mm.LowestPage || (from.Start + from.Pages > target && target + to.Pages > from.Start))
        {
            return (Errno.EINVAL, 0);
        }
        if (mm.Vmas.Count + 2 >= Overcommit.MaxMapCount - 3)
        {
            return (Errno.ENOMEM, 0);
        }
        Errno errno = Unmap(task, mm, target, target + to.Pages);
        if (errno == Errno.None && from.Pages > to.Pages)
        {
            errno = Unmap(task, mm, from.Start + to.Pages, from.Start + from.Pages);
            from.Pages = to.Pages;
        }
        if (errno != Errno.None)
        {
            return (errno, 0);
        }
        return MoveTo(task, mm, from, (target, to.Pages));
    }

    private (Errno Errno, long Address) MoveTo(TaskStruct task, Mm mm, (long Start, long Pages) from, (long Start, long Pages) to)
    {
        if (mm.Find(from.Start) is not { } vma || from.Pages > vma.EndPage - from.Start)
        {
            return (Errno.EFAULT, 0);
        }
        if (from.Pages == 0)
        {
            return (Errno.EINVAL, 0);
        }
        long more = to.Pages - from.Pages;
        if ((more > 0 && !MayExpand(mm, vma.Flags, more)) || (vma.IsAccounted && more > 0 && !Overcommit.TryCharge(task, mm, more)))
        {
            return (Errno.ENOMEM, 0);
        }
        if (MoveVma(task, mm, from, to))
        {
            return (Errno.None, to.Start << KernelConstants.PageShift);
        }
        Overcommit.Uncharge(vma.IsAccounted ? more : 0);
        return (Errno.ENOMEM, 0);
    }
}
