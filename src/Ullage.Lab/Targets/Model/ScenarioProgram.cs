using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets.Model.Steps;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;

namespace Ullage.Lab.Targets.Model;

/// <summary>
/// What a process of a scenario does: enters its cgroup, writes once to its own data segment (the record of the step that runs, as the measured
/// worker did), then performs its operations page by page.
/// </summary>
internal sealed class ScenarioProgram : ITaskProgram
{
    private const int NoPermission = 3;

    private readonly StepContext _context;
    private readonly StepList _list;
    private readonly string? _enters;
    private readonly CancellationToken _cancel;
    private Phase _phase;

    /// <summary>Makes the program.</summary>
    /// <param name="context">Whose it is.</param>
    /// <param name="enters">The cgroup that it enters first; null = it stays where it is.</param>
    /// <param name="operations">What it does then.</param>
    /// <param name="cancel">When cancelled, it does nothing any more.</param>
    public ScenarioProgram(StepContext context, string? enters, IReadOnlyList<Operation> operations, CancellationToken cancel)
    {
        _context = context;
        _enters = enters is null or "/" ? null : enters;
        _list = new StepList(operations, context, context.Process.Steps);
        _cancel = cancel;
    }

    /// <summary>How many threads it has; all but the first sleep for ever.</summary>
    public int Threads { get; init; } = 1;

    private enum Phase
    {
        Enter,
        MakeThreads,
        WriteRecord,
        Operate,
    }

    public ProgramStep Run(Machine machine, TaskStruct task, long budgetNs)
    {
        if (_cancel.IsCancellationRequested)
        {
            return new ProgramStep(ProgramNext.Blocked);
        }
        _context.BudgetNs = budgetNs;
        _context.Process.WaitsForChild = false;
        StepOutcome outcome = Advance();
        return outcome.Next switch
        {
            StepNext.Done => new ProgramStep(ProgramNext.Exit, 0),
            StepNext.Failed => new ProgramStep(ProgramNext.Exit, 1),
            StepNext.Exit => new ProgramStep(ProgramNext.Exit, outcome.Value),
            StepNext.Sleep => new ProgramStep(ProgramNext.Sleep, outcome.Value),
            StepNext.Blocked => new ProgramStep(ProgramNext.Blocked),
            _ => new ProgramStep(ProgramNext.Ready),
        };
    }

    private StepOutcome Advance()
    {
        if (_phase == Phase.Enter)
        {
            StepOutcome entered = Enter();
            if (entered.Next != StepNext.Done)
            {
                return entered;
            }
            _phase = Phase.MakeThreads;
        }
        if (_phase == Phase.MakeThreads)
        {
            MakeThreads();
            _phase = Phase.WriteRecord;
        }
        if (_phase == Phase.WriteRecord)
        {
            StepOutcome written = _context.Access(ProgramImage.DataPage << KernelConstants.PageShift, write: true);
            if (written.Next != StepNext.Done)
            {
                return written;
            }
            _phase = Phase.Operate;
        }
        return _list.Run();
    }

    private void MakeThreads()
    {
        for (int i = 1; i < Threads; i++)
        {
            (Errno errno, TaskStruct? thread) = _context.Machine.Clone(_context.Task);
            if (thread is null)
            {
                throw new TargetUnavailableException(FormattableString.Invariant(
                    $"process {_context.Process.Name}: threads: {errno} after {i}: its cgroup or pids.max does not let it have {Threads}; ask for fewer"), NoPermission);
            }
            _context.Machine.Scheduler.Park(thread);
        }
    }

    private StepOutcome Enter()
    {
        if (_enters is null)
        {
            return StepOutcome.Done;
        }
        Cgroup? destination = _context.Machine.Hierarchy.Find(_enters);
        Errno errno = destination is null ? Errno.ENOENT : _context.Machine.Attach(destination, _context.Task.Pid, wholeProcess: true);
        if (errno != Errno.None && !_context.Process.Forked)
        {
            throw new TargetUnavailableException($"process {_context.Process.Name}: cgroup {_enters}: cgroup.procs: {errno}: " +
                "it cannot enter its cgroup; the group must exist, and on v2 have no children with controllers", NoPermission);
        }
        return errno == Errno.None ? StepOutcome.Done : StepOutcome.Failed(errno);
    }
}
