using System.Globalization;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Model.Eras;
using static Ullage.Lab.Validation.ModelFiguresReader;

namespace Ullage.Lab.Validation;

/// <summary>
/// Experiment E5: anonymous memory under a limit that is too small for it, alone (<c>swaponly</c>) or beside a file that is read over and over. Each access reads
/// its page, then writes it. Kernels with the multi-generational LRU are left out: the model has the classic one. The CPU is as slow as the one of the file reads (E4).
/// </summary>
public static class SwapExperiment
{
    private const string Group = "/gt/e5";
    private const string File = "/data/f64";
    private const string Region = "anon";
    private const double LatencyNs = 30_000; // on a CPU that is as fast as the modelled ones
    private const long FlushPeriodNs = 2_000_000_000; // FLUSH_TIME
    private const int Starts = 16;
    private const long FileBytes = 64L << 20;
    private const long SwapBytes = (1L << 30) - 4096; // the first page of the device is its header
    private const string Vmstat = "/proc/vmstat";

    /// <summary>The scenario that repeats a measured experiment.</summary>
    /// <param name="measured">The experiment.</param>
    /// <param name="slowness">How many times longer its CPU needed than the modelled ones.</param>
    /// <param name="startNs">When it begins. The kernel flushes statistics every 2 s from boot on.</param>
    public static Scenario ScenarioOf(MeasuredExperiment measured, double slowness = 1, long startNs = FlushPeriodNs / 2)
    {
        bool isV1 = measured.CgroupVersion == 1;
        bool alone = measured.Case.Contains("swaponly", StringComparison.Ordinal);
        List<KeyValuePair<string, string>> writes = [new(isV1 ? "memory.limit_in_bytes" : "memory.max", measured.LimitBytes.ToString(CultureInfo.InvariantCulture))];
        List<KeyValuePair<string, string>> sysctl = [];
        if (Swappiness(measured) is { } swappiness)
        {
            (isV1 && !alone ? writes : sysctl).Add(new(isV1 && !alone ? "memory.swappiness" : "vm.swappiness", swappiness));
        }
        return new Scenario
        {
            Name = measured.Id, Kernel = measured.Kernel,
            Machine = new MachineSpec
            {
                MemoryBytes = measured.RamBytes > 4L << 30 ? 24L << 30 : 2L << 30, Cpus = measured.Cpus, Disk = DiskOf(measured, slowness),
                SwapBytes = measured.Case.Contains("swap0", StringComparison.Ordinal) ? 0 : SwapBytes,
            },
            Sysctl = sysctl,
            Cgroup = new CgroupSpec { Version = measured.CgroupVersion, Groups = [new GroupSpec { Path = Group, Writes = writes }] },
            Files = alone ? [] : [new FileSpec(File, FileBytes)],
            Processes = [new ProcessSpec { Name = "wl", Cgroup = Group, StartNs = startNs, Do = Steps(measured, alone) }],
            Collect = [Vmstat, Mount(measured) + Group + "/memory.stat"],
        };
    }

    /// <summary>A page took about 200 µs to come from the disk of the virtual machines, whose emulated CPUs are about seven times slower than the modelled ones.</summary>
    private static DiskSpec DiskOf(MeasuredExperiment measured, double slowness) => new()
    {
        ReadLatencyNs = (long)(LatencyNs * slowness), WriteLatencyNs = (long)(LatencyNs * slowness), BandwidthBytesPerSecond = 1L << 50,
        ReadaheadBytes = FileReadMachine.IsHost(measured) ? 8 << 20 : 128 << 10,
    };

    private static string? Swappiness(MeasuredExperiment measured)
    {
        foreach (string part in measured.Case.Split('-'))
        {
            if (part.Length > 2 && part.StartsWith("sw", StringComparison.Ordinal) && char.IsAsciiDigit(part[2]))
            {
                return part[2..];
            }
        }
        return null;
    }

    private static IReadOnlyList<Operation> Steps(MeasuredExperiment measured, bool alone)
    {
        long bytes = long.Parse(Argument(measured, alone ? "size" : "anon", "64M").TrimEnd('M'), CultureInfo.InvariantCulture) << 20;
        long accesses = long.Parse(Argument(measured, "n", "40000"), CultureInfo.InvariantCulture);
        PatternSpec pattern = PatternOf(measured, bytes >> 12, accesses);
        List<Operation> round = [new TouchOperation(Region, pattern, Write: false), new TouchOperation(Region, pattern, Write: true)];
        if (!alone)
        {
            round.Add(new ReadOperation(File, Loop(FileBytes >> 12, accesses)));
        }
        return [new MmapOperation(Region, bytes), new TouchOperation(Region, new PatternSpec(), Write: true), new InterleaveOperation(accesses, round)];
    }

