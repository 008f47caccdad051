using Ullage.Cli.Terminal;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Run;

/// <summary>What one run of a scenario gave, and who watched it.</summary>
/// <param name="Result">The result, judged.</param>
/// <param name="Recorder">Usage over time.</param>
/// <param name="Timeline">Everything over time, for a report; null when none was asked for.</param>
internal sealed record RunOutcome(RunResult Result, RunRecorder Recorder, RunTimeline? Timeline)
{
    /// <summary>The sentence about it.</summary>
    public string Verdict => Run.Verdict.Of(Result, [.. Recorder.Gauges.Select(gauge => gauge.Shown)]);
}

/// <summary>Runs a scenario once.</summary>
internal sealed class ScenarioRun(CliConsole console, CliServices services, Scenario scenario)
{
    private const long HostProgressNs = 10_000_000;
    private const long FinestProgressNs = 100_000;
    private const long UnboundedProgressNs = 250_000;
    private const long MostProgressCalls = 20_000;

    /// <summary>How often a recording wants to be asked; null = as often as is useful.</summary>
    public long? IntervalNs { get; init; }

    /// <summary>The target of that name, or why there is none.</summary>
    public static ITarget Target(CliServices services, string on) => services.Target(on)
        ?? throw new CliException(ExitCodes.FeatureAbsent, $"--on {on} is not in this version: use --on {(on == "host" ? "model" : "host")}");

    /// <summary>Throws unless there is a model of that kernel.</summary>
    public static void CheckKernel(CliServices services, string? kernel)
    {
        if (kernel is not null && !services.Eras().Contains(kernel))
        {
            throw CliException.Usage($"there is no model of kernel '{kernel}': use {string.Join(", ", services.Eras())}{NearestKernel.Advice(kernel, services.Eras())}");
        }
    }

    public async Task<RunOutcome> OnceAsync(ITarget target, string? kernel, ulong seed, bool quiet, bool withTimeline, CancellationToken cancel, IRunObserver? also = null)
    {
        RunRecorder recorder = new(scenario);
        RunTimeline? timeline = withTimeline ? new RunTimeline(scenario) : null;
        List<IRunObserver> watchers = [recorder];
        if (timeline is not null)
        {
            watchers.Add(timeline);
        }
        if (also is not null)
        {
            watchers.Add(also);
        }
        RunOptions options = new() { Seed = seed, Kernel = kernel, ProgressEveryNs = ProgressNs(target.Name) };
        RunResult result = await RunAsync(target, options, recorder, new Observers(watchers), quiet, cancel).ConfigureAwait(false);
        recorder.Finish(result);
        timeline?.Finish(result);
        return new RunOutcome(Judged(result, recorder), recorder, timeline);
    }

    private async Task<RunResult> RunAsync(ITarget target, RunOptions options, RunRecorder recorder, IRunObserver observer, bool quiet, CancellationToken cancel)
    {
        try
        {
            // A thread of its own, not cancelled from outside: a cancelled run gives its partial result.
            Task<RunResult> run = Task.Factory.StartNew(
                () => target.Run(scenario, options, observer, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (console.ErrorIsTerminal && !quiet)
            {
                await new LiveProgress(console, $"{scenario.Name} on {target.Name}", recorder).WatchAsync(run).ConfigureAwait(false);
            }
            return await run.ConfigureAwait(false);
        }
        catch (TargetUnavailableException unavailable)
        {
            throw new CliException(unavailable.ExitCode, unavailable.Message) { Bare = unavailable.NamesPlace };
        }
    }

    // Fine enough for the chart of a run that lasts milliseconds, without millions of readings in one that lasts a day.
    private long ProgressNs(string on) =>
        IntervalNs is long interval ? interval
        : on == "host" ? HostProgressNs
        : scenario.StopAfterNs is long stop ? Math.Max(FinestProgressNs, stop / MostProgressCalls)
        : UnboundedProgressNs;

    private RunResult Judged(RunResult result, RunRecorder recorder) =>
        scenario.Expect.Count == 0 || result.Ended == "interrupted" // nothing can be said of half a run
            ? result
            : result with { Expectations = services.Judge(scenario, result, recorder.Files) };
}
