using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>
/// Refault distances (§3.10): an evicted page leaves the age of its lists behind. When it comes back, the difference tells how many pages
/// more would have kept it; if there are as many active pages as that, it joins them at once.
/// </summary>
[Kernel("workingset_refault", "mm/workingset.c", Deviation = "Counters never overflow into bucket_order. With several nodes reclaim sees lists as they are, without what CPUs have not folded yet.")]
internal sealed class Workingset(Machine machine)
{
    private const int MemcgBits = 16;
    private const long FlushNs = 2_000_000_000; // FLUSH_TIME

    private const int NodeBits = 6; // as many as MAX_NODES needs

    private readonly int _nodeBits = machine.Frames.IsNuma ? NodeBits : 0;
    private readonly long _ageMask = (1L << (machine.Frames.IsNuma ? 30 : 36)) - 1;
    private readonly VmscanRules _rules = machine.Era.Vmscan;
    private readonly PageFrames _frames = machine.Frames;
    private long _period;
    private readonly bool _batched = machine.Era.Stats.Accuracy == StatAccuracy.Batched;

    /// <summary>A page leaves memory: answers what its slot keeps, a number from 0 to 2^53.</summary>
    /// <param name="frame">The page.</param>
    /// <param name="target">The cgroup that is being reclaimed; null = the machine.</param>
    [Kernel("workingset_eviction", "mm/workingset.c")]
    public long Eviction(int frame, MemCgroup? target)
    {
        Lruvec lruvec = _rules.Workingset == WorkingsetRule.Target
            ? machine.Lru.LruvecOf(target ?? machine.Hierarchy.Root.Memcg, machine.Frames.NodeIdOf(frame))
            : machine.Lru.LruvecOf(frame);
        Lruvec clock = ClockOf(lruvec);
        long before = clock.Age;
        Grow(lruvec);
        long age = _rules.AgeBeforeEviction ? before : clock.Age;
        long workingset = (_frames.Flags(frame) & PageFlags.Workingset) != 0 ? 1 : 0;
        int place = _rules.Workingset == WorkingsetRule.Zone ? lruvec.Zone!.Index : lruvec.Memcg.Id;
        long node = _nodeBits == 0 || lruvec.Zone is not null ? 0 : lruvec.Place;
        return ((((((age & _ageMask) << _nodeBits) | node) << MemcgBits) | (uint)place) << 1) | workingset;
    }

    /// <summary>4.1: a zone's cgroups share one clock, the root's.</summary>
    private Lruvec ClockOf(Lruvec lruvec) => _rules.Workingset == WorkingsetRule.Zone ? machine.Lru.LruvecOf(machine.Hierarchy.Root.Memcg, lruvec.Zone!.Index) : lruvec;

    [Kernel("workingset_age_nonresident", "mm/workingset.c")]
    private void Grow(Lruvec lruvec)
    {
        if (_rules.Workingset != WorkingsetRule.Target)
        {
            ClockOf(lruvec).Age++;
            return;
        }
        lruvec.Age++;
        for (MemCgroup? m = lruvec.Memcg.HierarchyParent; m is not null; m = m.HierarchyParent)
        {
            machine.Lru.LruvecOf(m, lruvec.Place).Age++;
        }
    }

    /// <summary>A page was activated.</summary>
    [Kernel("workingset_activation", "mm/workingset.c")]
    public void Activation(int frame)
    {
        if (_rules.AnonWorkingset || (_frames.Flags(frame) & PageFlags.File) != 0)
        {
            Grow(machine.Lru.LruvecOf(frame));
        }
    }

    /// <summary>Active pages were put back on their list (5.8+).</summary>
    public void PutBackActive(Lruvec lruvec)
    {
        if (_rules.AnonWorkingset)
        {
            Grow(lruvec);
        }
    }

