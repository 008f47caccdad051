using System.Globalization;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets.Host.Worker;

namespace Ullage.Lab.Targets.Host;

/// <summary>One process of a run: a worker, or one that a worker forks.</summary>
internal sealed class HostInstance(ProcessRecord record, SharedFile arena)
{
    internal ProcessRecord Record { get; } = record;

    internal SharedFile Arena { get; } = arena;

    /// <summary>0 until it is started.</summary>
    internal int Pid { get; set; }

    /// <summary>How it ended; null while it runs, or when only its parent was told.</summary>
    internal ChildEnd? End { get; set; }

    /// <summary>True once its end was reported, or its state at the end of the run was taken.</summary>
    internal ProcessResult? Result { get; set; }
}

/// <summary>A start that is due at some time.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Spec">What.</param>
/// <param name="Name">Its name.</param>
internal sealed record PlannedStart(long AtNs, ProcessSpec Spec, string Name)
{
    /// <summary>The worker that already waits at its gate; null = to be made when it is due.</summary>
    internal HostInstance? Waiting { get; set; }

    /// <summary>All first starts, in the order of their time. Later ones of <c>every</c> follow from <see cref="Next"/>.</summary>
    internal static List<PlannedStart> Of(Scenario scenario)
    {
        List<PlannedStart> starts = [];
        foreach (ProcessSpec spec in scenario.Processes)
        {
            if (spec.EveryNs is not null && scenario.StopAfterNs is null)
            {
                throw new TargetUnavailableException($"process {spec.Name}: every would start it for ever: give the scenario a stop: {{ after: … }}", 2);
            }
            for (int i = 1; i <= spec.Count; i++)
            {
                string name = spec.Count == 1 ? spec.Name : string.Create(CultureInfo.InvariantCulture, $"{spec.Name}-{i}");
                starts.Add(new PlannedStart(spec.StartNs, spec, name));
            }
        }
        starts.Sort((left, right) => left.AtNs.CompareTo(right.AtNs));
        return starts;
    }

    /// <summary>The same process one period later; null = it starts only once.</summary>
    internal PlannedStart? Next => Spec.EveryNs is long period and > 0 ? new PlannedStart(AtNs + period, Spec, Name) : null;
}

/// <summary>Starts workers and sees how they end.</summary>
internal sealed class HostProcesses : IDisposable
{
    private const long ReadyTimeoutMs = 10_000;

    private readonly CompilerContext _context;
    private readonly WorkerExecutable _executable;
    private readonly string _dataDirectory;
    private readonly List<SharedFile> _arenas = [];
    private readonly HashSet<int> _slots = [];

    internal HostProcesses(CompilerContext context)
    {
        _context = context;
        _dataDirectory = context.Paths.DataDirectory;
        _executable = new WorkerExecutable(_dataDirectory);
    }

    /// <summary>Everything that was started or may be forked, workers first within their program.</summary>
    internal List<HostInstance> All { get; } = [];

    /// <summary>Those that have begun, in the order in which they did.</summary>
    internal List<HostInstance> Begun { get; } = [];

    internal bool IsOurs(int pid) => All.Exists(instance => instance.Pid == pid);

    /// <summary>Makes a worker and waits until it stands at its gate.</summary>
    internal HostInstance Prepare(PlannedStart start)
    {
        int slot = _context.Board.SlotNamed(start.Name);
        slot = _slots.Add(slot) ? slot : _context.Board.NewSlot();
        (SharedFile arena, List<ProcessRecord> records) = WorkerCompiler.Compile(_context, start.Spec, start.Name, slot, Environment.ProcessId);
        _arenas.Add(arena);
        int pid = Spawn(start.Name, arena);
        HostInstance worker = new(records[0], arena) { Pid = pid };
        _context.Board.Started(slot, pid);
        All.Add(worker);
        for (int i = 1; i < records.Count; i++)
        {
            _slots.Add(records[i].Slot);
            All.Add(new HostInstance(records[i], arena));
        }
        WaitUntilReady(worker);
        SetOomScoreAdj(pid, start.Spec);
        HostCpus.Bind(pid, _context.Scenario.Machine.Cpus);
        return worker;
    }

    /// <summary>Lets a worker enter its cgroup and begin.</summary>
    internal void Begin(HostInstance worker)
    {
        Begun.Add(worker);
        _context.Board.OpenGate(worker.Record.Slot);
    }

    /// <summary>Looks for forked processes and for ends. Answers those that have ended since the last time.</summary>
    internal List<HostInstance> Poll()
    {
        List<HostInstance> ended = [];
        foreach (HostInstance instance in All)
        {
            NoteFork(instance);
            if (instance.Pid == 0 || instance.End is not null)
            {
                continue;
            }
            instance.End = _context.Board.StatusSeenByParent(instance.Record.Slot) is int status ? ChildEnd.OfStatus(status)
                : ChildProcess.Peek(instance.Pid, out _);
            if (instance.End is not null)
            {
                ended.Add(instance);
            }
        }
        return ended;
    }

