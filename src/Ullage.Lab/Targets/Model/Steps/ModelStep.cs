using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Results;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>One operation while a process performs it. Everything that outlives a slice is in fields.</summary>
internal abstract class ModelStep(StepContext context)
{
    protected StepContext Context { get; } = context;

    /// <summary>Units asked for (scenario.md).</summary>
    public virtual long Requested => 1;

    /// <summary>Units that succeeded.</summary>
    public long Done { get; protected set; }

    /// <summary>Goes on until it is done, must wait, or the slice is over.</summary>
    public abstract StepOutcome Run();

    /// <summary>Passes so far; null for operations that have none.</summary>
    public virtual IReadOnlyList<PassResult>? Passes(long nowNs) => null;

    /// <summary>What a call of one unit came to. A process that a signal has ended does not see the answer.</summary>
    protected StepOutcome Answer(Errno errno)
    {
        if (Context.Task.FatalSignalPending)
        {
            return StepOutcome.Dead;
        }
        if (errno != Errno.None)
        {
            return StepOutcome.Failed(errno);
        }
        Done++;
        return StepOutcome.Done;
    }

    protected static long Pages(long bytes) => bytes <= 0 ? 0 : ((bytes - 1) >> KernelConstants.PageShift) + 1;

    protected static long PageAlign(long bytes) => Pages(bytes) << KernelConstants.PageShift;
}
