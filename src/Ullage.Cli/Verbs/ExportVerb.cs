using System.CommandLine;
using System.Text;
using Ullage.Cli.Recordings;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Observe.Metrics;
using Ullage.Observe.Sampling;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage export</c>: a recording for other programs.</summary>
internal static class ExportVerb
{
    public const string Name = "export";
    public const string Does = "Convert a recording: OpenMetrics of one moment, CSV of all samples, or a trace for Perfetto";

    public static string[] Examples =>
    [
        "ullage export day.ullage --format csv -o day.csv",
        "ullage export day.ullage --format trace --cgroup /a -o a.json",
        "ullage export day.ullage --format openmetrics --at 14:05:00",
    ];

    public static Command Command(CliConsole console)
    {
        Argument<string> file = new("RECORDING") { Description = "A recording" };
        Option<string> format = new("--format") { HelpName = "FORMAT", Description = "openmetrics (names of node_exporter and cAdvisor), csv, or trace (Chrome's trace events, for ui.perfetto.dev)", DefaultValueFactory = _ => "openmetrics" };
        Option<string?> output = new("--output", "-o") { HelpName = "FILE", Description = "Where to; default: standard output" };
        Option<string?> cgroup = new("--cgroup") { HelpName = "PATH", Description = "Only this cgroup" };
        Option<string?> at = new("--at") { HelpName = "TIME", Description = "The moment (openmetrics; default: the last), or where to begin" };
        Option<string?> until = new("--until") { HelpName = "TIME", Description = "Where to end" };
        Command verb = new(Name, Does);
        verb.Arguments.Add(file);
        foreach (Option option in new Option[] { format, output, cgroup, at, until, CommonOptions.NoColour })
        {
            verb.Options.Add(option);
        }
        verb.SetAction((parse, cancel) =>
        {
            string kind = OptionText.OneOf("--format", parse.GetValue(format)!, "openmetrics", "csv", "trace");
            RecordingReader recording = RecordingFiles.Open(parse.GetRequiredValue(file));
            long? begin = RecordingFiles.Moment(recording, "--at", parse.GetValue(at));
            long? end = RecordingFiles.Moment(recording, "--until", parse.GetValue(until));
            IReadOnlyList<RecordedEvent> events = [.. recording.Events().Where(each => each.TimeNs >= (begin ?? 0) && each.TimeNs <= (end ?? long.MaxValue))];
            using RecordingSource source = new(recording, begin ?? (kind == "openmetrics" ? recording.LastNs : null), end);
            using Stream stream = Target(console, parse.GetValue(output));
            Write(kind, source, recording, parse.GetValue(cgroup), events, stream, cancel);
            return Task.FromResult(ExitCodes.Ok);
        });
        return verb;
    }

    private static void Write(string kind, RecordingSource source, RecordingReader recording, string? cgroup, IReadOnlyList<RecordedEvent> events, Stream stream, CancellationToken cancel)
    {
        if (kind == "trace")
        {
            TraceExport.Write(source, stream, cgroup, events, cancel);
            return;
        }
        using StreamWriter writer = new(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        if (kind == "csv")
        {
            CsvExport.Write(source, writer, cgroup, recording.Meta.TimeText, cancel);
            return;
        }
        Sample sample = new();
        _ = source.Next(sample, out _);
        int row = cgroup is null ? -1 : sample.RowOf(cgroup);
        if (cgroup is not null && row < 0)
        {
            throw CliException.NoData($"cgroup {cgroup} is not in the recording at {recording.Meta.TimeText(recording.TimeNs)}: 'ullage dump {recording.Path} --at 0' prints what is");
        }
        writer.Write(OpenMetricsText.Write(sample, row < 0 ? null : row, host: cgroup is null));
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
