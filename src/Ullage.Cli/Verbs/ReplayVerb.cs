using System.CommandLine;
using Ullage.Cli.Recordings;
using Ullage.Cli.Sources;
using Ullage.Cli.Terminal;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage replay</c>: runs a reading verb on a recording.</summary>
internal static class ReplayVerb
{
    public const string Name = "replay";
    public const string Does = "Run a reading verb on a recording, as if it were of now";

    private static readonly string[] Reading = ["stat", "top", "slab", "pressure", "explain"];

    public static string[] Examples => ["ullage replay day.ullage -- stat /a", "ullage replay day.ullage --at 14:05:00 -- stat /a -c 12 --format csv"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        Argument<string[]> words = new("RECORDING -- VERB...") { Description = "A recording, then a reading verb with its own arguments, such as stat /a", Arity = ArgumentArity.OneOrMore };
        Option<string?> at = new("--at") { HelpName = "TIME", Description = "Begin here: 90s or 10m after the beginning, -30s before the end, 14:05:00 (UTC)" };
        Option<string?> until = new("--until") { HelpName = "TIME", Description = "End here" };
        Command verb = new(Name, Does);
        verb.Arguments.Add(words);
        verb.Options.Add(at);
        verb.Options.Add(until);
        verb.SetAction((parse, cancel) =>
        {
            string[] given = parse.GetValue(words) ?? [];
            if (given.Length < 2)
            {
                throw CliException.Usage("replay needs a recording and a verb: 'ullage replay day.ullage -- stat /a'");
            }
            if (!Reading.Contains(given[1]) || !VerbList.Has(given[1]))
            {
                throw CliException.Usage($"'{given[1]}' does not read samples: use {string.Join(", ", Reading.Where(VerbList.Has))}");
            }
            string path = given[0];
            (long? from, long? end) = Range(path, parse.GetValue(at), parse.GetValue(until));
            CliServices replaying = services() with { Source = request => Open(path, from, end, request) };
            return UllageApp.RunVerbAsync(given[1..], console, () => replaying, cancel);
        });
        return verb;
    }

    private static (long? From, long? Until) Range(string path, string? at, string? until)
    {
        using RecordingReader recording = RecordingFiles.Open(path);
        return (RecordingFiles.Moment(recording, "--at", at), RecordingFiles.Moment(recording, "--until", until));
    }

    private static RecordingSource Open(string path, long? from, long? until, SourceRequest request)
    {
        if (request.Scenario is not null || request.Root != "/")
        {
            throw CliException.Usage("replay reads the recording: leave out --scenario and --root");
        }
        RecordingReader recording = RecordingFiles.Open(path);
        recording.MoveTo(from ?? recording.FirstNs);
        CgroupMounts mounts = CgroupMounts.Find(recording.Files);
        if (request.Cgroup is string cgroup && mounts.Memory is not null && mounts.Resolve(cgroup, out _) is null)
        {
            throw CliException.NoData($"cgroup {cgroup} is not in the recording at {recording.Meta.TimeText(recording.TimeNs)}: 'ullage replay {path} -- top -b -c 1' lists those that are, --at begins at another moment");
        }
        CgroupLocation? wanted = SampleSources.Wanted(request, mounts);
        return new RecordingSource(recording, from, until, new SampleSelection { Path = wanted?.Path ?? mounts.Memory?.Root ?? "/", Depth = request.Depth });
    }
}
