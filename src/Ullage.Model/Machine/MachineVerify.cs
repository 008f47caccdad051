using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Cgroups;

namespace Ullage.Model;

/// <summary>Checks of the whole machine: what must hold between any two calls.</summary>
public sealed partial class Machine
{
    /// <summary>
    /// Throws <see cref="InvariantException"/> unless at every level usage is the sum of charged pages, stocks and children,
    /// nothing is negative, zones know their free frames, statistics agree with page frames, and population counts agree with tasks, and pressure is what it can be. Walks everything: for tests.
    /// </summary>
    public void Verify()
    {
        Frames.Verify();
        long[] framesOf = Frames.CountCharged(Hierarchy.HighestId);
        long[] idleOf = Era.Swap.AnonCountsMapped ? Frames.CountIdleAnon(Hierarchy.HighestId) : new long[framesOf.Length];
        CountLeaving(idleOf);
        long[] stacksOf = CountStacks();
        long[] pgdsOf = CountPgds();
        foreach (MemCgroup memcg in Hierarchy.Memcgs)
        {
            VerifyMemcg(memcg, framesOf[memcg.Id], stacksOf[memcg.Id], pgdsOf[memcg.Id], idleOf[memcg.Id]);
        }
        for (int id = 1; id < framesOf.Length; id++)
        {
            Invariant.Holds(framesOf[id] == 0 || Hierarchy.ById(id) is not null, $"memory cgroup id {id} has frames but is gone");
        }
        Dcache.Verify();
        PageCache.Verify();
        Invariant.Holds(Slab.ObjectsInUse(Slab.Known.Dentry) >= Dcache.Live + Dcache.Waiting, "every dentry has its slab object");
        Slab.Verify();
        foreach (CgroupHierarchy hierarchy in Hierarchies)
        {
            _ = VerifyPopulation(hierarchy.Root);
            Controllers.Pids.Verify(hierarchy);
        }
        CssSets.Verify();
        VerifySpaces();
        Psi.Verify();
        VerifyLists();
        VerifySwap();
    }

    private long[] CountStacks()
    {
        long[] counts = new long[Hierarchy.HighestId + 1];
        foreach (TaskStruct task in Tasks.All)
        {
            if (task.StackMemcg is { } memcg)
            {
                counts[memcg.Id] += KernelStacks.StackPages;
            }
        }
        Stacks.CountKept(counts);
        return counts;
    }

    private long[] CountPgds()
    {
        long[] counts = new long[Hierarchy.HighestId + 1];
        HashSet<AddressSpace.Mm> seen = [];
        foreach (TaskStruct task in Tasks.All)
        {
            if (task.Mm is { PgdMemcg: { } memcg } mm && seen.Add(mm))
            {
                counts[memcg.Id] += Era.Kmem.PgdPages;
            }
        }
        return counts;
    }

    private void VerifyMemcg(MemCgroup memcg, long frames, long stacks, long pgds, long idle)
    {
        if (memcg.IsRoot)
        {
            return;
        }
        long slab = Slab.PagesOf(memcg);
        long sockets = memcg.Stats.Exact(MemcgStat.Sock);
        long own = frames + stacks + pgds + slab;
        long counted = own + sockets + memcg.ReparentedPages;
        long below = 0;
        long belowSwap = 0;
        foreach (MemCgroup child in memcg.Children)
        {
            if (child.HierarchyParent == memcg)
            {
                below += child.Memory.Usage - child.ReparentedPages;
                belowSwap += child.Memsw.Usage - child.ReparentedPages;
                Invariant.Holds(memcg.Memory.Usage >= child.Memory.Usage - child.ReparentedPages);
            }
        }
        long stock = Stock.PagesOf(memcg);
        Invariant.Holds(stock >= 0 && slab >= 0);
        Invariant.Holds(memcg.Memory.Usage == counted + stock + below, $"usage of {memcg}: {memcg.Memory.Usage} = {counted} own + {stock} stock + {below} below");
        Invariant.Holds(!MemswCounts || memcg.Memsw.Usage == counted + memcg.SwapEntries + stock + belowSwap,
            $"memsw of {memcg}: {memcg.Memsw.Usage} = {counted} own + {memcg.SwapEntries} in swap + {stock} stock + {belowSwap} below");
        Invariant.Holds(sockets >= 0 && (sockets == 0 || memcg.Sockets > 0) && (memcg.Tcpmem.Usage == 0 || memcg.IsV1), $"sockets of {memcg}");
        long references = own + memcg.SwapEntries + memcg.Sockets + memcg.Children.Count + CssSets.HoldersOf(memcg); // children keep their parent
        Invariant.Holds(memcg.References == references, $"references of {memcg}: {memcg.References} = {references}");
        VerifyStats(memcg, frames, stacks, idle);
        VerifyProtection(memcg);
    }

    private static void VerifyProtection(MemCgroup memcg)
    {
        (long min, long low) = (0, 0);
        foreach (MemCgroup child in memcg.Children)
        {
            if (child.HierarchyParent == memcg)
            {
                min += child.Memory.Min.Claimed;
                low += child.Memory.Low.Claimed;
            }
        }
        Invariant.Holds(memcg.Memory.Min.ClaimedBelow == min && memcg.Memory.Low.ClaimedBelow == low, $"protection claimed below {memcg}");
        Invariant.Holds(memcg.Memory.LocalWatermark <= memcg.Memory.Watermark && memcg.UnderOom >= 0);
    }

    private static void VerifyStats(MemCgroup memcg, long frames, long stacks, long idle)
    {
        MemcgStats stats = memcg.Stats;
        long tables = stats.Exact(MemcgStat.PageTables);
        long anon = stats.Exact(MemcgStat.Anon);
        long shmem = stats.Exact(MemcgStat.Shmem);
        Invariant.Holds(anon >= 0 && tables >= 0 && shmem >= 0);
        long file = stats.Exact(MemcgStat.File);
        long pages = anon + file + idle;
        Invariant.Holds(pages + tables == frames, $"frames of {memcg}: {frames} = {anon} anon + {file} file + {idle} mapped by nobody + {tables} tables");
        Invariant.Holds(file >= shmem && stats.Exact(MemcgStat.FileMapped) <= file, $"shared pages of {memcg}");
        Invariant.Holds(stats.Exact(MemcgStat.KernelStack) == stacks, $"stacks of {memcg}");
        Invariant.Holds(stats.Exact(MemcgStat.PgpgIn) - stats.Exact(MemcgStat.PgpgOut) == pages, $"pgpgin - pgpgout of {memcg} = pages charged");
        long lists = stats.Exact(MemcgStat.ActiveAnon) + stats.Exact(MemcgStat.InactiveAnon);
        Invariant.Holds(lists >= 0 && lists <= pages, $"lists of {memcg}: {lists} <= {pages} pages");
        long kernelBytes = stats.Exact(MemcgStat.SlabUnreclaimable) + stats.Exact(MemcgStat.SlabReclaimable);
        Invariant.Holds(kernelBytes >= 0 && kernelBytes <= stats.Exact(MemcgStat.Kernel) * KernelConstants.PageSize, $"slab bytes of {memcg}");
    }

    private static int VerifyPopulation(Cgroup cgroup)
    {
        int tasks = cgroup.Tasks.Count;
        foreach (Cgroup child in cgroup.Children)
        {
            tasks += VerifyPopulation(child);
        }
        Invariant.Holds(tasks == cgroup.PopulatedTasks, $"population of {cgroup}");
        return tasks;
    }
}
