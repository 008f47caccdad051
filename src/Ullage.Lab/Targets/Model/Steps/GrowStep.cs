using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Scenarios;
using Ullage.Model;
using Ullage.Model.AddressSpace;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>grow</c>: maps private anonymous memory chunk by chunk and writes to every page. Counts pages.</summary>
internal sealed class GrowStep(GrowOperation operation, StepContext context) : ModelStep(context)
{
    private long _left = operation.Bytes;
    private long _address;
    private long _chunk;
    private long _page;
    private long _beatNs = context.Machine.TimeNs;
    private Phase _phase;

    private enum Phase
    {
        Map,
        Touch,
        Pace,
    }

    public override long Requested => Pages(operation.Bytes);

    public override StepOutcome Run()
    {
        while (_left > 0 || _phase != Phase.Map)
        {
            StepOutcome outcome = _phase switch { Phase.Map => Map(), Phase.Touch => Touch(), _ => Pace() };
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
        }
        return StepOutcome.Done;
    }

    private StepOutcome Map()
    {
        _chunk = Math.Min(Math.Max(operation.ChunkBytes, 1), _left);
        (Errno errno, _address) = Context.Machine.Mmap(Context.Task, _chunk, VmaFlags.Read | VmaFlags.Write);
        if (Context.Task.FatalSignalPending)
        {
            return StepOutcome.Dead;
        }
        if (errno != Errno.None)
        {
            return StepOutcome.Failed(errno);
        }
        // The scenario counts pages of 4 KiB. Advice that fails changes nothing, and the measured worker did not look either.
        _ = Context.Machine.Madvise(Context.Task, _address, _chunk, Advice.NoHugePage);
        (_page, _phase) = (0, Phase.Touch);
        return StepOutcome.Done;
    }

    private StepOutcome Touch()
    {
        long pages = Pages(_chunk);
        for (; _page < pages; _page++, Done++)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            StepOutcome outcome = Context.Access(_address + (_page << KernelConstants.PageShift), write: true);
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
        }
        _left -= _chunk;
        _phase = Phase.Map;
        if (operation.BytesPerSecond is long rate and > 0)
        {
            _beatNs += (long)(_chunk * 1e9 / rate);
            _phase = Phase.Pace;
        }
        return StepOutcome.Done;
    }

    /// <summary>Sleeps until the chunk's beat; beats are counted from the beginning, so that late ones are caught up.</summary>
    private StepOutcome Pace()
    {
        long wait = _beatNs - Context.Machine.TimeNs;
        if (wait > 0)
        {
            return new StepOutcome(StepNext.Sleep, wait);
        }
        Context.Machine.EnterSyscall();
        _phase = Phase.Map;
        return StepOutcome.Done;
    }
}
