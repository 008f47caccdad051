using Ullage.Observe.Sampling;

namespace Ullage.Observe.Readings;

/// <summary>
/// The distance to the limit that is reached first. For the cgroup and each ancestor with a limit: limit - usage of that level; the least wins. All usage counts,
/// also what could be reclaimed, so this is the room before reclaim begins, not yet the room before the kill. Without any limit it is the machine's MemAvailable.
/// </summary>
/// <param name="Bytes">The room in bytes, never below 0.</param>
/// <param name="BindingPath">The cgroup whose limit it is, or <c>machine</c>; null when nothing could be read.</param>
/// <param name="BindingKind">Which of its limits; null for the machine.</param>
/// <param name="BindingLimitBytes">That limit; null for the machine.</param>
/// <param name="Unread">Levels that could not be read and might bind more tightly, with the reason; empty when all were read.</param>
public sealed record UllageReading(Measured Bytes, string? BindingPath, LimitKind? BindingKind, long? BindingLimitBytes, IReadOnlyList<string> Unread)
{
    /// <summary>The name of the bound when no cgroup on the way has a limit.</summary>
    public const string Machine = "machine";

    /// <summary>Computes it from a sample.</summary>
    public static UllageReading Of(MemorySample sample)
    {
        LevelSample? binding = null;
        long least = long.MaxValue;
        List<string>? unread = null;
        foreach (LevelSample level in sample.Levels)
        {
            if (level.LimitBytes.Value is not long limit)
            {
                // The root of v2 has no limit file: that is no gap.
                if (level.Path != "/")
                {
                    (unread ??= []).Add(level.LimitBytes.Why ?? level.Path);
                }
                continue;
            }
            if (limit == MemorySample.Unlimited)
            {
                continue;
            }
            if (level.UsageBytes.Value is not long usage)
            {
                (unread ??= []).Add(level.UsageBytes.Why ?? level.Path);
                continue;
            }
            long room = Math.Max(0, limit - usage);
            if (binding is null || room < least)
            {
                binding = level;
                least = room;
            }
        }
        return binding is null
            ? new UllageReading(sample.MachineAvailableBytes, sample.MachineAvailableBytes.Value is null ? null : Machine, null, null, unread ?? [])
            : new UllageReading(Measured.Of(least), binding.Path, binding.Kind, binding.LimitBytes.Value, unread ?? []);
    }
}

/// <summary>What one sample says, and what changed since the one before.</summary>
public sealed record MemoryReading
{
    private const double NsPerSecond = 1e9;

    /// <summary>The sample.</summary>
    public required MemorySample Sample { get; init; }
    /// <summary>The room left.</summary>
    public required UllageReading Ullage { get; init; }
    /// <summary>Seconds since the sample before; null when there is none of the same cgroup.</summary>
    public double? Seconds { get; init; }
    /// <summary>Growth of usage, in bytes per second; null when it cannot be told.</summary>
    public double? UsageBytesPerSecond { get; init; }
    /// <summary>failcnt (v1) or max events (v2) since the sample before; null when it cannot be told.</summary>
    public long? NewFailures { get; init; }
    /// <summary>OOM kills since the sample before; null when it cannot be told.</summary>
    public long? NewOomKills { get; init; }

    /// <summary>Pure: the same two samples give the same reading. A cgroup that was removed and made again under its name is another one.</summary>
    public static MemoryReading Of(MemorySample? before, MemorySample now)
    {
        MemoryReading reading = new() { Sample = now, Ullage = UllageReading.Of(now) };
        bool same = before is not null && before.Path == now.Path && before.CgroupId == now.CgroupId && before.Version == now.Version && now.TimeNs > before.TimeNs;
        if (!same)
        {
            return reading;
        }
        double seconds = (now.TimeNs - before!.TimeNs) / NsPerSecond;
        return reading with
        {
            Seconds = seconds,
            UsageBytesPerSecond = (now.UsageBytes.Value - before.UsageBytes.Value) / seconds,
            NewFailures = Counted(before.Failcnt, now.Failcnt) ?? Counted(before.MaxEvents, now.MaxEvents),
            NewOomKills = Counted(before.OomKills, now.OomKills),
        };
    }

    /// <summary>A counter that went back was reset by somebody: what happened in between cannot be told.</summary>
    private static long? Counted(Measured before, Measured now) => now.Value - before.Value is long difference and >= 0 ? difference : null;
}
