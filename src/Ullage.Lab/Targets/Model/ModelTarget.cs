using System.Diagnostics;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Model;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Lab.Targets.Model;

/// <summary>Runs a scenario on the modelled machine: any of the nine kernels, no root, the same bytes for the same seed.</summary>
public sealed class ModelTarget : ITarget
{
    private const int FeatureAbsent = 4;

    /// <inheritdoc/>
    public string Name => "model";

    /// <summary>Gets the machine as soon as it is booted, before its sysctls are set and its cgroups are made; null = nobody asks.</summary>
    public Action<Machine>? OnBooted { get; init; }

    /// <summary>Gets the machine when its cgroups are made, before its first process starts; null = nobody asks.</summary>
    public Action<Machine>? OnReady { get; init; }

    /// <summary>The C library of the processes; null = the one of the kernel's time.</summary>
    public GlibcRules? Glibc { get; init; }

    /// <summary>How long things take on the machine; null = as on the one that was measured.</summary>
    public MachineCosts? Costs { get; init; }

    /// <inheritdoc/>
    public RunResult Run(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        Stopwatch wall = Stopwatch.StartNew();
        ModelSupport.Check(scenario);
        Machine machine = ModelBoot.Make(scenario, options, new ModelChoices(Glibc, Costs), OnBooted);
        AttachProbes(machine, scenario.Probes);
        OnReady?.Invoke(machine);
        return new ModelRun(machine, scenario, options, observer, cancel).Run(wall);
    }

    private static void AttachProbes(Machine machine, IReadOnlyList<string> functions)
    {
        foreach (string function in functions)
        {
            if (!machine.Probes.TryAttach(function))
            {
                throw new TargetUnavailableException(
                    $"probes: the model of kernel {machine.Era.Name} has no function {function} to probe: use {string.Join(", ", machine.Probes.Functions)}", FeatureAbsent);
            }
        }
    }
}