    /// <summary>An evicted page came back and was charged: decides whether it joins the active list. Call before it is added to a list.</summary>
    /// <param name="frame">The page.</param>
    /// <param name="shadow">What <see cref="Eviction"/> answered.</param>
    public void Refault(int frame, long shadow)
    {
        int cpu = machine.CurrentCpu;
        bool isFile = (_frames.Flags(frame) & (PageFlags.Anon | PageFlags.Shmem)) == 0;
        Lruvec own = machine.Lru.LruvecOf(frame);
        bool isKnown = TryFindEviction(shadow, own, out Lruvec clock, out Lruvec counted);
        if (!isKnown && !_rules.CountsOrphanRefaults)
        {
            return;
        }
        Count(cpu, counted, isFile, VmItem.WorkingsetRefaultAnon, MemcgStat.WorkingsetRefaultAnon);
        if (!isKnown)
        {
            return;
        }
        long distance = (clock.Age - (shadow >> (MemcgBits + 1 + _nodeBits))) & _ageMask;
        if (distance > Limit(clock, own, isFile))
        {
            return;
        }
        _frames.Flags(frame) |= PageFlags.Active;
        Grow(_rules.Workingset == WorkingsetRule.Target ? own : clock);
        Count(cpu, counted, isFile, VmItem.WorkingsetActivateAnon, MemcgStat.WorkingsetActivateAnon);
        NoteActivation(counted, isFile ? 1 : 0);
        if (_rules.MarksWorkingset && (shadow & 1) != 0)
        {
            _frames.Flags(frame) |= PageFlags.Workingset;
            Count(cpu, counted, isFile, VmItem.WorkingsetRestoreAnon, MemcgStat.WorkingsetRestoreAnon);
            machine.LruCosts.NoteRefault(own, isFile);
        }
    }

    /// <summary>Whose clock a shadow was made by, and who counts the refault; false = that cgroup is gone.</summary>
    private bool TryFindEviction(long shadow, Lruvec own, out Lruvec clock, out Lruvec counted)
    {
        int place = (int)(shadow >> 1) & ((1 << MemcgBits) - 1);
        counted = own;
        if (_rules.Workingset == WorkingsetRule.Zone)
        {
            clock = machine.Lru.LruvecOf(machine.Hierarchy.Root.Memcg, place);
            return true;
        }
        MemCgroup? memcg = machine.Hierarchy.ById(place);
        if (memcg is not { Online: true })
        {
            clock = own;
            return false;
        }
        clock = machine.Lru.LruvecOf(memcg, (int)(shadow >> (MemcgBits + 1)) & ((1 << _nodeBits) - 1));
        counted = _rules.Workingset == WorkingsetRule.OwnMemcg ? clock : own;
        return true;
    }

    /// <summary>The largest distance at which a page is taken for part of the working set.</summary>
    private long Limit(Lruvec clock, Lruvec own, bool isFile)
    {
        if (_rules.Workingset == WorkingsetRule.Zone)
        {
            return clock.Zone!.ListPages(LruList.ActiveFile);
        }
        if (_rules.Workingset == WorkingsetRule.OwnMemcg)
        {
            return clock.Size(LruList.ActiveFile);
        }
        long limit = PagesOf(clock, LruList.ActiveFile);
        if (!isFile)
        {
            limit += PagesOf(clock, LruList.InactiveFile);
        }
        if (machine.PageBackends.FreeSwapPages(own.Memcg) > 0)
        {
            limit += PagesOf(clock, LruList.ActiveAnon);
            limit += isFile ? PagesOf(clock, LruList.InactiveAnon) : 0;
        }
        return limit;
    }

    /// <summary>Pages of a subtree on a list of one node, as the kernel of 5.8 and later sees them: to 5.14 only what CPUs have folded.</summary>
    [Kernel("lruvec_page_state", "include/linux/memcontrol.h")]
    public long PagesOf(Lruvec target, LruList list)
    {
        if (target.Memcg.IsRoot)
        {
            return _nodeBits == 0 ? machine.Vm[VmItem.InactiveAnon + (int)list] : machine.Lru.NodeAt(target.Place).ListPages(list);
        }
        return _rules.CountsLag ? Flushed(target).Pages(list) : CountPages(target.Memcg, target.Place, list);
    }

    /// <summary>The same, of all lists that reclaim scans.</summary>
    public long EvictableOf(Lruvec target)
    {
        if (!target.Memcg.IsRoot && _rules.CountsLag)
        {
            return Flushed(target).Evictable;
        }
        return PagesOf(target, LruList.InactiveAnon) + PagesOf(target, LruList.ActiveAnon) + PagesOf(target, LruList.InactiveFile) + PagesOf(target, LruList.ActiveFile);
    }

