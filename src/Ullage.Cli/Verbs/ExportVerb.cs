using System.CommandLine;
using System.Text;
using Ullage.Cli.Recordings;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Observe.Host;
using Ullage.Observe.Metrics;
using Ullage.Observe.Sampling;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage export</c>: a recording for other programs.</summary>
internal static class ExportVerb
{
    public const string Name = "export";
    public const string Does = "Convert a recording: OpenMetrics with timestamps, CSV, or a trace for Perfetto";

    public static string[] Examples =>
    [
        "ullage export day.ullage --format csv -o day.csv",
        "ullage export day.ullage --format trace --cgroup /a -o a.json",
        "ullage export day.ullage --from 14:00:00 --until 14:10:00 -o ten-minutes.om",
        "ullage export day.ullage --at 14:05:00",
    ];

    public static Command Command(CliConsole console)
    {
        Argument<string> file = new("RECORDING") { Description = "A recording" };
        Option<string> format = new("--format") { HelpName = "FORMAT", Description = "openmetrics (names of node_exporter and cAdvisor), csv, or trace (Chrome's trace events, for ui.perfetto.dev)", DefaultValueFactory = _ => "openmetrics" };
        Option<string?> output = new("--output", "-o") { HelpName = "FILE", Description = "Where to; default: standard output" };
        Option<string?> cgroup = new("--cgroup") { HelpName = "PATH", Description = "Only this cgroup" };
        Option<string?> at = new("--at") { HelpName = "TIME", Description = "Only this moment: 90s, -30s, 14:05:00 (UTC); OpenMetrics has no timestamps then" };
        Option<string?> from = new("--from") { HelpName = "TIME", Description = "Where to begin; default: the first sample" };
        Option<string?> until = new("--until") { HelpName = "TIME", Description = "Where to end; default: the last sample" };
        Command verb = new(Name, Does);
        verb.Arguments.Add(file);
        foreach (Option option in new Option[] { format, output, cgroup, at, from, until, CommonOptions.NoColour })
        {
            verb.Options.Add(option);
        }
        verb.SetAction((parse, cancel) =>
        {
            string kind = OptionText.OneOf("--format", parse.GetValue(format)!, "openmetrics", "csv", "trace");
            string path = parse.GetRequiredValue(file);
            using RecordingReader recording = RecordingFiles.Open(path);
            Range range = RangeOf(recording, parse.GetValue(at), parse.GetValue(from), parse.GetValue(until));
            string? only = Known(recording, range, parse.GetValue(cgroup), cancel);
            using Stream stream = Target(console, parse.GetValue(output));
            Write(new Job(kind, path, recording, range, only), stream, cancel);
            return Task.FromResult(ExitCodes.Ok);
        });
        return verb;
    }

    private readonly record struct Range(long From, long Until, bool IsOneMoment);

    private readonly record struct Job(string Format, string Path, RecordingReader Recording, Range Range, string? Cgroup)
    {
        public RecordingSource Open(SampleSelection? selection = null) => new(RecordingFiles.Open(Path), Range.From, Range.Until, selection);
    }

    private static Range RangeOf(RecordingReader recording, string? at, string? from, string? until)
    {
        if (at is not null && (from ?? until) is not null)
        {
            throw CliException.Usage("--at is one moment, --from and --until are from when to when: give one or the other");
        }
        if (RecordingFiles.Moment(recording, "--at", at) is long moment)
        {
            recording.MoveTo(moment);
            return new Range(recording.TimeNs, recording.TimeNs, true);
        }
        long first = RecordingFiles.Moment(recording, "--from", from) ?? recording.FirstNs;
        long last = RecordingFiles.Moment(recording, "--until", until) ?? recording.LastNs;
        return last >= first ? new Range(first, last, false)
            : throw CliException.Usage($"there is nothing from {recording.Meta.TimeText(first)} until {recording.Meta.TimeText(last)}: --until must be after --from, and after the beginning");
    }

    // The path as samples have it; one that no sample has is said before anything is written.
    private static string? Known(RecordingReader recording, Range range, string? cgroup, CancellationToken cancel)
    {
        if (cgroup is null)
        {
            return null;
        }
        recording.MoveTo(range.From);
        CgroupMount? mount = CgroupMounts.Find(recording.Files).Memory;
        string path = mount?.PathOf(cgroup) ?? "/" + cgroup.Trim('/');
        string? directory = mount?.DirectoryOf(path)?.TrimEnd('/');
        do
        {
            cancel.ThrowIfCancellationRequested();
            if (directory is not null && recording.Files.DirectoryVersion(directory) is not null)
            {
                return path;
            }
        }
        while (recording.MoveNext() && recording.TimeNs <= range.Until);
        string when = range.IsOneMoment ? $"at {recording.Meta.TimeText(range.From)}" : $"from {recording.Meta.TimeText(range.From)} to {recording.Meta.TimeText(range.Until)}";
        throw CliException.NoData($"cgroup {cgroup} is not in the recording {when}: 'ullage dump {recording.Path} --at 0' prints what is");
    }

    private static void Write(Job job, Stream stream, CancellationToken cancel)
    {
        if (job.Format == "trace")
        {
            IReadOnlyList<RecordedEvent> events = [.. job.Recording.Events().Where(each => each.TimeNs >= job.Range.From && each.TimeNs <= job.Range.Until)];
            using RecordingSource traced = job.Open();
            TraceExport.Write(traced, stream, job.Cgroup, events, cancel);
            return;
        }
        using StreamWriter writer = new(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        if (job.Format == "csv")
        {
            using RecordingSource listed = job.Open();
            CsvExport.Write(listed, writer, job.Cgroup, job.Recording.Meta.TimeText, cancel);
        }
        else if (job.Range.IsOneMoment)
        {
            using RecordingSource moment = job.Open();
            Sample sample = new();
            _ = moment.Next(sample, out _);
            writer.Write(OpenMetricsText.Write(sample, job.Cgroup is null ? null : sample.RowOf(job.Cgroup), host: job.Cgroup is null));
        }
        else
        {
            new OpenMetricsHistory(selection => job.Open(selection), job.Cgroup, cancel).Write(writer);
        }
    }

    private static Stream Target(CliConsole console, string? path)
    {
        if (path is null)
        {
            return new TextStream(console.Out);
        }
        try
        {
            return new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.NoData($"cannot write {path}: {ScenarioLoader.Describe(failure)}: give -o a file in a directory you may write to");
        }
    }
}
