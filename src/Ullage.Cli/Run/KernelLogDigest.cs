using System.Globalization;
using System.Text.RegularExpressions;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;

namespace Ullage.Cli.Run;

/// <summary>The kernel log of a run, shortened to what decides: registers, stacks and statistics of reports go, and it says how much went.</summary>
internal static partial class KernelLogDigest
{
    private const int MostLines = 60;

    public static IReadOnlyList<(string Line, Tone Tone)> Lines(IReadOnlyList<DmesgLine> log, bool whole)
    {
        List<DmesgLine> kept = whole ? [.. log] : Keep(log);
        int beginning = kept.Count > MostLines && !whole ? MostLines / 2 : kept.Count;
        List<(string, Tone)> lines = [.. kept.Take(beginning).Select(Shown)];
        if (beginning < kept.Count)
        {
            int ending = kept.Count - (MostLines / 2);
            lines.Add(($"  ... {Amounts.Count(ending - beginning, "line")} ...", Tone.Dim));
            lines.AddRange(kept.Skip(ending).Select(Shown));
        }
        int left = log.Count - (lines.Count - (beginning < kept.Count ? 1 : 0));
        if (left > 0)
        {
            lines.Add(($"({Amounts.Count(left, "line")} left out: -v shows all)", Tone.Dim));
        }
        return lines;
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
