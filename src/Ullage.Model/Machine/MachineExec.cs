using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Tracing;
using Ullage.Model.Charging;
using Ullage.Model.Slab;

namespace Ullage.Model;

/// <summary>execve(2).</summary>
public sealed partial class Machine
{
    private const int SigSegv = 11;

    /// <summary>
    /// Replaces the address space by a fresh program, whose pages come by faults. Other threads end. Limits stay.
    /// </summary>
    /// <returns>
    /// ENOMEM when the new stack is refused: the old program goes on. When memory is refused after the old program is gone, the process is
    /// sent SIGSEGV. EAGAIN for a thread that is not the first of its process.
    /// </returns>
    [Kernel("begin_new_exec", "fs/exec.c", Deviation = "Only the first thread can; arguments are part of the stack's first pages.")]
    public Errno Exec(TaskStruct task, string comm)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(comm);
        Spend(Costs.ForkNs);
        if (task.Mm is not { } old || task != task.Signal.Leader)
        {
            return Errno.EAGAIN;
        }
        Mm mm = ProgramImage.NewMm(this, task, old.LimitStackPages);
        (mm.LimitPages, mm.LimitDataPages) = (old.LimitPages, old.LimitDataPages);
        IReadOnlyList<Vma> layout = ProgramImage.Layout(this, task, mm);
        MemCgroup memcg = task.Cgroup.Memcg;
        if (task.Objects?.TryNewCred(memcg) == false || !TryAllocateMm(mm, memcg))
        {
            return Errno.ENOMEM;
        }
        if (!TryAdd(task, mm, layout[^1]))
        {
            FreeMm(mm);
            return Errno.ENOMEM;
        }
        EndOtherThreads(task);
        task.Mm = mm;
        if (--old.Users == 0)
        {
            ReleaseMm(old);
        }
        task.Comm = comm.Length > 15 ? comm[..15] : comm;
        for (int i = 0; i < layout.Count - 1; i++)
        {
            if (!TryAdd(task, mm, layout[i]))
            {
                SendFatal(task.Signal, SigSegv); // past the point of no return
                return Errno.ENOMEM;
            }
        }
        return Errno.None;
    }

    [Kernel("de_thread", "fs/exec.c")]
    private void EndOtherThreads(TaskStruct task)
    {
        foreach (TaskStruct thread in task.Signal.Threads.ToArray())
        {
            if (thread != task && !thread.Exiting)
            {
                ExitTask(thread);
            }
        }
        task.Signal.Threads.RemoveAll(thread => thread != task);
    }

    [Kernel("vm_mmap", "mm/util.c")]
    private bool TryAdd(TaskStruct task, Mm mm, Vma vma)
    {
        long promised = vma.IsAccounted ? vma.Pages : 0;
        Path.Entry = KernelEntry.Exec;
        if (vma.Pages > mm.LimitPages - mm.TotalPages || (promised > 0 && !Overcommit.TryCharge(task, mm, promised)))
        {
            return false;
        }
        if (!Slab.TryAllocate(Slab.Known.VmAreaStruct, task.Cgroup.Memcg, Gfp.Kernel, out SlabObject allocated))
        {
            Overcommit.Uncharge(promised);
            return false;
        }
        vma.Object = allocated;
        mm.Insert(vma);
        return true;
    }
}
