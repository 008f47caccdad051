using Ullage.Abi;
using Ullage.Lab.Scenarios;
using static Ullage.Lab.Targets.Host.Worker.WorkerLayout;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>Operations on processes and cgroups, and those that contain others.</summary>
internal sealed partial class WorkerCompiler
{
    private void ControlBody(Operation operation, ProcessScope scope, long step, Mark end)
    {
        switch (operation)
        {
            case SleepOperation sleep:
                Call(35, [_arena.Time(sleep.Ns), 0], onError: end);
                Count();
                break;
            case PauseOperation:
                Emit("pause", []);
                break;
            case MkdirOperation or RmdirOperation or MoveOperation:
                CgroupBody(operation, end);
                Count();
                break;
            case KillOperation kill:
                Kill(kill, scope, end);
                break;
            case ExitOperation exit:
                Count();
                Call(231, [exit.Status]);
                break;
            case ForkOperation fork:
                Fork(fork, scope, end);
                Count();
                break;
            case WaitOperation:
                Wait(scope);
                break;
            case RepeatOperation repeat:
                Repeat(repeat, scope, step, end);
                break;
            case InterleaveOperation interleave:
                Interleave(interleave, scope, step, end);
                break;
        }
    }

    private void Wait(ProcessScope scope)
    {
        foreach (int child in scope.Children)
        {
            Emit("wait_child", [Board.Address(child)]);
        }
        scope.Children.Clear();
        Count();
    }

    private void CgroupBody(Operation operation, Mark end)
    {
        switch (operation)
        {
            case MkdirOperation mkdir:
                Call(83, [_arena.Text(_context.Paths.CgroupDirectory(mkdir.Path)), 0x1ED], onError: end);
                break;
            case RmdirOperation rmdir:
                Call(84, [_arena.Text(_context.Paths.CgroupDirectory(rmdir.Path))], onError: end);
                break;
            case MoveOperation move:
                MoveProcess(move, end);
                break;
        }
    }

    /// <summary>The signal may end the sender itself, so a success is counted before and taken back by a failure.</summary>
    private void Kill(KillOperation kill, ProcessScope scope, Mark end)
    {
        int victim = kill.Process == "self" ? scope.Record.Slot : _context.Board.SlotNamed(kill.Process);
        _ = SignalNames.TryParse(kill.Signal, out int signal);
        Mark failed = new();
        Mark sent = new();
        Count();
        Call(62, [Board.Address(victim) + SlotLivePid, signal], addresses: 1, onError: failed, needsPid: true);
        Emit("jump", [], target: (0, sent));
        _arena.Place(failed);
        Count(-1);
        Emit("check", [], onError: end);
        _arena.Place(sent);
    }

    private void MoveProcess(MoveOperation move, Mark end)
    {
        string file = _context.Paths.CgroupDirectory(move.To) + (move.Thread
            ? _context.Scenario.Cgroup.Version == 1 ? "/tasks" : "/cgroup.threads"
            : "/cgroup.procs");
        if (move.Process == "self")
        {
            WriteFile(file, _arena.Text("0"), 1, end);
            return;
        }
        long digits = _arena.Allocate(24);
        long start = _arena.Variable();
        long length = _arena.Variable();
        Emit("decimal", [Board.Address(_context.Board.SlotNamed(move.Process)) + SlotLivePid, digits + 24, start, length]);
        WriteFile(file, start, length, end, addresses: 0b110);
    }

    private void Fork(ForkOperation fork, ProcessScope scope, Mark end)
    {
        int slot = _context.Board.SlotNamed(fork.ChildName);
        if (Processes.Any(process => process.Slot == slot))
        {
            slot = _context.Board.NewSlot();
        }
        ProcessScope child = new()
        {
            Record = new ProcessRecord { Name = fork.ChildName, Cgroup = fork.Cgroup ?? scope.Record.Cgroup, Slot = slot, Forked = true },
            End = new Mark(),
            IoFd = scope.IoFd,
        };
        foreach ((string name, RegionVariable region) in scope.Regions)
        {
            // The child's regions are its own from here on; the shared arena must not tie them together.
            RegionVariable copy = new(_arena.Variable()) { Bytes = region.Bytes };
            Emit("copy", [copy.BaseAddress, region.BaseAddress]);
            child.Regions.Add(name, copy);
        }
        Processes.Add(child.Record);
        scope.Children.Add(slot);
        Mark entry = new();
        Emit("fork", [Board.Address(slot), 0], onError: end, target: (1, entry));
        _pendingForks.Add((entry, fork, scope, child));
    }

