using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>brk(2).</summary>
public sealed partial class Machine
{
    private const VmaFlags HeapFlags = VmaFlags.Read | VmaFlags.Write;

    /// <summary>Moves the program break. As the kernel's own call it never answers an errno (§7.2).</summary>
    /// <param name="task">Whose heap.</param>
    /// <param name="address">The new break in bytes; 0 asks for the present one.</param>
    /// <returns>The break after the call: <paramref name="address"/> when it was moved, otherwise the old one.</returns>
    [Kernel("sys_brk", "mm/mmap.c")]
    public long Brk(TaskStruct task, long address)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.MmapNs);
        Path.Entry = KernelEntry.Brk;
        if (task.Mm is not { } mm)
        {
            return 0;
        }
        if (address >= mm.StartBrk && address <= Mm.TaskSizePages << KernelConstants.PageShift && FitsDataLimit(mm, address) && MoveBreak(task, mm, address))
        {
            mm.Brk = address;
        }
        return mm.Brk;
    }

    [Kernel("check_data_rlimit", "include/linux/mm.h")]
    private static bool FitsDataLimit(Mm mm, long address) =>
        mm.LimitDataPages > Mm.TaskSizePages
        || address - mm.StartBrk + ((long)ProgramImage.DataPages << KernelConstants.PageShift) <= mm.LimitDataPages << KernelConstants.PageShift;

    private bool MoveBreak(TaskStruct task, Mm mm, long address)
    {
        long oldEnd = PageCount(mm.Brk);
        long newEnd = PageCount(address);
        if (newEnd <= oldEnd)
        {
            return newEnd == oldEnd || Unmap(task, mm, newEnd, oldEnd) == Errno.None;
        }
        if (mm.FirstFrom(oldEnd) is { } next && newEnd + 1 > StartWithGap(next)) // one page more than asked for, and the gap of a stack
        {
            return false;
        }
        return mm.Vmas.Count <= Overcommit.MaxMapCount && MapRegion(task, mm, oldEnd, newEnd, HeapFlags);
    }

    [Kernel("vm_start_gap", "include/linux/mm.h")]
    private long StartWithGap(Vma vma) => vma.StartPage - ((vma.Flags & VmaFlags.GrowsDown) != 0 ? Era.AddressSpace.StackGapPages : 0);
}
