using Ullage.Abi;
using Ullage.Insight.Timelines;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Run;

/// <summary>Watches a run for its report: reads the machine and all cgroups of the target, more and more rarely as the run gets longer.</summary>
internal sealed class RunTimeline(Scenario scenario) : IRunObserver
{
    private const int SamplesPerPace = 1500;
    private const int WalkEvery = 16;
    private readonly OomReportParser _oom = new();
    private IKernelFiles? _files;
    private IReadOnlyList<string> _cgroups = [];
    private long _paceNs;
    private long _nextNs;
    private int _sincePace;

    public Timeline Timeline { get; } = new(MemoryHierarchy.Usual(scenario.Cgroup.Version)) { PressureEveryNs = 100_000_000 };

    public void OnStart(string target, string kernel, IKernelFiles files)
    {
        _files = files;
        Sample(0);
    }

    public void OnProgress(long tNs, IKernelFiles files)
    {
        if (tNs < _nextNs)
        {
            return;
        }
        Sample(tNs);
        if (++_sincePace >= SamplesPerPace)
        {
            _sincePace = 0;
            _paceNs = Math.Max(2 * _paceNs, 2 * tNs / Math.Max(1, Timeline.Samples));
        }
        _nextNs = tNs + _paceNs;
    }

    // The peak lies between two readings, and when it is over the memory is given back: the kernel's report tells it exactly.
    public void OnKernelLog(DmesgLine line)
    {
        if (_oom.Read(line) is OomReport { UsageBytes: long usage } report && _oom.JustReadUsage)
        {
            string? path = report.Cgroup is string logged ? _cgroups.FirstOrDefault(each => logged.EndsWith(each, StringComparison.Ordinal))
                : scenario.Cgroup.Groups.Count == 1 ? scenario.Cgroup.Groups[0].Path : null;
            Timeline.Cgroups.FirstOrDefault(track => track.Name == path)?.AddReported(line.TNs, usage);
        }
    }

    public void OnProcessEnded(long tNs, ProcessResult process) => Sample(tNs);

    /// <summary>The last reading, where the target still shows its files.</summary>
    public void Finish(RunResult result)
    {
        if (result.Target == "model")
        {
            Sample(result.VirtualNs);
        }
    }

    private void Sample(long tNs)
    {
        if (_files is null || tNs < Timeline.LastNs || (tNs == Timeline.LastNs && Timeline.Samples > 0))
        {
            return;
        }
        bool walk = Timeline.Samples % WalkEvery == 0 || tNs >= _nextNs + _paceNs;
        if (walk)
        {
            IReadOnlyList<string> found = Timeline.Hierarchy!.Walk(_files);
            _cgroups = found.Count > 0 ? found : [.. scenario.Cgroup.Groups.Select(group => group.Path)];
        }
        Timeline.Sample(tNs, _files, _cgroups, slabs: walk);
    }
}

/// <summary>Passes everything on to several observers.</summary>
internal sealed class Observers(params IReadOnlyList<IRunObserver> each) : IRunObserver
{
    public void OnStart(string target, string kernel, IKernelFiles files)
    {
        foreach (IRunObserver observer in each)
        {
            observer.OnStart(target, kernel, files);
        }
    }

    public void OnProgress(long tNs, IKernelFiles files)
    {
        foreach (IRunObserver observer in each)
        {
            observer.OnProgress(tNs, files);
        }
    }

    public void OnKernelLog(DmesgLine line)
    {
        foreach (IRunObserver observer in each)
        {
            observer.OnKernelLog(line);
        }
    }

    public void OnNarration(NarrationLine line)
    {
        foreach (IRunObserver observer in each)
        {
            observer.OnNarration(line);
        }
    }

    public void OnProcessEnded(long tNs, ProcessResult process)
    {
        foreach (IRunObserver observer in each)
        {
            observer.OnProcessEnded(tNs, process);
        }
    }
}
