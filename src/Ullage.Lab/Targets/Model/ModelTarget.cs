using System.Diagnostics;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Model;

namespace Ullage.Lab.Targets.Model;

/// <summary>Runs a scenario on the modelled machine: any of the nine kernels, no root, the same bytes for the same seed.</summary>
public sealed class ModelTarget : ITarget
{
    /// <inheritdoc/>
    public string Name => "model";

    /// <summary>Gets the machine as soon as it is booted, before its sysctls are set and its cgroups are made; null = nobody asks.</summary>
    public Action<Machine>? OnBooted { get; init; }

    /// <summary>Gets the machine when its cgroups are made, before its first process starts; null = nobody asks.</summary>
    public Action<Machine>? OnReady { get; init; }

    /// <inheritdoc/>
    public RunResult Run(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        Stopwatch wall = Stopwatch.StartNew();
        ModelSupport.Check(scenario);
        Machine machine = ModelBoot.Make(scenario, options, OnBooted);
        OnReady?.Invoke(machine);
        return new ModelRun(machine, scenario, options, observer, cancel).Run(wall);
    }
}
