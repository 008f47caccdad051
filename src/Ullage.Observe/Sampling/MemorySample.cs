namespace Ullage.Observe.Sampling;

/// <summary>Which of a cgroup's counters a limit is set on.</summary>
public enum LimitKind
{
    /// <summary>memory.limit_in_bytes or memory.max.</summary>
    Memory,
    /// <summary>memory.memsw.limit_in_bytes (v1).</summary>
    MemoryAndSwap,
}

/// <summary>One limit on the way from the cgroup to the root.</summary>
/// <param name="Path">The hierarchy path of the cgroup that has it.</param>
/// <param name="Kind">What it limits.</param>
/// <param name="UsageBytes">Usage of that level, in bytes.</param>
/// <param name="LimitBytes">The limit in bytes; <see cref="MemorySample.Unlimited"/> = no limit.</param>
public sealed record LevelSample(string Path, LimitKind Kind, Measured UsageBytes, Measured LimitBytes);

/// <summary>What a memory cgroup showed at one moment. Bytes and counts as the kernel gives them; all of the subtree below it as well.</summary>
public sealed record MemorySample
{
    /// <summary>The value of a limit that is none.</summary>
    public const long Unlimited = long.MaxValue;

    /// <summary>Monotonic time in nanoseconds.</summary>
    public required long TimeNs { get; init; }
    /// <summary>1 or 2.</summary>
    public required int Version { get; init; }
    /// <summary>The hierarchy path.</summary>
    public required string Path { get; init; }
    /// <summary>The inode of its directory, which no later cgroup of the same name shares; null when these files have none (model, recording).</summary>
    public ulong? CgroupId { get; init; }
    /// <summary>memory.usage_in_bytes or memory.current.</summary>
    public Measured UsageBytes { get; init; }
    /// <summary>memory.limit_in_bytes or memory.max; <see cref="Unlimited"/> = none.</summary>
    public Measured LimitBytes { get; init; }
    /// <summary>v1: memory.failcnt.</summary>
    public Measured Failcnt { get; init; }
    /// <summary>v2: <c>max</c> of memory.events.</summary>
    public Measured MaxEvents { get; init; }
    /// <summary>v2: <c>oom</c> of memory.events.</summary>
    public Measured OomEvents { get; init; }
    /// <summary><c>oom_kill</c> of memory.events, or of memory.oom_control (v1, from 4.13).</summary>
    public Measured OomKills { get; init; }
    /// <summary>Anonymous memory.</summary>
    public Measured AnonBytes { get; init; }
    /// <summary>Page cache, with tmpfs.</summary>
    public Measured FileBytes { get; init; }
    /// <summary>Kernel memory: memory.kmem.usage_in_bytes; v2 <c>kernel</c> (from 5.18), before that the sum of its parts.</summary>
    public Measured KernelBytes { get; init; }
    /// <summary>Slab, a part of kernel memory (v2 only).</summary>
    public Measured SlabBytes { get; init; }
    /// <summary>Swap in use.</summary>
    public Measured SwapBytes { get; init; }
    /// <summary>The cgroup's own limits first, then those of its ancestors.</summary>
    public IReadOnlyList<LevelSample> Levels { get; init; } = [];
    /// <summary>MemAvailable of the machine, in bytes.</summary>
    public Measured MachineAvailableBytes { get; init; }
}
