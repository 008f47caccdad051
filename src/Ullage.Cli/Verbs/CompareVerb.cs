using System.CommandLine;
using Ullage.Cli.Compare;
using Ullage.Cli.Recordings;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage compare</c>: two results or recordings, or one scenario on several kernels.</summary>
internal static class CompareVerb
{
    public const string Name = "compare";
    public const string Does = "Compare two results or recordings, or one scenario on several kernels, counter by counter";

    public static string[] Examples =>
    [
        "ullage compare anon-oom --kernel 5.4,6.18",
        "sudo ullage compare anon-oom --on model,host --repeat 3",
        "ullage compare before.json after.json",
        "ullage compare monday.ullage tuesday.ullage",
    ];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        CompareOptionSet options = new();
        Command verb = new(Name, Does + "\n\nA counter differs when the ranges of both sides lie apart by more than one charge batch.");
        options.AddTo(verb);
        verb.SetAction((parse, cancel) =>
        {
            string[] given = options.Words(parse);
            RunRequest request = options.Read(parse, given[0]);
            if (given.Length == 2)
            {
                CompareDetail detail = request.Quiet ? CompareDetail.Beyond : request.Verbose ? CompareDetail.All : CompareDetail.NotZero;
                return Task.FromResult(Files(console, given[0], given[1], detail, request.Json, cancel));
            }
            return request.Sides > 1 ? new Runner(console, services()).RunAsync(request, cancel)
                : throw CliException.Usage("compare needs two sides: two files, or a scenario with --kernel 5.4,6.18 or --on model,host");
        });
        return verb;
    }

    private sealed class CompareOptionSet
    {
        private readonly Argument<string[]> _words = new("A [B]") { Description = "Two files of 'run -o', or two recordings; or one scenario, with --kernel or --on", Arity = new ArgumentArity(1, 2) };
        private readonly Option<string?> _kernel = new("--kernel") { HelpName = "ERA,ERA", Description = "The kernels to compare, such as 5.4,6.18" };
        private readonly Option<string> _on = new("--on") { HelpName = "TARGETS", Description = "model, or model,host", DefaultValueFactory = _ => "model" };
        private readonly Option<string> _repeat = new("--repeat") { HelpName = "N", Description = "Run each side N times, to know its spread", DefaultValueFactory = _ => "1" };
        private readonly Option<string> _format = CommonOptions.Format("table (for people) or json (schema ullage/comparison/1)");
        private readonly Option<string?> _report = new("--report") { HelpName = "FILE", Description = "Of a scenario: also write a report with both sides" };
        private readonly Option<bool> _quiet = CommonOptions.Quiet;
        private readonly Option<bool> _verbose = CommonOptions.Verbose;

        public void AddTo(Command verb)
        {
            verb.Arguments.Add(_words);
            foreach (Option option in new Option[] { _kernel, _on, _repeat, _format, _report, _quiet, _verbose, CommonOptions.NoColour })
            {
                verb.Options.Add(option);
            }
        }

        public string[] Words(ParseResult parse) => parse.GetValue(_words) ?? [];

        public RunRequest Read(ParseResult parse, string scenario) => new()
        {
            Scenario = scenario,
            Targets = [.. parse.GetValue(_on)!.Split(',').Select(target => OptionText.OneOf("--on", target.Trim(), "model", "host")).Distinct(StringComparer.Ordinal)],
            Kernels = [.. (parse.GetValue(_kernel) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)],
            Repeat = OptionText.Positive("--repeat", parse.GetValue(_repeat)!),
            Report = parse.GetValue(_report),
            Seed = 1,
            Json = OptionText.OneOf("--format", parse.GetValue(_format)!, "table", "json") == "json",
            Quiet = parse.GetValue(_quiet),
            Verbose = parse.GetValue(_verbose),
        };
    }

    private static int Files(CliConsole console, string first, string second, CompareDetail detail, bool json, CancellationToken cancel)
    {
        (RunResult? result, RecordingReader? recording) a = Open(first);
        (RunResult? result, RecordingReader? recording) b = Open(second);
        using RecordingReader? closeA = a.recording;
        using RecordingReader? closeB = b.recording;
        IReadOnlyList<CounterDifference> differences = a.result is not null && b.result is not null ? CounterTable.Of([a.result], [b.result])
            : a.recording is not null && b.recording is not null ? CounterTable.Of(RecordingCounters.Of(a.recording, cancel), RecordingCounters.Of(b.recording, cancel))
            : throw CliException.Usage($"{first} and {second} are not of one kind: compare two results, two recordings of runs, or two recordings of hosts");
        if (json)
        {
            JsonText.Write(console, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("schema", "ullage/comparison/1");
                writer.WriteStartArray("comparisons");
                DifferenceJson.Write(writer, differences, first, second);
                writer.WriteEndArray();
                writer.WriteEndObject();
            });
        }
        else
        {
            new DifferenceTable(console).Write(differences, Path.GetFileName(first), Path.GetFileName(second), detail);
        }
        return differences.Any(each => each.Beyond) ? ExitCodes.Finding : ExitCodes.Ok;
    }

    // A recording of a run is compared by its result; one of a host by what its figures were over time.
    private static (RunResult? Result, RecordingReader? Recording) Open(string path)
    {
        if (RecordingReader.IsRecording(path))
        {
            RecordingReader recording = RecordingFiles.Open(path);
            return recording.Result() is byte[] json ? (ResultJson.Read(json), recording) : (null, recording);
        }
        try
        {
            return (ResultJson.Read(File.ReadAllBytes(path)), null);
        }
        catch (FormatException wrong)
        {
            throw CliException.NoData($"{path}: {wrong.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.NoData($"cannot read {path}: {ScenarioLoader.Describe(failure)}: name a file that 'ullage run SCENARIO -o FILE' or 'ullage record -o FILE' wrote");
        }
    }
}
