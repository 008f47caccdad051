namespace Ullage.Cli.Run;

/// <summary>What a command line asks <c>run</c> to do.</summary>
internal sealed record RunRequest
{
    public required string Scenario { get; init; }
    public required string On { get; init; }
    public string? Kernel { get; init; }
    public IReadOnlyList<string> Overrides { get; init; } = [];
    public ulong Seed { get; init; }
    /// <summary>True when the command line has a seed.</summary>
    public bool SeedGiven { get; init; }
    public bool Verify { get; init; }
    public bool Json { get; init; }
    public string? Output { get; init; }
    public bool Quiet { get; init; }
    public bool Verbose { get; init; }
}
