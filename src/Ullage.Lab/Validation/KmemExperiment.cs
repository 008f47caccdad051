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
    private const string NumSlabs = ".num_slabs";
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
        StepResult work = result.Processes.Single(process => process.Name == "wl").Steps[IsPerl(measured) ? 1 : 0];
        bool limited = work.Errno != Errno.None;
        List<FidelityFigure> figures = [];
        foreach ((string counter, FidelityRule rule) in IsPerl(measured) ? OfPerl : Creates(measured) ? OfFiles(limited) : OfNames(limited))
        {
            List<long> kernel = [.. measured.Repeats.Where(repeat => repeat.ContainsKey(counter)).Select(repeat => repeat[counter])];
            if (kernel.Count > 0 && ModelValue(result, work, counter) is { } value)
            {
                figures.Add(new FidelityFigure(measured, counter, value, kernel, rule, rules.Batch, rules.ReclaimRetries + 2));
            }
        }
        return figures;
    }

    private static readonly (string Counter, FidelityRule Rule)[] OfPerl =
    [
        ("memory.failcnt", FidelityRule.Exact),
        ("memory.kmem.failcnt", FidelityRule.WithinHalfPercent),
        ("memory.kmem.max_usage_in_bytes", FidelityRule.Exact),
        (Slabs + "dentry" + NumSlabs, FidelityRule.WithinHalfPercent),
    ];

    private static (string Counter, FidelityRule Rule)[] OfNames(bool limited) =>
    [
        ("wl.enoent", FidelityRule.WithinOnePermille),
        ("memory.failcnt", FidelityRule.Exact),
        ("memory.kmem.failcnt", limited ? FidelityRule.WithinOnePermille : FidelityRule.Exact),
        ("memory.kmem.max_usage_in_bytes", limited ? FidelityRule.Exact : FidelityRule.WithinOnePermille),
    ];

    // Which allocation of a creation is the one too many, and so how often it was tried, is not compared: memory.kmem.failcnt was 1 to 5.
    private static (string Counter, FidelityRule Rule)[] OfFiles(bool limited) =>
    [
        ("wl.created", FidelityRule.WithinFivePercent),
        ("wl.errno", FidelityRule.Exact),
        ("memory.failcnt", FidelityRule.Exact),
        ("memory.kmem.max_usage_in_bytes", limited ? FidelityRule.Exact : FidelityRule.WithinFivePercent),
        (Slabs + "dentry" + NumSlabs, FidelityRule.WithinFivePercent),
        (Slabs + "ext4_inode_cache" + NumSlabs, FidelityRule.WithinFivePercent),
    ];

    private static long? ModelValue(RunResult result, StepResult work, string counter) => counter switch
    {
        "wl.enoent" or "wl.created" => work.Done,
        "wl.errno" => (long)work.Errno,
        _ when counter.StartsWith(Slabs, StringComparison.Ordinal) => SlabsOf(result, counter[Slabs.Length..^NumSlabs.Length]),
        _ => FileValue(result, counter),
    };

    private static long? SlabsOf(RunResult result, string cache) =>
        SlabInfo.TryParse(result.Files.Single(pair => pair.Key == Directory + "memory.kmem.slabinfo").Value, out SlabInfo? slabs, out _) ? slabs[cache]?.NumSlabs : null;

    private static long FileValue(RunResult result, string file) =>
        KernelFields.TryGet(Directory + file, result.Files.Single(pair => pair.Key == Directory + file).Value, "value", out string? value)
            ? long.Parse(value, CultureInfo.InvariantCulture) : -1;
}
