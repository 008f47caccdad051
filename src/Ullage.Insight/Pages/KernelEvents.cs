using System.Text.RegularExpressions;

namespace Ullage.Insight.Pages;

/// <summary>Makes events of kernel log lines: the lines of one out-of-memory report, or of one complaint of SLUB, belong together.</summary>
public static partial class KernelEvents
{
    private const int MostTextLength = 16_000;
    private const int MostEvents = 200;
    private const long SameMomentNs = 1_000_000_000;

    /// <summary>The events of a log in the order of time; at most 200, the kills and panics before the rest.</summary>
    public static IReadOnlyList<ReportEvent> Of(IEnumerable<(long TNs, string Text)> lines)
    {
        List<ReportEvent> events = [];
        List<string> gathered = [];
        long began = 0;
        bool open = false; // inside a report that has not named its victim yet
        foreach ((long tNs, string text) in lines)
        {
            string kind = KindOf(text);
            bool starts = gathered.Count == 0 || kind is "oom-begin" or "slub" or "panic" || (!open && tNs - began > SameMomentNs);
            if (starts && gathered.Count > 0)
            {
                events.Add(Make(began, gathered));
                gathered = [];
            }
            if (gathered.Count == 0)
            {
                began = tNs;
            }
            gathered.Add(text);
            open = (open || kind == "oom-begin") && kind != "oom-end";
        }
        if (gathered.Count > 0)
        {
            events.Add(Make(began, gathered));
        }
        return Fewer(events);
    }

    private static List<ReportEvent> Fewer(List<ReportEvent> events) => events.Count <= MostEvents ? events
        : [.. events.OrderBy(each => each.Kind is "oom" or "panic" ? 0 : 1).ThenBy(each => each.TNs).Take(MostEvents).OrderBy(each => each.TNs)];

    private static string KindOf(string text) =>
        text.Contains(" invoked oom-killer: ", StringComparison.Ordinal) ? "oom-begin"
        : text.Contains("Killed process ", StringComparison.Ordinal) ? "oom-end"
        : text.StartsWith("SLUB: Unable to allocate", StringComparison.Ordinal) ? "slub"
        : text.StartsWith("Kernel panic", StringComparison.Ordinal) ? "panic"
        : "log";

    private static ReportEvent Make(long tNs, List<string> lines)
    {
        string text = string.Join('\n', lines);
        text = text.Length <= MostTextLength ? text : text[..MostTextLength] + "\n…";
        string? killed = lines.Select(line => Killed().Match(line)).FirstOrDefault(match => match.Success)?.Groups["who"].Value;
        string kind = lines.Exists(line => KindOf(line) == "panic") ? "panic"
            : killed is not null || lines.Exists(line => KindOf(line) == "oom-begin") ? "oom"
            : KindOf(lines[0]) == "slub" ? "slub" : "log";
        string title = kind switch
        {
            "oom" when killed is not null => $"OOM killer killed {killed}",
            "oom" => lines.First(line => line.Contains(" invoked oom-killer", StringComparison.Ordinal)).Split(':')[0],
            "panic" => lines.First(line => KindOf(line) == "panic"),
            _ => lines[0].Length > 100 ? lines[0][..100] + "…" : lines[0],
        };
        return new ReportEvent(tNs, kind, title, text);
    }

    [GeneratedRegex(@"Killed process (?<who>\d+ \(.*?\))[ ,]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Killed();
}
