using Ullage.Abi;

namespace Ullage.Model.Pressure;

/// <summary>What a task is to PSI (§6.1). Several at a time.</summary>
[Flags]
[Kernel("enum psi_task_count", "include/linux/psi_types.h")]
public enum PsiTask
{
    /// <summary>Sleeps, or does not exist.</summary>
    None = 0,
    /// <summary>TSK_IOWAIT: sleeps for block IO.</summary>
    IoWait = 1,
    /// <summary>TSK_MEMSTALL: between psi_memstall_enter and psi_memstall_leave.</summary>
    MemStall = 2,
    /// <summary>TSK_RUNNING: on a run queue.</summary>
    Running = 4,
    /// <summary>TSK_ONCPU: on a CPU.</summary>
    OnCpu = 8,
}

/// <summary>What a pressure file is about.</summary>
[Kernel("enum psi_res", "include/linux/psi_types.h")]
public enum PsiResource
{
    /// <summary>io.</summary>
    Io,
    /// <summary>memory.</summary>
    Memory,
    /// <summary>cpu.</summary>
    Cpu,
    /// <summary>irq.</summary>
    Irq,
}

/// <summary>States of a CPU in a group; a mask holds a bit for each (§6.2).</summary>
[Kernel("enum psi_states", "include/linux/psi_types.h")]
public static class PsiState
{
    /// <summary>Some task waits for IO.</summary>
    public const int IoSome = 0;
    /// <summary>All that could run wait for IO.</summary>
    public const int IoFull = 1;
    /// <summary>Some task stalls on memory.</summary>
    public const int MemSome = 2;
    /// <summary>All stall on memory.</summary>
    public const int MemFull = 3;
    /// <summary>Some task waits for a CPU.</summary>
    public const int CpuSome = 4;
    /// <summary>All wait for a CPU.</summary>
    public const int CpuFull = 5;
    /// <summary>Interrupts took the CPU.</summary>
    public const int IrqFull = 6;
    /// <summary>Some task is there at all. Not shown; weighs CPUs.</summary>
    public const int NonIdle = 7;
    /// <summary>How many there are.</summary>
    public const int Count = 8;

    /// <summary>The state that a line of a pressure file shows; <see cref="NonIdle"/> when there is no such line.</summary>
    public static int Of(PsiResource resource, bool full) => resource switch
    {
        PsiResource.Io => full ? IoFull : IoSome,
        PsiResource.Memory => full ? MemFull : MemSome,
        PsiResource.Cpu => full ? CpuFull : CpuSome,
        _ => full ? IrqFull : NonIdle,
    };
}