    private static PatternSpec PatternOf(MeasuredExperiment measured, long pages, long accesses)
    {
        string pattern = Argument(measured, "pattern", "seq");
        return pattern == "seq" ? Loop(pages, accesses) : new PatternSpec
        {
            Pattern = pattern == "zipf" ? AccessPattern.Zipf : AccessPattern.Uniform,
            Alpha = double.Parse(Argument(measured, "theta", "1.0"), CultureInfo.InvariantCulture),
            Count = accesses, Seed = ulong.Parse(Argument(measured, "seed", "1"), CultureInfo.InvariantCulture),
        };
    }

    private static PatternSpec Loop(long pages, long accesses) => new() { Pattern = AccessPattern.Loop, Passes = (int)((accesses + pages - 1) / pages) };

    private static string Argument(MeasuredExperiment measured, string name, string otherwise) => measured.Arguments.GetValueOrDefault(name, otherwise);

    /// <summary>Runs the model for each experiment and sets its values beside the kernel's.</summary>
    /// <param name="all">The experiments.</param>
    /// <param name="fileReads">Those of E4, which tell how fast each kernel's CPU was.</param>
    public static IReadOnlyList<FidelityFigure> Compare(IReadOnlyList<MeasuredExperiment> all, IReadOnlyList<MeasuredExperiment> fileReads)
    {
        List<FidelityFigure> figures = [];
        foreach (MeasuredExperiment measured in all.Where(each => each.Lru == "classic" && KernelEras.Find(each.Kernel) is not null))
        {
            figures.AddRange(BestStart(measured, FileReadMachine.Of([.. fileReads.Where(each => each.Kernel == measured.Kernel)], fileReads)));
        }
        return figures;
    }

    /// <summary>As with file reads: where reclaim judges by statistics that are flushed every 2 s, the moment of the start is not known, and the best of sixteen is shown.</summary>
    private static List<FidelityFigure> BestStart(MeasuredExperiment measured, FileReadMachine machine)
    {
        List<FidelityFigure> best = Run(measured, machine, FlushPeriodNs / 2);
        for (int i = 0; i < Starts && KernelEras.Find(measured.Kernel)!.Vmscan.CountsLag && Misses(best) > 0; i++)
        {
            long startNs = FlushPeriodNs * i / Starts;
            string id = string.Create(CultureInfo.InvariantCulture, $"{measured.Id}, statistics flushed {startNs / 1_000_000} ms before");
            List<FidelityFigure> figures = Run(measured with { Id = id }, machine, startNs);
            best = Misses(figures) < Misses(best) ? figures : best;
        }
        return best;
    }

    private static int Misses(List<FidelityFigure> figures) => figures.Count(figure => figure.Passed == false);

    private static List<FidelityFigure> Run(MeasuredExperiment measured, FileReadMachine machine, long startNs)
    {
        RunResult result = new ModelTarget { Costs = machine.Costs }.Run(ScenarioOf(measured, machine.Slowness, startNs), new RunOptions(), new NobodyWatches(), CancellationToken.None);
        List<FidelityFigure> figures = [];
        long accesses = long.Parse(Argument(measured, "n", "40000"), CultureInfo.InvariantCulture);
        IReadOnlyList<long> majors = KernelValues(measured, "wl.access_majflt");
        if (majors.Count > 0 && FileValue(result, "/proc/", "vmstat.pgmajfault") is { } major)
        {
            figures.Add(new FidelityFigure(measured, "hit ratio", HitRatio(major, accesses), [.. majors.Select(value => HitRatio(value, accesses))], FidelityRule.WithinTwoPoints, 0, 0));
        }
        foreach ((string name, FidelityRule rule) in Counters)
        {
            long? ofModel = FileValue(result, "/proc/", "vmstat." + name);
            IReadOnlyList<long> ofKernel = [.. measured.Repeats.Select(repeat => repeat.GetValueOrDefault("vmstat_delta." + name))];
            if (ofModel is { } value && (value > 0 || ofKernel.Any(each => each > 0)))
            {
                figures.Add(new FidelityFigure(measured, name, value, ofKernel, rule, 0, 0));
            }
        }
        return figures;
    }

    private static readonly IReadOnlyList<(string Name, FidelityRule Rule)> Counters =
    [
        ("pswpin", FidelityRule.WithinTenPercent), ("pswpout", FidelityRule.WithinTenPercent),
        ("workingset_refault_anon", FidelityRule.WithinTenPercent), ("workingset_refault_file", FidelityRule.WithinTenPercent),
        ("pgscan_anon", FidelityRule.WithinFifteenPercent), ("pgscan_file", FidelityRule.WithinFifteenPercent),
        ("pgsteal_anon", FidelityRule.WithinFifteenPercent), ("pgsteal_file", FidelityRule.WithinFifteenPercent),
    ];

    private static long HitRatio(long majorFaults, long accesses) => (accesses - majorFaults) * 10_000 / accesses;
}
