using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Run;

/// <summary>Watches a run: keeps usage over time for the chart, and the present state for the progress display of another thread.</summary>
internal sealed class RunRecorder(Scenario scenario) : IRunObserver
{
    private const int MostNarration = 2000;

    private readonly Lock _gate = new();
    private readonly UsageGauge[] _gauges = UsageGauge.ForAll(scenario);
    private readonly List<ProcessResult> _ended = [];
    private readonly OomReportParser _oom = new();
    private readonly List<NarrationLine> _narration = [];
    private long _nowNs;
    private string? _lastLog;

    /// <summary>The target's files; null before the run began.</summary>
    public IKernelFiles? Files { get; private set; }

    public IReadOnlyList<UsageGauge> Gauges => _gauges;

    /// <summary>The scenario's cgroup version.</summary>
    public int CgroupVersion => scenario.Cgroup.Version;

    /// <summary>The kernel that the scenario was written for; null = any.</summary>
    public string? WrittenFor => scenario.Kernel;

    /// <summary>What the target told while it ran, the last lines left out when there are very many.</summary>
    public IReadOnlyList<NarrationLine> Narration => _narration;

    /// <summary>Lines that were told, also those that were not kept.</summary>
    public long NarrationLines { get; private set; }

    public void OnStart(string target, string kernel, IKernelFiles files)
    {
        Files = files;
        OnProgress(0, files);
    }

    public void OnProgress(long tNs, IKernelFiles files)
    {
        lock (_gate)
        {
            _nowNs = tNs;
            foreach (UsageGauge gauge in _gauges)
            {
                gauge.Read(tNs, files);
            }
        }
    }

    public void OnKernelLog(DmesgLine line)
    {
        lock (_gate)
        {
            _lastLog = line.Text;
            _nowNs = Math.Max(_nowNs, line.TNs);
            // The peak lies between two readings; the report tells it exactly.
            if (_oom.Read(line) is OomReport { UsageBytes: long usage } report && _oom.JustReadUsage && GaugeOf(report.Cgroup) is UsageGauge gauge)
            {
                gauge.Memory.Add(new UsagePoint(line.TNs, usage, report.LimitBytes));
            }
        }
    }

    public void OnNarration(NarrationLine line)
    {
        if (NarrationLines++ < MostNarration)
        {
            _narration.Add(line);
        }
    }

    public void OnProcessEnded(long tNs, ProcessResult process)
    {
        lock (_gate)
        {
            _nowNs = Math.Max(_nowNs, tNs);
            _ended.Add(process);
        }
    }

    /// <summary>The last reading of each gauge after the run, where the target still shows it.</summary>
    public void Finish(RunResult result)
    {
        if (Files is not null && result.Target == "model")
        {
            OnProgress(result.VirtualNs, Files);
        }
        foreach (UsageGauge gauge in _gauges)
        {
            gauge.ReadPeaks(path => TextOf(path, result));
        }
    }

    private string? TextOf(string path, RunResult result)
    {
        foreach ((string collected, string text) in result.Files)
        {
            if (collected == path)
            {
                return text;
            }
        }
        return result.Target == "model" && Files?.Read(path) is { Ok: true } read ? read.Text : null;
    }

    public RunProgress Now()
    {
        lock (_gate)
        {
            return new RunProgress(_nowNs, [.. _gauges.Select(Level)], [.. _ended], _lastLog);
        }
    }

    private static GaugeLevel Level(UsageGauge gauge)
    {
        UsageSeries shown = gauge.Shown;
        UsagePoint last = shown.Points.Count > 0 ? shown.Points[^1] : default;
        return new GaugeLevel(shown.Cgroup, shown.Points.Count > 0 ? last.UsageBytes : null, last.LimitBytes);
    }

    // On the host the log shows our cgroup below a parent of a unique name. A report names its cgroup before the usage
    // only on old kernels; with one cgroup there is nothing to choose.
    private UsageGauge? GaugeOf(string? logged) =>
        _gauges.Length == 1 ? _gauges[0]
        : logged is null ? null
        : Array.Find(_gauges, gauge => logged.EndsWith(gauge.Memory.Cgroup, StringComparison.Ordinal));
}

/// <summary>The present state of a run.</summary>
internal sealed record RunProgress(long TNs, IReadOnlyList<GaugeLevel> Levels, IReadOnlyList<ProcessResult> Ended, string? LastLog);

/// <summary>Usage and limit now; a null usage is not known, a null limit is none.</summary>
internal sealed record GaugeLevel(string Cgroup, long? UsageBytes, long? LimitBytes);
