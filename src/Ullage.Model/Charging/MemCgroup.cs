using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;
using Ullage.Model.Kernfs;
using Ullage.Model.Reclaim;

namespace Ullage.Model.Charging;

/// <summary>The memory controller's part of a cgroup: counters, limits, events, statistics (§0.3 for first values).</summary>
[Kernel("struct mem_cgroup", "include/linux/memcontrol.h")]
public sealed class MemCgroup
{
    private readonly long[] _events = new long[(int)MemcgEvent.SwapFail + 1];
    private readonly long[] _eventsLocal = new long[(int)MemcgEvent.SwapFail + 1];
    private readonly KernelEra _era;
    private readonly bool _localEvents;
    private List<OpenFile>? _peakWatchers;

    internal MemCgroup(Cgroup cgroup, MemCgroup? parent, int id, ulong serial, MachineOptions options)
    {
        _era = options.Era;
        _localEvents = options.MemoryLocalEvents;
        Cgroup = cgroup;
        Parent = parent;
        Id = id;
        Serial = serial;
        IsV1 = cgroup.Hierarchy.Version == 1;
        bool linked = parent is null || parent.UseHierarchy;
        bool counts = !_era.Charging.FailcntOnlyOnV1Memory;
        PageCounter NewCounter(PageCounter? above) => new(linked ? above : null, this, counts);
        Memory = new PageCounter(linked ? parent?.Memory : null, this, counts || IsV1) { Protection = _era.Limits.Protection };
        Swap = NewCounter(parent?.Swap);
        Memsw = NewCounter(parent?.Memsw);
        Kmem = NewCounter(parent?.Kmem);
        Tcpmem = NewCounter(parent?.Tcpmem);
        HierarchyParent = linked ? parent : null;
        Stats = new MemcgStats(HierarchyParent?.Stats, _era, options.PossibleCpus);
        UseHierarchy = !IsV1 || !_era.Charging.NonHierarchicalPossible || (parent?.UseHierarchy ?? options.RootUseHierarchy);
        Swappiness = parent?.Swappiness ?? 60;
        OomKillDisable = parent?.OomKillDisable ?? false;
        KmemActive = parent?.KmemActive ?? false; // memcg_propagate_kmem
    }

    /// <summary>The cgroup that this belongs to.</summary>
    public Cgroup Cgroup { get; }

    /// <summary>The memory cgroup of the parent cgroup; null for the root.</summary>
    public MemCgroup? Parent { get; }

    /// <summary>The parent that also counts this cgroup's charges; null for the root and where v1 hierarchy is off (§1.1).</summary>
    public MemCgroup? HierarchyParent { get; }

    /// <summary>1 to 65535, reused (§0.3).</summary>
    public int Id { get; }

    /// <summary>The css serial number, never reused (§0.3).</summary>
    public ulong Serial { get; }

    /// <summary>True in a v1 hierarchy.</summary>
    public bool IsV1 { get; }

    /// <summary>True for the root, which user charges never touch (§1.1).</summary>
    public bool IsRoot => Parent is null;

    /// <summary>memory.limit_in_bytes, memory.max.</summary>
    public PageCounter Memory { get; }

    /// <summary>v2 memory.swap.max.</summary>
    public PageCounter Swap { get; }

    /// <summary>v1 memory.memsw.limit_in_bytes.</summary>
    public PageCounter Memsw { get; }

    /// <summary>v1 memory.kmem.limit_in_bytes.</summary>
    public PageCounter Kmem { get; }

    /// <summary>v1 memory.kmem.tcp.limit_in_bytes.</summary>
    public PageCounter Tcpmem { get; }

    /// <summary>Behind memory.stat.</summary>
    public MemcgStats Stats { get; }

    /// <summary>v1 memory.use_hierarchy: children's charges count here too.</summary>
    public bool UseHierarchy { get; internal set; }

    /// <summary>v1 memory.swappiness.</summary>
    public int Swappiness { get; internal set; }

