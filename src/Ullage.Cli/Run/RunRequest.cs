namespace Ullage.Cli.Run;

/// <summary>What a command line asks <c>run</c> to do.</summary>
internal sealed record RunRequest
{
    public required string Scenario { get; init; }
    /// <summary><c>model</c>, <c>host</c>, or both.</summary>
    public required IReadOnlyList<string> Targets { get; init; }
    /// <summary>The eras to model; empty = the scenario's.</summary>
    public IReadOnlyList<string> Kernels { get; init; } = [];
    /// <summary>How many runs are to be compared; 1 = none.</summary>
    public int Sides => Targets.Sum(target => target == "model" ? Math.Max(1, Kernels.Count) : 1);
    /// <summary>Runs of each side of a comparison.</summary>
    public int Repeat { get; init; } = 1;
    public IReadOnlyList<string> Overrides { get; init; } = [];
    public ulong Seed { get; init; }
    /// <summary>True when the command line has a seed.</summary>
    public bool SeedGiven { get; init; }
    public bool Verify { get; init; }
    public bool Json { get; init; }
    public string? Output { get; init; }
    /// <summary>How often a recording of the run is to be sampled; null = as finely as is useful.</summary>
    public long? IntervalNs { get; init; }
    /// <summary>The HTML file of <c>--report</c>; null = none.</summary>
    public string? Report { get; init; }
    public bool Quiet { get; init; }
    public bool Verbose { get; init; }
}
