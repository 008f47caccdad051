using System.CommandLine;
using System.Globalization;
using Ullage.Abi;
using Ullage.Cli.Recordings;
using Ullage.Cli.Terminal;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage dump</c>: prints what a recording holds.</summary>
internal static class DumpVerb
{
    public const string Name = "dump";
    public const string Does = "Print what a recording holds: its samples, or the files of one moment as the kernel wrote them";

    public static string[] Examples => ["ullage dump day.ullage", "ullage dump day.ullage --at 10m --file /proc/meminfo", "ullage dump day.ullage --at -30s"];

    public static Command Command(CliConsole console)
    {
        Argument<string> file = new("RECORDING") { Description = "A recording" };
        Option<string?> at = new("--at") { HelpName = "TIME", Description = "The moment: 90s or 10m after the beginning, -30s before the end, 14:05:00 (UTC)" };
        Option<string[]> path = new("--file") { HelpName = "PATH", Description = "Print this file of the moment, or all below it; may be repeated", AllowMultipleArgumentsPerToken = false };
        Command verb = new(Name, Does);
        verb.Arguments.Add(file);
        verb.Options.Add(at);
        verb.Options.Add(path);
        verb.Options.Add(CommonOptions.NoColour);
        verb.SetAction((parse, cancel) =>
        {
            using RecordingReader recording = RecordingFiles.Open(parse.GetRequiredValue(file));
            string[] paths = parse.GetValue(path) ?? [];
            long? moment = RecordingFiles.Moment(recording, "--at", parse.GetValue(at));
            if (moment is null && paths.Length == 0)
            {
                Overview(console, recording, cancel);
            }
            else
            {
                recording.MoveTo(moment ?? recording.LastNs);
                Files(console, recording, paths);
            }
            return Task.FromResult(ExitCodes.Ok);
        });
        return verb;
    }

    private static void Overview(CliConsole console, RecordingReader recording, CancellationToken cancel)
    {
        int samples = 0;
        int files = 0;
        while (recording.MoveNext())
        {
            cancel.ThrowIfCancellationRequested();
            samples++;
            files = Math.Max(files, samples % 60 == 1 ? recording.Files.Paths.Count : 0);
        }
        IReadOnlyList<RecordedEvent> events = recording.Events();
        console.WriteLine($"{Path.GetFileName(recording.Path)}: {recording.Meta.Name} on {recording.Meta.Target} {recording.Meta.Kernel}".TrimEnd());
        console.WriteLine($"made by   {recording.Meta.Command}");
        console.WriteLine($"from      {recording.Meta.TimeText(recording.FirstNs)} to {recording.Meta.TimeText(recording.LastNs)} ({Amounts.Time(recording.LastNs - recording.FirstNs)})");
        console.WriteLine($"size      {Amounts.Size(new FileInfo(recording.Path).Length)}: {Amounts.Count(samples, "sample")} of up to {Amounts.Count(files, "file")}, {Amounts.Count(events.Count, "kernel log line")}");
        if (recording.LostBytes > 0)
        {
            console.WriteLine($"lost      {Amounts.Count(recording.LostBytes, "byte")} at the end: the recorder was stopped in the middle of a sample");
        }
        foreach (RecordedEvent each in events.TakeLast(20))
        {
            console.WriteLine($"[{recording.Meta.TimeText(each.TimeNs)}] {each.Text}");
        }
    }

    private static void Files(CliConsole console, RecordingReader recording, string[] paths)
    {
        IReadOnlyList<string> all = recording.Files.Paths;
        string[] shown = paths.Length == 0 ? [.. all] : [.. all.Where(path => paths.Any(wanted => path == wanted || path.StartsWith(wanted.TrimEnd('/') + "/", StringComparison.Ordinal)))];
        if (shown.Length == 0)
        {
            throw CliException.NoData($"{paths[0]} is not in the recording at {recording.Meta.TimeText(recording.TimeNs)}: 'ullage dump {recording.Path} --at 0' prints all it holds");
        }
        foreach (string path in shown)
        {
            KernelRead read = recording.Files.Read(path);
            if (shown.Length > 1 || paths.Length == 0)
            {
                console.WriteLine($"==> {path} <== {recording.Meta.TimeText(recording.TimeNs)}");
            }
            console.Out.Write(read.Ok ? read.Text : $"unavailable: {ErrnoNames.Describe(read.Errno)}\n");
        }
    }
}
