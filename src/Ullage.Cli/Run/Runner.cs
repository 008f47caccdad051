using Ullage.Cli.Terminal;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Run;

/// <summary>Carries out <c>ullage run</c>.</summary>
internal sealed class Runner(CliConsole console, CliServices services)
{
    private const long HostProgressNs = 10_000_000;
    private const long FinestProgressNs = 100_000;
    private const long UnboundedProgressNs = 250_000;
    private const long MostProgressCalls = 500_000;

    public async Task<int> RunAsync(RunRequest request, CancellationToken cancel)
    {
        Scenario scenario = ScenarioLoader.Load(request.Scenario, request.Overrides, services);
        if (request.Kernel is not null && !services.Eras().Contains(request.Kernel))
        {
            throw CliException.Usage($"there is no model of kernel '{request.Kernel}': use {string.Join(", ", services.Eras())}{NearestKernel.Advice(request.Kernel, services.Eras())}");
        }
        ITarget target = services.Target(request.On)
            ?? throw new CliException(ExitCodes.FeatureAbsent, $"--on {request.On} is not in this version: use --on {(request.On == "host" ? "model" : "host")}");
        using OutputFile? output = OutputFile.Open(request.Output);
        TellIgnored(scenario, request);
        RunRecorder recorder = new(scenario);
        RunResult result = await RunOnceAsync(target, scenario, request, recorder, cancel).ConfigureAwait(false);
        recorder.Finish(result);
        result = Judged(scenario, result, recorder);
        Show(result, recorder, request, output);
        if (result.Ended == "interrupted" || cancel.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        bool same = !request.Verify || await VerifyAsync(target, scenario, request, result, cancel).ConfigureAwait(false);
        return same && result.Expectations.All(expectation => expectation.Ok) ? ExitCodes.Ok : ExitCodes.Finding;
    }

    // The host is the machine it is; what a scenario says of the modelled one must not look as if it had been obeyed.
    private void TellIgnored(Scenario scenario, RunRequest request)
    {
        if (request.On != "host" || request.Quiet)
        {
            return;
        }
        List<string> ignored = [];
        if (scenario.Machine != new MachineSpec())
        {
            ignored.Add("machine");
        }
        if (scenario.Kernel is not null)
        {
            ignored.Add("kernel");
        }
        if (ignored.Count > 0)
        {
            console.WriteError($"ullage: note: the host is what it is: {string.Join(" and ", ignored)} of the scenario left aside");
        }
        if (request.SeedGiven)
        {
            console.WriteError("ullage: note: on the host, --seed decides only the access patterns of the scenario");
        }
    }

    private async Task<RunResult> RunOnceAsync(
        ITarget target, Scenario scenario, RunRequest request, RunRecorder recorder, CancellationToken cancel)
    {
        RunOptions options = new() { Seed = request.Seed, Kernel = request.Kernel, ProgressEveryNs = ProgressNs(request.On, scenario) };
        try
        {
            // A thread of its own, not cancelled from outside: a cancelled run gives its partial result.
            Task<RunResult> run = Task.Factory.StartNew(
                () => target.Run(scenario, options, recorder, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (console.ErrorIsTerminal && !request.Quiet)
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
    private static long ProgressNs(string on, Scenario scenario) =>
        on == "host" ? HostProgressNs
        : scenario.StopAfterNs is long stop ? Math.Max(FinestProgressNs, stop / MostProgressCalls)
        : UnboundedProgressNs;

    private RunResult Judged(Scenario scenario, RunResult result, RunRecorder recorder) =>
        scenario.Expect.Count == 0 || result.Ended == "interrupted" // nothing can be said of half a run
            ? result
            : result with { Expectations = services.Judge(scenario, result, recorder.Files) };

    private void Show(RunResult result, RunRecorder recorder, RunRequest request, OutputFile? output)
    {
        string? json = request.Json || request.Output is not null ? services.ResultJson(result) : null;
        if (request.Json)
        {
            console.Out.Write(json!.EndsWith('\n') ? json : json + "\n");
        }
        else
        {
            RunReport report = new(console, request.Verbose);
            UsageSeries[] usage = [.. recorder.Gauges.Select(gauge => gauge.Shown)];
            if (request.Quiet)
            {
                report.WriteQuiet(result, usage);
            }
            else
            {
                report.Write(result, usage, recorder);
            }
        }
        if (output is not null)
        {
            output.Save(json!.EndsWith('\n') ? json : json + "\n");
        }
    }

    private async Task<bool> VerifyAsync(ITarget target, Scenario scenario, RunRequest request, RunResult first, CancellationToken cancel)
    {
        RunRecorder recorder = new(scenario);
        RunResult second = await RunOnceAsync(target, scenario, request, recorder, cancel).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested(); // a partial second run proves nothing
        recorder.Finish(second);
        second = Judged(scenario, second, recorder);
        string? difference = RunComparison.FirstDifference(services.ResultJson(first), services.ResultJson(second));
        string message = difference is null ? "verify: two runs are identical" : $"verify: two runs differ, first at {difference}";
        if (request.Json)
        {
            console.WriteError(message);
        }
        else
        {
            console.WriteLine(console.Paint(message, difference is null ? Tone.Plain : Tone.Red));
        }
        return difference is null;
    }
}
