using Ullage.Model.Charging;

namespace Ullage.Model.Pages;

/// <summary>What reclaim remembers about a lruvec between its runs.</summary>
internal sealed partial class Lruvec
{
    /// <summary>The cgroup that it belongs to.</summary>
    public required MemCgroup Memcg { get; init; }

    /// <summary>The zone whose pages it has (4.1); null = pages of all zones of a node.</summary>
    public required Zone? Zone { get; init; }

    /// <summary>Its place among the cgroup's: the node's number, in 4.1 the zone's.</summary>
    public required int Place { get; init; }

    /// <summary>When the cgroup had its first page, in nanoseconds since boot.</summary>
    public long BornNs { get; init; }

    /// <summary>The counts that reclaim decides by where they lag behind (6.12+); null = nobody asked yet.</summary>
    public Reclaim.LaggingCounts? Lagging { get; set; }

    /// <summary>Evictions and activations so far: the clock of refault distances (§3.10).</summary>
    public long Age { get; set; }

    /// <summary>Pages activated as they came back, in the subtree, by type: 0 anonymous, 1 file.</summary>
    public long[] Activations { get; } = new long[2];

    /// <summary><see cref="Activations"/> at the end of the last run (§3.4).</summary>
    public long[] LastActivations { get; } = new long[2];

    /// <summary>Pages scanned lately, by type (to 5.7).</summary>
    public long[] RecentScanned { get; } = new long[2];

    /// <summary>Of these, the ones that had to be rotated (to 5.7).</summary>
    public long[] RecentRotated { get; } = new long[2];

    /// <summary>What reclaiming anonymous memory has cost lately (5.8+).</summary>
    public long AnonCost { get; set; }

    /// <summary>What reclaiming page cache has cost lately (5.8+).</summary>
    public long FileCost { get; set; }

    /// <summary>Pages on lists that reclaim scans.</summary>
    public long Evictable => Size(LruList.InactiveAnon) + Size(LruList.ActiveAnon) + Size(LruList.InactiveFile) + Size(LruList.ActiveFile);

    /// <summary>Counts a page that joins the lists or was looked at (to 5.7).</summary>
    [Abi.Kernel("update_page_reclaim_stat", "mm/swap.c")]
    public void NoteScan(int type, int scanned, int rotated)
    {
        RecentScanned[type] += scanned;
        RecentRotated[type] += rotated;
    }
}
