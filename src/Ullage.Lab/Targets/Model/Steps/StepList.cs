using Ullage.Abi;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary>Operations one after another: a process's list, or one round of a repeat.</summary>
/// <param name="operations">The list.</param>
/// <param name="context">Who performs it.</param>
/// <param name="report">Where its steps are recorded; null inside a repeat, which is one step itself.</param>
internal sealed class StepList(IReadOnlyList<Operation> operations, StepContext context, List<StepRecord>? report)
{
    private int _index;
    private ModelStep? _current;
    private StepRecord? _record;

    /// <summary>Goes on until the list is done (<see cref="StepNext.Done"/>), fails at an errno that nothing handles, or must wait.</summary>
    public StepOutcome Run()
    {
        while (_index < operations.Count)
        {
            Operation operation = operations[_index];
            if (_current is null)
            {
                Begin(operation);
            }
            StepOutcome outcome = _current!.Run();
            if (context.Machine.Panicked is not null)
            {
                return StepOutcome.Dead; // no call returns from a panic
            }
            if (outcome.Next is StepNext.Done or StepNext.Failed or StepNext.Exit)
            {
                _record?.End(outcome.Next == StepNext.Failed ? (Errno)outcome.Value : Errno.None, context.Machine.TimeNs);
                _current = null;
                _index++;
            }
            if (outcome.Next != StepNext.Done && !(outcome.Next == StepNext.Failed && operation.UntilDone))
            {
                return outcome;
            }
            if (context.OverBudget)
            {
                return StepOutcome.Ready;
            }
        }
        return StepOutcome.Done;
    }

    private void Begin(Operation operation)
    {
        _current = StepFactory.Make(operation, context);
        if (report is not null)
        {
            _record = new StepRecord(operation.Name, _current, context.Machine.TimeNs);
            report.Add(_record);
        }
    }
}
