using System.Globalization;
using Ullage.Abi.Files;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E1: missing names are looked up while only kernel memory is limited, then the process wants to fork.</summary>
public static class KmemExperiment
{
    private const string Group = "/gt/e1";
    private const string Directory = "/sys/fs/cgroup/memory" + Group + "/";

    /// <summary>The scenario that repeats a measured experiment.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured)
    {
        string limit = measured.LimitBytes.ToString(CultureInfo.InvariantCulture);
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec { MemoryBytes = 2L << 30, Cpus = measured.Cpus },
            Cgroup = new CgroupSpec
            {
                Version = 1,
                Groups = [new GroupSpec { Path = Group, Writes = [new("memory.kmem.limit_in_bytes", limit)] }],
            },
            Processes =
            [
                new ProcessSpec
                {
                    Name = "wl", Cgroup = Group,
                    Do =
                    [
                        new StatMissingOperation("/data/neg", measured.Repeats[0]["wl.attempted"], 1) { UntilDone = true },
                        new ForkOperation("child", null, [new ExitOperation(0)]) { UntilDone = true },
                    ],
                },
            ],
            Collect = [.. Files.Select(file => Directory + file)],
        };
    }

    private static readonly string[] Files = ["memory.failcnt", "memory.kmem.failcnt", "memory.kmem.usage_in_bytes", "memory.kmem.max_usage_in_bytes"];

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        RunResult result = model.Run(ScenarioOf(measured), new RunOptions(), observer, CancellationToken.None);
        ChargingRules rules = KernelEras.Find(measured.Kernel)!.Charging;
        bool limited = measured.Repeats[0]["wl.enomem"] > 0;
        List<FidelityFigure> figures = [];
        Add("wl.enoent", result.Processes.Single(process => process.Name == "wl").Steps[0].Done, FidelityRule.WithinOnePermille);
        Add("memory.failcnt", FileValue(result, "memory.failcnt"), FidelityRule.Exact);
        Add("memory.kmem.failcnt", FileValue(result, "memory.kmem.failcnt"), limited ? FidelityRule.WithinOnePermille : FidelityRule.Exact);
        Add("memory.kmem.max_usage_in_bytes", FileValue(result, "memory.kmem.max_usage_in_bytes"), limited ? FidelityRule.Exact : FidelityRule.WithinOnePermille);
        return figures;

        void Add(string counter, long value, FidelityRule rule)
        {
            List<long> kernel = [.. measured.Repeats.Where(repeat => repeat.ContainsKey(counter)).Select(repeat => repeat[counter])];
            figures.Add(new FidelityFigure(measured, counter, value, kernel, rule, rules.Batch, rules.ReclaimRetries + 2));
        }
    }

    private static long FileValue(RunResult result, string file) =>
        KernelFields.TryGet(Directory + file, result.Files.Single(pair => pair.Key == Directory + file).Value, "value", out string? value)
            ? long.Parse(value, CultureInfo.InvariantCulture) : -1;
}
