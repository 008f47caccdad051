using Ullage.Abi;
using Ullage.Cli.Run;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Sources;

/// <summary>
/// Samples of a scenario on the model, every interval of its time, and one when it has ended. The model runs on a thread of its own and stands still while somebody
/// looks at it, so the same scenario and seed give the same samples.
/// </summary>
internal sealed class ScenarioSource : ISampleSource, IRunObserver
{
    private readonly Thread _runner;
    private readonly SemaphoreSlim _go = new(0);
    private readonly SemaphoreSlim _stopped = new(0);
    private readonly CancellationTokenSource _cancel = new();
    private readonly string _scenario;
    private TreeSampler? _sampler;
    private RunResult? _result;
    private Exception? _failure;
    private long _timeNs = -1;
    private bool _lastGiven;

    private ScenarioSource(SourceRequest request, Scenario scenario, ITarget target)
    {
        _scenario = scenario.Name;
        RunOptions options = new() { Seed = request.Seed, Kernel = request.Kernel, ProgressEveryNs = request.Interval.Ticks * 100 };
        _runner = new Thread(() => Run(scenario, target, options)) { IsBackground = true, Name = "scenario" };
        Mounts = null!;
        Files = null!;
        Name = "";
    }

    /// <inheritdoc/>
    public string Name { get; private set; }

    /// <inheritdoc/>
    public bool IsLive => false;

    /// <inheritdoc/>
    public IKernelFiles Files { get; private set; }

    /// <inheritdoc/>
    public CgroupMounts Mounts { get; private set; }

    /// <summary>Boots the machine and stops before its first moment.</summary>
    public static ScenarioSource Start(SourceRequest request, CliServices services)
    {
        Scenario scenario = ScenarioLoader.Load(request.Scenario!, [], services);
        ITarget target = services.Target("model") ?? throw new CliException(ExitCodes.FeatureAbsent, "the model is not in this build: leave out --scenario");
        ScenarioSource source = new(request, scenario, target);
        source._runner.Start();
        source._stopped.Wait();
        try
        {
            source.ThrowIfFailed();
            SampleSelection selection = new() { Path = SampleSources.Wanted(request, source.Mounts)?.Path ?? "/", Depth = request.Depth };
            source._sampler = new TreeSampler(source.Files, source.Mounts, selection);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool Next(Sample sample, out string end)
    {
        end = "";
        if (_result is null)
        {
            _go.Release();
            _stopped.Wait();
            ThrowIfFailed();
        }
        else if (_lastGiven)
        {
            end = $"the scenario {_result.Scenario} ended ({_result.Ended}) after {Terminal.Amounts.Time(_result.VirtualNs)}";
            return false;
        }
        if (_result is not null)
        {
            _lastGiven = true;
            if (_result.VirtualNs <= _timeNs && sample.Version != 0)
            {
                return Next(sample, out end); // the last moment has been shown
            }
            _timeNs = _result.VirtualNs;
        }
        _sampler!.Read(sample, _timeNs, DateTimeOffset.UnixEpoch.AddTicks(_timeNs / 100));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cancel.Cancel();
        _go.Release();
        _runner.Join();
        _sampler?.Dispose();
        _go.Dispose();
        _stopped.Dispose();
        _cancel.Dispose();
    }

    void IRunObserver.OnStart(string target, string kernel, IKernelFiles files)
    {
        Name = $"{_scenario} on {target} {kernel}";
        Files = files;
        Mounts = CgroupMounts.Find(files);
        Stop();
    }

    void IRunObserver.OnProgress(long tNs, IKernelFiles files)
    {
        _timeNs = tNs;
        Stop();
    }

    private void Stop()
    {
        if (!_cancel.IsCancellationRequested)
        {
            _stopped.Release();
            _go.Wait();
        }
    }

    private void Run(Scenario scenario, ITarget target, RunOptions options)
    {
        try
        {
            _result = target.Run(scenario, options, this, _cancel.Token);
        }
        catch (Exception failure)
        {
            _failure = failure; // told on the thread that waits
        }
        _stopped.Release();
    }

    private void ThrowIfFailed()
    {
        if (_failure is TargetUnavailableException unavailable)
        {
            throw new CliException(unavailable.ExitCode, unavailable.Message) { Bare = unavailable.NamesPlace };
        }
        if (_failure is not null)
        {
            throw new InvalidOperationException(_failure.Message, _failure);
        }
    }
}
