using System.CommandLine;
using System.Globalization;
using Ullage.Cli.Sources;
using Ullage.Cli.Stat;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Verbs;

/// <summary><c>ullage stat</c>: the command line of it.</summary>
internal static class StatVerb
{
    public const string Name = "stat";
    public const string Does = "One line per interval of a cgroup's memory: usage, limit, ullage, kinds, events";

    public static string[] Examples => ["ullage stat -p $$ -c 10", "ullage stat / 1 3", "ullage stat / --format ndjson -c 1"];

    public static Command Command(CliConsole console, Func<CliServices> services)
    {
        StatOptionSet options = new();
        Command verb = new(Name, Does + "\n\nMarks at the end of a line: ! less than 5% left until the limit, * the limit was hit since the line before, x an OOM kill since then.");
        options.AddTo(verb);
        verb.SetAction((parse, cancel) =>
        {
            CliServices given = services();
            return new StatLoop(console, given).RunAsync(options.Read(parse, replaying: given.Source is not null), cancel);
        });
        return verb;
    }

    private sealed class StatOptionSet
    {
        private readonly Argument<string[]> _words = new("CGROUP [DELAY [COUNT]]")
        {
            Description = "A cgroup's path, as in /proc/PID/cgroup or as a directory (not with -p); seconds between lines; number of lines",
            Arity = new ArgumentArity(0, 3),
        };
        private readonly Option<string?> _pid = new("--pid", "-p") { HelpName = "PID", Description = "Watch the memory cgroup of this process" };
        private readonly Option<string?> _count = new("--count", "-c") { HelpName = "COUNT", Description = "Number of lines; default: 1 without an interval (of a recording all), else no end" };
        private readonly Option<string?> _interval = new("--interval", "-i") { HelpName = "TIME", Description = "Time between lines, such as 1, 0.5 or 200ms; default: 1 s" };
        private readonly Option<string> _format = CommonOptions.Format("table (IEC units), or json, ndjson, csv, openmetrics (bytes)");
        private readonly SourceOptionSet _source = new();
        private readonly Option<bool> _quiet = new("--quiet") { Description = "Only the lines of the table: no title, header or notes" };
        private readonly Option<bool> _verbose = CommonOptions.Verbose;

        public void AddTo(Command verb)
        {
            verb.Arguments.Add(_words);
            foreach (Option option in new Option[] { _pid, _count, _interval, _format, _quiet, _verbose, CommonOptions.NoColour })
            {
                verb.Options.Add(option);
            }
            _source.AddTo(verb);
        }

        public StatRequest Read(ParseResult parse, bool replaying)
        {
            Queue<string> words = new(parse.GetValue(_words) ?? []);
            int? pid = parse.GetValue(_pid) is string text ? OptionText.Positive("-p", text) : null;
            string? cgroup = pid is null && words.Count > 0 ? words.Dequeue() : null;
            if (pid is null && cgroup is null)
            {
                throw CliException.Usage("stat needs a cgroup or a process: 'ullage stat CGROUP 1 10' or 'ullage stat -p PID -c 10'");
            }
            if (pid is null && int.TryParse(cgroup, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                throw CliException.Usage($"'{cgroup}' is not a cgroup's path: for a process write 'ullage stat -p {cgroup}'");
            }
            string? interval = words.TryDequeue(out string? delay) ? delay : parse.GetValue(_interval);
            string? count = words.TryDequeue(out string? number) ? number : parse.GetValue(_count);
            if (words.Count > 0)
            {
                throw CliException.Usage($"'{words.Peek()}' is one argument too many: 'ullage stat -p PID 1 10'");
            }
            return new StatRequest
            {
                Pid = pid,
                Cgroup = cgroup,
                Interval = interval is null ? TimeSpan.FromSeconds(1) : OptionText.Interval(delay is null ? "--interval" : "delay", interval),
                Count = count is not null ? OptionText.Positive(number is null ? "--count" : "count", count) : interval is null && !replaying ? 1 : null,
                Format = FormatOf(OptionText.OneOf("--format", parse.GetValue(_format)!, "table", "json", "ndjson", "csv", "openmetrics")),
                Source = _source.Read(parse),
                Quiet = parse.GetValue(_quiet),
                Verbose = parse.GetValue(_verbose),
            };
        }

        private static StatFormat FormatOf(string word) => word switch
        {
            "json" => StatFormat.Json,
            "ndjson" => StatFormat.Ndjson,
            "csv" => StatFormat.Csv,
            "openmetrics" => StatFormat.OpenMetrics,
            _ => StatFormat.Table,
        };
    }
}
