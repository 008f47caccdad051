using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Scenarios;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>What the C library of a process has allocated, by the names that the scenario gave.</summary>
internal sealed class Allocations
{
    public required ProcessMalloc Malloc { get; init; }

    public Dictionary<string, List<long>> ByName { get; } = new(StringComparer.Ordinal);

    /// <summary>Those of a forked child.</summary>
    public Allocations Fork(Ullage.Model.TaskStruct child)
    {
        Allocations copy = new() { Malloc = Malloc.Fork(child) };
        foreach ((string name, List<long> addresses) in ByName)
        {
            copy.ByName.Add(name, [.. addresses]);
        }
        return copy;
    }

    /// <summary>Faults in what malloc has written to; <see cref="StepNext.Done"/> when nothing is left.</summary>
    public StepOutcome Settle(StepContext context)
    {
        while (Malloc.Written.TryPeek(out long address))
        {
            StepOutcome outcome = context.Access(address, write: true);
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
            Malloc.Written.Dequeue();
        }
        return StepOutcome.Done;
    }
}

/// <summary><c>malloc</c>: calls of malloc(3), and a write to every page that one gave before the next. Counts calls that succeeded.</summary>
internal sealed class MallocStep(MallocOperation operation, StepContext context) : ModelStep(context)
{
    private readonly Allocations _allocations = context.AllocationsOf();
    private List<long>? _named;
    private long _touch;
    private long _touchEnd;

    public override long Requested => operation.Count;

    public override StepOutcome Run()
    {
        while (true)
        {
            StepOutcome outcome = _allocations.Settle(Context);
            outcome = outcome.Next == StepNext.Done ? Touch() : outcome;
            if (outcome.Next != StepNext.Done || Done >= operation.Count)
            {
                return outcome;
            }
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            long address = _allocations.Malloc.Malloc(operation.Bytes);
            if (Context.Task.FatalSignalPending)
            {
                return StepOutcome.Dead;
            }
            if (address == 0)
            {
                return StepOutcome.Failed(Errno.ENOMEM);
            }
            Remember(address);
        }
    }

    private void Remember(long address)
    {
        Done++;
        _named ??= _allocations.ByName.TryGetValue(operation.AllocationName, out List<long>? there) ? there : _allocations.ByName[operation.AllocationName] = [];
        _named.Add(address);
        if (operation.Touch)
        {
            (_touch, _touchEnd) = (address, address + operation.Bytes);
        }
    }

    private StepOutcome Touch()
    {
        while (_touch < _touchEnd)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            StepOutcome outcome = Context.Access(_touch, write: true);
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
            _touch = (_touch & -KernelConstants.PageSize) + KernelConstants.PageSize;
        }
        return StepOutcome.Done;
    }
}

/// <summary><c>free</c>: frees what the mallocs of a name gave, in their order. One step, however many there are.</summary>
internal sealed class FreeStep(FreeOperation operation, StepContext context) : ModelStep(context)
{
    private readonly Allocations _allocations = context.AllocationsOf();
    private List<long>? _named;
    private int _freed;

    public override StepOutcome Run()
    {
        _named ??= _allocations.ByName.Remove(operation.AllocationName, out List<long>? there) ? there : [];
        while (true)
        {
            StepOutcome outcome = _allocations.Settle(Context);
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
            if (_freed == _named.Count)
            {
                Context.Machine.EnterSyscall(); // a step takes time, even when there is nothing to free
                return Answer(Errno.None);
            }
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            _allocations.Malloc.Free(_named[_freed++]);
        }
    }
}
