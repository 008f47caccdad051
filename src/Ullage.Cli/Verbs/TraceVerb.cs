using System.CommandLine;
using Ullage.Cli.Terminal;
using Ullage.Cli.Trace;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage trace</c>: the command line of it.</summary>
internal static class TraceVerb
{
    public const string Name = "trace";
    public const string Does = "Count the call stacks of kernel functions while a scenario runs";

    public static string[] Examples =>
    [
        "ullage trace psi_memstall_enter -- anon-oom",
        "ullage trace psi_memstall_enter page_counter_try_charge --kernel 5.10 -- anon-oom",
        "ullage trace psi_memstall_enter --format folded -- anon-oom",
    ];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        Argument<string[]> words = new("FUNCTION... -- SCENARIO")
        {
            Description = "Kernel functions, then a built-in scenario's name or a file",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> on = new("--on") { HelpName = "TARGET", Description = "model, or host: this machine's kernel, through tracefs", DefaultValueFactory = _ => "model" };
        Option<string?> kernel = new("--kernel") { HelpName = "ERA", Description = "The kernel to model, such as 5.4; default: the scenario's" };
        Option<string[]> set = new("--set") { HelpName = "KEY=VALUE", Description = "Change a value of the scenario; may be repeated", AllowMultipleArgumentsPerToken = false };
        Option<string> seed = new("--seed") { HelpName = "N", Description = "Seed of everything random", DefaultValueFactory = _ => "1" };
        Option<string> format = new("--format") { HelpName = "FORMAT", Description = "text (as bpftrace prints), folded (flame graphs), speedscope or json", DefaultValueFactory = _ => "text" };
        Command verb = new(Name, Does);
        verb.Arguments.Add(words);
        foreach (Option option in new Option[] { on, kernel, set, seed, format, CommonOptions.Verbose, CommonOptions.NoColour })
        {
            verb.Options.Add(option);
        }
        verb.SetAction((parse, cancel) =>
        {
            string[] given = parse.GetValue(words) ?? [];
            if (given.Length < 2)
            {
                throw CliException.Usage("trace needs a function and a scenario: ullage trace psi_memstall_enter -- anon-oom");
            }
            return new Tracer(console, services()).RunAsync(new TraceRequest
            {
                Functions = given[..^1],
                Scenario = given[^1],
                On = OptionText.OneOf("--on", parse.GetValue(on)!, "model", "host"),
                Kernel = parse.GetValue(kernel),
                Overrides = parse.GetValue(set) ?? [],
                Seed = OptionText.Seed(parse.GetValue(seed)!),
                Format = OptionText.OneOf("--format", parse.GetValue(format)!, "text", "folded", "speedscope", "json"),
            }, cancel);
        });
        return verb;
    }
}
