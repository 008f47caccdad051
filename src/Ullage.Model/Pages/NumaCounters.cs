using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>Where pages came from, seen from where they were wanted (vmstat numa_*). With one node all are hits.</summary>
[Kernel("enum numa_stat_item", "include/linux/mmzone.h")]
internal sealed class NumaCounters(PageFrames frames)
{
    private readonly long[] _hit = new long[frames.Nodes.Count];
    private readonly long[] _miss = new long[frames.Nodes.Count];
    private readonly long[] _foreign = new long[frames.Nodes.Count];
    private readonly long[] _local = new long[frames.Nodes.Count];
    private readonly long[] _interleaved = new long[frames.Nodes.Count];

    /// <summary>A page was taken.</summary>
    /// <param name="wanted">The node that was tried first.</param>
    /// <param name="got">The node that it came from.</param>
    /// <param name="own">The node of the CPU that asked.</param>
    [Kernel("zone_statistics", "mm/page_alloc.c")]
    public void Count(int wanted, int got, int own)
    {
        if (wanted == got)
        {
            _hit[got]++;
        }
        else
        {
            _miss[got]++;
            _foreign[wanted]++;
        }
        _local[got] += got == own ? 1 : 0;
    }

    /// <summary>A page was spread by a policy and came from the node whose turn it was.</summary>
    public void CountInterleaved(int node) => _interleaved[node]++;

    /// <summary>The counter of that name on a node; -1 = on all nodes together. Null = there is none of that name.</summary>
    public long? Of(string name, int node)
    {
        long taken = 0;
        foreach (Zone zone in frames.Zones)
        {
            taken += node < 0 || zone.NodeId == node ? zone.Allocations : 0;
        }
        return name switch
        {
            "numa_hit" => frames.IsNuma ? Sum(_hit, node) : taken,
            "numa_miss" => Sum(_miss, node),
            "numa_foreign" => Sum(_foreign, node),
            "numa_interleave" or "interleave_hit" => Sum(_interleaved, node),
            "numa_local" or "local_node" => frames.IsNuma ? Sum(_local, node) : taken,
            "numa_other" or "other_node" => frames.IsNuma ? taken - Sum(_local, node) : 0,
            _ => null,
        };
    }

    private static long Sum(long[] counts, int node)
    {
        if (node >= 0)
        {
            return counts[node];
        }
        long sum = 0;
        foreach (long count in counts)
        {
            sum += count;
        }
        return sum;
    }
}
