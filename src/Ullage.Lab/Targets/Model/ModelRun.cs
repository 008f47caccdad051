using System.Diagnostics;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Model;
using Ullage.Model.Tracing;

namespace Ullage.Lab.Targets.Model;

/// <summary>One run on the model, from the start of its first process to its end.</summary>
internal sealed class ModelRun
{
    private readonly Scenario _scenario;
    private readonly RunOptions _options;
    private readonly IRunObserver _observer;
    private readonly Machine _machine;
    private readonly ModelProcesses _processes;
    private readonly CancellationToken _cancel;
    private readonly KeptSamples _samples = new();
    private readonly KeptLog _log = new();
    private long _logged;

    public ModelRun(Machine machine, Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel)
    {
        _scenario = scenario;
        _options = options;
        _observer = observer;
        _machine = machine;
        _cancel = cancel;
        _logged = machine.Log.Lost + machine.Log.Records.Count; // what boot said is not the run's
        machine.MigrationWatcher = happened => observer.OnNarration(MigrationNarrator.Tell(happened));
        _processes = new ModelProcesses(machine, scenario, options.Seed, cancel) { Ended = OnEnded };
    }

    public RunResult Run(Stopwatch wall)
    {
        _observer.OnStart("model", _machine.Era.Name, _machine.Files);
        _processes.Plan();
        string ended = Loop();
        PollLog();
        (List<KeyValuePair<string, string>> files, List<KeyValuePair<string, Errno>> missing) = ReadAll(_scenario.Collect);
        return new RunResult
        {
            Scenario = _scenario.Name,
            Target = "model",
            Kernel = _machine.Era.Name,
            Seed = _options.Seed,
            Ended = ended,
            VirtualNs = _machine.Clock.NowNs,
            WallMs = wall.Elapsed.TotalMilliseconds,
            Processes = _processes.Results(),
            Files = files,
            UnavailableFiles = missing,
            Samples = _samples.Kept,
            Dmesg = _log.Lines,
            Notes = [.. new[] { _samples.Note, _log.Note }.OfType<string>()],
            Stacks = [.. _machine.Probes.Stacks.Select(stack => new StackResult(stack.Function, stack.Count, stack.Frames))],
        };
    }

    private string Loop()
    {
        long nextSample = _scenario.Sample is null ? long.MaxValue : 0;
        long nextProgress = _options.ProgressEveryNs > 0 ? 0 : long.MaxValue;
        while (true)
        {
            long now = _machine.Clock.NowNs;
            if (now >= nextSample)
            {
                TakeSample(now);
                nextSample = _samples.Note is null ? nextSample + Math.Max(_scenario.Sample!.EveryNs, 1) : long.MaxValue;
            }
            if (now >= nextProgress)
            {
                _observer.OnProgress(now, _machine.Files);
                nextProgress += _options.ProgressEveryNs;
            }
            if (_cancel.IsCancellationRequested)
            {
                return "interrupted";
            }
            if (now >= _scenario.StopAfterNs)
            {
                return "stopped";
            }
            bool more = _machine.Scheduler.RunUntil(Math.Min(Math.Min(nextSample, nextProgress), _scenario.StopAfterNs ?? long.MaxValue));
            PollLog();
            if (_machine.Panicked is not null)
            {
                return "panic";
            }
            if (!more)
            {
                return _cancel.IsCancellationRequested ? "interrupted" : _machine.Clock.NowNs >= _scenario.StopAfterNs ? "stopped" : "idle";
            }
        }
    }

    private void TakeSample(long now)
    {
        if (!_samples.MayAdd(now))
        {
            return;
        }
        (List<KeyValuePair<string, string>> files, List<KeyValuePair<string, Errno>> missing) = ReadAll(_scenario.Sample!.Files);
        _samples.Add(new SampleResult(now, files) { Unavailable = missing });
    }

    private (List<KeyValuePair<string, string>> Files, List<KeyValuePair<string, Errno>> Missing) ReadAll(IReadOnlyList<string> paths)
    {
        List<KeyValuePair<string, string>> files = new(paths.Count);
        List<KeyValuePair<string, Errno>> missing = [];
        foreach (string path in paths)
        {
            KernelRead read = _machine.Files.Read(path);
            if (read.Ok)
            {
                files.Add(new KeyValuePair<string, string>(path, read.Text));
            }
            else
            {
                missing.Add(new KeyValuePair<string, Errno>(path, read.Errno));
            }
        }
        return (files, missing);
    }

    private void OnEnded(ProcessResult process)
    {
        PollLog();
        _observer.OnProcessEnded(_machine.TimeNs, process);
    }

    /// <summary>Delivers new records, line by line: a record that the kernel printed with one call may hold several.</summary>
    private void PollLog()
    {
        IReadOnlyList<KernelLogRecord> records = _machine.Log.Records;
        if (_logged < _machine.Log.Lost)
        {
            _log.Lose(_machine.Log.Lost - _logged);
            _logged = _machine.Log.Lost;
        }
        for (; _logged < _machine.Log.Lost + records.Count; _logged++)
        {
            KernelLogRecord record = records[(int)(_logged - _machine.Log.Lost)];
            string text = record.Text.EndsWith('\n') ? record.Text[..^1] : record.Text;
            foreach (string line in text.Split('\n'))
            {
                DmesgLine delivered = new(record.TimeNs, record.Level, line);
                _log.Add(delivered);
                _observer.OnKernelLog(delivered);
            }
        }
    }
}
