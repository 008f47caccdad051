using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Oom;
using Ullage.Model.Reclaim;
using Ullage.Model.Tracing;

namespace Ullage.Model.Kernfs;

/// <summary>What lowering a hard limit does to a cgroup that has more (§2.9): v1 refuses after trying, v2 insists and kills.</summary>
internal sealed class LimitWrites(Machine machine)
{
    private const int ForceEmptyWaitNs = 100_000_000;

    private bool SignalPending => machine.Current is { FatalSignalPending: true };

    /// <summary>v1: sets memory.limit_in_bytes or memory.memsw.limit_in_bytes.</summary>
    [Kernel("mem_cgroup_resize_max", "mm/memcontrol.c")]
    public Errno Resize(MemCgroup memcg, long max, bool memsw)
    {
        PageCounter counter = memsw ? memcg.Memsw : memcg.Memory;
        bool enlarges = max > counter.Max;
        Errno errno = (memsw ? max < memcg.Memory.Max : max > memcg.Memsw.Max) ? Errno.EINVAL
            : machine.Era.Cgroups.LimitWriteCountsRounds ? TryRounds(memcg, counter, max, memsw)
            : DrainAndTry(memcg, counter, max, memsw);
        if (errno == Errno.None && enlarges)
        {
            machine.Oom.Recover(memcg);
        }
        return errno;
    }

    /// <summary>To 4.17: retries for every cgroup of the subtree, used up by rounds that lower nothing.</summary>
    private Errno TryRounds(MemCgroup memcg, PageCounter counter, long max, bool memsw)
    {
        int rounds = machine.Era.Charging.ReclaimRetries * CountSubtree(memcg);
        long before = counter.Usage;
        while (rounds > 0)
        {
            if (SignalPending)
            {
                return Errno.EINTR;
            }
            if (counter.TrySetMax(max) == Errno.None)
            {
                return Errno.None;
            }
            Free(KernelSite.LimitWrite, memcg, 1, !memsw);
            if (counter.Usage >= before)
            {
                rounds--;
            }
            else
            {
                before = counter.Usage;
            }
        }
        return Errno.EBUSY;
    }

    private static int CountSubtree(MemCgroup memcg)
    {
        int count = 1;
        foreach (MemCgroup child in memcg.Children)
        {
            count += child.HierarchyParent == memcg ? CountSubtree(child) : 0;
        }
        return count;
    }

    /// <summary>4.18 and later: stocks are drained once, then a round that frees nothing ends it.</summary>
    private Errno DrainAndTry(MemCgroup memcg, PageCounter counter, long max, bool memsw)
    {
        bool drained = false;
        while (true)
        {
            if (SignalPending)
            {
                return Errno.EINTR;
            }
            if (counter.TrySetMax(max) == Errno.None)
            {
                return Errno.None;
            }
            if (!drained)
            {
                machine.Charge.DrainAllStock(memcg);
                drained = true;
            }
            else if (Free(KernelSite.LimitWrite, memcg, 1, !memsw) == 0)
            {
                return Errno.EBUSY;
            }
        }
    }

    /// <summary>
    /// v2: sets memory.max, reclaims, and kills until usage fits or nobody is left. Each attempt is one oom event, so that a victim that dies slowly counts several.
    /// Where it is only stored (O_NONBLOCK, 6.15+), the next charge enforces it.
    /// </summary>
    [Kernel("memory_max_write", "mm/memcontrol.c")]
    public void SetMax(MemCgroup memcg, long max, bool onlyStore)
    {
        memcg.Memory.Max = max;
        if (onlyStore)
        {
            return;
        }
        bool drained = false;
        int retries = machine.Era.Charging.ReclaimRetries;
        while (memcg.Memory.Usage > max && !SignalPending)
        {
            if (!drained)
            {
                machine.Charge.DrainAllStock(memcg);
                drained = true;
            }
            else if (retries > 0)
            {
                long freed = Free(KernelSite.MaxWrite, memcg, memcg.Memory.Usage - max, maySwap: true);
                retries -= freed == 0 ? 1 : 0;
            }
            else if (!Kill(memcg))
            {
                return;
            }
        }
    }

