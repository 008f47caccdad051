using Ullage.Abi;
using Ullage.Lab.Scenarios;
using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>A named region or file mapping of one process, as far as it is known before the run.</summary>
internal sealed class RegionVariable(long baseAddress)
{
    /// <summary>Address of the variable that holds where it is.</summary>
    internal long BaseAddress { get; } = baseAddress;
    /// <summary>Its size in bytes at this point of the program.</summary>
    internal long Bytes { get; set; }
}

/// <summary>What a process knows at one point of its program.</summary>
internal sealed class ProcessScope
{
    internal required ProcessRecord Record { get; init; }
    internal required Mark End { get; init; }
    internal Dictionary<string, RegionVariable> Regions { get; } = new(StringComparer.Ordinal);
    internal List<int> Children { get; } = [];
    internal long IoFd { get; set; }
}

/// <summary>What all programs of a run share.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Paths">Where its paths are.</param>
/// <param name="Board">The slots.</param>
/// <param name="Seed">The run's seed, for patterns that have none of their own.</param>
internal sealed record CompilerContext(Scenario Scenario, HostPaths Paths, Board Board, ulong Seed);

/// <summary>Turns a process of a scenario into a worker's program. Everything that can be decided before the run is decided here.</summary>
internal sealed partial class WorkerCompiler
{
    /// <summary>The longest program, in instructions: 64 MiB.</summary>
    private const int MostInstructions = 1 << 19;

    private readonly CompilerContext _context;
    private readonly ArenaBuilder _arena = new();
    private readonly List<(Mark Entry, ForkOperation Fork, ProcessScope Parent, ProcessScope Child)> _pendingForks = [];
    private readonly long _buffer;
    private readonly long _warm;
    private long _nextRegion = RegionAddress;

    private WorkerCompiler(CompilerContext context)
    {
        _context = context;
        _buffer = _arena.Allocate(4096 + 4096);
        _warm = _arena.Variable();
    }

    /// <summary>The processes of the program: the worker itself first, then those that it forks.</summary>
    internal List<ProcessRecord> Processes { get; } = [];

    /// <summary>Compiles one process. <paramref name="parentPid"/> is ours, without which the worker must not live.</summary>
    internal static (SharedFile Arena, List<ProcessRecord> Processes) Compile(CompilerContext context, ProcessSpec spec, string name, int slot, int parentPid)
    {
        WorkerCompiler compiler = new(context);
        Mark entry = new();
        ProcessScope scope = new()
        {
            Record = new ProcessRecord { Name = name, Cgroup = spec.Cgroup ?? "/", Slot = slot },
            End = new Mark(),
        };
        compiler.Processes.Add(scope.Record);
        compiler._arena.Place(entry);
        compiler.Prelude(spec, name, scope, parentPid);
        compiler.Operations(spec.Do, scope, null, scope.End);
        compiler.Finish(scope);
        compiler.Forks();
        return (compiler._arena.Build(Board.Address(slot), entry), compiler.Processes);
    }

    /// <summary>What a worker does outside, its entering, and its user.</summary>
    private void Prelude(ProcessSpec spec, string name, ProcessScope scope, int parentPid)
    {
        DieWithParent();
        SetName(name);
        Call(157, [41, 1], ignoreErrors: true); // PR_SET_THP_DISABLE: the scenario counts pages of 4 KiB
        OpenIo(scope);
        Call(9, [WarmAddress, 4096, 3, MapAnonymousPrivate, -1, 0], store: _warm, ignoreErrors: true);
        Emit("warm", [_warm]);
        foreach ((int resource, long? limit) in new (int, long?)[] { (9, spec.Rlimits.As), (2, spec.Rlimits.Data), (3, spec.Rlimits.Stack) })
        {
            SetLimit(resource, limit);
        }
        long fd = _arena.Variable();
        string procs = _context.Paths.CgroupDirectory(spec.Cgroup ?? RootGroup) + "/cgroup.procs";
        scope.Record.EnterStep = _arena.Allocate(StepSize);
        Mark end = new();
        Emit("step_begin", [scope.Record.EnterStep]);
        Call(2, [_arena.Text(procs), 1], store: fd, onError: end);
        Emit("gate", [parentPid]);
        Call(1, [fd, _arena.Text("0"), 1], addresses: 1, onError: end);
        Call(3, [fd], addresses: 1, ignoreErrors: true);
        if (spec.Uid != 0)
        {
            Call(119, [spec.Uid, spec.Uid, spec.Uid], onError: end);
            Call(117, [spec.Uid, spec.Uid, spec.Uid], onError: end);
            DieWithParent(); // a change of user clears it
        }
        _arena.Place(end);
        Emit("step_end", [0, 0], onError: scope.End);
    }

    /// <summary>Processes that name no cgroup: on v2 a group with children may hold none itself, so they get one of their own.</summary>
    private string RootGroup => _context.Scenario.Cgroup.Version == 1 ? "/" : HostCgroups.OutsideGroup;

    private void DieWithParent() => Call(157, [1, Native.SigKill], ignoreErrors: true);

    private void SetName(string name) => Call(157, [15, _arena.Text(name)], ignoreErrors: true);

    private void SetLimit(int resource, long? limit)
    {
        if (limit is long bytes)
        {
            long pair = _arena.Variable(bytes);
            _ = _arena.Variable(bytes);
            Call(302, [0, resource, pair], ignoreErrors: true);
        }
    }

