using System.CommandLine;
using System.Globalization;
using Ullage.Cli.Sources;

namespace Ullage.Cli.Verbs;

/// <summary>What a command line asks a verb that watches to do.</summary>
internal sealed record WatchRequest
{
    public SourceRequest Source { get; init; } = new();
    /// <summary>The cgroup, as a person names it; null = none.</summary>
    public string? Cgroup { get; init; }
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>How many times; null = until it is interrupted.</summary>
    public int? Count { get; init; }
    /// <summary>True when neither delay nor interval was given.</summary>
    public bool IntervalIsDefault { get; init; }
    public string Format { get; init; } = "table";
    public bool Quiet { get; init; }
    public bool Verbose { get; init; }
}

/// <summary><c>[CGROUP] [DELAY [COUNT]]</c> and the options that go with it.</summary>
internal sealed class WatchOptionSet(string formats, params string[] formatNames)
{
    private readonly Argument<string[]> _words = new("CGROUP DELAY COUNT")
    {
        Description = "A cgroup's path or directory; seconds between readings; how many of them. Each may be left out",
        Arity = new ArgumentArity(0, 3),
    };
    private readonly Option<string?> _count = new("--count", "-c") { HelpName = "COUNT", Description = "How many readings; default: no end" };
    private readonly Option<string?> _interval = new("--interval", "-i") { HelpName = "TIME", Description = "Time between readings, such as 1, 0.5 or 200ms; default: 1 s" };
    private readonly Option<string> _format = CommonOptions.Format(formats);
    private readonly Option<bool> _quiet = new("--quiet") { Description = "Only the lines of the table: no title, header or notes" };
    private readonly Option<bool> _verbose = CommonOptions.Verbose;
    private readonly SourceOptionSet _source = new();

    public void AddTo(Command verb)
    {
        verb.Arguments.Add(_words);
        foreach (Option option in new Option[] { _count, _interval, _format, _quiet, _verbose, CommonOptions.NoColour })
        {
            verb.Options.Add(option);
        }
        _source.AddTo(verb);
    }

    public WatchRequest Read(ParseResult parse)
    {
        Queue<string> words = new(parse.GetValue(_words) ?? []);
        // A number in front is the delay: a cgroup of such a name is written with its slash.
        string? cgroup = words.Count > 0 && !double.TryParse(words.Peek().TrimEnd('s', 'm', 'h'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)
            ? words.Dequeue() : null;
        string? delay = words.TryDequeue(out string? first) ? first : null;
        string? number = words.TryDequeue(out string? second) ? second : null;
        if (words.Count > 0)
        {
            throw CliException.Usage($"'{words.Peek()}' is one argument too many: a cgroup, a delay and a count are all there is");
        }
        string? interval = delay ?? parse.GetValue(_interval);
        string? count = number ?? parse.GetValue(_count);
        TimeSpan every = interval is null ? TimeSpan.FromSeconds(1) : OptionText.Interval(delay is null ? "--interval" : "delay", interval);
        return new WatchRequest
        {
            Source = _source.Read(parse) with { Cgroup = cgroup, Interval = every },
            Cgroup = cgroup,
            Interval = every,
            IntervalIsDefault = interval is null,
            Count = count is null ? null : OptionText.Positive(number is null ? "--count" : "count", count),
            Format = OptionText.OneOf("--format", parse.GetValue(_format)!, formatNames),
            Quiet = parse.GetValue(_quiet),
            Verbose = parse.GetValue(_verbose),
        };
    }
}
