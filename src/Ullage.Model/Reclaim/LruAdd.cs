using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>
/// New pages wait in a per-CPU batch before they are counted on an LRU list (§3.1). A page that is freed while it waits
/// stays in memory, and charged, until the batch is emptied.
/// </summary>
[Kernel("struct lru_pvecs", "mm/swap.c")]
internal sealed partial class LruAdd
{
    private readonly Machine _machine;
    private readonly PageFrames _frames;
    private readonly bool _newAnonActive;
    private readonly bool _perZone;
    private readonly bool _countsRotations;
    private readonly PageBatch _added;
    private readonly int[][] _placesFrom; // by node

    public LruAdd(Machine machine)
    {
        _machine = machine;
        _frames = machine.Frames;
        LruRules rules = machine.Era.Lru;
        _newAnonActive = rules.NewAnonActive;
        _perZone = rules.PerZone;
        _countsRotations = machine.Era.Vmscan.Balance == ScanBalanceRule.Rotated;
        foreach (Zone zone in _frames.Zones)
        {
            zone.LruPlace = _perZone ? zone.Index : zone.NodeId;
        }
        _placesFrom = PlacesFrom(_frames);
        int cpus = machine.Options.PossibleCpus;
        _added = new PageBatch(cpus, rules.AddBatch);
        _activated = new PageBatch(cpus, rules.AddBatch);
        _rotated = new PageBatch(cpus, rules.AddBatch);
        _deactivated = new PageBatch(cpus, rules.AddBatch);
        _lazyFreed = new PageBatch(cpus, rules.AddBatch);
    }

    /// <summary>How many lruvecs a cgroup has: one per node, in 4.1 one per zone.</summary>
    public int LruvecsPerMemcg => _perZone ? _frames.Zones.Count : _frames.Nodes.Count;

    /// <summary>The node that a place among the lruvecs belongs to.</summary>
    internal MemoryNode NodeAt(int place) => _frames.Nodes[_perZone ? _frames.Zones[place].NodeId : place];

    /// <summary>All places in the order in which reclaim for a CPU of that node visits them.</summary>
    internal ReadOnlySpan<int> PlacesFrom(MemoryNode node) => _placesFrom[node.Id];

    private static int[][] PlacesFrom(PageFrames frames)
    {
        int[][] all = new int[frames.Nodes.Count][];
        foreach (MemoryNode node in frames.Nodes)
        {
            List<int> places = [];
            foreach (Zone zone in node.Zonelist)
            {
                if (!places.Contains(zone.LruPlace))
                {
                    places.Add(zone.LruPlace);
                }
            }
            all[node.Id] = [.. places];
        }
        return all;
    }

    [Kernel("lru_cache_add", "mm/swap.c")]
    public void Add(int frame)
    {
        int cpu = _machine.CurrentCpu;
        _frames.Flags(frame) |= PageFlags.InAddBatch;
        if (_added.Add(cpu, frame))
        {
            DrainAdded(cpu);
        }
    }

    /// <summary>Empties all batches of a CPU.</summary>
    [Kernel("lru_add_drain_cpu", "mm/swap.c")]
    public void Drain(int cpu)
    {
        DrainAdded(cpu);
        DrainMoves(cpu);
    }

    /// <summary>Empties the batches of all CPUs.</summary>
    [Kernel("lru_add_drain_all", "mm/swap.c", Deviation = "At once; the kernel waits for each CPU's work item.")]
    public void DrainAll()
    {
        for (int cpu = 0; cpu < _machine.Options.Cpus; cpu++)
        {
            Drain(cpu);
        }
    }

    [Kernel("__pagevec_lru_add", "mm/swap.c")]
    private void DrainAdded(int cpu)
    {
        SizeChange change = new(this, cpu);
        ReadOnlySpan<int> frames = _added.Of(cpu);
        foreach (int frame in frames)
        {
            ref PageFlags flags = ref _frames.Flags(frame);
            flags &= ~PageFlags.InAddBatch;
            if (IsUnused(frame, flags))
            {
                FreeUnused(cpu, frame); // its last user went while it waited
                continue;
            }
            if (_newAnonActive && (flags & (PageFlags.Anon | PageFlags.SwapCache | PageKinds.LazyFree)) == PageFlags.Anon) // what comes back from swap is activated when it is mapped
            {
                flags |= PageFlags.Active;
            }
            PutOnList(frame, ref flags, ref change);
        }
        _added.Clear(cpu);
        change.Flush();
    }

    /// <summary>Puts a page that is on no list, and in no batch, on the one that its flags name.</summary>
    [Kernel("add_page_to_lru_list", "include/linux/mm_inline.h")]
    internal void Insert(int cpu, int frame)
    {
        SizeChange change = new(this, cpu);
        PutOnList(frame, ref _frames.Flags(frame), ref change);
        change.Flush();
    }

