namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>How a process's malloc is set up: its release, and what mallopt(3), MALLOC_ARENA_MAX and the like would set.</summary>
public sealed record MallocOptions
{
    /// <summary>The release.</summary>
    public required GlibcRules Release { get; init; }

    /// <summary>CPUs that the process may run on: the number of arenas is limited to 8 for each.</summary>
    public int Cpus { get; init; } = 2;

    /// <summary>M_ARENA_MAX, MALLOC_ARENA_MAX, glibc.malloc.arena_max; 0 = not set.</summary>
    public int ArenaMax { get; init; }

    /// <summary>M_ARENA_TEST: the limit by CPUs counts once there are more arenas than this.</summary>
    public int ArenaTest { get; init; } = 8;

    /// <summary>M_MMAP_THRESHOLD in bytes; null = 128 KiB and dynamic.</summary>
    public long? MmapThreshold { get; init; }

    /// <summary>M_TRIM_THRESHOLD in bytes; null = 128 KiB and dynamic.</summary>
    public long? TrimThreshold { get; init; }

    /// <summary>M_TOP_PAD in bytes; null = 128 KiB.</summary>
    public long? TopPad { get; init; }

    /// <summary>M_MMAP_MAX; null = 65536.</summary>
    public int? MmapMax { get; init; }

    /// <summary>Setting any of the four turns the dynamic threshold off.</summary>
    internal bool FixesThresholds => MmapThreshold is not null || TrimThreshold is not null || TopPad is not null || MmapMax is not null;
}
