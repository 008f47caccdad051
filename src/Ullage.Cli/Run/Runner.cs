using Ullage.Cli.Compare;
using Ullage.Cli.Recordings;
using Ullage.Cli.Reports;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Run;

/// <summary>Carries out <c>ullage run</c>.</summary>
internal sealed class Runner(CliConsole console, CliServices services)
{
    public async Task<int> RunAsync(RunRequest request, CancellationToken cancel)
    {
        (Scenario scenario, string yaml) = ScenarioLoader.LoadText(request.Scenario, request.Overrides, services);
        foreach (string kernel in request.Kernels)
        {
            ScenarioRun.CheckKernel(services, kernel);
        }
        ITarget[] targets = [.. request.Targets.Select(on => ScenarioRun.Target(services, on))];
        bool recorded = RunRecording.Wanted(request.Output);
        using OutputFile? output = recorded ? null : OutputFile.Open(request.Output);
        using OutputFile? report = OutputFile.Open(request.Report, "--report");
        TellIgnored(scenario, request);
        if (request.Sides > 1 && recorded)
        {
            throw CliException.Usage("a recording holds one run: give -o FILE.json to keep a comparison, or run the sides one by one");
        }
        if (request.Sides > 1)
        {
            return await new ComparedRuns(console, services, scenario, yaml).RunAsync(request, targets, output, report, cancel).ConfigureAwait(false);
        }
        string? era = request.Kernels.Count > 0 ? request.Kernels[0] : null;
        ScenarioRun run = new(console, services, scenario) { IntervalNs = request.IntervalNs };
        using RunRecording? recording = recorded ? RunRecording.Create(request.Output!, scenario, yaml, request, console.CommandLine) : null;
        RunOutcome outcome = await run.OnceAsync(targets[0], era, request.Seed, request.Quiet, report is not null, cancel, recording).ConfigureAwait(false);
        recording?.Finish(outcome.Result, services.ResultJson(outcome.Result));
        Show(outcome, request, output);
        report?.Save(Page(scenario, yaml, outcome));
        if (outcome.Result.Ended == "interrupted" || cancel.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        bool same = !request.Verify || await VerifyAsync(run, targets[0], era, request, outcome.Result, cancel).ConfigureAwait(false);
        return same && outcome.Result.Expectations.All(expectation => expectation.Ok) ? ExitCodes.Ok : ExitCodes.Finding;
    }

    private string Page(Scenario scenario, string yaml, RunOutcome outcome)
    {
        ShownRun shown = new($"{outcome.Result.Target} {outcome.Result.Kernel}", outcome.Result, outcome.Timeline!, outcome.Verdict);
        return PageText.Of(RunPages.Of(scenario, yaml, [shown], [], "", console.CommandLine));
    }

    // The host is the machine it is; what a scenario says of the modelled one must not look as if it had been obeyed.
    private void TellIgnored(Scenario scenario, RunRequest request)
    {
        if (!request.Targets.Contains("host") || request.Quiet)
        {
            return;
        }
        List<string> ignored = [];
        if (scenario.Machine != new MachineSpec() && request.Sides == 1)
        {
            ignored.Add("machine");
        }
        if (scenario.Kernel is not null && request.Sides == 1)
        {
            ignored.Add("kernel");
        }
        if (ignored.Count > 0)
        {
            console.WriteError($"ullage: note: the host is what it is: {string.Join(" and ", ignored)} of the scenario left aside");
        }
        if (request.SeedGiven && request.Sides == 1)
        {
            console.WriteError("ullage: note: on the host, --seed decides only the access patterns of the scenario");
        }
    }

    private void Show(RunOutcome outcome, RunRequest request, OutputFile? output)
    {
        RunResult result = outcome.Result;
        string? json = request.Json || output is not null ? services.ResultJson(result) : null;
        if (request.Json)
        {
            console.Out.Write(json!.EndsWith('\n') ? json : json + "\n");
        }
        else
        {
            RunReport report = new(console, request.Verbose);
            UsageSeries[] usage = [.. outcome.Recorder.Gauges.Select(gauge => gauge.Shown)];
            if (request.Quiet)
            {
                report.WriteQuiet(result, usage);
            }
            else
            {
                report.Write(result, usage, outcome.Recorder);
            }
        }
        if (output is not null)
        {
            output.Save(json!.EndsWith('\n') ? json : json + "\n");
        }
    }

    private async Task<bool> VerifyAsync(ScenarioRun run, ITarget target, string? era, RunRequest request, RunResult first, CancellationToken cancel)
    {
        RunResult second = (await run.OnceAsync(target, era, request.Seed, request.Quiet, withTimeline: false, cancel).ConfigureAwait(false)).Result;
        cancel.ThrowIfCancellationRequested(); // a partial second run proves nothing
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
