using System.Diagnostics;
using System.Globalization;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets.Host.Worker;
using Ullage.Observe.Host;

namespace Ullage.Lab.Targets.Host;

/// <summary>One run on the host, from the making of its cgroups to their removal. It stays on one thread: workers die with the thread that started them.</summary>
internal sealed class HostRun : IDisposable
{
    private const int SleepMs = 1;

    private readonly HostFiles _host;
    private readonly Scenario _scenario;
    private readonly RunOptions _options;
    private readonly IRunObserver _observer;
    private readonly HostCgroups _cgroups;
    private readonly string _dataDirectory;
    private readonly Janitor _janitor;
    private readonly Dictionary<string, int> _attributedKills = new(StringComparer.Ordinal);
    private readonly KeptSamples _samples = new();
    private readonly int _wasSubreaper;
    private HostPaths _paths = null!;
    private ScenarioFiles _files = null!;
    private Board? _board;
    private HostProcesses? _processes;
    private HostKernelLog? _log;
    private long _startedNs;

    internal HostRun(HostFiles host, Scenario scenario, RunOptions options, IRunObserver observer)
    {
        _host = host;
        _scenario = scenario;
        _options = options;
        _observer = observer;
        _cgroups = new HostCgroups(host, scenario.Cgroup.Version);
        _dataDirectory = Path.GetTempPath().TrimEnd('/') + "/" + _cgroups.Name;
        _janitor = new Janitor(_dataDirectory, _cgroups.Candidates);
        _wasSubreaper = Subreaper();
    }

    /// <summary>Nanoseconds since the run began.</summary>
    private long NowNs => MonotonicNs() - _startedNs;

    internal RunResult Run(CancellationToken cancel)
    {
        long wall = MonotonicNs();
        Prepare();
        List<PlannedStart> starts = PlannedStart.Of(_scenario);
        starts.ForEach(start => start.Waiting = _processes!.Prepare(start));
        string kernel = _host.Read("/proc/sys/kernel/osrelease").Text.Trim();
        _log = new HostKernelLog();
        _startedNs = MonotonicNs();
        _observer.OnStart("host", kernel, _files);
        string ended = Loop(new LinkedList<PlannedStart>(starts), cancel);
        long ranNs = NowNs;
        (List<KeyValuePair<string, string>> files, List<KeyValuePair<string, Errno>> missing) = ReadAll(_scenario.Collect);
        PollLog();
        List<ProcessResult> processes = Results();
        return new RunResult
        {
            Scenario = _scenario.Name,
            Target = "host",
            Kernel = kernel,
            Seed = _options.Seed,
            Ended = ended,
            VirtualNs = ranNs,
            WallMs = (MonotonicNs() - wall) / 1e6,
            Processes = processes,
            Files = files,
            UnavailableFiles = missing,
            Samples = _samples.Kept,
            Dmesg = _log.Lines,
            Notes = Notes(),
        };
    }

    public void Dispose()
    {
        _processes?.Dispose();
        bool removed = _cgroups.Remove();
        if (Directory.Exists(_dataDirectory))
        {
            Directory.Delete(_dataDirectory, recursive: true);
        }
        _ = Native.Prctl(Native.PrSetChildSubreaper, _wasSubreaper, 0, 0, 0);
        if (removed)
        {
            _janitor.Dismiss();
        }
        _janitor.Dispose();
        _log?.Dispose();
        _board?.Dispose();
    }

    private void Prepare()
    {
        _cgroups.MakeTop();
        _paths = new HostPaths(_scenario, _cgroups.Directory, _cgroups.HierarchyPath, _dataDirectory);
        _files = new ScenarioFiles(_host, _paths);
        _cgroups.MakeGroups(_scenario.Cgroup);
        HostData.Make(_scenario, _paths);
        _board = new Board();
        _processes = new HostProcesses(new CompilerContext(_scenario, _paths, _board, _options.Seed));
    }

    private string Loop(LinkedList<PlannedStart> starts, CancellationToken cancel)
    {
        long nextSample = 0;
        long nextProgress = 0;
        while (true)
        {
            long now = NowNs;
            if (_scenario.Sample is SampleSpec sample && now >= nextSample)
            {
                TakeSample(now, sample);
                nextSample = NextBeat(nextSample, sample.EveryNs, now);
            }
            if (now >= nextProgress)
            {
                _observer.OnProgress(now, _files);
                nextProgress = NextBeat(nextProgress, _options.ProgressEveryNs, now);
            }
            if (cancel.IsCancellationRequested)
            {
                return "interrupted";
            }
            if (_scenario.StopAfterNs is long stop && now >= stop)
            {
                return "stopped";
            }
            StartDue(starts, now);
            PollProcesses();
            if (starts.Count == 0 && _processes!.AllIdle())
            {
                // One more look: the last to end may have forked, or ended, between the two questions.
                PollProcesses();
                if (_processes.AllIdle())
                {
                    return "idle";
                }
            }
            Thread.Sleep(SleepMs);
        }
    }

    private static long NextBeat(long beat, long period, long now) => period <= 0 ? now + 1 : beat + ((now - beat) / period + 1) * period;

