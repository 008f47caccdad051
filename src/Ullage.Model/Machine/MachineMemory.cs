using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Slab;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>System calls on memory: accesses and new mappings.</summary>
public sealed partial class Machine
{
    private const VmaFlags Protections = VmaFlags.Read | VmaFlags.Write | VmaFlags.Exec;

    internal UnchargeBatch Uncharges { get; }

    /// <summary>One access to the page at <paramref name="address"/>.</summary>
    public FaultOutcome Touch(TaskStruct task, long address, bool write)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Faults.Touch(task, address >> KernelConstants.PageShift, write);
    }

    /// <summary>mmap(2) of anonymous memory: private, or shared with children. Length is rounded up to pages.</summary>
    /// <param name="task">Whose address space.</param>
    /// <param name="bytes">How much.</param>
    /// <param name="flags">Protection, <see cref="VmaFlags.Shared"/>, <see cref="VmaFlags.NoReserve"/>; others are ignored.</param>
    /// <param name="hint">Where; 0 = anywhere.</param>
    /// <param name="placement">How much it must be there.</param>
    /// <returns>Its address, or an errno (§7.2): EINVAL for no bytes or an address that is not a page's, EEXIST where nothing may be replaced, else ENOMEM.</returns>
    [Kernel("do_mmap", "mm/mmap.c", Deviation = "Anonymous memory only; no MAP_LOCKED. Pages below mmap_min_addr are nobody's.")]
    public (Errno Errno, long Address) Mmap(TaskStruct task, long bytes, VmaFlags flags, long hint = 0, MapPlacement placement = MapPlacement.Hint)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.MmapNs);
        Path.Entry = KernelEntry.Mmap;
        if (bytes == 0)
        {
            return (Errno.EINVAL, 0);
        }
        if (bytes < 0 || bytes > Mm.TaskSizePages << KernelConstants.PageShift || task.Mm is not { } mm)
        {
            return (Errno.ENOMEM, 0);
        }
        flags &= Protections | VmaFlags.Shared | VmaFlags.NoReserve;
        if (Overcommit.Mode == Overcommit.Never)
        {
            flags &= ~VmaFlags.NoReserve; // §7.2
        }
        long pages = PageCount(bytes);
        placement = placement == MapPlacement.FixedNoReplace && !Era.AddressSpace.HasFixedNoReplace ? MapPlacement.Hint : placement;
        if (placement != MapPlacement.Hint)
        {
            return MapFixed(task, mm, (hint, pages), flags, placement);
        }
        long start = PageCount(hint);
        start = hint > 0 && mm.IsFree(start, pages) ? start : mm.FindGap(pages);
        if (start < 0 || mm.Vmas.Count > Overcommit.MaxMapCount || !MapRegion(task, mm, start, start + pages, flags))
        {
            return (Errno.ENOMEM, 0);
        }
        return (Errno.None, start << KernelConstants.PageShift);
    }

    /// <summary>Pages that so many bytes take; bytes must not be negative.</summary>
    private static long PageCount(long bytes) => bytes <= 0 ? 0 : ((bytes - 1) >> KernelConstants.PageShift) + 1;

    private static bool IsData(VmaFlags flags) => (flags & (VmaFlags.Write | VmaFlags.Shared | VmaFlags.GrowsDown)) == VmaFlags.Write;

    [Kernel("may_expand_vm", "mm/mmap.c")]
    private bool MayExpand(Mm mm, VmaFlags flags, long pages) =>
        pages <= mm.LimitPages - mm.TotalPages
        && (!Era.AddressSpace.LimitDataCountsMappings || !IsData(flags) || pages <= mm.LimitDataPages - mm.DataPages);

    [Kernel("accountable_mapping", "mm/mmap.c")]
    private static bool IsAccountable(VmaFlags flags) => (flags & (VmaFlags.Write | VmaFlags.Shared | VmaFlags.NoReserve)) == VmaFlags.Write;

    /// <summary>Makes a mapping in free space, or lengthens a neighbour that is alike; takes the promise of its memory first.</summary>
    [Kernel("mmap_region", "mm/mmap.c")]
    private bool MapRegion(TaskStruct task, Mm mm, long start, long end, VmaFlags flags)
    {
        if (Probes.Any)
        {
            Probes.Hit(Path.Entry == KernelEntry.Brk ? KernelFunction.DoBrk : KernelFunction.MmapRegion);
        }
        long pages = end - start;
        if (!MayExpand(mm, flags, pages))
        {
            return false;
        }
        bool isShared = (flags & VmaFlags.Shared) != 0;
        bool isAccounted = IsAccountable(flags);
        long promised = isAccounted || (isShared && (flags & VmaFlags.NoReserve) == 0) ? pages : 0;
        if (promised > 0 && !Overcommit.TryCharge(task, mm, promised))
        {
            return false;
        }
        flags |= isAccounted ? VmaFlags.Account : VmaFlags.None;
        if (!isShared && TryLengthen(mm, start, end, flags))
        {
            return true;
        }
        if (!Slab.TryAllocate(Slab.Known.VmAreaStruct, task.Cgroup.Memcg, Gfp.Kernel, out SlabObject allocated))
        {
            Overcommit.Uncharge(promised);
            return false;
        }
        ShmemObject? shmem = isShared ? Shared.New(pages, (flags & VmaFlags.NoReserve) != 0) : null;
        mm.TakesRightsAway |= isShared && (flags & VmaFlags.Write) == 0;
        mm.Insert(new Vma(start, end, flags) { Object = allocated, Shmem = shmem, PageOffset = isShared ? 0 : start });
        return true;
    }

    /// <summary>Adds a range to a mapping above or below it that is alike, and joins those two if they now meet.</summary>
    [Kernel("vma_merge_new_range", "mm/vma.c")]
    private bool TryLengthen(Mm mm, long start, long end, VmaFlags flags)
    {
        int at = mm.IndexAfter(start);
        if (at < mm.Vmas.Count && mm.Vmas[at] is { } above && above.StartPage == end && above.PageOffset == end && above.Flags == flags && above.Policy is null)
        {
            mm.Resize(above, start, above.EndPage);
            MergeWithBelow(mm, above);
            return true;
        }
        if (at > 0 && mm.Vmas[at - 1] is { } below && below.EndPage == start && below.PageOffset + below.Pages == start && below.Flags == flags && below.Policy is null)
        {
            mm.Resize(below, below.StartPage, end);
            return true;
        }
        return false;
    }

    /// <summary>
    /// MAP_POPULATE: faults a new mapping's pages in, inside one system call; what fails is left for later. Only on its way back to the program does
    /// the call see to what it charged over memory.high, where the era does not do that in the charge already (§2.6).
    /// </summary>
    /// <param name="task">Whose address space.</param>
    /// <param name="address">Where it begins.</param>
    /// <param name="bytes">How much.</param>
    /// <param name="done">Pages that earlier rounds of the same call went through.</param>
    /// <param name="budgetNs">The round ends when <see cref="CallNs"/> gets there: a call that sleeps for long is looked at while it does.</param>
    /// <returns>Pages gone through: less than there are when the round's time was up, all of them at the call's end, however it ended.</returns>
    [Kernel("mm_populate", "mm/gup.c")]
    public long Populate(TaskStruct task, long address, long bytes, long done = 0, long budgetNs = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(task);
        long first = address >> KernelConstants.PageShift;
        long pages = PageCount(bytes);
        while (done < pages && !task.FatalSignalPending && Faults.FaultIn(task, first + done))
        {
            done++;
            if (CallNs >= budgetNs && done < pages)
            {
                return done;
            }
        }
        High.HandleOverHigh(task);
        return pages;
    }
}
