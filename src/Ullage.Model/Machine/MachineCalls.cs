using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;

namespace Ullage.Model;

/// <summary>Short system calls, and the time that calls take which have no cost of their own.</summary>
public sealed partial class Machine
{
    /// <summary>A short system call's time passes.</summary>
    public void EnterSyscall() => Spend(Costs.SyscallNs);

    /// <summary>mkdir(2) of a cgroup, by its path in the hierarchy.</summary>
    [Kernel("cgroup_mkdir", "kernel/cgroup/cgroup.c")]
    public Errno Mkdir(string path)
    {
        Spend(Costs.CgroupMkdirNs);
        return Hierarchy.Mkdir(path);
    }

    /// <summary>rmdir(2) of a cgroup, by its path in the hierarchy.</summary>
    [Kernel("cgroup_rmdir", "kernel/cgroup/cgroup.c")]
    public Errno Rmdir(string path)
    {
        Spend(Costs.CgroupRmdirNs);
        return Hierarchy.Rmdir(path);
    }

    /// <summary>What mincore(2) says about the page at <paramref name="address"/>: it is there. An observer's question, so it takes no time.</summary>
    [Kernel("mincore_pte_range", "mm/mincore.c")]
    public bool IsResident(TaskStruct task, long address)
    {
        ArgumentNullException.ThrowIfNull(task);
        long page = address >> KernelConstants.PageShift;
        if (task.Mm?.PteTableOf(page) is { } table && Faults.Ptes.Entry(table.Table, (int)(page & 511)) is var entry and not 0)
        {
            bool isSwapped = (Faults.Ptes.Flags(table.Table, (int)(page & 511)) & PteFlags.Swap) != 0;
            return !isSwapped || Swap.Map[PtePool.SlotOf(entry)].HasCache;
        }
        return task.Mm?.FindCached(page) is { File: { } file } vma && PageCache.IsResident(file.Map, vma.PageOffset + page - vma.StartPage);
    }
}