    private void OpenIo(ProcessScope scope)
    {
        scope.IoFd = _arena.Variable(-1);
        Call(2, [_arena.Text("/proc/self/io"), 0], store: scope.IoFd, ignoreErrors: true);
        Call(17, [scope.IoFd, _buffer, PassIoSize, 0], addresses: 1, ignoreErrors: true);
    }

    private void Finish(ProcessScope scope)
    {
        Emit("end", []);
        _arena.Place(scope.End); // an errno that ends the list ends the process with status 1, as on the model
        Call(231, [1]);
    }

    private void Forks()
    {
        for (int i = 0; i < _pendingForks.Count; i++)
        {
            (Mark entry, ForkOperation fork, ProcessScope parent, ProcessScope child) = _pendingForks[i];
            _arena.Place(entry);
            ForkPrelude(fork, parent, child);
            Operations(fork.Do, child, null, child.End);
            Finish(child);
        }
    }

    private void ForkPrelude(ForkOperation fork, ProcessScope parent, ProcessScope child)
    {
        SetName(fork.ChildName);
        if (parent.Record.Steps.Any(step => step.Passes is not null) || UsesPasses(fork.Do))
        {
            OpenIo(child);
        }
        if (fork.Cgroup is string cgroup)
        {
            child.Record.EnterStep = _arena.Allocate(StepSize);
            Mark end = new();
            Emit("step_begin", [child.Record.EnterStep]);
            WriteFile(_context.Paths.CgroupDirectory(cgroup) + "/cgroup.procs", _arena.Text("0"), 1, end);
            _arena.Place(end);
            Emit("step_end", [0, 0], onError: child.End);
        }
    }

    private static bool UsesPasses(IReadOnlyList<Operation> operations)
    {
        foreach (Operation operation in operations)
        {
            if (operation is TouchOperation or ReadOperation || (operation is RepeatOperation repeat && UsesPasses(repeat.Do)))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>A list of operations; a failed one leads to <paramref name="onError"/>.</summary>
    private void Operations(IReadOnlyList<Operation> operations, ProcessScope scope, long? around, Mark onError)
    {
        foreach (Operation operation in operations)
        {
            if (_arena.InstructionCount > MostInstructions)
            {
                throw new TargetUnavailableException($"process {scope.Record.Name}: its operations unroll to more than {MostInstructions} instructions: " +
                    "use fewer rounds, or none of {i}, {j}, {k} in the repeat", 4);
            }
            Step(operation, scope, around, onError);
        }
    }

    private void Step(Operation operation, ProcessScope scope, long? around, Mark onError)
    {
        long step = _arena.Allocate(StepSize);
        List<long>? passes = operation is TouchOperation or ReadOperation ? [] : null;
        if (around is null)
        {
            int divisor = operation is InterleaveOperation interleave ? Math.Max(1, interleave.Of.Count) : 1;
            scope.Record.Steps.Add(new StepRecord(operation.Name, Requested(operation, scope), step, divisor, passes));
        }
        Mark end = new();
        Emit("step_begin", [step]);
        Body(operation, scope, step, passes, end);
        _arena.Place(end);
        Emit("step_end", [0, around ?? 0], flags: operation.UntilDone ? FlagUntilDone : 0, onError: onError);
    }

    private void Body(Operation operation, ProcessScope scope, long step, List<long>? passes, Mark end)
    {
        switch (operation)
        {
            case GrowOperation or MmapOperation or TouchOperation or MunmapOperation or MremapOperation or MprotectOperation or MadviseOperation or BrkOperation:
                MemoryBody(operation, scope, passes, end);
                break;
            case ReadOperation or WriteOperation or StatMissingOperation or CreateFilesOperation or UnlinkFilesOperation or EchoOperation:
                FileBody(operation, scope, passes, end);
                break;
            default:
                ControlBody(operation, scope, step, end);
                break;
        }
    }

    private void Emit(string handler, long[] arguments, long flags = 0, Mark? onError = null, (int, Mark)? target = null)
    {
        Instruction instruction = new() { Handler = handler, Flags = flags, OnError = onError, Target = target };
        arguments.CopyTo(instruction.Arguments, 0);
        _arena.Emit(instruction);
    }

    /// <summary>A system call. Bit i of <paramref name="addresses"/>: argument i is the address of its value.</summary>
    private void Call(int number, long[] arguments, int addresses = 0, long store = 0, bool ignoreErrors = false, Mark? onError = null,
        Errno fine = Errno.None, bool needsPid = false)
    {
        Instruction instruction = new()
        {
            Handler = "syscall",
            Number = number,
            Flags = addresses | (ignoreErrors ? FlagIgnoreErrors : 0) | (needsPid ? FlagNeedsPid : 0),
            OnError = onError,
            StoreAt = store,
            FineErrno = (long)fine,
        };
        arguments.CopyTo(instruction.Arguments, 0);
        _arena.Emit(instruction);
    }

    /// <summary>Emits a body <paramref name="times"/> times over, as a loop.</summary>
    private void Loop(long times, Action body)
    {
        if (times <= 0)
        {
            return;
        }
        long counter = _arena.Variable();
        Mark top = new();
        Emit("set", [counter, times]);
        _arena.Place(top);
        body();
        Emit("loop", [counter, 0], target: (1, top));
    }

    private void Count(long units = 1) => Emit("count", [units]);
}
