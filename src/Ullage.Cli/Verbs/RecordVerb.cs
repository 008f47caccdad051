using System.CommandLine;
using Ullage.Abi.Units;
using Ullage.Cli.Recordings;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage record</c>: the command line of it.</summary>
internal static class RecordVerb
{
    public const string Name = "record";
    public const string Does = "Record this host: its memory files and those of all memory cgroups, and the kernel log";

    public static string[] Examples => ["sudo ullage record -o day.ullage --for 24h", "ullage record -o short.ullage -i 100ms -c 50"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        Option<string?> output = new("--output", "-o") { HelpName = "FILE", Description = "The recording; what the file held is gone" };
        Option<string> interval = new("--interval", "-i") { HelpName = "TIME", Description = "Time between samples, 100ms to 24h", DefaultValueFactory = _ => "5s" };
        Option<string?> length = new("--for") { HelpName = "TIME", Description = "Stop after this time; default: when interrupted" };
        Option<string?> count = new("--count", "-c") { HelpName = "COUNT", Description = "Stop after so many samples" };
        Option<string?> size = new("--max-size") { HelpName = "SIZE", Description = "Stop when the file is that large, such as 500M" };
        Option<string> root = CommonOptions.Root;
        Option<bool> quiet = CommonOptions.Quiet;
        Command verb = new(Name, Does + "\n\nKilled in any way, the file keeps every sample but the one that was being written.");
        foreach (Option option in new Option[] { output, interval, length, count, size, root, quiet, CommonOptions.NoColour })
        {
            verb.Options.Add(option);
        }
        verb.SetAction((parse, cancel) => new HostRecording(console, services()).RunAsync(new RecordRequest
        {
            Output = parse.GetValue(output) ?? throw CliException.Usage("record needs a file to write: 'ullage record -o day.ullage'"),
            Interval = OptionText.Interval("--interval", parse.GetValue(interval)!),
            For = parse.GetValue(length) is string time ? Length(time) : null,
            Count = parse.GetValue(count) is string number ? OptionText.Positive("--count", number) : null,
            MostBytes = parse.GetValue(size) is string most ? Size(most) : null,
            Root = parse.GetValue(root)!,
            Quiet = parse.GetValue(quiet),
        }, cancel));
        return verb;
    }

    private static TimeSpan Length(string text) => text.EndsWith('d')
        && double.TryParse(text[..^1], System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out double days) && days is > 0 and <= 365
            ? TimeSpan.FromDays(days)
            : OptionText.Interval("--for", text);

    private static long Size(string text) => ByteSize.TryParseHuman(text, out ByteSize size, out _) && size.Bytes > 0
        ? size.Bytes
        : throw CliException.Usage($"--max-size '{text}' is not a size: use bytes or a unit, such as 500M");
}
