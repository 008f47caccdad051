using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>
/// Experiment E1: missing names are looked up while only kernel memory is limited, then the process wants to fork. Its case <c>creat20M</c> creates files
/// instead. E1p is the article's own command: a shell enters an empty cgroup and becomes perl.
/// </summary>
public static class KmemExperiment
{
    private const string Group = "/gt/e1";
    private const string Directory = "/sys/fs/cgroup/memory" + Group + "/";
    private const string Slabs = "kmem_slabinfo.";
    private const long FilesToCreate = 40_000;
    private const long NamesOfPerl = 700_000;

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
            Processes = [new ProcessSpec { Name = "wl", Cgroup = Group, Do = Work(measured) }],
            Collect = [.. Files.Select(file => Directory + file)],
        };
    }

    private static IReadOnlyList<Operation> Work(MeasuredExperiment measured)
    {
        if (IsPerl(measured))
        {
            return [new ExecOperation("perl"), new StatMissingOperation("/", NamesOfPerl, 1) { UntilDone = true }];
        }
        return Creates(measured) ? [new CreateFilesOperation("/data/new", FilesToCreate, 0)] :
        [
            new StatMissingOperation("/data/neg", measured.Repeats[0]["wl.attempted"], 1) { UntilDone = true },
            new ForkOperation("child", null, [new ExitOperation(0)]) { UntilDone = true },
        ];
    }

    private static bool IsPerl(MeasuredExperiment measured) => measured.Id.StartsWith("E1p-", StringComparison.Ordinal);

    private static bool Creates(MeasuredExperiment measured) => measured.Case.StartsWith("creat", StringComparison.Ordinal);

    private static readonly string[] Files =
        ["memory.failcnt", "memory.kmem.failcnt", "memory.kmem.usage_in_bytes", "memory.kmem.max_usage_in_bytes", "memory.kmem.slabinfo"];

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        RunResult result = model.Run(ScenarioOf(measured), new RunOptions(), observer, CancellationToken.None);
        ChargingRules rules = KernelEras.Find(measured.Kernel)!.Charging;
        List<FidelityFigure> figures = [];
        StepResult work = result.Processes.Single(process => process.Name == "wl").Steps[IsPerl(measured) ? 1 : 0];
        Add("memory.failcnt", FileValue(result, "memory.failcnt"), FidelityRule.Exact);
        if (Creates(measured))
        {
            Add("wl.created", work.Done, FidelityRule.WithinFivePercent);
            Add("wl.errno", (long)work.Errno, FidelityRule.Exact);
        }
        else if (!IsPerl(measured))
        {
            Add("wl.enoent", work.Done, FidelityRule.WithinOnePermille);
        }
        bool limited = work.Errno != Errno.None;
        if (!Creates(measured)) // there some failures are of one try, some of two: it depends on which allocation is the one too many
        {
            FidelityRule refusals = IsPerl(measured) ? FidelityRule.WithinHalfPercent : FidelityRule.WithinOnePermille;
            Add("memory.kmem.failcnt", FileValue(result, "memory.kmem.failcnt"), limited ? refusals : FidelityRule.Exact);
        }
        Add("memory.kmem.max_usage_in_bytes", FileValue(result, "memory.kmem.max_usage_in_bytes"),
            limited ? FidelityRule.Exact : Creates(measured) ? FidelityRule.WithinFivePercent : FidelityRule.WithinOnePermille);
        AddSlabs("dentry");
        AddSlabs("ext4_inode_cache");
        return figures;

        void AddSlabs(string cache)
        {
            if ((IsPerl(measured) || Creates(measured)) && SlabsOf(result, cache) is { } slabs && (cache == "dentry" || Creates(measured)))
            {
                Add($"{Slabs}{cache}.num_slabs", slabs, IsPerl(measured) ? FidelityRule.WithinHalfPercent : FidelityRule.WithinFivePercent);
            }
        }

        void Add(string counter, long value, FidelityRule rule)
        {
            List<long> kernel = [.. measured.Repeats.Where(repeat => repeat.ContainsKey(counter)).Select(repeat => repeat[counter])];
            if (kernel.Count == 0)
            {
                return;
            }
            figures.Add(new FidelityFigure(measured, counter, value, kernel, rule, rules.Batch, rules.ReclaimRetries + 2));
        }
    }

    private static long? SlabsOf(RunResult result, string cache) =>
        SlabInfo.TryParse(result.Files.Single(pair => pair.Key == Directory + "memory.kmem.slabinfo").Value, out SlabInfo? slabs, out _) ? slabs[cache]?.NumSlabs : null;

    private static long FileValue(RunResult result, string file) =>
        KernelFields.TryGet(Directory + file, result.Files.Single(pair => pair.Key == Directory + file).Value, "value", out string? value)
            ? long.Parse(value, CultureInfo.InvariantCulture) : -1;
}
