using Ullage.Abi;
using Ullage.Cli.Run;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Recording;
using Ullage.Recording.Writing;

namespace Ullage.Cli.Recordings;

/// <summary>Records a run while it goes on, for <c>run -o FILE.ullage</c>.</summary>
internal sealed class RunRecording : IRunObserver, IDisposable
{
    /// <summary>What a recording's name ends with.</summary>
    public const string Extension = ".ullage";
    private const long FirstPaceNs = 1_000_000;
    private const int SamplesPerPace = 2000;

    private readonly RecordingWriter _writer;
    private readonly long? _intervalNs;
    private readonly string _path;
    private Recorder? _recorder;
    private long _nextNs;
    private long _paceNs = FirstPaceNs;
    private int _sincePace;
    private long _lastNs = -1;

    private RunRecording(RecordingWriter writer, string path, long? intervalNs)
    {
        _writer = writer;
        _path = path;
        _intervalNs = intervalNs;
    }

    public static bool Wanted(string? output) => output is not null && output.EndsWith(Extension, StringComparison.Ordinal);

    /// <summary>Begins the file, or throws with the reason.</summary>
    public static RunRecording Create(string path, Scenario scenario, string yaml, RunRequest request, string command)
    {
        string target = request.Targets[0];
        RecordingMeta meta = new()
        {
            Target = target,
            Name = scenario.Name,
            Kernel = request.Kernels.Count > 0 ? request.Kernels[0] : scenario.Kernel ?? "",
            Command = command,
            IntervalNs = request.IntervalNs ?? 0,
            Scenario = yaml,
        };
        try
        {
            return new RunRecording(RecordingWriter.Create(path, meta), path, request.IntervalNs);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, failure);
        }
    }

    public void OnStart(string target, string kernel, IKernelFiles files)
    {
        _recorder = new Recorder(files, _writer);
        Sample(0);
    }

    public void OnProgress(long tNs, IKernelFiles files)
    {
        if (tNs < _nextNs)
        {
            return;
        }
        Sample(tNs);
        // Without an interval: finely at first, more and more rarely as the run gets longer.
        if (_intervalNs is null && ++_sincePace >= SamplesPerPace)
        {
            _sincePace = 0;
            _paceNs *= 2;
        }
        _nextNs = _intervalNs is long interval ? ((tNs / interval) + 1) * interval : tNs + _paceNs;
    }

    public void OnKernelLog(DmesgLine line) => Written(() => _writer.Event(line.TNs, line.Level, line.Text));

    public void OnProcessEnded(long tNs, ProcessResult process)
    {
        if (_intervalNs is null)
        {
            Sample(tNs);
        }
    }

    /// <summary>Writes the last sample, where there still is one, and the result.</summary>
    public void Finish(RunResult result, string json)
    {
        if (result.Target == "model")
        {
            Sample(result.VirtualNs, last: true);
        }
        Written(() => _writer.Result(result.VirtualNs, System.Text.Encoding.UTF8.GetBytes(json)));
    }

    public void Dispose()
    {
        _recorder?.Dispose();
        _writer.Dispose();
    }

    private void Sample(long tNs, bool last = false)
    {
        if (tNs > _lastNs)
        {
            _lastNs = tNs;
            Written(() => _recorder!.Sample(tNs, alarm: last));
        }
    }

    private void Written(Action write)
    {
        try
        {
            write();
        }
        catch (IOException failure)
        {
            throw Failed(_path, failure);
        }
    }

    private static CliException Failed(string path, Exception failure) =>
        CliException.NoData($"cannot write {path}: {ScenarioLoader.Describe(failure)}: give -o a file in a directory you may write to, with room for it");
}