    /// <summary>v1 memory.oom_control: tasks wait instead of being killed.</summary>
    public bool OomKillDisable { get; internal set; }

    /// <summary>v2 memory.oom.group.</summary>
    public bool OomGroup { get; internal set; }

    /// <summary>How many OOMs of this cgroup or an ancestor are going on (§2.7).</summary>
    public int UnderOom { get; internal set; }

    /// <summary>An OOM is being handled here (§2.7).</summary>
    internal bool OomLocked { get; set; }

    /// <summary>4.1: a kmem limit was written, so kernel memory is accounted (§2.13).</summary>
    public bool KmemActive { get; internal set; }

    /// <summary>v1: a limit was written to memory.kmem.tcp.limit_in_bytes, so new sockets are accounted (§2.13).</summary>
    public bool TcpActive { get; internal set; }

    /// <summary>v1: the last charge for a socket did not fit.</summary>
    internal bool TcpPressure { get; set; }

    /// <summary>Open sockets that are accounted here.</summary>
    internal long Sockets { get; set; }

    /// <summary>v1 memory.soft_limit_in_bytes, in pages.</summary>
    public long SoftLimit { get; internal set; } = KernelConstants.PageCounterMax;

    /// <summary>v2 memory.high, in pages.</summary>
    public long High { get; internal set; } = KernelConstants.PageCounterMax;

    /// <summary>v2 memory.min, in pages.</summary>
    public long Min { get => Memory.Min.Setting; internal set => Memory.SetProtection(value, Low); }

    /// <summary>v2 memory.low, in pages.</summary>
    public long Low { get => Memory.Low.Setting; internal set => Memory.SetProtection(Min, value); }

    /// <summary>v1 memory.move_charge_at_immigrate.</summary>
    public ulong MoveChargeAtImmigrate { get; internal set; }

    /// <summary>v2 memory.swap.high, in pages.</summary>
    public long SwapHigh { get; internal set; } = KernelConstants.PageCounterMax;

    /// <summary>v2 memory.zswap.max, in pages.</summary>
    public long ZswapMax { get; internal set; } = KernelConstants.PageCounterMax;

    /// <summary>v2 memory.zswap.writeback.</summary>
    public bool ZswapWriteback { get; internal set; } = true;

    /// <summary>False once the cgroup was removed or the controller was disabled.</summary>
    public bool Online { get; internal set; } = true;

    /// <summary>Pages, stacks, slab and others that keep this cgroup in memory after rmdir (§5.3).</summary>
    internal long References { get; set; }

    /// <summary>Slots of the swap space that it pays for.</summary>
    internal long SwapEntries { get; set; }

    /// <summary>Own copies of slab caches by the root cache's index, those being created included (to 5.8); null = none.</summary>
    internal Slab.KmemCache?[]? SlabChildren { get; set; }

    /// <summary>Caches that belong to it, inherited ones included, in the order of creation (to 5.8).</summary>
    internal List<Slab.KmemCache>? SlabCaches { get; set; }

    /// <summary>Who pays for its new objects (5.9+).</summary>
    internal Slab.ObjCgroup? ObjCgroup { get; set; }

    /// <summary>Its own obj_cgroup and inherited ones (5.9+).</summary>
    internal List<Slab.ObjCgroup>? ObjCgroups { get; set; }

    /// <summary>Pages in its counters that are given back through an ancestor since it was removed (§5.4).</summary>
    internal long ReparentedPages { get; set; }

    /// <summary>Child memory cgroups in creation order, dying ones included until they are released.</summary>
    internal List<MemCgroup> Children { get; } = [];

    /// <summary>Tasks that wait for this cgroup's OOM to end (§2.7).</summary>
    internal List<TaskStruct> OomWaiters { get; } = [];

    /// <summary>v1: who asked for notifications; null = nobody.</summary>
    internal MemcgListeners? Listeners { get; set; }

