using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E3: anonymous memory grows until the OOM killer comes, alone or beside a process that holds some.</summary>
public static class GrowthExperiment
{
    private const string Group = "/gt/e3";
    private const long Chunk = 1 << 20;

    /// <summary>The scenario that repeats a measured experiment.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured)
    {
        bool group = measured.Case.EndsWith("oomgroup", StringComparison.Ordinal);
        long holds = group ? 20 << 20 : measured.Case.EndsWith("holder60M", StringComparison.Ordinal) ? 60 << 20 : 0;
        ProcessSpec grower = Grower("wl", 2 * measured.LimitBytes, holds > 0 ? 1_000_000_000 : 0);
        ProcessSpec holder = Grower("holder", holds, 0) with { Do = [Grow(holds), new PauseOperation()] };
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec { MemoryBytes = 2L << 30, Cpus = measured.Cpus },
            Cgroup = new CgroupSpec { Version = measured.CgroupVersion, Groups = [new GroupSpec { Path = Group, Writes = Writes(measured, group) }] },
            Processes = holds > 0 ? [holder, grower] : [grower],
            Collect = [.. Files(measured).Select(file => Directory(measured) + file)],
        };
    }

    private static ProcessSpec Grower(string name, long bytes, long startNs) =>
        new() { Name = name, Cgroup = Group, StartNs = startNs, Do = [Grow(bytes)] };

    private static GrowOperation Grow(long bytes) => new(bytes, Chunk, null);

    private static List<KeyValuePair<string, string>> Writes(MeasuredExperiment measured, bool group)
    {
        string limit = measured.LimitBytes.ToString(CultureInfo.InvariantCulture);
        List<KeyValuePair<string, string>> writes = [new(measured.CgroupVersion == 1 ? "memory.limit_in_bytes" : "memory.max", limit)];
        if (group)
        {
            writes.Add(new("memory.oom.group", "1"));
        }
        return writes;
    }

    private static string Directory(MeasuredExperiment measured) => Mount(measured) + Group + "/";

    private static string[] Files(MeasuredExperiment measured) => measured.CgroupVersion == 1
        ? ["memory.failcnt", "memory.max_usage_in_bytes", "memory.oom_control"]
        : ["memory.events", "memory.peak"];

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        Scenario scenario = ScenarioOf(measured);
        RunResult result = model.Run(scenario, new RunOptions(), observer, CancellationToken.None);
        ChargingRules rules = KernelEras.Find(measured.Kernel)!.Charging;
        bool alone = scenario.Processes.Count == 1;
        List<FidelityFigure> figures = [];
        foreach ((string counter, FidelityRule rule) in Counters(measured, alone))
        {
            IReadOnlyList<long> kernel = KernelValues(measured, counter);
            if (kernel.Count > 0 && ModelValue(result, measured, counter) is { } value)
            {
                figures.Add(new FidelityFigure(measured, counter, value, kernel, rule, rules.Batch, rules.ReclaimRetries + 2));
            }
        }
        return figures;
    }

    private static IEnumerable<(string Counter, FidelityRule Rule)> Counters(MeasuredExperiment measured, bool alone)
    {
        FidelityRule retries = alone ? FidelityRule.FloorPlusBatch : FidelityRule.Timing;
        FidelityRule ooms = alone ? FidelityRule.Exact : FidelityRule.Timing;
        bool partial = measured.Case.EndsWith("oomgroup", StringComparison.Ordinal);
        bool paused = measured.Repeats.Count == 1; // the first repetition sleeps after each chunk and so changes CPU
        FidelityRule pages = partial ? FidelityRule.Timing : alone && !paused ? FidelityRule.WithinOnePage : FidelityRule.WithinOneBatch;
        yield return ("progress_ops", pages);
        yield return ("memory.max_usage_in_bytes", FidelityRule.Exact);
        yield return ("memory.peak", FidelityRule.Exact);
        yield return ("memory.failcnt", retries);
        yield return ("memory.events.max", retries);
        yield return ("memory.events.oom", ooms);
        yield return ("memory.events.oom_kill", FidelityRule.Exact);
        yield return ("memory.events.oom_group_kill", FidelityRule.Exact);
        yield return ("memory.oom_control.oom_kill", FidelityRule.Exact);
        yield return ("holder_rc", FidelityRule.Exact);
        yield return ("rc", FidelityRule.Exact);
    }

    private static long? ModelValue(RunResult result, MeasuredExperiment measured, string counter) => counter switch
    {
        "progress_ops" => result.Processes.Single(process => process.Name == "wl").Steps[0].Done,
        "rc" => ReturnCode(result, "wl"),
        "holder_rc" => ReturnCode(result, "holder"),
        _ => FileValue(result, Directory(measured), counter),
    };
}
