using System.CommandLine;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage run</c>: the command line of it.</summary>
internal static class RunVerb
{
    public const string Name = "run";
    public const string Does = "Run a scenario on the model of a kernel, or on the kernel of this host";

    public static string[] Examples =>
    [
        "ullage run anon-oom",
        "ullage run anon-oom --kernel 4.15 --verify",
        "ullage run anon-oom --report out.html",
        "ullage run anon-oom --kernel 4.15,6.18",
        "sudo ullage run anon-oom --on model,host",
    ];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        RunOptionSet options = new();
        Command verb = new(Name, Does);
        options.AddTo(verb);
        verb.SetAction((parse, cancel) => new Runner(console, services()).RunAsync(options.Read(parse), cancel));
        return verb;
    }

    private sealed class RunOptionSet
    {
        private readonly Argument<string> _scenario = new("SCENARIO") { Description = "A built-in scenario's name, or a file" };
        private readonly Option<string> _on = new("--on") { HelpName = "TARGET", Description = "model, host (needs root), or model,host to compare them", DefaultValueFactory = _ => "model" };
        private readonly Option<string?> _kernel = new("--kernel") { HelpName = "ERA", Description = "The kernel to model, such as 4.15; several to compare: 5.4,6.18" };
        private readonly Option<string[]> _set = new("--set")
        {
            HelpName = "KEY=VALUE",
            Description = "Change a value of the scenario, such as machine.cpus=4; may be repeated",
            AllowMultipleArgumentsPerToken = false,
        };
        private readonly Option<string> _seed = new("--seed") { HelpName = "N", Description = "Seed of everything random", DefaultValueFactory = _ => "1" };
        private readonly Option<bool> _verify = new("--verify") { Description = "Run twice and compare everything but the wall time" };
        private readonly Option<string> _format = CommonOptions.Format("table (for people) or json (schema ullage/result/1)");
        private readonly Option<string?> _output = new("--output", "-o") { HelpName = "FILE", Description = "Also write to FILE: a recording when it ends with .ullage, else the result as JSON" };
        private readonly Option<string?> _report = new("--report") { HelpName = "FILE", Description = "Also write a report to FILE: one HTML page that needs no network" };
        private readonly Option<string?> _interval = new("--interval", "-i") { HelpName = "TIME", Description = "With -o FILE.ullage: time between samples, such as 100ms or 5s; default: finely at first" };
        private readonly Option<string> _repeat = new("--repeat") { HelpName = "N", Description = "Run each side of a comparison N times, to know its spread", DefaultValueFactory = _ => "1" };
        private readonly Option<bool> _quiet = CommonOptions.Quiet;
        private readonly Option<bool> _verbose = CommonOptions.Verbose;

        public void AddTo(Command verb)
        {
            verb.Arguments.Add(_scenario);
            foreach (Option option in new Option[] { _on, _kernel, _set, _seed, _verify, _format, _output, _interval, _report, _repeat, _quiet, _verbose, CommonOptions.NoColour })
            {
                verb.Options.Add(option);
            }
        }

        public RunRequest Read(ParseResult parse)
        {
            RunRequest request = new()
            {
                Scenario = parse.GetRequiredValue(_scenario),
                Targets = [.. parse.GetValue(_on)!.Split(',').Select(on => OptionText.OneOf("--on", on.Trim(), "model", "host")).Distinct(StringComparer.Ordinal)],
                Kernels = [.. (parse.GetValue(_kernel) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)],
                Repeat = OptionText.Positive("--repeat", parse.GetValue(_repeat)!),
                Report = parse.GetValue(_report),
                IntervalNs = parse.GetValue(_interval) is string interval ? OptionText.Interval("--interval", interval).Ticks * 100 : null,
                Overrides = parse.GetValue(_set) ?? [],
                Seed = OptionText.Seed(parse.GetValue(_seed)!),
                SeedGiven = parse.GetResult(_seed) is { Implicit: false },
                Verify = parse.GetValue(_verify),
                Json = OptionText.OneOf("--format", parse.GetValue(_format)!, "table", "json") == "json",
                Output = parse.GetValue(_output),
                Quiet = parse.GetValue(_quiet),
                Verbose = parse.GetValue(_verbose),
            };
            if (!request.Targets.Contains("model") && request.Kernels.Count > 0)
            {
                throw CliException.Usage("--kernel chooses the modelled kernel, the host has its own: leave out --kernel or --on host");
            }
            if (request.Verify && request.Targets.Contains("host"))
            {
                throw CliException.Usage("--verify needs the model: no two runs on a real kernel are identical; leave out --verify or --on host");
            }
            if (request.Verify && request.Sides > 1)
            {
                throw CliException.Usage("--verify compares a run with itself: leave it out to compare several");
            }
            return request;
        }
    }
}
