using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Insight.Pages;
using Ullage.Insight.Timelines;
using Ullage.Lab.Results;
using Ullage.Observe.Host;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Recordings;

/// <summary>Makes the report of a recording.</summary>
internal static class RecordingPages
{
    private const int ManyCgroups = 100;

    /// <summary>Reads all samples between two moments into a timeline. Times count from the recording's beginning.</summary>
    public static Timeline Read(RecordingReader recording, long fromNs, long untilNs, Action<double>? progress, CancellationToken cancel)
    {
        recording.MoveTo(fromNs);
        CgroupMount? mount = CgroupMounts.Find(recording.Files).Memory;
        MemoryHierarchy? hierarchy = mount is null ? null : new MemoryHierarchy(mount.Version, mount.MountPoint);
        IReadOnlyList<string> cgroups = hierarchy?.Walk(recording.Files) ?? [];
        int generation = recording.Files.Generation;
        Timeline timeline = new(hierarchy, 1024, cgroups.Count > ManyCgroups ? 256 : 1024);
        do
        {
            if (hierarchy is not null && recording.Files.Generation != generation)
            {
                cgroups = hierarchy.Walk(recording.Files);
                generation = recording.Files.Generation;
            }
            timeline.Sample(recording.TimeNs - recording.FirstNs, recording.Files, cgroups);
            progress?.Invoke((double)(recording.TimeNs - recording.FirstNs) / Math.Max(1, recording.LastNs - recording.FirstNs));
            cancel.ThrowIfCancellationRequested();
        }
        while (recording.MoveNext() && recording.TimeNs <= untilNs);
        return timeline;
    }

    public static ReportPage Of(RecordingReader recording, Timeline timeline, long fromNs, long untilNs, string command)
    {
        List<RecordedEvent> log = [.. recording.Events().Where(each => each.TimeNs >= fromNs && each.TimeNs <= untilNs)];
        IReadOnlyList<ReportEvent> events = KernelEvents.Of(log.Select(each => (each.TimeNs - recording.FirstNs, each.Text)));
        RunResult? result = recording.Result() is byte[] json ? ResultJson.Read(json) : null;
        List<KeyValuePair<string, string>> texts = [];
        if (recording.Meta.Scenario.Length > 0)
        {
            texts.Add(new("Scenario", recording.Meta.Scenario));
        }
        texts.Add(new("Recorded with", recording.Meta.Command));
        return new ReportPage
        {
            Title = $"{recording.Meta.Name} ({Path.GetFileName(recording.Path)})",
            Verdict = VerdictOf(recording, timeline, events, result),
            Alarming = events.Any(each => each.Kind is "oom" or "panic"),
            Command = command,
            Facts = Facts(recording, timeline),
            Runs = [new ReportRun { Name = recording.Meta.Name, Timeline = timeline, Events = events, EpochNs = recording.Meta.WallClock ? recording.FirstNs : null }],
            Stacks = [.. (result?.Stacks ?? []).Select(stack => new ReportStack(stack.Probe, stack.Count, stack.Frames))],
            Texts = texts,
            Notes = recording.LostBytes > 0 ? [$"{Amounts.Count(recording.LostBytes, "byte")} at the end belong to no whole sample: the recorder was stopped in the middle of one"] : [],
        };
    }

    private static List<KeyValuePair<string, string>> Facts(RecordingReader recording, Timeline timeline) =>
    [
        new("of", $"{recording.Meta.Target} {recording.Meta.Name}"),
        new("kernel", recording.Meta.Kernel),
        new("from", recording.Meta.TimeText(recording.FirstNs + timeline.FirstNs)),
        new("to", recording.Meta.TimeText(recording.FirstNs + timeline.LastNs)),
        new("samples", timeline.Samples.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("cgroups", timeline.Hierarchy is null ? "no memory controller" : $"{timeline.Cgroups.Count}, version {timeline.Hierarchy.Version}"),
    ];

    private static string VerdictOf(RecordingReader recording, Timeline timeline, IReadOnlyList<ReportEvent> events, RunResult? result)
    {
        string time = Amounts.Time(Math.Max(0, timeline.LastNs - timeline.FirstNs));
        ReportEvent[] kills = [.. events.Where(each => each.Kind == "oom")];
        double counted = timeline.Cgroups.Where(track => track.OomKills > 0 && !timeline.Cgroups.Any(other => other != track && other.Name.StartsWith(track.Name + "/", StringComparison.Ordinal)))
            .Sum(track => track.OomKills);
        string killed = kills.Length > 0
            ? $"{Amounts.Count(kills.Length, "OOM kill")} in {time}: {string.Join("; ", kills.Take(3).Select(kill => $"{kill.Title} at {recording.Meta.TimeText(recording.FirstNs + kill.TNs)}"))}{(kills.Length > 3 ? "; …" : "")}"
            : counted > 0 ? $"{Amounts.Count((long)counted, "OOM kill")} in {time}, counted by the cgroups (the kernel log was not recorded)"
            : $"nothing was killed in {time}";
        CgroupTrack? closest = timeline.Cgroups.Where(track => track.LimitBytes > 0).MaxBy(track => track.PeakBytes / track.LimitBytes);
        string close = closest is null ? "" : $"; {closest.Name} came closest to its limit: {Amounts.Size((long)closest.PeakBytes)} of {Amounts.Size((long)closest.LimitBytes)} ({Amounts.Percent((long)closest.PeakBytes, (long)closest.LimitBytes)})";
        int failed = result?.Expectations.Count(each => !each.Ok) ?? 0;
        return killed + close + (failed > 0 ? $"; {Amounts.Count(failed, "expectation")} FAILED" : "") + ".";
    }
}
