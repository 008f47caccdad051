using System.Globalization;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Trace;

/// <summary>Carries out <c>ullage trace</c>.</summary>
internal sealed class Tracer(CliConsole console, CliServices services)
{
    public async Task<int> RunAsync(TraceRequest request, CancellationToken cancel)
    {
        if (request.On == "host" && services.HostTracing() is { } problem)
        {
            throw new CliException(problem.ExitCode,
                $"--on host: {problem.Message}; or, where bpftrace(8) works, bpftrace -e 'kprobe:FUNCTION {{ @[kstack] = count(); }}' while 'ullage run SCENARIO --on host' runs");
        }
        Scenario scenario = ScenarioLoader.Load(request.Scenario, request.Overrides, services) with { Probes = request.Functions };
        if (request.Kernel is not null && !services.Eras().Contains(request.Kernel))
        {
            throw CliException.Usage($"there is no model of kernel '{request.Kernel}': use {string.Join(", ", services.Eras())}");
        }
        ITarget target = services.Target(request.On) ?? throw new CliException(ExitCodes.FeatureAbsent, $"--on {request.On} is not in this version: use --on model");
        RunOptions options = new() { Seed = request.Seed, Kernel = request.Kernel };
        RunResult result;
        try
        {
            result = await Task.Run(() => target.Run(scenario, options, new RunRecorder(scenario), cancel), CancellationToken.None).ConfigureAwait(false);
        }
        catch (TargetUnavailableException unavailable)
        {
            throw new CliException(unavailable.ExitCode, unavailable.Message);
        }
        Show(request, result);
        return result.Ended == "interrupted" ? ExitCodes.Interrupted : ExitCodes.Ok;
    }

    private void Show(TraceRequest request, RunResult result)
    {
        switch (request.Format)
        {
            case "folded":
                console.Out.Write(StackText.Folded(result.Stacks));
                break;
            case "speedscope":
                console.Out.Write(StackText.Speedscope($"{result.Scenario} on {result.Kernel}", result.Stacks));
                break;
            case "json":
                console.Out.Write(services.ResultJson(result).TrimEnd('\n') + "\n");
                break;
            default:
                ShowText(request, result);
                break;
        }
    }

    private void ShowText(TraceRequest request, RunResult result)
    {
        foreach (string function in request.Functions.Distinct(StringComparer.Ordinal))
        {
            StackResult[] stacks = [.. result.Stacks.Where(stack => stack.Probe == function)];
            string calls = stacks.Sum(stack => stack.Count).ToString(CultureInfo.InvariantCulture);
            console.WriteLine($"{function}: {calls} calls from {stacks.Length} stacks ({result.Scenario}, kernel {result.Kernel})");
            console.Out.Write(StackText.Histogram(stacks));
        }
    }
}

/// <summary>What a command line asks <c>trace</c> to do.</summary>
internal sealed record TraceRequest
{
    public required IReadOnlyList<string> Functions { get; init; }
    public required string Scenario { get; init; }
    public required string On { get; init; }
    public string? Kernel { get; init; }
    public IReadOnlyList<string> Overrides { get; init; } = [];
    public ulong Seed { get; init; }
    public required string Format { get; init; }
}
