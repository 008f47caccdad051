using System.Globalization;
using System.Text.Json;

namespace Ullage.Lab.Validation;

/// <summary>System calls of one phase of experiment E12.</summary>
/// <param name="Brk">Calls of brk.</param>
/// <param name="Mmap">Calls of mmap.</param>
/// <param name="Munmap">Calls of munmap.</param>
/// <param name="FirstBrkSteps">How far the first ones moved the break; a refused one moves it 0.</param>
/// <param name="BrkSteps">Different steps, in order of size.</param>
/// <param name="MmapSizes">Different lengths of mmap, in order of size.</param>
/// <param name="MunmapSizes">Different lengths of munmap, in order of size.</param>
public sealed record MallocPhase(
    long Brk, long Mmap, long Munmap, IReadOnlyList<long> FirstBrkSteps, IReadOnlyList<long> BrkSteps, IReadOnlyList<long> MmapSizes, IReadOnlyList<long> MunmapSizes);

/// <summary>A series: as many chunks of one size allocated, freed, allocated, and freed from the last to the first.</summary>
/// <param name="Bytes">The size of a request.</param>
/// <param name="Count">How many.</param>
/// <param name="Phases">malloc, free, malloc2, free_reverse.</param>
/// <param name="Notes">What mallinfo2 said and where the break was: start, after_malloc, after_free, after_malloc2, after_free_reverse.</param>
public sealed record MallocSeries(
    long Bytes, int Count, IReadOnlyDictionary<string, MallocPhase> Phases, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Notes);

/// <summary>Threads that allocate.</summary>
/// <param name="Threads">How many.</param>
/// <param name="ArenaMax">The limit that the environment set; 0 = none.</param>
/// <param name="Bytes">The size of a request; 0 where only arenas were counted.</param>
/// <param name="Each">Requests of each thread.</param>
/// <param name="Arenas">Arenas at the end.</param>
/// <param name="Counts">System calls by name, those for stacks included; empty where only arenas were counted.</param>
public sealed record MallocThreads(int Threads, int ArenaMax, long Bytes, int Each, long Arenas, IReadOnlyDictionary<string, long> Counts);

/// <summary>Requests until the first NULL under a limit.</summary>
/// <param name="Limit"><c>data</c>, <c>as</c> (rlimits) or <c>block</c> (a mapping above the heap).</param>
/// <param name="Value">The limit in bytes.</param>
/// <param name="Bytes">The size of a request.</param>
/// <param name="Count">How many at most.</param>
/// <param name="Succeeded">How many succeeded.</param>
/// <param name="Errno">errno after the last.</param>
/// <param name="Calls">The system calls.</param>
/// <param name="After">What mallinfo2 said at the end.</param>
public sealed record MallocLimit(
    string Limit, long Value, long Bytes, int Count, long Succeeded, long Errno, MallocPhase Calls, IReadOnlyDictionary<string, long> After);

/// <summary>Experiment E12: what a real glibc asked a real kernel for.</summary>
/// <param name="Glibc">Its release.</param>
/// <param name="Cpus">CPUs of the machine.</param>
/// <param name="Series">One for each size.</param>
/// <param name="Threads">One for each number of threads.</param>
/// <param name="Limits">One for each limit and size.</param>
public sealed record MallocMeasurement(
    string Glibc, int Cpus, IReadOnlyList<MallocSeries> Series, IReadOnlyList<MallocThreads> Threads, IReadOnlyList<MallocLimit> Limits)
{
    /// <summary>Reads its file.</summary>
    public static MallocMeasurement Read(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement result = json.RootElement.GetProperty("result");
        return new MallocMeasurement(
            result.GetProperty("glibc").GetString()!, json.RootElement.GetProperty("cpus").GetInt32(),
            [.. result.GetProperty("series").EnumerateArray().Select(ReadSeries)],
            [.. result.GetProperty("threads").EnumerateArray().Select(ReadThreads)],
            [.. result.GetProperty("limits").EnumerateArray().Select(ReadLimit)]);
    }

    private static MallocSeries ReadSeries(JsonElement series) => new(
        series.GetProperty("size").GetInt64(), series.GetProperty("count").GetInt32(),
        series.GetProperty("phases").EnumerateObject().ToDictionary(phase => phase.Name, phase => ReadPhase(phase.Value), StringComparer.Ordinal),
        series.GetProperty("notes").EnumerateArray().Select(note => note.GetString()!.Split(' ')).Where(words => words.Length > 3)
            .ToDictionary(words => words[0], IReadOnlyDictionary<string, long> (words) => ReadNote(words), StringComparer.Ordinal));

    private static MallocPhase ReadPhase(JsonElement phase) => new(
        CountOf(phase, "brk"), CountOf(phase, "mmap"), CountOf(phase, "munmap"), Numbers(phase, "brk_steps_first"),
        [.. Numbers(phase, "brk_steps_distinct").Order()], [.. Numbers(phase, "mmap_sizes_distinct").Order()], [.. Numbers(phase, "munmap_sizes_distinct").Order()]);

    private static long CountOf(JsonElement phase, string call) =>
        phase.GetProperty("counts").TryGetProperty(call, out JsonElement count) ? count.GetInt64() : 0;

    private static List<long> Numbers(JsonElement phase, string name) => [.. phase.GetProperty(name).EnumerateArray().Select(number => number.GetInt64())];

    /// <summary>Words like <c>arena=135168</c>, <c>brk=0x55a71ff0d000</c>.</summary>
    private static Dictionary<string, long> ReadNote(IEnumerable<string> words)
    {
        Dictionary<string, long> values = new(StringComparer.Ordinal);
        foreach (string[] pair in words.Select(word => word.Split('=')).Where(pair => pair.Length == 2))
        {
            values[pair[0]] = pair[1].StartsWith("0x", StringComparison.Ordinal)
                ? long.Parse(pair[1].AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                : long.Parse(pair[1], CultureInfo.InvariantCulture);
        }
        return values;
    }

    private static MallocThreads ReadThreads(JsonElement run)
    {
        string? limit = run.TryGetProperty("env", out JsonElement env) ? env.EnumerateObject().First().Value.GetString() : null;
        return new MallocThreads(
            run.GetProperty("threads").GetInt32(), limit is null ? 0 : int.Parse(limit[(limit.IndexOf('=', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture),
            run.TryGetProperty("size", out JsonElement size) ? size.GetInt64() : 0, run.TryGetProperty("per_thread", out JsonElement each) ? each.GetInt32() : 0,
            ReadNote([run.GetProperty("notes")[0].GetString()!])["arenas"],
            run.TryGetProperty("counts", out JsonElement counts)
                ? counts.EnumerateObject().ToDictionary(count => count.Name, count => count.Value.GetInt64(), StringComparer.Ordinal) : new Dictionary<string, long>());
    }

    private static MallocLimit ReadLimit(JsonElement run)
    {
        string[] notes = [.. run.GetProperty("notes").EnumerateArray().Select(note => note.GetString()!)];
        Dictionary<string, long> end = ReadNote(notes.First(note => note.StartsWith("ok=", StringComparison.Ordinal)).Split(' '));
        return new MallocLimit(
            run.GetProperty("rlimit").GetString()!, run.GetProperty("value").GetInt64(), run.GetProperty("size").GetInt64(), run.GetProperty("count").GetInt32(),
            end["ok"], end["errno"], ReadPhase(run.GetProperty("summary")), ReadNote(notes.First(note => note.StartsWith("after ", StringComparison.Ordinal)).Split(' ')));
    }
}
