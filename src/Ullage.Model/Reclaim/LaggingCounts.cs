using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>What reclaim knows of a cgroup's lists where its counts are brought up to date only now and then (6.12+).</summary>
/// <param name="period">The period between two flushes in which the cgroup was made.</param>
[Kernel("struct lruvec_stats", "mm/memcontrol.c")]
internal sealed class LaggingCounts(long period)
{
    private readonly long[] _pages = new long[Lruvec.Lists];

    /// <summary>The period whose beginning the counts are from.</summary>
    public long Period { get; set; } = period;

    /// <summary>Pages activated as they came back, anonymous and file.</summary>
    public long[] Activations { get; } = new long[2];

    public long Pages(LruList list) => _pages[(int)list];

    /// <summary>Pages on lists that reclaim scans.</summary>
    public long Evictable => _pages[0] + _pages[1] + _pages[2] + _pages[3];

    /// <summary>Pages on all lists of this cgroup alone, and of its slab.</summary>
    public long Local { get; set; }

    public void Set(LruList list, long pages) => _pages[(int)list] = pages;
}
