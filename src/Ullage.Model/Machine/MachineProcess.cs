using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Pressure;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>What a process starts with.</summary>
public sealed record SpawnOptions
{
    /// <summary>Its comm.</summary>
    public required string Comm { get; init; }
    /// <summary>User id.</summary>
    public int Uid { get; init; }
    /// <summary>oom_score_adj, -1000 to 1000.</summary>
    public int OomScoreAdj { get; init; }
    /// <summary>RLIMIT_AS in bytes; null = unlimited.</summary>
    public long? LimitAs { get; init; }
    /// <summary>RLIMIT_DATA in bytes; null = unlimited.</summary>
    public long? LimitData { get; init; }
}

/// <summary>System calls on processes.</summary>
public sealed partial class Machine
{
    private const int StackPages = 4; // THREAD_SIZE, 16 KiB

    /// <summary>A process in the root cgroup, its program and runtime loaded and warmed up.</summary>
    [Kernel("load_elf_binary", "fs/binfmt_elf.c")]
    public TaskStruct Spawn(SpawnOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TaskStruct task = Tasks.AddProcess(options.Comm, Hierarchy.Root, null);
        task.Signal.Uid = options.Uid;
        task.Signal.OomScoreAdj = options.OomScoreAdj;
        task.Mm = ProgramImage.Load(this, task);
        task.Mm.LimitPages = PagesOf(options.LimitAs);
        task.Mm.LimitDataPages = PagesOf(options.LimitData);
        return task;
    }

    private static long PagesOf(long? bytes) => bytes is { } b ? b >> KernelConstants.PageShift : long.MaxValue;

    /// <summary>fork(2): a child with a copy of the address space, charged to the parent's memory cgroup. EAGAIN and ENOMEM as in §2.17.</summary>
    [Kernel("copy_process", "kernel/fork.c", Deviation = "Of the accounted objects of a process only stack, page tables and mappings; others come with the slab room.")]
    public (Errno Errno, TaskStruct? Child) Fork(TaskStruct parent, string? comm = null)
    {
        ArgumentNullException.ThrowIfNull(parent);
        Spend(Costs.ForkNs);
        Path.Entry = KernelEntry.Fork;
        MemCgroup memcg = parent.Cgroup.Memcg;
        if (!TryChargeStack(memcg, out MemCgroup? paid))
        {
            return (Errno.ENOMEM, null);
        }
        TaskStruct child = Tasks.AddProcess(comm ?? parent.Comm, parent.Cgroup, parent.Signal);
        child.StackMemcg = paid;
        child.Signal.Uid = parent.Signal.Uid;
        child.Signal.OomScoreAdj = parent.Signal.OomScoreAdj;
        child.Signal.OomScoreAdjMin = parent.Signal.OomScoreAdjMin;
        Mm? mm = ForkMm.Copy(this, parent.Mm!, child);
        if (mm is null)
        {
            child.Cgroup.RemoveTask(child);
            Tasks.Release(child);
            UnchargeStack(child);
            return (Errno.ENOMEM, null);
        }
        child.Mm = mm;
        return (Errno.None, child);
    }

    /// <summary>A thread of an existing process.</summary>
    [Kernel("copy_process", "kernel/fork.c")]
    public (Errno Errno, TaskStruct? Thread) Clone(TaskStruct task)
    {
        ArgumentNullException.ThrowIfNull(task);
        Spend(Costs.ForkNs / 4);
        Path.Entry = KernelEntry.Fork;
        if (!TryChargeStack(task.Cgroup.Memcg, out MemCgroup? paid))
        {
            return (Errno.ENOMEM, null);
        }
        TaskStruct thread = Tasks.AddThread(task.Signal, task.Cgroup, task.Comm);
        thread.StackMemcg = paid;
        thread.Mm = task.Mm;
        task.Mm!.Users++;
        return (Errno.None, thread);
    }

    /// <summary>Kernel stack: four single pages of a vmalloc area, or one block of four (§2.17).</summary>
    [Kernel("memcg_charge_kernel_stack", "kernel/fork.c")]
    private bool TryChargeStack(MemCgroup memcg, out MemCgroup? paid)
    {
        paid = null;
        if (!Kmem.Accounts(memcg))
        {
            return true;
        }
        int step = Era.Kmem.VmapStack ? 1 : StackPages;
        for (int charged = 0; charged < StackPages; charged += step)
        {
            if (!Kmem.TryCharge(memcg, Gfp.KernelAccount, step, MemcgStat.KernelStack))
            {
                if (charged > 0)
                {
                    Kmem.Uncharge(memcg, charged, MemcgStat.KernelStack);
                }
                return false;
            }
        }
        paid = memcg;
        return true;
    }

    private void UnchargeStack(TaskStruct task)
    {
        if (task.StackMemcg is { } memcg)
        {
            task.StackMemcg = null;
            Kmem.Uncharge(memcg, StackPages, MemcgStat.KernelStack);
        }
    }

