using Ullage.Abi.Units;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;

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
    /// <summary>What can still be taken before the OOM killer comes: to the bound that is met first, without what can be reclaimed.</summary>
    public long? UllageBytes { get; init; }
    /// <summary>The cgroup, itself or an ancestor, whose limit is reached first; <see cref="Machine"/> when nothing limits it.</summary>
    public string? BindingCgroup { get; init; }
    /// <summary>What that limit is set on.</summary>
    public LimitKind BindingKind { get; init; }
    /// <summary>That limit; null for the machine.</summary>
    public long? BindingLimitBytes { get; init; }
    /// <summary>The least of limit - usage: what is left until reclaim begins; null also when there is no limit.</summary>
    public long? RoomBytes { get; init; }
    /// <summary>Usage without inactive page cache.</summary>
    public long? WorkingSetBytes { get; init; }
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
    /// <summary>All that is known about the cgroup.</summary>
    public IReadOnlyList<KeyValuePair<Field, long>> Fields { get; init; } = [];
    /// <summary>How the ullage was computed; empty unless it was asked for.</summary>
    public IReadOnlyList<string> Explanation { get; init; } = [];
    /// <summary>The same as OpenMetrics; valid until the next sample.</summary>
    public Func<string> OpenMetrics { get; init; } = () => "# EOF\n";
    /// <summary>Field name (as in JSON) and reason.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Unavailable { get; init; } = [];
}

/// <summary>Reads one cgroup again and again.</summary>
internal interface IStatSource : IDisposable
{
    /// <summary>True when there must be a wait between two readings.</summary>
    bool IsLive { get; }

    /// <summary>The present figures; null when the cgroup or process is gone, with what happened in <paramref name="gone"/>.</summary>
    StatSample? Read(out string gone);
}