    private void StartDue(LinkedList<PlannedStart> starts, long now)
    {
        while (starts.First is LinkedListNode<PlannedStart> first && first.Value.AtNs <= now)
        {
            starts.RemoveFirst();
            PlannedStart start = first.Value;
            _processes!.Begin(start.Waiting ?? _processes.Prepare(start));
            if (start.Next is PlannedStart next)
            {
                LinkedListNode<PlannedStart>? after = starts.First;
                while (after is not null && after.Value.AtNs <= next.AtNs)
                {
                    after = after.Next;
                }
                _ = after is null ? starts.AddLast(next) : starts.AddBefore(after, next);
            }
        }
    }

    private void PollProcesses()
    {
        List<HostInstance> ended = _processes!.Poll();
        PollLog();
        foreach (HostInstance instance in ended)
        {
            _processes.ThrowIfNotEntered(instance);
            instance.Result = Describe(instance);
            _observer.OnProcessEnded(NowNs, instance.Result);
        }
    }

    private void PollLog()
    {
        foreach (DmesgLine line in _log!.Poll(_paths, _processes!.IsOurs, _startedNs))
        {
            _observer.OnKernelLog(line);
        }
    }

    private void TakeSample(long now, SampleSpec sample)
    {
        if (!_samples.MayAdd(now))
        {
            return;
        }
        (List<KeyValuePair<string, string>> files, List<KeyValuePair<string, Errno>> missing) = ReadAll(sample.Files);
        _samples.Add(new SampleResult(now, files) { Unavailable = missing });
    }

    private (List<KeyValuePair<string, string>> Files, List<KeyValuePair<string, Errno>> Missing) ReadAll(IReadOnlyList<string> paths)
    {
        List<KeyValuePair<string, string>> files = new(paths.Count);
        List<KeyValuePair<string, Errno>> missing = [];
        foreach (string path in paths)
        {
            KernelRead read = _files.Read(path);
            if (read.Ok)
            {
                files.Add(new KeyValuePair<string, string>(path, _paths.ToScenario(read.Text)));
            }
            else
            {
                missing.Add(new KeyValuePair<string, Errno>(path, read.Errno));
            }
        }
        return (files, missing);
    }

    private List<ProcessResult> Results()
    {
        List<ProcessResult> results = [];
        foreach (HostInstance instance in _processes!.Begun)
        {
            results.Add(instance.Result ?? Describe(instance));
        }
        return results;
    }

    private ProcessResult Describe(HostInstance instance)
    {
        ChildEnd? end = instance.End;
        return new ProcessResult
        {
            Name = instance.Record.Name,
            Pid = instance.Pid,
            Cgroup = instance.Record.Cgroup,
            State = end is null ? "running" : end.Value.Signal != 0 ? "killed" : "exited",
            ExitCode = end?.ExitCode,
            Signal = end is ChildEnd { Signal: not 0 } killed ? SignalNames.NameOf(killed.Signal) : null,
            OomKilled = end is ChildEnd { Signal: Native.SigKill } && WasOomKilled(instance),
            Steps = StepReader.Read(instance.Record, instance.Arena, MonotonicNs()),
        };
    }

    /// <summary>
    /// The kernel log names the victim by pid. Where there is no log, or its pids are those of another namespace, the group's oom_kill counter must have risen for
    /// more kills than are already explained.
    /// </summary>
    private bool WasOomKilled(HostInstance instance)
    {
        if (_log!.NamesVictims)
        {
            return _log.Killed.Contains(instance.Pid);
        }
        string cgroup = instance.Record.Cgroup;
        int explained = _attributedKills.GetValueOrDefault(cgroup);
        bool killed = _log.Killed.Contains(instance.Pid) || OomKills(cgroup) > explained;
        if (killed)
        {
            _attributedKills[cgroup] = explained + 1;
        }
        return killed;
    }

    private long OomKills(string cgroup)
    {
        string directory = _paths.CgroupDirectory(cgroup);
        string[] candidates = _cgroups.Version == 1 ? ["memory.oom_control"] : ["memory.events.local", "memory.events"];
        foreach (string candidate in candidates)
        {
            KernelRead read = _host.Read(directory + "/" + candidate);
            foreach (string line in read.Ok ? read.Text.Split('\n') : [])
            {
                if (line.StartsWith("oom_kill ", StringComparison.Ordinal) && long.TryParse(line.AsSpan(9), CultureInfo.InvariantCulture, out long kills))
                {
                    return kills;
                }
            }
        }
        return 0;
    }

    private List<string> Notes()
    {
        List<string> notes = [];
        if (_log!.Note is string note)
        {
            notes.Add(note);
        }
        if (_samples.Note is string samples)
        {
            notes.Add(samples);
        }
        return notes;
    }

    private static int Subreaper()
    {
        unsafe
        {
            int value = 0;
            _ = Native.Prctl(Native.PrGetChildSubreaper, (nint)(&value), 0, 0, 0);
            // What a worker forks and leaves behind must come to us, not to init, so that we can reap it and know how it ended.
            _ = Native.Prctl(Native.PrSetChildSubreaper, 1, 0, 0, 0);
            return value;
        }
    }

    private static long MonotonicNs() => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
}
