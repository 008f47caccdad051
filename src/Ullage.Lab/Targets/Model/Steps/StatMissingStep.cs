using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Model.Files;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>stat_missing</c>: stat(2) of numbered names. Each answered ENOENT is done; ENOMEM ends it, unless it goes on until done.</summary>
internal sealed class StatMissingStep(StatMissingOperation operation, StepContext context) : ModelStep(context)
{
    private readonly DiskDirectory _directory = context.Machine.Directory(operation.Directory);
    private readonly long _first = context.Machine.NamesWith(operation.Prefix) + operation.Start;
    private long _next;
    private bool _anyFailed;

    public override long Requested => operation.Count;

    public override StepOutcome Run()
    {
        while (_next < operation.Count)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            Errno errno = Context.Machine.Stat(Context.Task, _directory, _first + _next);
            if (Context.Task.FatalSignalPending)
            {
                return StepOutcome.Dead;
            }
            _anyFailed |= errno == Errno.ENOMEM;
            if (_anyFailed && !operation.UntilDone)
            {
                return StepOutcome.Failed(errno);
            }
            Done += errno == Errno.ENOENT ? 1 : 0;
            _next++;
        }
        return _anyFailed ? StepOutcome.Failed(Errno.ENOMEM) : StepOutcome.Done;
    }
}
