using Ullage.Abi.Units;

namespace Ullage.Cli.Stat;

/// <summary>A cgroup's memory at one moment. Null = unavailable, with the reason in <see cref="Unavailable"/> under the field's name.</summary>
internal sealed record StatSample
{
    /// <summary>Stands for the machine where a limiting cgroup would be named.</summary>
    public const string Machine = "machine";

    public required DateTimeOffset At { get; init; }
    /// <summary>1 or 2.</summary>
    public required int Version { get; init; }
    public required string Cgroup { get; init; }
    public long? UsageBytes { get; init; }
    public Limit? Limit { get; init; }
    /// <summary>What is left until the limit that is reached first; without any limit, what the machine has available.</summary>
    public long? UllageBytes { get; init; }
    /// <summary>The cgroup, itself or an ancestor, whose limit is reached first; <see cref="Machine"/> when nothing limits it.</summary>
    public string? BindingCgroup { get; init; }
    /// <summary>True when that limit is one of memory and swap together (v1).</summary>
    public bool BindingIsMemsw { get; init; }
    /// <summary>That limit; null for the machine.</summary>
    public long? BindingLimitBytes { get; init; }
    public long? AnonBytes { get; init; }
    public long? FileBytes { get; init; }
    public long? KernelBytes { get; init; }
    public long? SwapBytes { get; init; }
    /// <summary>v1: memory.failcnt.</summary>
    public long? Failcnt { get; init; }
    /// <summary>v2: <c>max</c> of memory.events.</summary>
    public long? MaxEvents { get; init; }
    /// <summary>v2: <c>oom_kill</c> of memory.events; v1 from 4.13 on: of memory.oom_control.</summary>
    public long? OomKills { get; init; }
    /// <summary>Field name (as in JSON) and reason.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Unavailable { get; init; } = [];
}

/// <summary>Reads one cgroup again and again.</summary>
internal interface IStatSource : IDisposable
{
    /// <summary>The present figures; null when the cgroup or process is gone, with what happened in <paramref name="gone"/>.</summary>
    StatSample? Read(out string gone);
}
