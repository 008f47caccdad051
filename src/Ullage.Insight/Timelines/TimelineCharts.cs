namespace Ullage.Insight.Timelines;

/// <summary>What a series is drawn as.</summary>
public enum SeriesRole
{
    /// <summary>A part of a whole, stacked.</summary>
    Part,
    /// <summary>A line.</summary>
    Line,
    /// <summary>A limit: a dashed line, left out when it is far above all else.</summary>
    Limit,
}

/// <summary>What a value means.</summary>
public enum SeriesUnit
{
    /// <summary>Bytes.</summary>
    Bytes,
    /// <summary>Share of the time, 0 to 100.</summary>
    Percent,
    /// <summary>Events or pages per second.</summary>
    PerSecond,
}

/// <summary>One series of a chart.</summary>
/// <param name="Key">Its stable name.</param>
/// <param name="Label">What people read.</param>
/// <param name="Role">How it is drawn.</param>
/// <param name="Source">The file and field it comes from, shown as help.</param>
public sealed record SeriesShape(string Key, string Label, SeriesRole Role, string Source);

/// <summary>One chart: what it shows and its series in drawing order, from the bottom of a stack.</summary>
/// <param name="Key">Its stable name.</param>
/// <param name="Title">What people read.</param>
/// <param name="Unit">The unit of all its values.</param>
/// <param name="Series">Its series.</param>
public sealed record ChartShape(string Key, string Title, SeriesUnit Unit, IReadOnlyList<SeriesShape> Series);

/// <summary>The charts that every report has.</summary>
public static class TimelineCharts
{
    /// <summary>Memory of a cgroup by kind; the parts add up to usage.</summary>
    public static ChartShape Memory { get; } = new("memory", "Memory by kind", SeriesUnit.Bytes,
    [
        new("kernel", "kernel", SeriesRole.Part, "memory.stat kernel, or slab + kernel_stack + pagetables + percpu; memory.kmem.usage_in_bytes (v1)"),
        new("anon", "anonymous", SeriesRole.Part, "memory.stat anon; total_rss (v1)"),
        new("shmem", "shared (tmpfs)", SeriesRole.Part, "memory.stat shmem"),
        new("file", "page cache", SeriesRole.Part, "memory.stat file without shmem; total_cache (v1)"),
        new("other", "other", SeriesRole.Part, "usage minus all of the above: per-CPU stock, sockets, what this kernel does not tell apart"),
        new("usage", "usage", SeriesRole.Line, "memory.current; memory.usage_in_bytes (v1)"),
        new("swap", "swap", SeriesRole.Line, "memory.swap.current; total_swap of memory.stat (v1)"),
        new("kmem", "kernel memory counter", SeriesRole.Line, "memory.kmem.usage_in_bytes (v1), where it has a limit of its own"),
        new("high", "memory.high", SeriesRole.Limit, "memory.high"),
        new("max", "limit", SeriesRole.Limit, "memory.max; memory.limit_in_bytes (v1)"),
        new("kmemmax", "kernel memory limit", SeriesRole.Limit, "memory.kmem.limit_in_bytes (v1)"),
    ]);

    /// <summary>Memory of the machine by kind.</summary>
    public static ChartShape Machine { get; } = new("memory", "Memory of the machine", SeriesUnit.Bytes,
    [
        new("slab", "slab", SeriesRole.Part, "/proc/meminfo Slab"),
        new("kernel", "other kernel", SeriesRole.Part, "/proc/meminfo KernelStack + PageTables + Percpu"),
        new("anon", "anonymous", SeriesRole.Part, "/proc/meminfo AnonPages"),
        new("shmem", "shared (tmpfs)", SeriesRole.Part, "/proc/meminfo Shmem"),
        new("file", "page cache", SeriesRole.Part, "/proc/meminfo Cached + Buffers - Shmem"),
        new("other", "other", SeriesRole.Part, "MemTotal minus MemFree and all of the above"),
        new("available", "available", SeriesRole.Line, "/proc/meminfo MemAvailable"),
        new("swap", "swap used", SeriesRole.Line, "/proc/meminfo SwapTotal - SwapFree"),
        new("max", "total", SeriesRole.Limit, "/proc/meminfo MemTotal"),
    ]);

    /// <summary>Pressure stall information, of cgroups and of the machine.</summary>
    public static ChartShape Pressure { get; } = new("pressure", "Memory pressure (share of time stalled)", SeriesUnit.Percent,
    [
        new("some", "some", SeriesRole.Line, "growth of some total= in memory.pressure: at least one task was stalled"),
        new("full", "full", SeriesRole.Line, "growth of full total= in memory.pressure: no task could run"),
    ]);

    /// <summary>What reclaim does, and what comes back.</summary>
    public static ChartShape Reclaim { get; } = new("reclaim", "Reclaim and refaults", SeriesUnit.PerSecond,
    [
        new("scan", "scanned pages", SeriesRole.Line, "memory.stat pgscan; /proc/vmstat pgscan_*"),
        new("steal", "reclaimed pages", SeriesRole.Line, "memory.stat pgsteal; /proc/vmstat pgsteal_*"),
        new("refault", "refaults", SeriesRole.Line, "workingset_refault_anon + workingset_refault_file: pages that were reclaimed and needed again"),
        new("fail", "limit hits", SeriesRole.Line, "max of memory.events; memory.failcnt (v1)"),
    ]);
}