    /// <summary>Pages on all lists of a cgroup alone, and of its slab: what nodes of shadows are held against.</summary>
    [Kernel("lruvec_page_state_local", "mm/memcontrol.c")]
    public long LocalPagesOf(Lruvec lruvec) => _rules.CountsLag && !lruvec.Memcg.IsRoot ? Flushed(lruvec).Local : CountLocal(lruvec);

    // Slab pages are told apart by cgroup, not by node: the first node has them.
    private long CountLocal(Lruvec lruvec) => lruvec.Evictable + lruvec.Size(LruList.Unevictable) + (lruvec.Place == 0 ? machine.Slab.PagesOf(lruvec.Memcg) : 0);

    /// <summary>The counts as of the last of the flushes that come every 2 s; of a new cgroup nothing has been counted until then.</summary>
    [Kernel("mem_cgroup_flush_stats_ratelimited", "mm/memcontrol.c", Deviation = "The flush is made when somebody asks for the first time after it was due; reading memory.stat flushes nothing here.")]
    private LaggingCounts Flushed(Lruvec lruvec)
    {
        LaggingCounts counts = lruvec.Lagging ??= new LaggingCounts(lruvec.BornNs / FlushNs);
        long period = Period();
        if (counts.Period != period)
        {
            counts.Period = period;
            for (int list = 0; list < Lruvec.Lists; list++)
            {
                counts.Set((LruList)list, CountPages(lruvec.Memcg, lruvec.Place, (LruList)list));
            }
            counts.Local = CountLocal(lruvec);
            (counts.Activations[0], counts.Activations[1]) = (lruvec.Activations[0], lruvec.Activations[1]);
        }
        return counts;
    }

    /// <summary>The number of the period between flushes that it is now. Each refault asks several times, so a division is made only when another one begins.</summary>
    private long Period()
    {
        long now = machine.TimeNs;
        if ((ulong)(now - (_period * FlushNs)) >= FlushNs)
        {
            _period = now / FlushNs;
        }
        return _period;
    }

    private long CountPages(MemCgroup memcg, int place, LruList list)
    {
        if (_batched && _nodeBits == 0)
        {
            return memcg.Stats.Recursive(MemcgStat.InactiveAnon + (int)list);
        }
        long pages = memcg.Lruvecs is { } lruvecs ? lruvecs[place].Size(list) : 0;
        foreach (MemCgroup child in memcg.Children)
        {
            pages += child.HierarchyParent == memcg ? CountPages(child, place, list) : 0;
        }
        return pages;
    }

    /// <summary>Pages that were activated as they came back, as reclaim sees it: of a lruvec alone to 5.7, of its subtree later.</summary>
    public long Activations(Lruvec lruvec, int type)
    {
        MemcgStat item = MemcgStat.WorkingsetActivateAnon + type;
        if (_rules.CountsLag && !lruvec.Memcg.IsRoot)
        {
            return Flushed(lruvec).Activations[type];
        }
        if (!_batched || _nodeBits != 0 || lruvec.Memcg.IsRoot || (_rules.LocalCountsAreExact && _rules.Workingset != WorkingsetRule.Target))
        {
            return lruvec.Activations[type];
        }
        return _rules.Workingset == WorkingsetRule.Target ? lruvec.Memcg.Stats.Recursive(item) : lruvec.Memcg.Stats.Local(item);
    }

    private void NoteActivation(Lruvec lruvec, int type)
    {
        lruvec.Activations[type]++;
        for (MemCgroup? m = lruvec.Memcg.HierarchyParent; m is not null && _rules.Workingset == WorkingsetRule.Target; m = m.HierarchyParent)
        {
            machine.Lru.LruvecOf(m, lruvec.Place).Activations[type]++;
        }
    }

    private void Count(int cpu, Lruvec lruvec, bool isFile, VmItem ofMachine, MemcgStat ofMemcg)
    {
        int type = isFile ? 1 : 0;
        machine.Vm.Add(ofMachine + type, 1);
        if (_rules.Workingset != WorkingsetRule.Zone)
        {
            lruvec.Memcg.Stats.Add(cpu, ofMemcg + type, 1);
        }
    }
}
