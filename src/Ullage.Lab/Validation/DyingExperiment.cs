using Ullage.Abi.Files;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>
/// Experiment E10: 200 cgroups one after another, each made, used by a job and removed. How many are still in memory three seconds later, and after
/// vm.drop_caches = 3?
/// </summary>
public static class DyingExperiment
{
    private const int Jobs = 200;
    private const long JobFileBytes = 64 << 10;

    /// <summary>The scenario that repeats a measured experiment.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured, bool drops)
    {
        List<Operation> steps =
        [
            new RepeatOperation(Jobs,
            [
                new MkdirOperation("/gt/job{i}"),
                new ForkOperation("job", "/gt/job{i}", [Job(measured.Case)]),
                new WaitOperation(),
                new RmdirOperation("/gt/job{i}"),
            ]),
            new SleepOperation(3_000_000_000),
        ];
        if (drops)
        {
            steps.Add(new EchoOperation("/proc/sys/vm/drop_caches", "3"));
            steps.Add(new SleepOperation(1_000_000_000));
        }
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec { MemoryBytes = 2L << 30, Cpus = measured.Cpus },
            Cgroup = new CgroupSpec
            {
                Version = measured.CgroupVersion,
                Groups = [new GroupSpec { Path = "/gt", Writes = measured.CgroupVersion == 2 ? [new("cgroup.subtree_control", "+memory")] : [] }],
            },
            Files = measured.Case == "file" ? [.. Enumerable.Range(1, Jobs).Select(i => new FileSpec(FormattableString.Invariant($"/data/f{i}"), JobFileBytes))] : [],
            Processes = [new ProcessSpec { Name = "harness", Do = steps }],
            Collect = ["/proc/cgroups"],
            StopAfterNs = 60_000_000_000,
        };
    }

    private static Operation Job(string kind) => kind switch
    {
        "anon" => new GrowOperation(1 << 20, 1 << 20, null),
        "file" => new ReadOperation("/data/f{i}", new PatternSpec()),
        _ => new StatMissingOperation("/names{i}", 50, 1),
    };

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        List<FidelityFigure> figures = [];
        foreach ((bool drops, string phase) in ((bool, string)[])[(false, "after_3s"), (true, "after_drop")])
        {
            RunResult result = model.Run(ScenarioOf(measured, drops), new RunOptions(), observer, CancellationToken.None);
            List<long> kernel = [];
            foreach (IReadOnlyDictionary<string, long> repeat in measured.Repeats)
            {
                if (repeat.TryGetValue(phase + ".num_cgroups", out long count))
                {
                    kernel.Add(count - repeat["before.num_cgroups"] - NewDirectories(repeat, phase));
                }
            }
            if (kernel.Count > 0 && Count(result) is { } model200)
            {
                figures.Add(new FidelityFigure(measured, phase + " dying cgroups", model200 - 2, kernel, FidelityRule.AllOrFew, Jobs, 0)); // the root and /gt live
            }
        }
        return figures;
    }

    /// <summary>Living cgroups that were not there before, and what earlier jobs had left is not counted; where nobody counted, it is the parent.</summary>
    private static long NewDirectories(IReadOnlyDictionary<string, long> repeat, string phase) =>
        repeat.TryGetValue(phase + ".dirs", out long directories) && repeat.TryGetValue("before.dirs", out long before) ? directories - before : 1;

    private static long? Count(RunResult result)
    {
        foreach ((string path, string text) in result.Files)
        {
            if (path == "/proc/cgroups" && ProcCgroups.TryParse(text, out ProcCgroups? cgroups, out _) && cgroups["memory"] is { } row)
            {
                return row.NumCgroups;
            }
        }
        return null;
    }
}
