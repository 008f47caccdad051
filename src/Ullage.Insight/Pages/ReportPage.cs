using Ullage.Insight.Timelines;

namespace Ullage.Insight.Pages;

/// <summary>Everything that one report shows. Texts are plain: the writer escapes them.</summary>
public sealed record ReportPage
{
    /// <summary>What the report is about, such as <c>anon-oom</c>.</summary>
    public required string Title { get; init; }
    /// <summary>One sentence on what happened.</summary>
    public required string Verdict { get; init; }
    /// <summary>True when the verdict is bad news: a kill, or a failed expectation.</summary>
    public bool Alarming { get; init; }
    /// <summary>The command line that made the report.</summary>
    public required string Command { get; init; }
    /// <summary>Facts about machine and run: name and value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Facts { get; init; } = [];
    /// <summary>The runs, recordings or hosts that are shown, overlaid in the charts when there are several.</summary>
    public required IReadOnlyList<ReportRun> Runs { get; init; }
    /// <summary>Tables below the charts.</summary>
    public IReadOnlyList<ReportTable> Tables { get; init; } = [];
    /// <summary>Call stacks, drawn as flame graphs, one per function.</summary>
    public IReadOnlyList<ReportStack> Stacks { get; init; } = [];
    /// <summary>Texts to read in full, such as the scenario: heading and text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Texts { get; init; } = [];
    /// <summary>What is missing or was left aside, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
    /// <summary>Where a live page fetches newer charts; null for a report.</summary>
    public string? LiveUrl { get; init; }
}

/// <summary>One run, recording or host.</summary>
public sealed record ReportRun
{
    /// <summary>Its name, such as <c>model 6.18</c>.</summary>
    public required string Name { get; init; }
    /// <summary>What was read over time.</summary>
    public required Timeline Timeline { get; init; }
    /// <summary>What happened at single moments.</summary>
    public IReadOnlyList<ReportEvent> Events { get; init; } = [];
    /// <summary>Wall-clock time of time zero, in nanoseconds since 1970; null when time counts from the start of the run.</summary>
    public long? EpochNs { get; init; }
}

/// <summary>Something that happened at one moment.</summary>
/// <param name="TNs">Time in nanoseconds, on the scale of the timeline.</param>
/// <param name="Kind"><c>oom</c>, <c>slub</c>, <c>panic</c> or <c>log</c>.</param>
/// <param name="Title">In a few words.</param>
/// <param name="Text">The kernel log's lines.</param>
public sealed record ReportEvent(long TNs, string Kind, string Title, string Text);

/// <summary>A table.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Columns">Its column heads; one that begins with <c>#</c> is of numbers.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Note">A sentence above it; empty for none.</param>
public sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<ReportRow> Rows, string Note = "");

/// <summary>A row of a table.</summary>
/// <param name="Cells">One text per column.</param>
/// <param name="Tone">Empty, <c>dim</c>, <c>yellow</c>, <c>red</c> or <c>magenta</c>.</param>
public sealed record ReportRow(IReadOnlyList<string> Cells, string Tone = "");

/// <summary>One call stack of a function.</summary>
/// <param name="Function">The traced function.</param>
/// <param name="Count">How often.</param>
/// <param name="Frames">Innermost first.</param>
public sealed record ReportStack(string Function, long Count, IReadOnlyList<string> Frames);