    private void Repeat(RepeatOperation repeat, ProcessScope scope, long step, Mark end)
    {
        if (CanLoop(repeat))
        {
            Loop(repeat.Times, () =>
            {
                Operations(repeat.Do, scope, step, end);
                Count();
            });
            return;
        }
        for (int round = 1; round <= repeat.Times; round++)
        {
            Operations([.. OperationExpander.Round(repeat, round)], scope, step, end);
            Count();
        }
    }

    /// <summary>True when every round is the same code: nothing is named after the round, and no region or process is made whose size or name the program must know.</summary>
    private static bool CanLoop(RepeatOperation repeat)
    {
        foreach (Operation operation in repeat.Do)
        {
            bool same = operation is GrowOperation or SleepOperation or EchoOperation or MkdirOperation or RmdirOperation or MoveOperation
                or MprotectOperation or MadviseOperation or BrkOperation;
            if (!same)
            {
                return false;
            }
        }
        return OperationExpander.Round(repeat, 1).SequenceEqual(OperationExpander.Round(repeat, 2));
    }

    /// <summary>Rounds of one access each. The step counts accesses; <see cref="StepRecord.Divisor"/> turns them into rounds.</summary>
    private void Interleave(InterleaveOperation interleave, ProcessScope scope, long step, Mark end)
    {
        List<Action> rounds = [];
        List<OpenFile> opened = [];
        foreach (Operation operation in interleave.Of)
        {
            rounds.Add(Single(operation, interleave.Count, scope, step, opened, end));
        }
        Loop(interleave.Count, () => rounds.ForEach(round => round()));
        opened.ForEach(CloseFile);
    }

    /// <summary>Prepares an operation and gives what emits one access of it.</summary>
    private Action Single(Operation operation, long count, ProcessScope scope, long step, List<OpenFile> opened, Mark end)
    {
        switch (operation)
        {
            case TouchOperation touch:
                RegionVariable region = Region(scope, touch.Region, touch);
                return OneAccess(new AccessTarget(region.BaseAddress, touch.Write ? AccessKind.WriteByte : AccessKind.ReadByte, 0),
                    HostStream.Of(touch.Pattern, Pages(region.Bytes), _context.Seed, count), end);
            case ReadOperation read:
                OpenFile file = OpenToRead(read, end);
                opened.Add(file);
                return OneAccess(file.Target, HostStream.Of(read.Pattern, file.Pages, _context.Seed, count), end);
            case WriteOperation write:
                return OneAccess(new AccessTarget(OpenToWrite(write, end), AccessKind.Pwrite, 0),
                    HostStream.Of(write.Pattern, Pages(write.Bytes), _context.Seed, count), end);
            case StatMissingOperation stat:
                (long name, Action next) = NumberedName(_context.Paths.Look(stat.Directory), stat.Start, stat.Prefix);
                return () =>
                {
                    Stat(name, end);
                    next();
                };
            default:
                return () =>
                {
                    Operations([operation], scope, step, end);
                    Count();
                };
        }
    }

    private Action OneAccess(AccessTarget target, HostStream stream, Mark end)
    {
        long cursor = _arena.Variable();
        long numbers = stream.Pages is null ? 0 : _arena.Stream(stream.Pages);
        Emit("set", [cursor, 0]);
        return () => Access(target, stream.Length > 0 ? 1 : 0, cursor, numbers, stream.Length, 0, end);
    }

    private long Requested(Operation operation, ProcessScope scope) => operation switch
    {
        GrowOperation grow => Pages(grow.Bytes),
        TouchOperation touch => RequestedAccesses(touch.Pattern, scope.Regions.TryGetValue(touch.Region, out RegionVariable? region) ? Pages(region.Bytes) : 0),
        ReadOperation read => RequestedAccesses(read.Pattern, Pages(FileBytes(read.File, _context.Paths.Look(read.File)))),
        WriteOperation write => RequestedAccesses(write.Pattern, Pages(write.Bytes)),
        StatMissingOperation stat => stat.Count,
        CreateFilesOperation create => create.Count,
        UnlinkFilesOperation unlink => unlink.Count,
        InterleaveOperation interleave => interleave.Count,
        RepeatOperation repeat => repeat.Times,
        BrkOperation brk => brk.Bytes,
        _ => 1,
    };

    private long RequestedAccesses(PatternSpec pattern, long pages) => pages == 0 ? 0 : new Workloads.AccessStream(
        pattern with { Pattern = pattern.Pattern == AccessPattern.Zipf ? AccessPattern.Uniform : pattern.Pattern }, pages, _context.Seed).Total;
}