    private void PutOnList(int frame, ref PageFlags flags, ref SizeChange change)
    {
        flags |= PageFlags.Lru;
        LruList list = Lruvec.ListOf(flags);
        Lruvec lruvec = LruvecOf(frame);
        lruvec.AddHead(frame, list);
        change.Add(lruvec, frame, list, 1);
        if (_countsRotations && list != LruList.Unevictable)
        {
            lruvec.NoteScan((int)list >> 1, 1, (int)list & 1);
        }
    }

    /// <summary>Nobody but the batch holds the page: it was freed by its users.</summary>
    internal bool IsUnused(int frame, PageFlags flags) =>
        _frames.MapCount(frame) == 0 && (flags & PageFlags.SwapCache) == 0;

    /// <summary>Frees a page whose last reference this was.</summary>
    [Kernel("free_unref_folios", "mm/page_alloc.c")]
    internal void FreeUnused(int cpu, int frame) => _machine.PageBackends.FreeUnused(cpu, frame);

    /// <summary>The lists that a page belongs to: those of the cgroup that it is charged to, or the root's.</summary>
    [Kernel("folio_lruvec", "include/linux/memcontrol.h")]
    internal Lruvec LruvecOf(int frame)
    {
        MemCgroup memcg = _machine.Hierarchy.ById(_frames.Memcg(frame)) ?? _machine.Hierarchy.Root.Memcg;
        Lruvec[] lruvecs = memcg.Lruvecs ??= NewLruvecs(memcg);
        return lruvecs.Length == 1 ? lruvecs[0] : lruvecs[_frames.ZoneOf(frame).LruPlace];
    }

    /// <summary>The lists of a cgroup on a node, in 4.1 in a zone.</summary>
    [Kernel("mem_cgroup_lruvec", "include/linux/memcontrol.h")]
    internal Lruvec LruvecOf(MemCgroup memcg, int place) => (memcg.Lruvecs ??= NewLruvecs(memcg))[place];

    private Lruvec[] NewLruvecs(MemCgroup memcg)
    {
        Lruvec[] lruvecs = new Lruvec[LruvecsPerMemcg];
        for (int i = 0; i < lruvecs.Length; i++)
        {
            lruvecs[i] = new Lruvec(_frames) { Memcg = memcg, Place = i, Zone = _perZone ? _frames.Zones[i] : null, BornNs = _machine.TimeNs };
        }
        return lruvecs;
    }

    /// <summary>Counts a change of a list's size, for the cgroup and the machine.</summary>
    [Kernel("update_lru_size", "include/linux/mm_inline.h")]
    internal void Count(int cpu, MemCgroup memcg, LruList list, int change)
    {
        _machine.Vm.Add(VmItem.InactiveAnon + (int)list, change);
        memcg.Stats.Add(cpu, MemcgStat.InactiveAnon + (int)list, change);
    }

    /// <summary>Takes a page off its list, as when it is freed.</summary>
    [Kernel("del_page_from_lru_list", "include/linux/mm_inline.h")]
    public void Remove(int cpu, int frame)
    {
        ref PageFlags flags = ref _frames.Flags(frame);
        if ((flags & PageFlags.Lru) != 0)
        {
            LruList list = Lruvec.ListOf(flags);
            Lruvec lruvec = LruvecOf(frame);
            lruvec.Remove(frame, list);
            _frames.ZoneOf(frame).ListPages(list)--;
            Count(cpu, lruvec.Memcg, list, -1);
            flags &= ~(PageFlags.Lru | PageFlags.Active | PageFlags.Unevictable);
        }
        if (Waiting > 0)
        {
            _lazyFreed.Forget(frame);
            _activated.Forget(frame);
            _rotated.Forget(frame);
            _deactivated.Forget(frame);
        }
    }

    /// <summary>Changes of one list's size, told to the counters together.</summary>
    internal ref struct SizeChange(LruAdd lru, int cpu)
    {
        private Lruvec? _lruvec;
        private LruList _list;
        private int _pages;

        public void Add(Lruvec lruvec, int frame, LruList list, int pages)
        {
            lru._frames.ZoneOf(frame).ListPages(list) += pages;
            if (lruvec != _lruvec || list != _list)
            {
                Flush();
                (_lruvec, _list) = (lruvec, list);
            }
            _pages += pages;
        }

        public void Flush()
        {
            if (_pages != 0)
            {
                lru.Count(cpu, _lruvec!.Memcg, _list, _pages);
                _pages = 0;
            }
        }
    }

    /// <summary>Puts a page back that was taken off its list: by way of the batch, onto a list of the cgroup that it belongs to now.</summary>
    [Kernel("putback_lru_page", "mm/vmscan.c")]
    public void PutBack(int frame, PageFlags before)
    {
        if ((before & PageFlags.Lru) != 0)
        {
            _machine.Frames.Flags(frame) |= before & (PageFlags.Active | PageFlags.Unevictable);
            Add(frame);
        }
    }
}
