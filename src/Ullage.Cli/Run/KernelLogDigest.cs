using System.Globalization;
using System.Text.RegularExpressions;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;

namespace Ullage.Cli.Run;

/// <summary>The kernel log of a run, shortened to what decides: registers, stacks and statistics of reports go, and it says how much went.</summary>
internal static partial class KernelLogDigest
{
    private const int MostLines = 60;
    private const int LongestRepeated = 4;
    private const int FewestRepeats = 2;

    public static IReadOnlyList<(string Line, Tone Tone)> Lines(IReadOnlyList<DmesgLine> log, bool whole)
    {
        List<DmesgLine> kept = whole ? [.. log] : Keep(log);
        int left = log.Count - kept.Count;
        List<(string, Tone)> lines = whole ? kept.ConvertAll(Shown) : Folded(kept, ref left);
        if (lines.Count > MostLines && !whole)
        {
            int middle = lines.Count - MostLines;
            lines.RemoveRange(MostLines / 2, middle);
            lines.Insert(MostLines / 2, ($"  ... {Amounts.Count(middle, "line")} ...", Tone.Dim));
            left += middle;
        }
        if (left > 0)
        {
            lines.Add(($"({Amounts.Count(left, "line")} left out: -v shows all)", Tone.Dim));
        }
        return lines;
    }

    /// <summary>A message that is logged again and again, of one line or a few, stands once, with how often it came.</summary>
    private static List<(string, Tone)> Folded(List<DmesgLine> kept, ref int left)
    {
        List<(string, Tone)> lines = [];
        for (int at = 0; at < kept.Count;)
        {
            int length = 1;
            while (length <= LongestRepeated && Repeats(kept, at, length) < FewestRepeats)
            {
                length++;
            }
            int repeats = length > LongestRepeated ? 0 : Repeats(kept, at, length);
            length = repeats == 0 ? 1 : length;
            lines.AddRange(kept.GetRange(at, length).Select(Shown));
            if (repeats > 0)
            {
                left += repeats * length;
                string what = length == 1 ? "this line" : $"these {length} lines";
                lines.Add(($"  ... {what} {Amounts.Count(repeats, "more time")} ...", Tone.Dim));
            }
            at += length * (repeats + 1);
        }
        return lines;
    }

    /// <summary>How often the lines from <paramref name="at"/> on follow themselves.</summary>
    private static int Repeats(List<DmesgLine> log, int at, int length)
    {
        int repeats = 0;
        for (int next = at + length; next + length <= log.Count; next += length)
        {
            for (int i = 0; i < length; i++)
            {
                if (log[at + i].Text != log[next + i].Text)
                {
                    return repeats;
                }
            }
            repeats++;
        }
        return repeats;
    }

    private static List<DmesgLine> Keep(IReadOnlyList<DmesgLine> log)
    {
        List<DmesgLine> kept = [];
        bool inReport = false;
        foreach (DmesgLine line in log)
        {
            string text = line.Text.TrimStart();
            inReport |= text.Contains(" invoked oom-killer: ", StringComparison.Ordinal);
            if (!inReport || Decisive().IsMatch(text))
            {
                kept.Add(line);
            }
            inReport &= !text.Contains("Killed process ", StringComparison.Ordinal);
        }
        return kept;
    }

    private static (string, Tone) Shown(DmesgLine line)
    {
        string time = string.Create(CultureInfo.InvariantCulture, $"[{line.TNs / 1_000_000_000,5}.{line.TNs / 1_000 % 1_000_000:000000}]");
        return ($"{time} {line.Text}", line.Text.Contains("Killed process ", StringComparison.Ordinal) ? Tone.Magenta : Tone.Plain);
    }

    [GeneratedRegex(
        @" invoked oom-killer: |^Task in |^(memory|memory\+swap|swap|kmem): usage |^Tasks state |^\[ *(pid|\d+) *\] |^oom-kill:|^Memory cgroup out of memory|^Out of memory|^Tasks in |Killed process |^oom_reaper|^Kernel panic|^Node \d+ \w+ free:",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Decisive();
}
