using System.CommandLine;
using Ullage.Cli.Recordings;
using Ullage.Cli.Reports;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Insight.Timelines;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage report</c>: one HTML page of a recording.</summary>
internal static class ReportVerb
{
    public const string Name = "report";
    public const string Does = "Write a report of a recording: one HTML page that needs no network";

    public static string[] Examples => ["ullage report day.ullage -o day.html", "ullage report day.ullage -o noon.html --from 11:55:00 --until 12:05:00"];

    public static Command Command(CliConsole console)
    {
        Argument<string> file = new("RECORDING") { Description = "A recording" };
        Option<string?> output = new("--output", "-o") { HelpName = "FILE", Description = "The HTML file" };
        Option<string?> from = new("--from") { HelpName = "TIME", Description = "Begin here: 10m after the beginning, -30s before the end, 14:05:00 (UTC)" };
        Option<string?> until = new("--until") { HelpName = "TIME", Description = "End here" };
        Option<bool> quiet = CommonOptions.Quiet;
        Command verb = new(Name, Does);
        verb.Arguments.Add(file);
        foreach (Option option in new Option[] { output, from, until, quiet, CommonOptions.NoColour })
        {
            verb.Options.Add(option);
        }
        verb.SetAction((parse, cancel) =>
        {
            string path = parse.GetValue(output) ?? throw CliException.Usage("report needs a file to write: 'ullage report RECORDING -o out.html'");
            using RecordingReader recording = RecordingFiles.Open(parse.GetRequiredValue(file));
            long begin = RecordingFiles.Moment(recording, "--from", parse.GetValue(from)) ?? recording.FirstNs;
            long end = RecordingFiles.Moment(recording, "--until", parse.GetValue(until)) ?? recording.LastNs;
            using OutputFile html = OutputFile.Open(path)!;
            ProgressLine progress = new(console, "reading the recording", parse.GetValue(quiet));
            Timeline timeline = RecordingPages.Read(recording, begin, end, progress.Show, cancel);
            html.Save(PageText.Of(RecordingPages.Of(recording, timeline, begin, end, console.CommandLine)));
            progress.Clear();
            return Task.FromResult(ExitCodes.Ok);
        });
        return verb;
    }
}
