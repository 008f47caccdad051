using System.Globalization;
using Ullage.Abi.Files;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Model;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>
/// Experiment E2: stat(2) of missing names fills a memory limit, and reclaim takes the negative dentries away again. How deep one run of it
/// goes depends on when a grace period ends, and that on chance: on ticks, and on what else runs. So the model runs with many seeds, and what was measured has
/// to be among the results. Where a run goes to the end in any case (on 4.15, where the first pass scans all, and from 6.4 on, where freed slab pages do
/// not count) one seed is enough.
/// </summary>
public static class DentryExperiment
{
    private const string Group = "/gt/e2";
    private const string Names = "/data/neg";
    private const string Slabs = "kmem_slabinfo.";
    private const string PressureFile = "/proc/pressure/memory";
    private const string Scanned = "vmstat_delta.slabs_scanned";
    private const string Stall = "psi_delta_us.some";
    private const string HonestTimes = "6.18"; // the others ran in an emulated machine, several times slower
    private const int SeedCount = 40;

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
                Version = measured.CgroupVersion,
                Groups = [new GroupSpec { Path = Group, Writes = [new(measured.CgroupVersion == 1 ? "memory.limit_in_bytes" : "memory.max", limit)] }],
            },
            Processes = [new ProcessSpec { Name = "wl", Cgroup = Group, Do = [new StatMissingOperation(Names, measured.Repeats[0]["progress_ops"], 0)] }],
            Collect = ["/proc/vmstat", .. KernelEras.Find(measured.Kernel)!.Pressure.Exists ? (string[])[PressureFile] : [], .. Files(measured).Select(file => Directory(measured) + file)],
        };
    }

    private static string Directory(MeasuredExperiment measured) => (measured.CgroupVersion == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup") + Group + "/";

    private static string[] Files(MeasuredExperiment measured) => measured.CgroupVersion == 1
        ? ["memory.failcnt", "memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.kmem.usage_in_bytes", "memory.kmem.max_usage_in_bytes",
            "memory.kmem.failcnt", "memory.oom_control", "memory.kmem.slabinfo"]
        : ["memory.events", "memory.current", "memory.peak", "memory.stat"];

    /// <summary>
    /// How long things took where it was measured: a lookup with room, evicting one dentry (the stall that PSI counted, by the objects scanned), and how
    /// seldom another task had the CPU (E4 without reclaim: every 120 to 560 ms). They are given to the model; counts are what comes out.
    /// </summary>
    public static MachineCosts CostsOf(MeasuredExperiment measured)
    {
        ArgumentNullException.ThrowIfNull(measured);
        long ops = Sum(measured, "progress_ops");
        long stallUs = Sum(measured, Stall);
        long scanned = Sum(measured, Scanned);
        return stallUs <= 0 || scanned <= 0 || measured.Kernel == HonestTimes ? new MachineCosts() : new MachineCosts
        {
            StatMissNs = (int)((Sum(measured, "progress_ns") - (stallUs * 1000)) / ops),
            DentryEvictNs = (int)(stallUs * 1000 / scanned),
            OtherTaskEveryNs = 250_000_000,
        };
    }

    private static long Sum(MeasuredExperiment measured, string counter) => measured.Repeats.Sum(repeat => repeat.GetValueOrDefault(counter));

    /// <summary>Runs the model and sets its values beside the kernel's.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(MeasuredExperiment measured, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(measured);
        KernelEra era = KernelEras.Find(measured.Kernel)!;
        bool toTheEnd = era.Reclaim.Delta == ShrinkerDelta.LruProportion || !era.Reclaim.SlabCountsForMemcg;
        ModelTarget model = new() { Costs = CostsOf(measured) };
        Scenario scenario = ScenarioOf(measured);
        List<RunResult> results = [];
        for (int seed = 1; seed <= (toTheEnd ? 1 : SeedCount); seed++)
        {
            results.Add(model.Run(scenario, new RunOptions { Seed = (ulong)seed }, observer, CancellationToken.None));
        }
        List<FidelityFigure> figures = [];
        foreach ((string counter, FidelityRule rule) in Counters(toTheEnd, measured.Kernel == HonestTimes))
        {
            List<long> kernel = [.. measured.Repeats.Where(repeat => repeat.ContainsKey(counter)).Select(repeat => repeat[counter])];
            List<long> values = [.. results.Select(result => ModelValue(result, measured, counter)).OfType<long>()];
            if (kernel.Count > 0 && values.Count > 0)
            {
                figures.Add(new FidelityFigure(measured, counter, values[0], kernel, rule, era.Charging.Batch, era.Charging.ReclaimRetries + 2)
                {
                    Seeds = rule is FidelityRule.AmongSeeds or FidelityRule.BetweenSeeds ? values : [],
                });
            }
        }
        return figures;
    }

    private static IEnumerable<(string Counter, FidelityRule Rule)> Counters(bool toTheEnd, bool hasHonestTimes)
    {
        FidelityRule depth = toTheEnd ? FidelityRule.WithinFivePercent : FidelityRule.AmongSeeds;
        yield return ("progress_ops", FidelityRule.Exact);
        yield return ("rc", FidelityRule.Exact);
        yield return ("memory.max_usage_in_bytes", FidelityRule.Exact);
        yield return ("memory.peak", FidelityRule.Exact);
        yield return ("memory.kmem.max_usage_in_bytes", FidelityRule.WithinFivePercent);
        yield return ("memory.kmem.failcnt", FidelityRule.Exact);
        yield return ("memory.events.oom_kill", FidelityRule.Exact);
        yield return ("memory.oom_control.oom_kill", FidelityRule.Exact);
        yield return ("memory.failcnt", toTheEnd ? FidelityRule.FloorPlusBatch : FidelityRule.BetweenSeeds);
        yield return ("memory.events.max", toTheEnd ? FidelityRule.Exact : FidelityRule.BetweenSeeds);
        yield return ("memory.usage_in_bytes", depth);
        yield return ("memory.kmem.usage_in_bytes", depth);
        yield return ("memory.current", depth);
        yield return ("memory.stat.slab_reclaimable", depth);
        yield return (Slabs + "dentry.num_slabs", depth);
        yield return (Slabs + "dentry.active_objs", depth);
        yield return (Slabs + "ext4_inode_cache.num_slabs", FidelityRule.Exact);
        yield return (Scanned, depth);
        yield return (Stall, hasHonestTimes ? FidelityRule.WithinFactorTwo : FidelityRule.Timing);
    }

    private static long? ModelValue(RunResult result, MeasuredExperiment measured, string counter)
    {
        ProcessResult worker = result.Processes.Single(process => process.Name == "wl");
        return counter switch
        {
            "progress_ops" => worker.Steps[0].Done,
            "rc" => worker.Signal == "SIGKILL" ? -9 : worker.ExitCode,
            Stall => Field(result, PressureFile, "some.total"),
            Scanned => Field(result, "/proc/vmstat", "slabs_scanned"),
            _ when counter.StartsWith(Slabs, StringComparison.Ordinal) => SlabValue(result, Directory(measured) + "memory.kmem.slabinfo", counter.Split('.')),
            _ => FileValue(result, Directory(measured), counter),
        };
    }

    private static long? FileValue(RunResult result, string directory, string counter)
    {
        foreach (string path in result.Files.Select(file => file.Key).Where(path => path.StartsWith(directory, StringComparison.Ordinal)))
        {
            string file = path[directory.Length..];
            string? field = counter == file ? "value" : counter.StartsWith(file + ".", StringComparison.Ordinal) ? counter[(file.Length + 1)..] : null;
            if (field is not null && Field(result, path, field) is { } value)
            {
                return value;
            }
        }
        return null;
    }

    private static long? Field(RunResult result, string path, string field) =>
        Text(result, path) is { } text && KernelFields.TryGet(path, text, field, out string? value) ? long.Parse(value, CultureInfo.InvariantCulture) : null;

    private static long? SlabValue(RunResult result, string path, string[] counter)
    {
        SlabInfoRow? row = Text(result, path) is { } text && SlabInfo.TryParse(text, out SlabInfo? slabs, out _) ? slabs[counter[1]] : null;
        return counter[2] == "num_slabs" ? row?.NumSlabs : row?.ActiveObjs;
    }

    private static string? Text(RunResult result, string path) => result.Files.Where(file => file.Key == path).Select(file => file.Value).FirstOrDefault();
}
