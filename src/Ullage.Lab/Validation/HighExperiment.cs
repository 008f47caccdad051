using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E6: anonymous memory grows past memory.high for 30 s, or a file of twice memory.high is read three times.</summary>
public static class HighExperiment
{
    private const string Group = "/gt/e6";
    private const long RunNs = 30_000_000_000;

    private const string DataFile = "/data/f";
    private const int Passes = 3;

    private static bool Reads(MeasuredExperiment measured) => measured.Case.EndsWith("-fread", StringComparison.Ordinal);

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
        Files = Reads(measured) ? [new FileSpec(DataFile, 2 * measured.LimitBytes)] : [],
        Processes =
        [
            new ProcessSpec
            {
                Name = "wl", Cgroup = Group,
                Do = [Reads(measured) ? new ReadOperation(DataFile, new PatternSpec { Pattern = AccessPattern.Loop, Passes = Passes }) : new GrowOperation(3 * measured.LimitBytes, 1 << 20, null)],
            },
        ],
        Collect = [.. new[] { "events", "peak", "current", "stat" }.Select(file => Mount(measured) + Group + "/memory." + file)],
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
        FidelityFigure Collected(string counter, FidelityRule rule) => Figure(counter, FileValue(result, directory, counter)!.Value, rule);
        if (Reads(measured))
        {
            return
            [
                Figure("progress_ops", result.Processes[0].Steps[0].Done, FidelityRule.Exact),
                Collected("memory.events.high", FidelityRule.Exact), Collected("memory.events.max", FidelityRule.Exact), Collected("memory.events.oom", FidelityRule.Exact),
                Collected("memory.peak", FidelityRule.Exact), Collected("memory.current", FidelityRule.WithinOnePermille),
                Collected("memory.stat.pgscan", FidelityRule.WithinOnePermille), Collected("memory.stat.pgsteal", FidelityRule.WithinOnePermille),
                Collected("memory.stat.workingset_refault_file", FidelityRule.Exact), Collected("memory.stat.workingset_activate_file", FidelityRule.Exact),
            ];
        }
        return
        [
            Figure("progress_ops", result.Processes[0].Steps[0].Done, FidelityRule.WithinOneBatch),
            Collected("memory.events.high", FidelityRule.Exact), Collected("memory.events.oom", FidelityRule.Exact), Collected("memory.peak", FidelityRule.Exact),
        ];
    }
}
