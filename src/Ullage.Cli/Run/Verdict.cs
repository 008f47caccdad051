using Ullage.Abi;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;

namespace Ullage.Cli.Run;

/// <summary>One sentence on what happened, with figures that add up.</summary>
internal static class Verdict
{
    private const long PageBytes = Abi.Units.KernelConstants.PageSize;
    // Per-CPU stock and rounding: below this, a remainder is no one's.
    private const long Slack = 64 * PageBytes;

    public static string Of(RunResult result, IReadOnlyList<UsageSeries> usage)
    {
        List<OomReport> reports = OomReportParser.ReadAll(result.Dmesg);
        ProcessResult[] killed = [.. result.Processes.Where(process => process.OomKilled)];
        string sentence = result.Ended == "interrupted" ? $"interrupted after {Amounts.Time(result.VirtualNs)}: this is the result so far" : Panic(result);
        if (killed.Length > 0)
        {
            sentence = Join(sentence, Killed(killed[0], ReportOf(killed[0], reports), usage));
            sentence += killed.Length > 1 ? Others(killed, reports) : "";
        }
        else
        {
            sentence = Join(sentence, NotKilled(result));
            sentence += Peak(usage) + Refusals(result, Fullest(usage));
        }
        int failed = result.Expectations.Count(expectation => !expectation.Ok);
        return sentence + (failed > 0 ? $"; {failed} of {Amounts.Count(result.Expectations.Count, "expectation")} FAILED" : "") + ".";
    }

    private static string Panic(RunResult result)
    {
        const string start = "Kernel panic - not syncing: ";
        string? said = result.Ended != "panic" ? null : result.Dmesg.LastOrDefault(line => line.Text.StartsWith(start, StringComparison.Ordinal))?.Text[start.Length..];
        return said is null ? "" : $"the kernel panicked after {Amounts.Time(result.VirtualNs)}: {said}";
    }

    private static string Join(string first, string second) => first.Length == 0 ? second : $"{first}; {second}";

    private static OomReport? ReportOf(ProcessResult process, List<OomReport> reports) =>
        reports.Find(report => report.Victims.Exists(victim => victim.Pid == process.Pid))
        ?? reports.Find(report => report.Victims.Exists(victim => victim.Name == process.Name))
        ?? (reports.Count > 0 ? reports[^1] : null);

    private static string Killed(ProcessResult process, OomReport? report, IReadOnlyList<UsageSeries> usage)
    {
        string head = $"{process.Name} was killed by the OOM killer";
        StepResult? step = process.Steps.LastOrDefault(each => Fate.UnitOf(each.Op) == "page" && each.Done > 0);
        (string cgroup, long? limit, long? used) = Limit(process, report, usage);
        if (limit is not long bytes || step is null)
        {
            return limit is long known ? $"{head} at the {Amounts.Size(known)} limit of {cgroup}" : head;
        }
        long touched = step.Done * PageBytes;
        string pages = $"{Amounts.Count(step.Done, "page")} {(step.Op is "grow" or "touch" ? "touched" : step.Op)}";
        return $"{head} at {Amounts.Size(touched)} of {(cgroup == process.Cgroup ? "its" : "the")} {Amounts.Size(bytes)} limit ({cgroup}): {pages}"
            + Rest((used ?? bytes) - touched, report);
    }

    private static (string Cgroup, long? Limit, long? Used) Limit(ProcessResult process, OomReport? report, IReadOnlyList<UsageSeries> usage)
    {
        UsageSeries? series = report?.Cgroup is string logged
            ? usage.FirstOrDefault(each => logged.EndsWith(each.Cgroup, StringComparison.Ordinal))
            : usage.FirstOrDefault(each => each.Cgroup == process.Cgroup && each.LimitBytes is not null);
        string cgroup = series?.Cgroup ?? report?.Cgroup ?? process.Cgroup;
        return report?.LimitBytes is not null
            ? (cgroup, report.LimitBytes, report.UsageBytes)
            : (cgroup, series?.LimitBytes, series?.PeakBytes);
    }

    private static string Rest(long rest, OomReport? report)
    {
        if (rest <= 0)
        {
            return "";
        }
        long? kernel = report?.KernelBytes ?? Sum(report);
        if (kernel is not long known || known == 0)
        {
            return $"; the other {Amounts.Size(rest)} is not those pages: kernel memory and whatever else is charged there";
        }
        if (Math.Abs(rest - known) <= Slack)
        {
            return $"; the other {Amounts.Size(rest)} is {KernelParts(report)}";
        }
        return $"; of the other {Amounts.Size(rest)}, {Amounts.Size(known)} is {KernelParts(report)}, "
            + $"{Amounts.Size(Math.Max(0, rest - known))} other memory charged there";
    }

