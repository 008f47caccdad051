using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>
/// Experiment E4: a file is read under a limit, in order or by draws, by read(2) or through a mapping. Each repetition had its own seed. Kernels with the
/// multi-generational LRU are left out: the model has the classic one.
/// </summary>
public static class FileReadExperiment
{
    private const string Group = "/gt/e4";
    private const string File = "/data/e4";
    private const string Vmstat = "/proc/vmstat";
    private const long StartNs = 1_000_000_000; // half-way between two flushes of statistics

    /// <summary>The scenario that repeats a repetition of a measured experiment, from 1.</summary>
    public static Scenario ScenarioOf(MeasuredExperiment measured, int repetition)
    {
        string limit = measured.CgroupVersion == 1 ? "memory.limit_in_bytes" : "memory.max";
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec { MemoryBytes = measured.RamBytes > 4L << 30 ? 24L << 30 : 2L << 30, Cpus = measured.Cpus, Disk = DiskOf(measured) },
            Cgroup = new CgroupSpec
            {
                Version = measured.CgroupVersion,
                Groups = [new GroupSpec { Path = Group, Writes = [new(limit, measured.LimitBytes.ToString(CultureInfo.InvariantCulture))] }],
            },
            Files = [new FileSpec(File, measured.FileBytes)],
            Processes = [new ProcessSpec { Name = "wl", Cgroup = Group, StartNs = StartNs, Do = [ReadOf(measured, repetition)] }],
            Collect = [Mount(measured) + Group + "/memory.stat", Vmstat],
        };
    }

    /// <summary>
    /// A random read took about 200 µs in the virtual machines and 90 µs on the host, the emulated CPU's part included. A window of readahead was there before the
    /// one before it was used up: the disks were files in the memory of a host, and the CPUs slow. The window is 128 KiB in the virtual machines and 8 MiB on the host.
    /// </summary>
    private static DiskSpec DiskOf(MeasuredExperiment measured)
    {
        bool isHost = measured.RamBytes > 4L << 30;
        bool alone = measured.Arguments.GetValueOrDefault("advice") == "random";
        return new DiskSpec
        {
            ReadLatencyNs = !alone ? 0 : isHost ? 90_000 : 200_000, WriteLatencyNs = 0, BandwidthBytesPerSecond = 1L << 50, ReadaheadBytes = isHost ? 8 << 20 : 128 << 10,
        };
    }

    private static ReadOperation ReadOf(MeasuredExperiment measured, int repetition)
    {
        string Argument(string name, string otherwise) => measured.Arguments.GetValueOrDefault(name, otherwise);
        string pattern = Argument("pattern", "seq");
        PatternSpec spec = new()
        {
            Pattern = pattern switch { "uniform" => AccessPattern.Uniform, "zipf" => AccessPattern.Zipf, _ => AccessPattern.Loop },
            Alpha = double.Parse(Argument("theta", "1.0"), CultureInfo.InvariantCulture),
            Passes = int.Parse(Argument("loops", "1"), CultureInfo.InvariantCulture),
            Count = measured.Arguments.TryGetValue("n", out string? draws) ? long.Parse(draws, CultureInfo.InvariantCulture) : null,
            Seed = ulong.Parse(Argument("seed", "1"), CultureInfo.InvariantCulture) + (ulong)(repetition - 1),
        };
        return new ReadOperation(File, spec) { ViaMmap = Argument("via", "read") == "mmap", Advice = Argument("advice", "normal") };
    }

    /// <summary>Runs the model once per repetition and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, ITarget model, IRunObserver observer)
    {
        if (measured.Lru != "classic" || KernelEras.Find(measured.Kernel) is null)
        {
            return [];
        }
        List<FidelityFigure> figures = [];
        for (int i = 0; i < measured.Repeats.Count; i++)
        {
            string id = measured.Repeats.Count == 1 ? measured.Id : string.Create(CultureInfo.InvariantCulture, $"{measured.Id}, seed {i + 1}");
            AddFigures(figures, measured with { Id = id, Repeats = [measured.Repeats[i]] }, model.Run(ScenarioOf(measured, i + 1), new RunOptions(), observer, CancellationToken.None));
        }
        return figures;
    }

    private static void AddFigures(List<FidelityFigure> figures, MeasuredExperiment measured, RunResult result)
    {
        IReadOnlyDictionary<string, long> kernel = measured.Repeats[0];
        void Add(string counter, long? ofModel, long? ofKernel, FidelityRule rule)
        {
            if (ofModel is { } value && ofKernel is { } expected)
            {
                figures.Add(new FidelityFigure(measured, counter, value, [expected], rule, 0, 0));
            }
        }
        IReadOnlyList<PassResult> passes = result.Processes[0].Steps[0].Passes ?? [];
        for (int pass = 1; pass <= passes.Count; pass++)
        {
            string number = pass.ToString(CultureInfo.InvariantCulture);
            long? hits = Ratio(Of(kernel, "wl.hits." + number), Of(kernel, "wl.misses." + number));
            Add("hit ratio of pass " + number, Ratio(passes[pass - 1].Hits, passes[pass - 1].Misses), hits, FidelityRule.WithinTwoPoints);
            Add("pages read in pass " + number, passes[pass - 1].ReadBytes >> 12, Of(kernel, "wl.loop_read_bytes." + number) >> 12, FidelityRule.WithinFivePercent);
        }
        foreach ((string name, FidelityRule rule) in new[] { ("refaults", FidelityRule.WithinTenPercent), ("pgscan", FidelityRule.WithinFifteenPercent), ("pgsteal", FidelityRule.WithinFifteenPercent) })
        {
            Add(name, ModelCount(measured, result, name), KernelCount(kernel, name), rule);
        }
        string stat = Mount(measured) + Group + "/";
        Add("active share", Ratio(FileValue(result, stat, "memory.stat.active_file"), FileValue(result, stat, "memory.stat.inactive_file")),
            Ratio(Of(kernel, "memory.stat.active_file"), Of(kernel, "memory.stat.inactive_file")), FidelityRule.WithinTenPoints);
    }

    private static long? Of(IReadOnlyDictionary<string, long> kernel, string counter) => kernel.TryGetValue(counter, out long value) ? value : null;

    private static long? Ratio(long? part, long? rest) => part + rest is > 0 and long sum ? part * 10_000 / sum : null;

    /// <summary>The cgroup's own count where the kernel has it, else the machine's.</summary>
    private static long? KernelCount(IReadOnlyDictionary<string, long> kernel, string name) => name switch
    {
        "refaults" => Of(kernel, "memory.stat.workingset_refault_file") ?? (Has(kernel, "vmstat_delta.workingset_refault", "vmstat_delta.workingset_refault_file") ?? 0),
        _ => Of(kernel, "memory.stat." + name) ?? (kernel.ContainsKey("vmstat_delta.pgscan_file") ? Of(kernel, $"vmstat_delta.{name}_file") ?? 0 : null),
    };

    private static long? Has(IReadOnlyDictionary<string, long> kernel, string old, string split) => Of(kernel, old) ?? Of(kernel, split);

    private static long? ModelCount(MeasuredExperiment measured, RunResult result, string name)
    {
        string directory = Mount(measured) + Group + "/";
        return name == "refaults"
            ? FileValue(result, directory, "memory.stat.workingset_refault_file") ?? FileValue(result, "/proc/", "vmstat.workingset_refault") ?? FileValue(result, "/proc/", "vmstat.workingset_refault_file")
            : FileValue(result, directory, "memory.stat." + name) ?? FileValue(result, "/proc/", $"vmstat.{name}_file");
    }
}
