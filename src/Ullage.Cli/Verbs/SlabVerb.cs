using System.CommandLine;
using Ullage.Cli.Slab;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage slab</c>: the command line of it.</summary>
internal static class SlabVerb
{
    public const string Name = "slab";
    public const string Does = "Slab caches of the machine, or of a cgroup where the kernel can tell";

    public static string[] Examples => ["sudo ullage slab", "sudo ullage slab 1 --sort change", "ullage slab /000 --scenario kmem-limit"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        WatchOptionSet options = new("table, or json, ndjson, csv, openmetrics", "table", "json", "ndjson", "csv", "openmetrics");
        Option<string> lines = new("--lines", "-n") { HelpName = "N", Description = "Caches in the table; default: 20", DefaultValueFactory = _ => "20" };
        Option<string> sort = new("--sort") { HelpName = "KEY", Description = "size, change, objects or name; default: size", DefaultValueFactory = _ => "size" };
        Command verb = new(Name, Does + "\n\nWithout delay and count it prints once. /proc/slabinfo can be read by root only.");
        options.AddTo(verb);
        verb.Options.Add(lines);
        verb.Options.Add(sort);
        verb.SetAction((parse, cancel) =>
        {
            WatchRequest watch = options.Read(parse);
            int most = OptionText.Positive("--lines", parse.GetValue(lines)!);
            string key = OptionText.OneOf("--sort", parse.GetValue(sort)!, "size", "change", "objects", "name");
            return new SlabLoop(console, services(), most, key).RunAsync(watch with { Count = watch.Count ?? (watch.IntervalIsDefault ? 1 : null) }, cancel);
        });
        return verb;
    }
}
