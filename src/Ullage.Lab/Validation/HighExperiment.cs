using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E6: anonymous memory grows past memory.high for 30 s.</summary>
public static class HighExperiment
{
    private const string Group = "/gt/e6";
    private const long RunNs = 30_000_000_000;

    /// <summary>The scenario that repeats a measured experiment. The measured worker looked at its clock after each page and ended soon after 30 s.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured) => new()
    {
        Name = measured.Id, Kernel = measured.Kernel,
        Machine = new MachineSpec { MemoryBytes = 2L << 30, Cpus = measured.Cpus },
        Cgroup = new CgroupSpec
        {
            Version = measured.CgroupVersion,
            Groups = [new GroupSpec { Path = Group, Writes = [new("memory.high", measured.LimitBytes.ToString(CultureInfo.InvariantCulture))] }],
        },
        Processes = [new ProcessSpec { Name = "wl", Cgroup = Group, Do = [new GrowOperation(3 * measured.LimitBytes, 1 << 20, null)] }],
        Collect = [Mount(measured) + Group + "/memory.events", Mount(measured) + Group + "/memory.peak"],
        StopAfterNs = RunNs,
    };

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        RunResult result = model.Run(ScenarioOf(measured), new RunOptions(), observer, CancellationToken.None);
        ChargingRules rules = KernelEras.Find(measured.Kernel)!.Charging;
        string directory = Mount(measured) + Group + "/";
        FidelityFigure Figure(string counter, long value, FidelityRule rule) =>
            new(measured, counter, value, KernelValues(measured, counter), rule, rules.Batch, rules.ReclaimRetries + 2);
        return
        [
            Figure("progress_ops", result.Processes[0].Steps[0].Done, FidelityRule.WithinOneBatch),
            Figure("memory.events.high", FileValue(result, directory, "memory.events.high")!.Value, FidelityRule.Exact),
            Figure("memory.events.oom", FileValue(result, directory, "memory.events.oom")!.Value, FidelityRule.Exact),
            Figure("memory.peak", FileValue(result, directory, "memory.peak")!.Value, FidelityRule.Exact),
        ];
    }
}
