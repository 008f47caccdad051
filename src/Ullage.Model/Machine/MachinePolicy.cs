using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Pages;

namespace Ullage.Model;

/// <summary>Memory policies: set_mempolicy(2) and mbind(2).</summary>
public sealed partial class Machine
{
    /// <summary>set_mempolicy(2): from which nodes a task's pages come from now on. Children and threads that it makes inherit it.</summary>
    /// <param name="task">Whose.</param>
    /// <param name="mode">How nodes are chosen; null = MPOL_DEFAULT, memory of the node that it runs on.</param>
    /// <param name="nodes">Among which nodes; empty with null, and with preferred for the node that it runs on.</param>
    /// <returns>EINVAL when nodes do not fit the mode, or none of them is one that the task may use.</returns>
    [Kernel("do_set_mempolicy", "mm/mempolicy.c")]
    public Errno SetMempolicy(TaskStruct task, PolicyMode? mode, NodeMask nodes)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.SyscallNs);
        if (!TryPolicy(task, mode, nodes, out MemoryPolicy? policy))
        {
            return Errno.EINVAL;
        }
        task.Policy = policy;
        return Errno.None;
    }

    /// <summary>mbind(2) without flags: from which nodes pages of a range come from now on. Pages that are there stay.</summary>
    /// <param name="task">Whose address space.</param>
    /// <param name="address">A page's.</param>
    /// <param name="bytes">Length.</param>
    /// <param name="mode">How nodes are chosen; null = as the task's own policy says.</param>
    /// <param name="nodes">Among which nodes.</param>
    /// <returns>EINVAL as <see cref="SetMempolicy"/>, or for a bad range; EFAULT where something of it is not mapped.</returns>
    [Kernel("do_mbind", "mm/mempolicy.c", Deviation = "The policy of shared memory belongs to the mapping, not to the memory.")]
    public Errno Mbind(TaskStruct task, long address, long bytes, PolicyMode? mode, NodeMask nodes)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.SyscallNs);
        if (!TryRange(address, bytes, out long start, out long end) || task.Mm is not { } mm || !TryPolicy(task, mode, nodes, out MemoryPolicy? policy))
        {
            return Errno.EINVAL;
        }
        Errno errno = Errno.None;
        long page = start;
        while (page < end && errno == Errno.None)
        {
            if (mm.Find(page) is not { } vma)
            {
                errno = Errno.EFAULT;
                break;
            }
            long until = Math.Min(end, vma.EndPage);
            errno = SetPolicy(task, mm, vma, (page, until), policy);
            page = until;
        }
        MergeAround(mm, start, end);
        return errno;
    }

    [Kernel("mbind_range", "mm/mempolicy.c")]
    private Errno SetPolicy(TaskStruct task, Mm mm, Vma vma, (long Start, long End) range, MemoryPolicy? policy)
    {
        if (vma.Policy == policy)
        {
            return Errno.None;
        }
        if (!SplitAt(task, mm, range.Start) || !SplitAt(task, mm, range.End))
        {
            return Errno.ENOMEM;
        }
        mm.Find(range.Start)!.Policy = policy;
        return Errno.None;
    }

    /// <summary>Nodes that the task may not use are left out; it is an error when none is left.</summary>
    [Kernel("mpol_set_nodemask", "mm/mempolicy.c")]
    private bool TryPolicy(TaskStruct task, PolicyMode? mode, NodeMask nodes, out MemoryPolicy? policy)
    {
        policy = null;
        if (mode is null || (mode == PolicyMode.Preferred && nodes.IsEmpty))
        {
            return nodes.IsEmpty;
        }
        NodeMask usable = nodes.And(Oom.AllowedTo(task));
        policy = usable.IsEmpty ? null : new MemoryPolicy(mode.Value, usable);
        return policy is not null;
    }
}
