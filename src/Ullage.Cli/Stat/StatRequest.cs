using Ullage.Cli.Sources;

namespace Ullage.Cli.Stat;

/// <summary>Forms that <c>stat</c> writes.</summary>
internal enum StatFormat
{
    Table,
    Json,
    Ndjson,
    Csv,
    OpenMetrics,
}

/// <summary>What a command line asks <c>stat</c> to do.</summary>
internal sealed record StatRequest
{
    /// <summary>A process whose cgroup is watched; null when <see cref="Cgroup"/> is set.</summary>
    public int? Pid { get; init; }
    public string? Cgroup { get; init; }
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>How many lines; null = until it is interrupted or the cgroup is gone.</summary>
    public int? Count { get; init; }
    public StatFormat Format { get; init; }
    /// <summary>Which kernel.</summary>
    public SourceRequest Source { get; init; } = new();
    /// <summary>Only the lines of the table: no title, header or notes.</summary>
    public bool Quiet { get; init; }
    public bool Verbose { get; init; }
}
