using System.CommandLine;
using Ullage.Cli.Terminal;
using Ullage.Cli.Top;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage top</c>: the command line of it.</summary>
internal static class TopVerb
{
    public const string Name = "top";
    public const string Does = "Full-screen tree of cgroups: usage by kind, limit, ullage, pressure, dying";

    public static string[] Examples => ["ullage top", "ullage top /system.slice 2", "ullage top -b -c 1 --sort ullage", "ullage top --scenario hierarchy-attribution -i 100ms"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        WatchOptionSet options = new("table", "table");
        Option<bool> batch = new("--batch", "-b") { Description = "Plain text instead of a screen: all rows, COUNT times (once without delay and count)" };
        Option<string> sort = new("--sort") { HelpName = "COLUMN", Description = "usage, limit, ullage, anon, file, kernel, slab, psi or dying", DefaultValueFactory = _ => "usage" };
        Command verb = new(Name, Does + "\n\nKeys: q quits, ? explains all others, Enter tells a row's story. Marks: x killed, ! less than 5% left, ~ stalled, * limit met.");
        options.AddTo(verb);
        verb.Options.Add(batch);
        verb.Options.Add(sort);
        verb.SetAction((parse, cancel) => new TopLoop(console, services()).RunAsync(options.Read(parse), parse.GetValue(batch),
            OptionText.OneOf("--sort", parse.GetValue(sort)!, "usage", "limit", "ullage", "anon", "file", "kernel", "slab", "psi", "dying").ToUpperInvariant(), cancel));
        return verb;
    }
}
