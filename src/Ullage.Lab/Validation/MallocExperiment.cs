using System.Globalization;
using Ullage.Abi;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E12: which system calls malloc makes, and what it says about itself.</summary>
public static class MallocExperiment
{
    /// <summary>Its file.</summary>
    public const string FileName = "E12-host-malloc.json";

    private static readonly string[] PhaseNames = ["malloc", "free", "malloc2", "free_reverse"];

    /// <summary>What a series came to: the calls of each phase, and mallinfo2 after it.</summary>
    private sealed record Played(string Phase, MallocPhase Calls, IReadOnlyDictionary<string, long> Info);

    /// <summary>Runs the model and sets its values beside those measured.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(string directory)
    {
        MallocMeasurement measured = MallocMeasurement.Read(Path.Combine(directory, FileName));
        MeasuredExperiment experiment = new("E12-host-malloc", "6.18", "6.18 with glibc " + measured.Glibc, 1, "malloc", 0, 0, measured.Cpus, [new Dictionary<string, long>()]);
        GlibcRules release = GlibcReleases.Find(measured.Glibc)
            ?? throw new InvalidDataException($"{FileName}: glibc {measured.Glibc} is not modelled: measure one of {string.Join(", ", GlibcReleases.All)}");
        List<FidelityFigure> figures = [];
        void Add(string counter, long model, long kernel, FidelityRule rule = FidelityRule.Exact) =>
            figures.Add(new FidelityFigure(experiment, counter, model, [kernel], rule, 0, 0));
        foreach (MallocSeries series in measured.Series)
        {
            CompareSeries(series, release, Add);
        }
        foreach (MallocThreads threads in measured.Threads)
        {
            CompareThreads(threads, release, measured.Cpus, Add);
        }
        foreach (MallocLimit limit in measured.Limits)
        {
            CompareLimit(limit, release, Add);
        }
        return figures;
    }

    private delegate void AddFigure(string counter, long model, long kernel, FidelityRule rule = FidelityRule.Exact);

    private static void CompareSeries(MallocSeries series, GlibcRules release, AddFigure add)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{series.Count} x {series.Bytes} B, ");
        foreach (Played played in Play(series, release))
        {
            MallocPhase kernel = series.Phases[played.Phase];
            AddCalls(name + played.Phase, played.Calls, kernel, add);
            IReadOnlyDictionary<string, long> after = series.Notes["after_" + played.Phase];
            add($"{name}{played.Phase}: heap", played.Info["brk"], after["brk"] - series.Notes["start"]["brk"]);
            add($"{name}{played.Phase}: uordblks", played.Info["uordblks"], after["uordblks"]);
        }
    }

    private static void AddCalls(string name, MallocPhase model, MallocPhase kernel, AddFigure add)
    {
        AddUnlessNone(name + ": brk", model.Brk, kernel.Brk, add);
        AddUnlessNone(name + ": mmap", model.Mmap, kernel.Mmap, add);
        AddUnlessNone(name + ": munmap", model.Munmap, kernel.Munmap, add);
        AddUnlessNone(name + ": first brk step", model.FirstBrkSteps.FirstOrDefault(), kernel.FirstBrkSteps.FirstOrDefault(), add);
        AddUnlessNone(name + ": smallest mmap", model.MmapSizes.FirstOrDefault(), kernel.MmapSizes.FirstOrDefault(), add);
        AddUnlessNone(name + ": largest mmap", model.MmapSizes.LastOrDefault(), kernel.MmapSizes.LastOrDefault(), add);
    }

    private static void AddUnlessNone(string counter, long model, long kernel, AddFigure add)
    {
        if (model != 0 || kernel != 0)
        {
            add(counter, model, kernel);
        }
    }

    private static IEnumerable<Played> Play(MallocSeries series, GlibcRules release)
    {
        MallocWorkload workload = MallocWorkload.Begin(release);
        long start = workload.Calls.Break;
        List<long> chunks = [];
        foreach (string phase in PhaseNames)
        {
            workload.Calls.Forget();
            if (phase.StartsWith("malloc", StringComparison.Ordinal))
            {
                chunks = workload.Allocate(series.Bytes, series.Count);
            }
            else
            {
                workload.Free(phase == "free" ? chunks : Enumerable.Reverse(chunks));
            }
            workload.Malloc.Verify();
            yield return new Played(phase, Summary(workload), Info(workload, start));
        }
    }

    /// <summary>Counts as the measuring program made them: the first step of a phase is known only from the second call on.</summary>
    private static MallocPhase Summary(MallocWorkload workload)
    {
        IReadOnlyList<long> steps = workload.Sizes(MallocCallKind.Brk);
        IReadOnlyList<long> known = [.. steps.Skip(1)];
        return new MallocPhase(
            workload.Count(MallocCallKind.Brk), workload.Count(MallocCallKind.Mmap) + workload.Count(MallocCallKind.MmapReserve), workload.Count(MallocCallKind.Munmap),
            [.. known.Take(6)], [.. known.Distinct().Order()], [.. workload.Sizes(MallocCallKind.Mmap).Distinct().Order()],
            [.. workload.Sizes(MallocCallKind.Munmap).Distinct().Order()]);
    }

    private static Dictionary<string, long> Info(MallocWorkload workload, long startBreak)
    {
        MallInfo info = workload.Malloc.Info();
        return new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["arena"] = info.Arena, ["ordblks"] = info.Ordblks, ["hblks"] = info.Hblks, ["hblkhd"] = info.Hblkhd, ["uordblks"] = info.Uordblks,
            ["fordblks"] = info.Fordblks, ["keepcost"] = info.Keepcost, ["brk"] = workload.Calls.Break - startBreak,
        };
    }

    private static void CompareThreads(MallocThreads run, GlibcRules release, int cpus, AddFigure add)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{run.Threads} threads{(run.ArenaMax > 0 ? ", arena_max " + run.ArenaMax.ToString(CultureInfo.InvariantCulture) : "")}");
        MallocWorkload workload = MallocWorkload.Threads(
            new MallocOptions { Release = release, Cpus = cpus, ArenaMax = run.ArenaMax }, run.Threads, Math.Max(run.Bytes, 1000), Math.Max(run.Each, 1));
        workload.Malloc.Verify();
        add(name + ": arenas", workload.Malloc.Arenas, run.Arenas);
        if (run.Counts.Count > 0)
        {
            add(name + ": brk", workload.Count(MallocCallKind.Brk), run.Counts["brk"]);
            add(name + ": mprotect", workload.Count(MallocCallKind.Mprotect) + run.Threads, run.Counts["mprotect"]); // each stack's guard is one
            add(name + ": mmap", workload.Count(MallocCallKind.MmapReserve) + run.Threads, run.Counts["mmap"], FidelityRule.Timing);
        }
    }

    private static void CompareLimit(MallocLimit limit, GlibcRules release, AddFigure add)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{limit.Limit} {limit.Value}, {limit.Bytes} B");
        MallocWorkload workload = MallocWorkload.Begin(release, limit.Limit, limit.Value);
        long start = workload.Calls.Break;
        long done = workload.Allocate(limit.Bytes, limit.Count).Count;
        workload.Malloc.Verify();
        add(name + ": succeeded", done, limit.Succeeded);
        add(name + ": errno", done < limit.Count ? (long)Errno.ENOMEM : 0, limit.Errno);
        AddCalls(name, Summary(workload), limit.Calls, add);
        Dictionary<string, long> info = Info(workload, start);
        foreach (string field in limit.After.Keys.Where(field => field != "brk"))
        {
            add($"{name}: {field}", info[field], limit.After[field]);
        }
    }
}
