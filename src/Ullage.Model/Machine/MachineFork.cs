using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>fork(2) and clone(2).</summary>
public sealed partial class Machine
{
    /// <summary>fork(2): a child with a copy of the address space, charged to the parent's memory cgroup. EAGAIN and ENOMEM as in §2.17.</summary>
    [Kernel("copy_process", "kernel/fork.c")]
    public (Errno Errno, TaskStruct? Child) Fork(TaskStruct parent, string? comm = null)
    {
        ArgumentNullException.ThrowIfNull(parent);
        Spend(Costs.ForkNs);
        EnterFork();
        MemCgroup memcg = parent.Cgroup.Memcg;
        TaskObjects objects = new(this) { FdTableSize = parent.Objects?.FdTableSize ?? 0 };
        if (!TryTaskAndStack(memcg, objects, out MemCgroup? paid))
        {
            return (Errno.ENOMEM, null);
        }
        if (!objects.TryProcess(memcg))
        {
            objects.FreeAll();
            Stacks.Give(paid);
            return (Errno.ENOMEM, null);
        }
        TaskStruct child = Tasks.AddProcess(comm ?? parent.Comm, parent.CssSet, parent.Signal);
        (child.StackMemcg, child.HasStack, child.Objects) = (paid, true, objects);
        child.Signal.Uid = parent.Signal.Uid;
        child.Signal.OomScoreAdj = parent.Signal.OomScoreAdj;
        child.Policy = parent.Policy;
        child.Signal.OomScoreAdjMin = parent.Signal.OomScoreAdjMin;
        child.Mm = ForkMm.Copy(this, parent, child);
        if (child.Mm is null || !objects.TryPid(memcg))
        {
            AbandonChild(child);
            return (Errno.ENOMEM, null);
        }
        if (Controllers.Pids.TryFork(child) is var refused and not Errno.None)
        {
            AbandonChild(child);
            return (refused, null);
        }
        return (Errno.None, child);
    }

    private void EnterFork()
    {
        Path.Entry = KernelEntry.Fork;
        if (Probes.Any)
        {
            Probes.Hit(KernelFunction.CopyProcess);
        }
    }

    private bool TryTaskAndStack(MemCgroup memcg, TaskObjects objects, out MemCgroup? paid)
    {
        paid = null;
        if (!objects.TryTask(memcg))
        {
            return false;
        }
        if (!Stacks.TryTake(memcg, out paid))
        {
            objects.FreeAll();
            return false;
        }
        return true;
    }

    private void AbandonChild(TaskStruct child)
    {
        if (child.Mm is { } mm)
        {
            child.Mm = null;
            ReleaseMm(mm);
        }
        child.CssSet.RemoveTask(child);
        Tasks.Release(child);
        GiveStack(child);
    }

    private void GiveStack(TaskStruct task)
    {
        if (task.HasStack)
        {
            Stacks.Give(task.StackMemcg);
            (task.StackMemcg, task.HasStack) = (null, false);
        }
    }

    /// <summary>A thread of an existing process.</summary>
    [Kernel("copy_process", "kernel/fork.c")]
    public (Errno Errno, TaskStruct? Thread) Clone(TaskStruct task)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.ForkNs / 4);
        EnterFork();
        MemCgroup memcg = task.Cgroup.Memcg;
        TaskObjects objects = new(this);
        if (!TryTaskAndStack(memcg, objects, out MemCgroup? paid))
        {
            return (Errno.ENOMEM, null);
        }
        if (!objects.TryPid(memcg))
        {
            objects.FreeAll();
            Stacks.Give(paid);
            return (Errno.ENOMEM, null);
        }
        TaskStruct thread = Tasks.AddThread(task.Signal, task.CssSet, task.Comm);
        (thread.StackMemcg, thread.HasStack, thread.Objects) = (paid, true, objects);
        thread.Policy = task.Policy;
        if (Controllers.Pids.TryFork(thread) is var refused and not Errno.None)
        {
            task.Signal.Threads.Remove(thread);
            AbandonChild(thread);
            return (refused, null);
        }
        thread.Mm = task.Mm;
        task.Mm!.Users++;
        return (Errno.None, thread);
    }

    /// <summary>The mm_struct and the top page table, charged to the current task's cgroup. False = -ENOMEM.</summary>
    [Kernel("mm_init", "kernel/fork.c")]
    internal bool TryAllocateMm(Mm mm, MemCgroup memcg)
    {
        if (!Slab.TryAllocate(Slab.Known.MmStruct, memcg, Gfp.Kernel, out Slab.SlabObject allocated))
        {
            return false;
        }
        mm.Object = allocated;
        int pages = Era.Kmem.PgdPages;
        if (Era.Kmem.ChargesPageTables && Kmem.Accounts(memcg))
        {
            if (!Kmem.TryCharge(memcg, Gfp.KernelAccount, pages, MemcgStat.Kernel))
            {
                FreeMm(mm);
                return false;
            }
            mm.PgdMemcg = memcg;
        }
        return true;
    }

    [Kernel("__mmdrop", "kernel/fork.c")]
    private void FreeMm(Mm mm)
    {
        Slab.Free(mm.Object);
        mm.Object = default;
        if (mm.PgdMemcg is { } paid)
        {
            mm.PgdMemcg = null;
            Kmem.Uncharge(paid, Era.Kmem.PgdPages, MemcgStat.Kernel);
        }
    }
}