    /// <summary>Ends a process: all its threads, then its address space.</summary>
    /// <param name="signal">The process.</param>
    /// <param name="exitCode">Its status, when no signal ends it.</param>
    /// <param name="killedBy">The signal that ends it; 0 = none.</param>
    [Kernel("do_group_exit", "kernel/exit.c")]
    public void ExitGroup(SignalStruct signal, int exitCode, int killedBy)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (signal.Ended)
        {
            return;
        }
        signal.Ended = true;
        signal.ExitSignal = killedBy;
        signal.ExitCode = killedBy == 0 ? exitCode & 0xff : null;
        foreach (TaskStruct task in signal.Threads)
        {
            ExitTask(task);
        }
        foreach (SignalStruct child in signal.Children.ToArray())
        {
            child.Parent = null; // reparented to init, which reaps at once
            if (child.Ended)
            {
                Tasks.Release(child.Leader);
            }
        }
        Scheduler.ProcessEnded?.Invoke(signal);
    }

    [Kernel("do_exit", "kernel/exit.c")]
    private void ExitTask(TaskStruct task)
    {
        task.Exiting = true;
        if (task.State == TaskState.WaitingForOom)
        {
            Oom.ForgetWaiter(task);
        }
        Mm? mm = task.Mm;
        task.Mm = null;
        if (mm is not null && --mm.Users == 0)
        {
            ReleaseMm(mm);
        }
        task.State = TaskState.Zombie;
        task.Program = null;
        Psi.Change(task, (PsiTask)~0, PsiTask.None);
        task.IsOomVictim = false;
        task.Cgroup.RemoveTask(task);
        UnchargeStack(task);
        if (task != task.Signal.Leader || task.Signal.Parent is null)
        {
            Tasks.Release(task);
        }
    }

    [Kernel("exit_mmap", "mm/mmap.c")]
    internal void ReleaseMm(Mm mm)
    {
        Lru.Drain(CurrentCpu);
        Uncharges.Begin();
        foreach (Vma vma in mm.Vmas)
        {
            ZapRange(mm, vma.StartPage, vma.EndPage);
        }
        for (int level = 1; level <= 3; level++)
        {
            foreach (PageTablePage table in mm.SortedTables(level))
            {
                Faults.FreeTable(table);
            }
            mm.TablesOf(level).Clear();
        }
        mm.ForgetLastTable();
        Uncharges.End();
        foreach (Vma vma in mm.Vmas)
        {
            FreeVma(vma);
        }
        mm.Clear();
    }

    /// <summary>kill(2). Only SIGKILL (9), SIGTERM (15), SIGINT (2) and others whose default is to end the process.</summary>
    public Errno Kill(int pid, int signal)
    {
        if (Tasks.Find(pid) is not { } task)
        {
            return Errno.ESRCH;
        }
        if (signal is < 0 or > 64)
        {
            return Errno.EINVAL;
        }
        if (signal != 0 && !task.Signal.Ended)
        {
            SendFatal(task.Signal, signal);
        }
        return Errno.None;
    }

    [Kernel("do_send_sig_info", "kernel/signal.c")]
    internal void SendFatal(SignalStruct signal, int number)
    {
        signal.ExitSignal = signal.ExitSignal == 9 ? 9 : number;
        foreach (TaskStruct task in signal.Threads)
        {
            task.FatalSignalPending = true;
        }
        foreach (TaskStruct task in signal.Threads.ToArray())
        {
            if (task.State == TaskState.WaitingForOom)
            {
                Oom.ForgetWaiter(task);
            }
            if (task.Program is null && task.State != TaskState.Zombie && signal != Current?.Signal)
            {
                Work.Add(TimeNs + Costs.SignalDeliveryNs, () => ExitGroup(signal, 0, signal.ExitSignal));
            }
            Scheduler.Wake(task);
        }
    }

    /// <summary>Reaps a child that has ended; null when none has.</summary>
    [Kernel("wait_task_zombie", "kernel/exit.c")]
    public SignalStruct? Wait(TaskStruct parent, out bool anyChild)
    {
        ArgumentNullException.ThrowIfNull(parent);
        anyChild = parent.Signal.Children.Count > 0;
        foreach (SignalStruct child in parent.Signal.Children)
        {
            if (child.Ended)
            {
                Tasks.Release(child.Leader);
                return child;
            }
        }
        return null;
    }

    /// <summary>Moves a process, or one thread, into a cgroup (§10.2).</summary>
    [Kernel("cgroup_attach_task", "kernel/cgroup/cgroup.c", Deviation = "css_sets, controllers that refuse, and charge moving come with task migration.")]
    public Errno Attach(Cgroup destination, int pid, bool wholeProcess)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Spend(Costs.MigrateNs);
        if (!destination.Online)
        {
            return Errno.ENODEV;
        }
        TaskStruct? task = pid == 0 ? Current : Tasks.Find(pid);
        if (task is null)
        {
            return Errno.ESRCH;
        }
        if (Hierarchy.Version == 2 && destination.DistributesMemory && destination.Parent is not null)
        {
            return Errno.EBUSY;
        }
        if (Hierarchy.Version == 2 && !wholeProcess && task.Cgroup != destination)
        {
            return Errno.EOPNOTSUPP;
        }
        foreach (TaskStruct each in wholeProcess ? task.Signal.Threads.ToArray() : [task])
        {
            if (!each.Exiting && each.Cgroup != destination)
            {
                each.Cgroup.RemoveTask(each);
                each.Cgroup = destination;
                destination.AddTask(each);
                Psi.Move(each);
            }
        }
        return Errno.None;
    }
}
