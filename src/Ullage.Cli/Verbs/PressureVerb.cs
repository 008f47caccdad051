using System.CommandLine;
using Ullage.Cli.Pressure;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage pressure</c>: the command line of it.</summary>
internal static class PressureVerb
{
    public const string Name = "pressure";
    public const string Does = "Memory stalls of the machine and a cgroup each second, and which kind they are";

    public static string[] Examples => ["ullage pressure", "ullage pressure /system.slice 1 60", "ullage pressure /stalls --scenario psi-two-cpus"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        WatchOptionSet options = new("table, or json, ndjson, csv, openmetrics", "table", "json", "ndjson", "csv", "openmetrics");
        Command verb = new(Name, Does + "\n\nsome% and full%: part of the interval in which a task, or all tasks, waited for memory. Causes: short = the machine is short, "
            + "limit = a cgroup's limit, high = memory.high, thrash = page cache is read again and again, swap-in, compact.");
        options.AddTo(verb);
        verb.SetAction((parse, cancel) => new PressureLoop(console, services()).RunAsync(options.Read(parse), cancel));
        return verb;
    }
}