    /// <summary>v1: page events by CPU (<see cref="PageEvents"/>).</summary>
    internal long[]? PageEventCounts { get; set; }

    /// <summary>What reclaim has reported; null = nothing yet.</summary>
    internal VmPressure.State? Pressure { get; set; }

    /// <summary>Its LRU lists, one lruvec or (4.1) one per zone; null = it never had a page.</summary>
    internal Pages.Lruvec[]? Lruvecs { get; set; }

    internal FileChanges EventsChanges { get; } = new();

    internal FileChanges EventsLocalChanges { get; } = new();

    internal FileChanges SwapEventsChanges { get; } = new();

    /// <summary>A write through a held descriptor of a peak file: this descriptor counts from now on, others keep what they have (§11.3).</summary>
    [Kernel("peak_write", "mm/memcontrol.c")]
    internal void ResetPeak(PageCounter counter, OpenFile held)
    {
        _peakWatchers ??= [];
        foreach (OpenFile other in _peakWatchers)
        {
            if (other.File == held.File)
            {
                other.Peak = Math.Max(other.Peak, counter.LocalWatermark);
            }
        }
        if (held.Peak < 0)
        {
            _peakWatchers.Add(held);
        }
        held.Peak = counter.LocalWatermark = counter.Usage;
    }

    internal void Forget(OpenFile file) => _peakWatchers?.Remove(file);

    /// <summary>The count of an event as memory.events shows it in this era (§2.5).</summary>
    public long Events(MemcgEvent memcgEvent) => _events[(int)memcgEvent];

    /// <summary>The count of an event raised exactly here (memory.events.local).</summary>
    public long EventsLocal(MemcgEvent memcgEvent) => _eventsLocal[(int)memcgEvent];

    /// <summary>Raises an event here and, where the era has it so, in the ancestors (§2.5).</summary>
    [Kernel("memcg_memory_event", "include/linux/memcontrol.h")]
    internal void RaiseEvent(MemcgEvent memcgEvent)
    {
        long now = Cgroup.Hierarchy.NowNs;
        _eventsLocal[(int)memcgEvent]++;
        EventsLocalChanges.Notify(now);
        CountEvent(memcgEvent, now);
        if (!_era.Charging.HierarchicalEvents || _localEvents)
        {
            return;
        }
        bool climbs = !IsV1 || memcgEvent == MemcgEvent.OomKill && _era.Oom.V1OomKillHierarchical;
        for (MemCgroup? m = HierarchyParent; climbs && m is { IsRoot: false }; m = m.HierarchyParent)
        {
            m.CountEvent(memcgEvent, now);
        }
    }

    private void CountEvent(MemcgEvent memcgEvent, long nowNs)
    {
        _events[(int)memcgEvent]++;
        (memcgEvent >= MemcgEvent.SwapHigh ? SwapEventsChanges : EventsChanges).Notify(nowNs);
    }

    /// <summary>Pages that still fit below the limits (§2.2 step 9).</summary>
    [Kernel("mem_cgroup_margin", "mm/memcontrol.c")]
    internal long Margin(bool memswCounts)
    {
        long margin = Math.Max(0, Memory.Max - Memory.Usage);
        return memswCounts ? Math.Min(margin, Math.Max(0, Memsw.Max - Memsw.Usage)) : margin;
    }

    /// <summary>True when this is <paramref name="ancestor"/> or below it, hierarchy permitting.</summary>
    [Kernel("mem_cgroup_is_descendant", "include/linux/memcontrol.h")]
    internal bool IsDescendantOf(MemCgroup ancestor)
    {
        for (MemCgroup? m = this; m is not null; m = m.HierarchyParent)
        {
            if (m == ancestor)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Folds pending counts of the subtree where this era's reads are exact.</summary>
    public void PrepareStatRead()
    {
        if (!Stats.ReadsAreExact)
        {
            return;
        }
        Stats.Flush();
        foreach (MemCgroup child in Children)
        {
            child.PrepareStatRead();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Cgroup.Path;
}
