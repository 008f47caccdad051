using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E8: on which level of a hierarchy failcnt, events and kills are counted when memory grows until some level's limit.</summary>
public static class HierarchyExperiment
{
    private const long Unlimited = -1;
    private const long GrowBytes = 300L << 20;
    private const long HeldBytes = 70L << 20;
    private const long GrowStartNs = 1_000_000_000;

    private static bool NoHierarchy(MeasuredExperiment measured) => measured.Case.EndsWith("-nohier", StringComparison.Ordinal);

    private static bool Holds(MeasuredExperiment measured) => measured.Case.StartsWith("hold_sibling", StringComparison.Ordinal);

    private static string Top(MeasuredExperiment measured) => NoHierarchy(measured) ? "e8nh" : "e8";

    /// <summary>The cgroups below the top, and their limits.</summary>
    private static IEnumerable<(string Path, long Limit)> Groups(MeasuredExperiment measured)
    {
        bool grand = measured.Case == "grand";
        yield return ("", measured.LimitBytes);
        yield return ("/A", Unlimited);
        yield return ("/B", Holds(measured) ? Unlimited : grand ? 60L << 20 : 50L << 20);
        if (grand)
        {
            yield return ("/B/g", 200L << 20);
        }
    }

    /// <summary>The scenario that repeats a measured experiment.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured)
    {
        string top = "/" + Top(measured);
        List<GroupSpec> groups = [];
        if (NoHierarchy(measured))
        {
            groups.Add(new GroupSpec { Path = "/", Writes = [new("memory.use_hierarchy", "0")] });
        }
        foreach ((string path, long limit) in Groups(measured))
        {
            string file = measured.CgroupVersion == 1 ? "memory.limit_in_bytes" : "memory.max";
            groups.Add(new GroupSpec { Path = top + path, Writes = limit == Unlimited ? [] : [new(file, limit.ToString(CultureInfo.InvariantCulture))] });
        }
        List<ProcessSpec> processes = [];
        if (Holds(measured))
        {
            processes.Add(new ProcessSpec { Name = "holder", Cgroup = top + "/A", Do = [new GrowOperation(HeldBytes, 1 << 20, null), new PauseOperation()] });
        }
        processes.Add(new ProcessSpec
        {
            Name = "wl", Cgroup = groups[^1].Path, StartNs = Holds(measured) ? GrowStartNs : 0, Do = [new GrowOperation(GrowBytes, 1 << 20, null)],
        });
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec { MemoryBytes = 2L << 30, Cpus = measured.Cpus },
            Cgroup = new CgroupSpec { Version = measured.CgroupVersion, Groups = groups },
            Processes = processes,
            Collect = [.. Groups(measured).SelectMany(group => Files(measured).Select(file => Mount(measured) + top + group.Path + "/" + file))],
            StopAfterNs = 20_000_000_000,
        };
    }

    private static string[] Files(MeasuredExperiment measured) => measured.CgroupVersion == 1
        ? ["memory.failcnt", "memory.max_usage_in_bytes", "memory.oom_control"]
        : ["memory.events", "memory.events.local"];

    /// <summary>Runs the model and sets its values beside the kernel's, level by level.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        RunResult result = model.Run(ScenarioOf(measured), new RunOptions(), observer, CancellationToken.None);
        ChargingRules rules = KernelEras.Find(measured.Kernel)!.Charging;
        List<FidelityFigure> figures = [];
        void Add(string name, long? value, IReadOnlyList<long> kernel, FidelityRule rule)
        {
            if (value is { } number && kernel.Count > 0)
            {
                figures.Add(new FidelityFigure(measured, name, number, kernel, rule, rules.Batch, rules.ReclaimRetries + 2));
            }
        }
        Add("grower_pages", result.Processes.Single(process => process.Name == "wl").Steps[0].Done, KernelValues(measured, "grower_pages"), FidelityRule.WithinOneBatch);
        Add("grower_rc", ReturnCode(result, "wl"), KernelValues(measured, "grower_rc"), FidelityRule.Exact);
        Add("holder_rc", ReturnCode(result, "holder"), KernelValues(measured, "holder_rc"), FidelityRule.Exact);
        foreach ((string path, _) in Groups(measured))
        {
            string name = Top(measured) + path;
            string measuredName = NoHierarchy(measured) ? "../" + name : name;
            foreach ((string counter, FidelityRule rule) in Counters(measured, path))
            {
                string phase = counter.StartsWith("memory.oom_control", StringComparison.Ordinal) ? "snapshots." : "after.";
                long? value = FileValue(result, Mount(measured) + "/" + name + "/", counter);
                Add(name + " " + counter, value, KernelValues(measured, phase + measuredName + "." + counter), rule);
            }
        }
        return figures;
    }

    private static IEnumerable<(string Counter, FidelityRule Rule)> Counters(MeasuredExperiment measured, string path)
    {
        FidelityRule attempts = Holds(measured) ? FidelityRule.Moves : FidelityRule.FloorPlusBatch;
        if (measured.CgroupVersion == 1)
        {
            yield return ("memory.failcnt", attempts);
            yield return ("memory.oom_control.oom_kill", FidelityRule.Exact);
            if (path == "/B" && !Holds(measured))
            {
                yield return ("memory.max_usage_in_bytes", FidelityRule.Exact);
            }
            yield break;
        }
        foreach (string file in (string[])["memory.events", "memory.events.local"])
        {
            yield return (file + ".max", attempts);
            yield return (file + ".oom", Holds(measured) ? FidelityRule.Moves : FidelityRule.Exact);
            yield return (file + ".oom_kill", FidelityRule.Exact);
        }
    }
}