    private static long? Sum(OomReport? report) =>
        report is { PageTableBytes: null, SlabBytes: null, KernelStackBytes: null } or null
            ? null
            : (report.PageTableBytes ?? 0) + (report.SlabBytes ?? 0) + (report.KernelStackBytes ?? 0);

    private static string KernelParts(OomReport? report)
    {
        List<string> parts = [];
        Add("page tables", report?.PageTableBytes);
        Add("slab", report?.SlabBytes);
        Add("kernel stacks", report?.KernelStackBytes);
        return parts.Count == 0 ? "kernel memory (page tables, slab)" : $"kernel memory ({string.Join(", ", parts)})";

        void Add(string name, long? bytes)
        {
            if (bytes > 0)
            {
                parts.Add($"{name} {Amounts.Size(bytes.Value)}");
            }
        }
    }

    private static string Others(ProcessResult[] killed, List<OomReport> reports)
    {
        string names = string.Join(", ", killed.Skip(1).Take(3).Select(process => process.Name)) + (killed.Length > 4 ? ", ..." : "");
        bool together = reports.Exists(report => report.WholeGroup);
        return together
            ? $"; {names} died with it, because memory.oom.group is set"
            : $"; killed too: {names}";
    }

    private static string NotKilled(RunResult result)
    {
        List<string> failures = [];
        foreach (ProcessResult process in result.Processes)
        {
            failures.AddRange(process.Steps.Select((step, index) => (step, index)).Where(each => each.step.Errno != Errno.None).Select(each => Failed(process, each.step, each.index)));
        }
        if (failures.Count > 0)
        {
            string others = failures.Count > 1 ? $", and {Amounts.Count(failures.Count - 1, "other step")} failed" : "";
            return failures[0] + others;
        }
        int running = result.Processes.Count(process => process.State == "running");
        string end = result.Ended == "stopped" ? $"stopped after {Amounts.Time(result.VirtualNs)} as the scenario says, " : "";
        return running > 0
            ? $"{end}{Amounts.Count(running, "process")} still running, nothing was killed"
            : $"{end}nothing was killed and no step failed";
    }

    private static string Failed(ProcessResult process, StepResult step, int index) => Fate.UnitOf(step.Op) is null && step.Requested == 1
        ? $"the {step.Op} of {process.Name} (step {index}) failed with {ErrnoNames.Describe(step.Errno)}"
        : $"{process.Name} got {ErrnoNames.Describe(step.Errno)} from {step.Op} (step {index}) after {Fate.Progress(step)}";

    /// <summary>How often a limit on kernel memory refused, when its counter was collected.</summary>
    private static string Refusals(RunResult result, UsageSeries? fullest)
    {
        string? text = fullest is not { Counter: "kmem" } ? null
            : result.Files.Where(file => file.Key.EndsWith(fullest.Cgroup + "/memory.kmem.failcnt", StringComparison.Ordinal)).Select(file => file.Value).FirstOrDefault();
        return long.TryParse(text?.Trim(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long refused) && refused > 0
            ? $", which refused {Amounts.Count(refused, "charge")}" : "";
    }

    private static string Peak(IReadOnlyList<UsageSeries> usage)
    {
        UsageSeries? fullest = Fullest(usage);
        return fullest switch
        {
            null => "",
            { LimitBytes: long limit } => $"; {Peaked(fullest)} of its {Amounts.Size(limit)}"
                + $"{(fullest.Counter == "memory" ? "" : " " + fullest.Counter)} limit ({Amounts.Percent(fullest.PeakBytes, limit)})",
            _ => $"; {Peaked(fullest)}, it has no limit",
        };
    }

    private static string Peaked(UsageSeries series) =>
        $"{series.Cgroup} {(series.KernelPeakBytes is null ? "had a sampled peak of" : "peaked at")} {Amounts.Size(series.PeakBytes)}";

    /// <summary>The series that came closest to its limit; without limits, the largest. Null when there is none.</summary>
    public static UsageSeries? Fullest(IReadOnlyList<UsageSeries> usage) =>
        usage.Where(series => series.Points.Count > 0)
            .OrderByDescending(series => series.PeakShare).ThenByDescending(series => series.PeakBytes).FirstOrDefault();
}