    /// <summary>True when nothing will happen any more: all have ended, pause for ever, or are zombies whose parent pauses.</summary>
    internal bool AllIdle()
    {
        foreach (HostInstance instance in Begun)
        {
            bool idle = instance.End is not null || _context.Board.State(instance.Record.Slot) == WorkerLayout.StatePaused || IsZombie(instance.Pid);
            if (!idle)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Kills what still runs and reaps everything.</summary>
    internal void EndAll()
    {
        // Twice: a worker may have forked between the look and the kill.
        for (int round = 0; round < 2; round++)
        {
            Poll();
            foreach (HostInstance instance in All)
            {
                if (instance.Pid > 1 && instance.End is null)
                {
                    _ = Native.Kill(instance.Pid, Native.SigKill);
                }
            }
        }
        // Workers first: what they forked becomes ours to reap when they are gone.
        foreach (HostInstance instance in All)
        {
            if (instance.Pid > 1 && _context.Board.StatusSeenByParent(instance.Record.Slot) is null)
            {
                _context.Board.Reaped(instance.Record.Slot);
                _ = ChildProcess.Reap(instance.Pid);
            }
        }
        All.Clear();
    }

    public void Dispose()
    {
        EndAll();
        _arenas.ForEach(arena => arena.Dispose());
        _executable.Dispose();
    }

    private void NoteFork(HostInstance instance)
    {
        if (instance.Pid == 0 && instance.Record.Forked && _context.Board.Pid(instance.Record.Slot) is int pid and > 0)
        {
            instance.Pid = pid;
            Begun.Add(instance);
        }
    }

    private int Spawn(string name, SharedFile arena)
    {
        (int, int)[] descriptors = [(_context.Board.Fd, WorkerLayout.BoardFd), (arena.Fd, WorkerLayout.ArenaFd)];
        int pid = ChildProcess.Spawn(_executable.Path, [name], descriptors, ownSession: false);
        if (pid == -(int)Errno.EACCES || pid == -(int)Errno.ENOENT)
        {
            _executable.Fallback(_dataDirectory);
            pid = ChildProcess.Spawn(_executable.Path, [name], descriptors, ownSession: false);
        }
        return pid > 0 ? pid : throw new TargetUnavailableException(
            $"process {name}: {_executable.Path}: {(Errno)(-pid)}: the worker cannot be started; raise the process limit (ulimit -u), or let TMPDIR be where programs may run", 3);
    }

    private void WaitUntilReady(HostInstance worker)
    {
        long until = Environment.TickCount64 + ReadyTimeoutMs;
        while (_context.Board.State(worker.Record.Slot) == 0)
        {
            if (ChildProcess.Peek(worker.Pid, out _) is ChildEnd end)
            {
                ThrowIfNotEntered(worker);
                string how = end.Signal != 0 ? SignalNames.NameOf(end.Signal) : FormattableString.Invariant($"exit status {end.ExitCode}");
                throw new TargetUnavailableException($"process {worker.Record.Name}: its worker ended with {how} before it began: look at the kernel log; is a seccomp filter in the way?", 3);
            }
            if (Environment.TickCount64 > until)
            {
                throw new TargetUnavailableException($"process {worker.Record.Name}: its worker was not ready after {ReadyTimeoutMs / 1000} s: is the machine overloaded?", 3);
            }
            Thread.Sleep(0);
        }
    }

    /// <summary>Throws when a worker could not get into its cgroup: then nothing it did means anything.</summary>
    internal void ThrowIfNotEntered(HostInstance worker)
    {
        Errno errno = StepReader.EnterErrno(worker.Record, worker.Arena);
        if (errno != Errno.None && !worker.Record.Forked)
        {
            throw new TargetUnavailableException($"process {worker.Record.Name}: {_context.Paths.CgroupDirectory(worker.Record.Cgroup)}/cgroup.procs: {errno}: " +
                "it cannot enter its cgroup; the group must exist, take processes (v2: have no children with controllers), and be writable by root", 3);
        }
    }

    private static void SetOomScoreAdj(int pid, ProcessSpec spec)
    {
        string file = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/oom_score_adj");
        Errno errno = new Observe.Host.HostFiles().Write(file, spec.OomScoreAdj.ToString(CultureInfo.InvariantCulture));
        // 0 is written as well, because we may have inherited another value; where that is refused, nothing was asked for.
        if (errno != Errno.None && spec.OomScoreAdj != 0)
        {
            throw new TargetUnavailableException($"process {spec.Name}: {file} = {spec.OomScoreAdj}: {errno}: to lower it needs CAP_SYS_RESOURCE, " +
                "which containers and some virtual machines withhold even from root; run on the model, or leave negative values out", 3);
        }
    }

    private static bool IsZombie(int pid)
    {
        KernelRead stat = new Observe.Host.HostFiles().Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        int at = stat.Ok ? stat.Text.LastIndexOf(") ", StringComparison.Ordinal) : -1;
        return !stat.Ok || (at > 0 && at + 2 < stat.Text.Length && stat.Text[at + 2] == 'Z');
    }
}
