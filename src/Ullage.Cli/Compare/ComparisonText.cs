using System.Globalization;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Compare;

/// <summary>Says in words which counters differ more than their spread.</summary>
internal static class ComparisonText
{
    private const int MostNamed = 6;

    public static string Sentence(IReadOnlyList<CounterDifference> differences, string first, string second)
    {
        CounterDifference[] both = [.. differences.Where(each => each.Difference is not null)];
        CounterDifference[] beyond = [.. both.Where(each => each.Beyond).OrderByDescending(Share)];
        CounterDifference[] oneSided = [.. differences.Where(each => each.OneSided)];
        string sides = oneSided.Length == 0 ? "" : $"; {Amounts.Count(oneSided.Length, "counter")} exist on one side only";
        if (both.Length == 0)
        {
            return $"{first} and {second} have no counter in common{sides}.";
        }
        if (beyond.Length == 0)
        {
            return $"{first} and {second} agree: none of {Amounts.Count(both.Length, "counter")} differs more than its spread (repeated runs, and one charge batch of 64 pages){sides}.";
        }
        IEnumerable<string> named = beyond.Take(MostNamed).Select(each => $"{Name(each)} ({each.First} and {each.Second})");
        string more = beyond.Length > MostNamed ? $" and {beyond.Length - MostNamed} more" : "";
        return $"{beyond.Length} of {Amounts.Count(both.Length, "counter")} differ more than their spread between {first} and {second}: {string.Join(", ", named)}{more}{sides}.";
    }

    /// <summary>A short name: the file's last part, and the field unless it is the only one.</summary>
    public static string Name(CounterDifference each)
    {
        string file = each.File.StartsWith("/sys/", StringComparison.Ordinal) || each.File.StartsWith("/proc/", StringComparison.Ordinal) ? each.File[(each.File.LastIndexOf('/') + 1)..] : each.File;
        return each.Field == "value" ? file : $"{file} {each.Field}";
    }

    /// <summary>The difference with its sign, and in percent of the larger side.</summary>
    public static string Difference(CounterDifference each) => each.Difference switch
    {
        null => "-",
        0 => "0",
        decimal value => string.Create(CultureInfo.InvariantCulture, $"{value:+0.##;-0.##} ({100 * Share(each):0.#}%)"),
    };

    private static decimal Share(CounterDifference each)
    {
        decimal larger = Math.Max(Math.Abs(each.First!.Middle), Math.Abs(each.Second!.Middle));
        return larger == 0 ? 0 : Math.Abs(each.Difference!.Value) / larger;
    }
}
