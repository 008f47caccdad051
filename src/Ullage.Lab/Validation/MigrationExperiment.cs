using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E9: a process with 32 MiB of anonymous memory and 16 MiB that it has read moves from A to B, and exits there.</summary>
public static class MigrationExperiment
{
    private const string Region = "anon";
    private const long AnonBytes = 32L << 20;
    private const string File = "/data/e9";
    private const long ReadBytes = 16L << 20;
    private const int BusyPasses = 5_000;
    private const long HarnessStartNs = 150_000_000;

    private static readonly string[] V1Files = ["memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.stat"];
    private static readonly string[] V2Files = ["memory.current", "memory.stat"];

    private static string? FlagOf(MeasuredExperiment measured) =>
        measured.Case.StartsWith("move", StringComparison.Ordinal) ? measured.Case["move".Length..] : null;

    /// <summary>The scenario that repeats a measured experiment, up to the move or beyond the exit.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured, bool exits)
    {
        List<Operation> harness = [];
        if (FlagOf(measured) is { } flag)
        {
            harness.Add(new EchoOperation(Mount(measured) + "/B/memory.move_charge_at_immigrate", flag) { UntilDone = true });
        }
        harness.Add(new MoveOperation("mover", "/B", Thread: false) { UntilDone = true });
        List<Operation> steps =
        [
            new MmapOperation(Region, AnonBytes),
            new TouchOperation(Region, new PatternSpec(), Write: true),
            new ReadOperation(File, new PatternSpec()),
            new TouchOperation(Region, new PatternSpec { Pattern = AccessPattern.Loop, Passes = BusyPasses }, Write: false), // so the harness runs on the other CPU
        ];
        if (!exits)
        {
            steps.Add(new PauseOperation());
        }
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec { MemoryBytes = 2L << 30, Cpus = measured.Cpus },
            Cgroup = new CgroupSpec { Version = measured.CgroupVersion, Groups = [new GroupSpec { Path = "/A" }, new GroupSpec { Path = "/B" }] },
            Files = [new FileSpec(File, ReadBytes)],
            Processes = [new ProcessSpec { Name = "mover", Cgroup = "/A", Do = steps }, new ProcessSpec { Name = "harness", StartNs = HarnessStartNs, Do = harness }],
            Collect = [.. ((string[])["/A/", "/B/"]).SelectMany(group => (measured.CgroupVersion == 1 ? V1Files : V2Files).Select(file => Mount(measured) + group + file))],
            StopAfterNs = 60_000_000_000,
        };
    }

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        List<FidelityFigure> figures = [];
        ChargingRules rules = KernelEras.Find(measured.Kernel)!.Charging;
        int batch = rules.Batch * KernelConstants.PageSize;
        foreach (bool exits in (bool[])[false, true])
        {
            RunResult result = model.Run(ScenarioOf(measured, exits), new RunOptions(), observer, CancellationToken.None);
            string phase = exits ? "after_exit" : "after_move";
            foreach ((string group, string counter, FidelityRule rule) in Counters(measured, exits))
            {
                IReadOnlyList<long> kernel = KernelValues(measured, $"{phase}.{group}.{counter}");
                if (kernel.Count > 0 && FileValue(result, $"{Mount(measured)}/{group}/", counter) is { } value)
                {
                    figures.Add(new FidelityFigure(measured, $"{phase} {group} {counter}", value, kernel, rule, batch, 0));
                }
            }
            if (!exits)
            {
                AddErrnos(figures, measured, result, batch);
            }
        }
        return figures;
    }

    private static void AddErrnos(List<FidelityFigure> figures, MeasuredExperiment measured, RunResult result, int batch)
    {
        IReadOnlyList<StepResult> steps = result.Processes.Single(process => process.Name == "harness").Steps;
        foreach ((string counter, string operation) in ((string, string)[])[("set_errno", "echo"), ("move_errno", "move")])
        {
            if (steps.FirstOrDefault(step => step.Op == operation) is { } step)
            {
                IReadOnlyList<long> kernel = KernelValues(measured, counter);
                figures.Add(new FidelityFigure(measured, counter, (long)step.Errno, kernel.Count > 0 ? kernel : [0], FidelityRule.Exact, batch, 0));
            }
        }
    }

    /// <summary>Usage is exact to a batch of stock, and what the worker itself has of kernel memory is less than one; charges are exact.</summary>
    private static IEnumerable<(string Group, string Counter, FidelityRule Rule)> Counters(MeasuredExperiment measured, bool exits)
    {
        bool v1 = measured.CgroupVersion == 1;
        string usage = v1 ? "memory.usage_in_bytes" : "memory.current";
        string anon = v1 ? "memory.stat.rss" : "memory.stat.anon";
        yield return ("A", usage, FidelityRule.FivePercentOrMiB); // readahead beyond the file's 16 MiB, and the worker's kernel memory
        yield return ("B", usage, FidelityRule.BatchEitherWay);
        yield return ("A", anon, FidelityRule.WithinOnePageBytes);
        yield return ("B", anon, FidelityRule.WithinOnePageBytes);
        if (v1 && !exits)
        {
            yield return ("B", "memory.max_usage_in_bytes", FidelityRule.WithinOneBatch);
            yield return ("A", "memory.stat.pgpgout", FidelityRule.Exact);
            yield return ("B", "memory.stat.pgpgin", FidelityRule.Exact);
        }
    }
}
