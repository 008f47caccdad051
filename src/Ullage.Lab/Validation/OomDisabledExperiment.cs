using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E3 with memory.oom_control 1: the task waits at the limit, goes on when the limit is raised, waits again, is killed from outside.</summary>
public static class OomDisabledExperiment
{
    private const string Group = "/gt/e3";
    private const long Raised = 60L << 20;
    private const long RaiseAfterNs = 2_500_000_000;
    private const long KillAfterNs = 500_000_000;

    /// <summary>The scenario that repeats a measured experiment.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured)
    {
        string directory = Mount(measured) + Group + "/";
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec { MemoryBytes = 2L << 30, Cpus = measured.Cpus },
            Cgroup = new CgroupSpec
            {
                Version = 1,
                Groups = [new GroupSpec { Path = Group, Writes = [new("memory.limit_in_bytes", measured.LimitBytes.ToString(CultureInfo.InvariantCulture)), new("memory.oom_control", "1")] }],
            },
            Processes =
            [
                new ProcessSpec { Name = "wl", Cgroup = Group, Do = [new GrowOperation(2 * measured.LimitBytes, 1 << 20, null)] },
                new ProcessSpec
                {
                    Name = "watcher",
                    Do =
                    [
                        new SleepOperation(RaiseAfterNs), new EchoOperation(directory + "memory.limit_in_bytes", Raised.ToString(CultureInfo.InvariantCulture)),
                        new SleepOperation(KillAfterNs), new KillOperation("wl", "SIGKILL"),
                    ],
                },
            ],
            Collect = [directory + "memory.failcnt", directory + "memory.max_usage_in_bytes", directory + "memory.limit_in_bytes", directory + "memory.oom_control"],
        };
    }

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        RunResult result = model.Run(ScenarioOf(measured), new RunOptions(), observer, CancellationToken.None);
        ChargingRules rules = KernelEras.Find(measured.Kernel)!.Charging;
        string directory = Mount(measured) + Group + "/";
        List<FidelityFigure> figures = [];
        foreach ((string counter, FidelityRule rule) in Counters)
        {
            figures.Add(new FidelityFigure(
                measured, counter, FileValue(result, directory, counter)!.Value, KernelValues(measured, counter), rule, rules.Batch, 2 * (rules.ReclaimRetries + 3)));
        }
        return figures;
    }

    private static IEnumerable<(string Counter, FidelityRule Rule)> Counters =>
    [
        ("memory.failcnt", FidelityRule.Rounds), ("memory.max_usage_in_bytes", FidelityRule.Exact), ("memory.limit_in_bytes", FidelityRule.Exact),
        ("memory.oom_control.oom_kill_disable", FidelityRule.Exact), ("memory.oom_control.under_oom", FidelityRule.Exact), ("memory.oom_control.oom_kill", FidelityRule.Exact),
    ];
}
