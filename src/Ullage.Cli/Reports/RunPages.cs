using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Insight.Pages;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;

namespace Ullage.Cli.Reports;

/// <summary>One run as a report shows it.</summary>
/// <param name="Name">Its name beside others, such as <c>model 6.18</c>.</param>
/// <param name="Result">What it gave.</param>
/// <param name="Timeline">What was read while it ran.</param>
/// <param name="Verdict">The sentence about it.</param>
internal sealed record ShownRun(string Name, RunResult Result, RunTimeline Timeline, string Verdict);

/// <summary>Makes the report of one or several runs of a scenario.</summary>
internal static class RunPages
{
    public static ReportPage Of(Scenario scenario, string yaml, IReadOnlyList<ShownRun> runs, IReadOnlyList<ReportTable> differences, string summary, string command)
    {
        List<ReportTable> tables = [.. differences];
        foreach (ShownRun run in runs)
        {
            string suffix = runs.Count > 1 ? ", " + run.Name : "";
            tables.Add(Processes(run.Result, "Processes" + suffix));
            tables.Add(Steps(run.Result, "Steps" + suffix));
            if (run.Result.Expectations.Count > 0)
            {
                tables.Add(Expectations(run.Result, "Expectations" + suffix));
            }
            if (run.Result.Files.Count + run.Result.UnavailableFiles.Count > 0)
            {
                tables.Add(Counters(run.Result, "Counters at the end" + suffix));
            }
        }
        return new ReportPage
        {
            Title = runs.Count == 1 ? $"{scenario.Name} on {runs[0].Name}" : $"{scenario.Name}: {string.Join(" and ", runs.Select(run => run.Name))}",
            Verdict = runs.Count == 1 ? runs[0].Verdict : $"{summary} {runs[0].Name}: {runs[0].Verdict}",
            Alarming = runs.Any(run => run.Result.Ended == "panic" || run.Result.Processes.Any(process => process.OomKilled) || run.Result.Expectations.Any(each => !each.Ok)),
            Command = command,
            Facts = Facts(scenario, runs),
            Runs = [.. runs.Select(Run)],
            Tables = tables,
            Stacks = [.. runs.SelectMany(run => run.Result.Stacks.Select(stack => new ReportStack(runs.Count > 1 ? $"{stack.Probe} ({run.Name})" : stack.Probe, stack.Count, stack.Frames)))],
            Texts = [new("Scenario", yaml)],
            Notes = [.. runs.SelectMany(run => run.Result.Notes).Distinct(StringComparer.Ordinal)],
        };
    }

    private static ReportRun Run(ShownRun run) => new()
    {
        Name = run.Name,
        Timeline = run.Timeline.Timeline,
        Events = KernelEvents.Of(run.Result.Dmesg.Select(line => (line.TNs, line.Text))),
    };

    private static List<KeyValuePair<string, string>> Facts(Scenario scenario, IReadOnlyList<ShownRun> runs)
    {
        List<KeyValuePair<string, string>> facts = [new("scenario", scenario.Name), new("cgroups", $"version {scenario.Cgroup.Version}")];
        foreach (ShownRun run in runs)
        {
            string of = runs.Count > 1 ? $" ({run.Name})" : "";
            facts.Add(new("kernel" + of, $"{run.Result.Kernel} ({run.Result.Target})"));
            facts.Add(new("time" + of, $"{Amounts.Time(run.Result.VirtualNs)}, ended: {run.Result.Ended}"));
        }
        if (runs.Any(run => run.Result.Target == "model"))
        {
            facts.Add(new("modelled machine", $"{Amounts.Size(scenario.Machine.MemoryBytes)}, {Amounts.Count(scenario.Machine.Cpus, "CPU")}, {Amounts.Count(scenario.Machine.Nodes, "node")}, swap {Amounts.Size(scenario.Machine.SwapBytes)}"));
            facts.Add(new("seed", runs[0].Result.Seed.ToString(CultureInfo.InvariantCulture)));
        }
        facts.AddRange(scenario.Sysctl.Select(each => new KeyValuePair<string, string>(each.Key, each.Value)));
        return facts;
    }

    private static ReportTable Processes(RunResult result, string title) => new(title, ["Name", "#Pid", "Cgroup", "Fate"],
        [.. result.Processes.Select(process => new ReportRow([process.Name, process.Pid.ToString(CultureInfo.InvariantCulture), process.Cgroup, Fate.Of(process)], ToneOf(Fate.ToneOf(process))))]);

    private static ReportTable Steps(RunResult result, string title)
    {
        List<ReportRow> rows = [];
        foreach (ProcessResult process in result.Processes)
        {
            for (int i = 0; i < process.Steps.Count; i++)
            {
                string end = Fate.End(process, i);
                string tone = process.Steps[i].Errno != Errno.None ? "red" : end == "killed" ? "magenta" : "";
                rows.Add(new ReportRow([process.Name, i.ToString(CultureInfo.InvariantCulture), process.Steps[i].Op, Fate.Progress(process.Steps[i]), end, Amounts.Time(process.Steps[i].VirtualNs)], tone));
            }
        }
        return new ReportTable(title, ["Process", "#Step", "Operation", "Done", "End", "#Time"], rows);
    }

    private static ReportTable Expectations(RunResult result, string title) => new(title, ["Holds", "Expectation", "Found"],
        [.. result.Expectations.Select(each => new ReportRow([each.Ok ? "ok" : "FAILED", each.Text, each.Actual], each.Ok ? "" : "red"))]);

    private static ReportTable Counters(RunResult result, string title)
    {
        List<ReportRow> rows = [];
        foreach ((string path, string text) in result.Files)
        {
            IReadOnlyList<KeyValuePair<string, string>> fields = KernelFields.All(path, text);
            rows.AddRange(fields.Count > 0 ? fields.Select(field => new ReportRow([path, field.Key, field.Value])) : [new ReportRow([path, "", text.Trim()])]);
        }
        rows.AddRange(result.UnavailableFiles.Select(each => new ReportRow([each.Key, "", "unavailable: " + ErrnoNames.Describe(each.Value)], "dim")));
        return new ReportTable(title, ["File", "Field", "#Value"], rows);
    }

    private static string ToneOf(Tone tone) => tone switch
    {
        Tone.Magenta => "magenta",
        Tone.Red => "red",
        Tone.Yellow => "yellow",
        Tone.Dim => "dim",
        _ => "",
    };
}
