using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Model.Steps;

/// <summary><c>repeat</c>: a list several times. One step of its process, which counts rounds.</summary>
internal sealed class RepeatStep(RepeatOperation operation, StepContext context) : ModelStep(context)
{
    /// <summary>Rounds in one slice at most, so that rounds which take no time can be interrupted.</summary>
    private const int RoundsInSlice = 1000;

    private StepList? _round;

    public override long Requested => operation.Times;

    public override StepOutcome Run()
    {
        for (int rounds = 0; Done < operation.Times; rounds++)
        {
            if (rounds == RoundsInSlice)
            {
                return StepOutcome.Ready;
            }
            _round ??= new StepList([.. OperationExpander.Round(operation, (int)Done + 1)], Context, null);
            StepOutcome outcome = _round.Run();
            if (outcome.Next != StepNext.Done)
            {
                return outcome;
            }
            _round = null;
            Done++;
        }
        return StepOutcome.Done;
    }
}

/// <summary><c>interleave</c>: rounds of one access of each of several operations in turn. Counts rounds.</summary>
internal sealed class InterleaveStep : ModelStep
{
    private readonly InterleaveOperation _operation;
    private readonly ModelStep?[] _touches; // those that make one access a round
    private ModelStep? _call;
    private int _turn;

    public InterleaveStep(InterleaveOperation operation, StepContext context) : base(context)
    {
        _operation = operation;
        _touches = new ModelStep?[operation.Of.Count];
        for (int i = 0; i < _touches.Length; i++)
        {
            _touches[i] = operation.Of[i] is TouchOperation or ReadOperation or WriteOperation ? StepFactory.Make(operation.Of[i], context) : null;
        }
    }

    public override long Requested => _operation.Count;

    public override StepOutcome Run()
    {
        if (_touches.Length == 0)
        {
            Done = _operation.Count;
        }
        while (Done < _operation.Count)
        {
            if (Context.OverBudget)
            {
                return StepOutcome.Ready;
            }
            StepOutcome outcome = Turn();
            if (outcome.Next != StepNext.Done && !(outcome.Next == StepNext.Failed && _operation.Of[_turn].UntilDone))
            {
                return outcome;
            }
            _turn++;
            if (_turn == _touches.Length)
            {
                (_turn, Done) = (0, Done + 1);
            }
        }
        foreach (ModelStep? step in _touches)
        {
            (step as ReadStep)?.Close();
            (step as WriteStep)?.Close();
        }
        return StepOutcome.Done;
    }

    private static StepOutcome One(ModelStep step) => step switch
    {
        TouchStep touch => touch.One(),
        ReadStep read => read.One(),
        WriteStep write => write.One(),
        _ => StepOutcome.Done,
    };

    /// <summary>One access of a touch, read or write; other operations are done whole, anew in each round.</summary>
    private StepOutcome Turn()
    {
        if (_touches[_turn] is { } touch)
        {
            StepOutcome access = One(touch);
            if (touch.Requested == 0)
            {
                Context.Machine.EnterSyscall(); // an empty region: the round still takes time
            }
            return access;
        }
        _call ??= StepFactory.Make(_operation.Of[_turn], Context);
        StepOutcome outcome = _call.Run();
        if (outcome.Next is StepNext.Done or StepNext.Failed)
        {
            _call = null;
        }
        return outcome;
    }
}
