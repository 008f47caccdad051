using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model;

/// <summary>Checks of the LRU lists (§3.1).</summary>
public sealed partial class Machine
{
    /// <summary>Lists = links = counters, of every cgroup and of the machine; every page that says it is on a list is on one.</summary>
    private void VerifyLists()
    {
        long listed = 0;
        long[] sizes = new long[Lruvec.Lists];
        foreach (MemCgroup memcg in Hierarchy.Memcgs)
        {
            listed += VerifyLists(memcg, sizes);
        }
        for (int list = 0; list < Lruvec.Lists; list++)
        {
            Invariant.Holds(Vm[VmItem.InactiveAnon + list] == sizes[list], $"machine's count of {(LruList)list}");
        }
        Invariant.Holds(listed == Frames.CountFlag(PageFlags.Lru), "pages on lists = pages that say so");
    }

    private long VerifyLists(MemCgroup memcg, long[] sizes)
    {
        long listed = 0;
        long[] own = new long[Lruvec.Lists];
        foreach (Lruvec lruvec in memcg.Lruvecs ?? [])
        {
            listed += lruvec.Verify(frame => (Hierarchy.ById(Frames.Memcg(frame)) ?? Hierarchy.Root.Memcg) == memcg);
            for (int list = 0; list < own.Length; list++)
            {
                own[list] += lruvec.Size((LruList)list);
            }
        }
        for (int list = 0; list < own.Length; list++)
        {
            sizes[list] += own[list];
            Invariant.Holds(memcg.IsRoot || memcg.Stats.Exact(MemcgStat.InactiveAnon + list) == own[list], $"count of {(LruList)list} of {memcg}");
        }
        return listed;
    }

    /// <summary>Counts charged frames that have left their file but not yet another CPU's add batch, by memory cgroup id: the batch frees and uncharges them.</summary>
    private void CountLeaving(long[] counts)
    {
        const PageFlags kinds = PageFlags.Anon | PageFlags.Shmem | PageFlags.File | PageFlags.Kernel;
        const PageFlags leaving = PageFlags.Allocated | PageFlags.InAddBatch;
        for (int frame = 0; frame < Frames.Managed; frame++)
        {
            if ((Frames.Flags(frame) & (leaving | kinds)) == leaving)
            {
                counts[Frames.Memcg(frame)]++;
            }
        }
    }
}
