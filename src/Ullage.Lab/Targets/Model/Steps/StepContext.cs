using Ullage.Lab.Scenarios;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>A named mapping of a process. The address is negative when the mapping could not be had.</summary>
internal readonly record struct Region(long Address, long Bytes);

/// <summary>What the steps of one process work on.</summary>
internal sealed class StepContext(ModelProcesses processes, ModelProcess process, ulong seed)
{
    private const int SigBus = 7;
    private const int SigSegv = 11;

    public ModelProcesses Processes { get; } = processes;

    public ModelProcess Process { get; } = process;

    public Machine Machine { get; } = processes.Machine;

    public TaskStruct Task { get; } = process.Task;

    /// <summary>Seed of patterns that have none of their own.</summary>
    public ulong Seed { get; } = seed;

    public Dictionary<string, Region> Regions { get; } = new(StringComparer.Ordinal);

    private Allocations? _allocations;

    /// <summary>What its malloc gave; begun anew with a new address space.</summary>
    public Allocations AllocationsOf()
    {
        if (_allocations is null || _allocations.Malloc.Mm != Task.Mm)
        {
            _allocations = new Allocations { Malloc = new ProcessMalloc(Machine, Task) };
        }
        return _allocations;
    }

    /// <summary>A forked child has a copy of what its parent's malloc gave.</summary>
    public void InheritAllocations(StepContext parent)
    {
        if (parent._allocations is { } allocations && allocations.Malloc.Mm == parent.Task.Mm)
        {
            _allocations = allocations.Fork(Task);
        }
    }

    /// <summary>Machine time that this slice may take.</summary>
    public long BudgetNs { get; set; }

    public bool OverBudget => Machine.CallNs >= BudgetNs;

    /// <summary>One access to one page.</summary>
    public StepOutcome Access(long address, bool write)
    {
        switch (address < 0 ? FaultOutcome.Segv : Machine.Touch(Task, address, write))
        {
            case FaultOutcome.Ok:
                return StepOutcome.Done;
            case FaultOutcome.Retry:
                return StepOutcome.Ready;
            case FaultOutcome.WaitForOom:
                return StepOutcome.Blocked;
            case FaultOutcome.Bus:
                Machine.ExitGroup(Task.Signal, 0, SigBus);
                return StepOutcome.Dead;
            case FaultOutcome.Segv:
                Machine.ExitGroup(Task.Signal, 0, SigSegv);
                return StepOutcome.Dead;
            default:
                return StepOutcome.Dead;
        }
    }

    /// <summary>The region of a name.</summary>
    /// <exception cref="TargetUnavailableException">The process never mapped it.</exception>
    public Region RegionOf(string name, Operation operation) => Regions.TryGetValue(name, out Region region) ? region
        : throw new TargetUnavailableException($"line {operation.Line}: {operation.Name}: there is no region {name} in process {Process.Name}: mmap it first", 2);
}
