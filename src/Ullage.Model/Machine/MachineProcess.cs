using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
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
    /// <summary>RLIMIT_STACK in bytes; null = 8 MiB.</summary>
    public long? LimitStack { get; init; }
}

/// <summary>System calls on processes.</summary>
public sealed partial class Machine
{
    /// <summary>A process in the root cgroup, its program and runtime loaded and warmed up.</summary>
    [Kernel("load_elf_binary", "fs/binfmt_elf.c")]
    public TaskStruct Spawn(SpawnOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TaskStruct task = Tasks.AddProcess(options.Comm, CssSets.Init, null);
        task.Signal.Uid = options.Uid;
        task.Signal.OomScoreAdj = options.OomScoreAdj;
        task.Objects = new TaskObjects(this) { FdTableSize = FdTableSizeOf(options.Comm) };
        _ = task.Objects.TryTask(Hierarchy.Root.Memcg) && task.Objects.TryProcess(Hierarchy.Root.Memcg) && task.Objects.TryPid(Hierarchy.Root.Memcg);
        task.Mm = ProgramImage.Load(this, task, options.LimitStack is null ? Mm.DefaultStackPages : PagesOf(options.LimitStack));
        task.Mm.LimitPages = PagesOf(options.LimitAs);
        task.Mm.LimitDataPages = PagesOf(options.LimitData);
        return task;
    }

    /// <summary>bash keeps its terminal on descriptor 255, and tables come in powers of two; others stay below 64.</summary>
    private static int FdTableSizeOf(string comm) => comm is "bash" or "-bash" or "-su" ? 256 : 64;

    private static long PagesOf(long? bytes) => bytes is { } b ? b >> KernelConstants.PageShift : long.MaxValue;

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
        CssSets.Exit(task);
        GiveStack(task);
        task.Objects?.FreeAtExit();
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
        long accounted = 0;
        foreach (Vma vma in mm.Vmas)
        {
            accounted += vma.IsAccounted ? vma.Pages : 0;
            FreeVma(vma);
        }
        Uncharges.End();
        Overcommit.Uncharge(accounted);
        mm.Clear();
        Rmap.Nodes.Remove(mm);
        FreeMm(mm);
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
}
