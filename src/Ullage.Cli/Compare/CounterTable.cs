using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Units;
using Ullage.Lab.Results;

namespace Ullage.Cli.Compare;

/// <summary>One counter on two sides. A side is a range when it was measured several times.</summary>
/// <param name="File">Its file, or the process and step.</param>
/// <param name="Field">Its name.</param>
/// <param name="First">What the first side gave: least and greatest; null = unavailable there.</param>
/// <param name="Second">The same of the second side.</param>
/// <param name="Allowed">How far the two may lie apart without meaning anything.</param>
internal sealed record CounterDifference(string File, string Field, CounterRange? First, CounterRange? Second, decimal Allowed)
{
    /// <summary>Second minus first, in the middle of their ranges; null when a side is missing.</summary>
    public decimal? Difference => First is CounterRange a && Second is CounterRange b ? b.Middle - a.Middle : null;

    /// <summary>True when the ranges lie further apart than is allowed.</summary>
    public bool Beyond => First is CounterRange a && Second is CounterRange b && Math.Max(b.Least - a.Greatest, a.Least - b.Greatest) > Allowed;

    /// <summary>True when one side has it and the other has not.</summary>
    public bool OneSided => First is null != Second is null;
}

/// <summary>The range of values that were measured, and the text of the only one when it is no number.</summary>
internal sealed record CounterRange(decimal Least, decimal Greatest)
{
    public decimal Middle => (Least + Greatest) / 2;

    public override string ToString() => Least == Greatest ? Plain(Least) : $"{Plain(Least)}…{Plain(Greatest)}";

    private static string Plain(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}

/// <summary>Lays the counters of two sets of runs beside each other.</summary>
internal static class CounterTable
{
    // The kernel charges in batches: what one CPU holds in stock makes two equal runs differ by that much.
    private const decimal BatchPages = 64;
    private static readonly string[] PageCounters = ["pg", "nr_", "workingset", "failcnt"];

    public static IReadOnlyList<CounterDifference> Of(IReadOnlyList<RunResult> first, IReadOnlyList<RunResult> second)
    {
        List<(string File, string Field)> order = [];
        Dictionary<(string, string), CounterRange> a = Ranges(first, order);
        Dictionary<(string, string), CounterRange> b = Ranges(second, order);
        return [.. order.Distinct().Select(key => new CounterDifference(key.File, key.Field, a.GetValueOrDefault(key), b.GetValueOrDefault(key), Allowed(key.File, key.Field)))];
    }

    /// <summary>The figures of two recordings.</summary>
    public static IReadOnlyList<CounterDifference> Of(IReadOnlyList<(string Place, string Field, CounterRange Range)> first, IReadOnlyList<(string Place, string Field, CounterRange Range)> second)
    {
        Dictionary<(string, string), CounterRange> a = first.ToDictionary(each => (each.Place, each.Field), each => each.Range);
        Dictionary<(string, string), CounterRange> b = second.ToDictionary(each => (each.Place, each.Field), each => each.Range);
        return [.. first.Concat(second).Select(each => (each.Place, each.Field)).Distinct().Select(key => new CounterDifference(key.Place, key.Field, a.GetValueOrDefault(key), b.GetValueOrDefault(key), 0))];
    }

    private static decimal Allowed(string file, string field)
    {
        string name = field == "value" ? file[(file.LastIndexOf('/') + 1)..] : field;
        bool pages = PageCounters.Any(start => name.Contains(start, StringComparison.Ordinal)) || field == "pages";
        bool bytes = file.EndsWith("_in_bytes", StringComparison.Ordinal) || file.EndsWith("/memory.stat", StringComparison.Ordinal)
            || name is "memory.current" or "memory.peak" or "memory.swap.current";
        return pages ? BatchPages : bytes ? BatchPages * KernelConstants.PageSize : 0;
    }

    private static Dictionary<(string, string), CounterRange> Ranges(IReadOnlyList<RunResult> results, List<(string, string)> order)
    {
        Dictionary<(string, string), CounterRange> ranges = [];
        foreach (RunResult result in results)
        {
            foreach ((string file, string field, decimal value) in Counters(result))
            {
                order.Add((file, field));
                ranges[(file, field)] = ranges.TryGetValue((file, field), out CounterRange? known)
                    ? new CounterRange(Math.Min(known.Least, value), Math.Max(known.Greatest, value))
                    : new CounterRange(value, value);
            }
        }
        return ranges;
    }

    private static IEnumerable<(string File, string Field, decimal Value)> Counters(RunResult result)
    {
        foreach (ProcessResult process in result.Processes.DistinctBy(process => process.Name))
        {
            for (int i = 0; i < process.Steps.Count; i++)
            {
                string unit = Run.Fate.UnitOf(process.Steps[i].Op) is string noun ? noun + "s" : "done";
                yield return (string.Create(CultureInfo.InvariantCulture, $"process {process.Name}, step {i} ({process.Steps[i].Op})"), unit, process.Steps[i].Done);
            }
            yield return ($"process {process.Name}", "oom_killed", process.OomKilled ? 1 : 0);
        }
        foreach ((string path, string text) in result.Files)
        {
            foreach ((string field, string value) in KernelFields.All(path, text))
            {
                // "max" and the largest page counter are the same thing: no limit, and no number to subtract.
                if (decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && number < KernelConstants.UnlimitedBytes)
                {
                    yield return (path, field, number);
                }
            }
        }
    }
}
