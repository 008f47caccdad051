using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Observe.Host;

namespace Ullage.Lab.Targets.Host;

/// <summary>
/// Runs a scenario on the kernel of this machine: cgroups of its own, workers that do nothing but the scenario's system calls, the real files, the real kernel log.
/// Removes everything again, whatever happens; a process beside it does so even when this one is killed.
/// </summary>
public sealed class HostTarget : ITarget
{
    private readonly HostFiles _host = new();

    /// <inheritdoc/>
    public string Name => "host";

    /// <inheritdoc/>
    public RunResult Run(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        if (!OperatingSystem.IsLinux())
        {
            throw new TargetUnavailableException("the host target needs Linux: run the scenario on the model", 4);
        }
        HostSupport.Check(scenario, _host);
        if (scenario.Probes.Count == 0)
        {
            return RunHere(scenario, options, observer, cancel);
        }
        if (HostTracer.Check() is { } problem)
        {
            RunResult untraced = RunHere(scenario, options, observer, cancel);
            return untraced with { Notes = [.. untraced.Notes, "probes: no stacks were taken: " + problem.Message] };
        }
        using HostTracer tracer = HostTracer.Start(scenario.Probes, "ullage_" + Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        RunResult result = RunHere(scenario, options, observer, cancel);
        return result with { Stacks = tracer.Collect() };
    }

    private RunResult RunHere(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel)
    {
        using HostRun run = new(_host, scenario, options, observer);
        return run.Run(cancel);
    }
}