    /// <summary>v2: sets memory.high and reclaims what is above it. Nothing is refused and nobody killed, however little could be had.</summary>
    [Kernel("memory_high_write", "mm/memcontrol.c")]
    public void SetHigh(MemCgroup memcg, long high, bool onlyStore)
    {
        HighWriteRule rule = onlyStore ? HighWriteRule.Store : machine.Era.Limits.HighWrite;
        if (rule == HighWriteRule.ReclaimThenStore)
        {
            ReclaimTo(memcg, high);
        }
        memcg.High = high;
        if (rule == HighWriteRule.StoreThenReclaim)
        {
            ReclaimTo(memcg, high);
        }
        if (rule == HighWriteRule.ReclaimOnce && memcg.Memory.Usage > high)
        {
            _ = machine.Reclaim.TryToFreePages(new ScanControl(memcg, memcg.Memory.Usage - high, MaySwap: true));
        }
    }

    private void ReclaimTo(MemCgroup memcg, long high)
    {
        bool drained = false;
        int retries = machine.Era.Charging.ReclaimRetries;
        while (memcg.Memory.Usage > high && !SignalPending)
        {
            if (!drained)
            {
                machine.Charge.DrainAllStock(memcg);
                drained = true;
            }
            else if (machine.Reclaim.TryToFreePages(new ScanControl(memcg, memcg.Memory.Usage - high, MaySwap: true)) == 0 && retries-- == 0)
            {
                return;
            }
        }
    }

    private bool Kill(MemCgroup memcg)
    {
        memcg.RaiseEvent(MemcgEvent.Oom);
        machine.Path.Site = KernelSite.MaxWrite;
        bool killed = machine.Oom.MemcgOutOfMemory(memcg, Gfp.Kernel, 0, inFault: false);
        machine.Path.Site = KernelSite.Charge;
        machine.SpendAndRunDue(machine.Costs.FruitlessReclaimNs); // the victim gets on with dying meanwhile
        return killed;
    }

    /// <summary>v1 memory.force_empty: reclaims what it can and never complains.</summary>
    [Kernel("mem_cgroup_force_empty", "mm/memcontrol-v1.c")]
    public Errno ForceEmpty(MemCgroup memcg)
    {
        if (memcg.IsRoot)
        {
            return Errno.EINVAL;
        }
        machine.Lru.DrainAll();
        machine.Charge.DrainAllStock(memcg);
        for (int retries = machine.Era.Charging.ReclaimRetries; retries > 0 && memcg.Memory.Usage > 0;)
        {
            if (SignalPending)
            {
                return Errno.EINTR;
            }
            if (Free(KernelSite.ForceEmptyWrite, memcg, 1, maySwap: true) == 0)
            {
                retries--;
                machine.SpendAndRunDue(machine.Era.Cgroups.ForceEmptyWaits ? ForceEmptyWaitNs : 0);
            }
        }
        return Errno.None;
    }

    /// <summary>Reclaim that no charge asked for: a memory stall up to 5.4 only (§6.7).</summary>
    private long Free(KernelSite site, MemCgroup memcg, long pages, bool maySwap)
    {
        machine.Path.Site = site;
        long freed = machine.Reclaim.TryToFreePages(new ScanControl(memcg, pages, maySwap));
        machine.Path.Site = KernelSite.Charge;
        return freed;
    }

    /// <summary>v2 memory.reclaim: EAGAIN when not all of it could be freed (§2.10).</summary>
    [Kernel("memory_reclaim", "mm/memcontrol.c")]
    public Errno Reclaim(MemCgroup memcg, long pages, int? swappiness)
    {
        long freed = 0;
        int retries = machine.Era.Charging.ReclaimRetries;
        while (freed < pages)
        {
            if (SignalPending)
            {
                return Errno.EINTR;
            }
            if (retries == 0)
            {
                machine.Lru.DrainAll();
            }
            long now = FreeOnRequest(memcg, pages - freed, swappiness);
            if (now == 0 && retries-- == 0)
            {
                return Errno.EAGAIN;
            }
            freed += now;
        }
        return Errno.None;
    }

    /// <summary>Newer kernels ask for a quarter of what is left at a time.</summary>
    private long FreeOnRequest(MemCgroup memcg, long left, int? swappiness)
    {
        const long fewest = 32; // SWAP_CLUSTER_MAX
        long pages = machine.Era.Vmscan.ProactiveInQuarters ? Math.Max(left / 4, fewest) : left;
        machine.Path.Site = KernelSite.ReclaimWrite;
        long freed = machine.Reclaim.TryToFreePages(new ScanControl(memcg, pages, MaySwap: true, Proactive: true, Swappiness: swappiness));
        machine.Path.Site = KernelSite.Charge;
        return freed;
    }
}
