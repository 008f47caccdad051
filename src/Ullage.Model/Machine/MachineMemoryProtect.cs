using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>mprotect(2) and madvise(2).</summary>
public sealed partial class Machine
{
    /// <summary>mprotect(2). What becomes writable is accounted (§7.2).</summary>
    /// <returns>EINVAL for an address that is not a page's; ENOMEM where nothing is mapped, at a limit, or when overcommit refuses: what comes before stays changed.</returns>
    [Kernel("do_mprotect_pkey", "mm/mprotect.c")]
    public Errno Mprotect(TaskStruct task, long address, long bytes, VmaFlags protection)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.SyscallNs);
        if (!TryRange(address, bytes, out long start, out long end) || task.Mm is not { } mm)
        {
            return (address & (KernelConstants.PageSize - 1)) != 0 ? Errno.EINVAL : Errno.ENOMEM;
        }
        protection &= Protections;
        mm.TakesRightsAway |= (protection & VmaFlags.Write) == 0;
        Errno errno = Errno.None;
        for (long page = start; page < end && errno == Errno.None;)
        {
            if (mm.Find(page) is not { } vma)
            {
                errno = Errno.ENOMEM;
                break;
            }
            long until = Math.Min(end, vma.EndPage);
            errno = Protect(task, mm, vma, (page, until), protection);
            page = until;
        }
        MergeAround(mm, start, end);
        return errno;
    }

    [Kernel("mprotect_fixup", "mm/mprotect.c")]
    private Errno Protect(TaskStruct task, Mm mm, Vma vma, (long Start, long End) range, VmaFlags protection)
    {
        VmaFlags flags = (vma.Flags & ~Protections) | protection;
        if (flags == vma.Flags)
        {
            return Errno.None;
        }
        long pages = range.End - range.Start;
        if (IsData(flags) && !IsData(vma.Flags) && Era.AddressSpace.LimitDataCountsMappings && pages > mm.LimitDataPages - mm.DataPages)
        {
            return Errno.ENOMEM;
        }
        Path.Entry = KernelEntry.Mprotect;
        bool charges = (protection & VmaFlags.Write) != 0 && (vma.Flags & (VmaFlags.Account | VmaFlags.Write | VmaFlags.Shared | VmaFlags.NoReserve)) == 0;
        if (charges && !Overcommit.TryCharge(task, mm, pages))
        {
            return Errno.ENOMEM;
        }
        bool releases = (protection & VmaFlags.Write) == 0 && vma is { IsAccounted: true, HasAnonVma: false }
            && (vma.Flags & VmaFlags.File) == 0 && Era.AddressSpace.UnaccountsUnwritten;
        flags = charges ? flags | VmaFlags.Account : releases ? flags & ~VmaFlags.Account : flags;
        if (!SplitAt(task, mm, range.Start) || !SplitAt(task, mm, range.End))
        {
            Overcommit.Uncharge(charges ? pages : 0);
            return Errno.ENOMEM;
        }
        mm.ChangeFlags(mm.Find(range.Start)!, flags);
        Overcommit.Uncharge(releases ? pages : 0);
        return Errno.None;
    }

    /// <summary>madvise(2) for the advices that this version knows.</summary>
    /// <returns>EINVAL for a bad address or an advice that does not fit; ENOMEM where part of the range is not mapped, the rest being done.</returns>
    [Kernel("do_madvise", "mm/madvise.c", Deviation = "MADV_WILLNEED does not read shared memory back from swap.")]
    public Errno Madvise(TaskStruct task, long address, long bytes, Advice advice)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.SyscallNs);
        if (!TryRange(address, bytes, out long start, out long end) || task.Mm is not { } mm || (advice == Advice.Free && !Era.AddressSpace.HasMadviseFree))
        {
            return Errno.EINVAL;
        }
        Errno errno = Errno.None;
        Lru.Drain(CurrentCpu);
        Uncharges.Begin();
        long page = start;
        while (page < end && mm.FirstFrom(page) is { } vma && vma.StartPage < end)
        {
            errno = vma.StartPage > page ? Errno.ENOMEM : errno;
            (long from, long until) = (Math.Max(page, vma.StartPage), Math.Min(end, vma.EndPage));
            if (Advise(task, mm, vma, (from, until), advice) is var refused && refused != Errno.None)
            {
                errno = refused;
                break;
            }
            page = until;
        }
        Uncharges.End();
        MergeAround(mm, start, end);
        return errno == Errno.None && page < end ? Errno.ENOMEM : errno;
    }

    [Kernel("madvise_vma_behavior", "mm/madvise.c")]
    private Errno Advise(TaskStruct task, Mm mm, Vma vma, (long Start, long End) range, Advice advice)
    {
        switch (advice)
        {
            case Advice.Free when (vma.Flags & (VmaFlags.File | VmaFlags.Shared)) != 0 || vma.File is not null:
                return Errno.EINVAL;
            case Advice.Free:
                FreeLazily(mm, range.Start, range.End);
                return Errno.None;
            case Advice.DontNeed:
                ZapRange(mm, range.Start, range.End);
                return Errno.None;
            case Advice.Normal or Advice.Random or Advice.Sequential:
                return SetReadAdvice(task, mm, vma, range, advice);
            case Advice.WillNeed when vma.File is { } file:
                PageCache.Readahead.Force(file, vma.PageOffset + range.Start - vma.StartPage, range.End - range.Start);
                return Errno.None;
            case Advice.WillNeed when vma.Shmem is null && (vma.Flags & VmaFlags.File) == 0:
                ReadSwapAhead(task, mm, range.Start, range.End);
                return Errno.None;
            case Advice.NoHugePage when (vma.Flags & VmaFlags.NoHugePage) == 0:
                if (!SplitAt(task, mm, range.Start) || !SplitAt(task, mm, range.End))
                {
                    return Errno.ENOMEM;
                }
                Vma part = mm.Find(range.Start)!;
                mm.ChangeFlags(part, part.Flags | VmaFlags.NoHugePage);
                return Errno.None;
            default:
                return Errno.None;
        }
    }

    private Errno SetReadAdvice(TaskStruct task, Mm mm, Vma vma, (long Start, long End) range, Advice advice)
    {
        VmaFlags flags = vma.Flags & ~(VmaFlags.RandomRead | VmaFlags.SequentialRead);
        flags |= advice switch { Advice.Random => VmaFlags.RandomRead, Advice.Sequential => VmaFlags.SequentialRead, _ => VmaFlags.None };
        if (flags == vma.Flags)
        {
            return Errno.None;
        }
        if (!SplitAt(task, mm, range.Start) || !SplitAt(task, mm, range.End))
        {
            return Errno.ENOMEM;
        }
        mm.ChangeFlags(mm.Find(range.Start)!, flags);
        return Errno.None;
    }

    /// <summary>Pages of a range whose start must be a page's; false = it is no range of user space.</summary>
    private static bool TryRange(long address, long bytes, out long start, out long end)
    {
        const long userBytes = Mm.TaskSizePages << KernelConstants.PageShift;
        (start, end) = (0, 0);
        if (address < 0 || bytes < 0 || (address & (KernelConstants.PageSize - 1)) != 0 || address > userBytes || bytes > userBytes - address)
        {
            return false;
        }
        start = address >> KernelConstants.PageShift;
        end = start + PageCount(bytes);
        return true;
    }
}

/// <summary>Advice of madvise(2).</summary>
public enum Advice
{
    /// <summary>MADV_NOHUGEPAGE.</summary>
    NoHugePage,
    /// <summary>MADV_DONTNEED.</summary>
    DontNeed,
    /// <summary>MADV_FREE.</summary>
    Free,
    /// <summary>MADV_WILLNEED.</summary>
    WillNeed,
    /// <summary>MADV_NORMAL.</summary>
    Normal,
    /// <summary>MADV_RANDOM.</summary>
    Random,
    /// <summary>MADV_SEQUENTIAL.</summary>
    Sequential,
}
