using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Units;
using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>One slab of a child cache.</summary>
[Kernel("struct slab", "mm/slab.h")]
internal sealed class SlabPage(ChildCache cache)
{
    public ChildCache Cache { get; } = cache;
    public int InUse { get; set; }
    public bool OnCpu { get; set; }
}

/// <summary>A memory cgroup's own copy of a cache (§4.4).</summary>
[Kernel("struct kmem_cache", "include/linux/slub_def.h")]
internal sealed class ChildCache(MemCgroup memcg, SlabGeometry geometry, int cpus)
{
    public MemCgroup Memcg { get; } = memcg;
    public SlabGeometry Geometry { get; } = geometry;
    public bool Created { get; set; }
    public SlabPage?[] CpuSlabs { get; } = new SlabPage?[cpus];
    public List<SlabPage> Partial { get; } = [];
    public int Slabs { get; set; }
}

/// <summary>
/// Slab accounting by the page. The first allocation of a cgroup from a cache comes from the root cache, uncharged, and
/// queues the creation of the child; later ones are charged slab by slab (§4.4).
/// </summary>
[Kernel("memcg_kmem_get_cache", "mm/memcontrol.c", Deviation = "Only the caches of mappings, and a removed cgroup's caches stay its own in 5.3 and 5.4, too: the rest comes with the slab room.")]
internal sealed class ChildCaches(Machine machine) : SlabAccounting
{
    private const int MinPartial = 5; // §4.2

    private readonly Dictionary<(int Memcg, SlabCache Cache), ChildCache> _children = [];
    private readonly Dictionary<MemCgroup, long> _pages = []; // charged, those of removed cgroups included

    public override bool TryAllocate(SlabCache cache, MemCgroup memcg, Gfp gfp, out SlabObject allocated)
    {
        allocated = default;
        if (!machine.Kmem.Accounts(memcg))
        {
            return true;
        }
        if (!_children.TryGetValue((memcg.Id, cache), out ChildCache? child))
        {
            QueueCreation(cache, memcg);
            return true;
        }
        return !child.Created || TryAllocateFrom(child, gfp, out allocated);
    }

    private void QueueCreation(SlabCache cache, MemCgroup memcg)
    {
        SlabGeometry geometry = SlabGeometry.Of(SizeOf(machine.Era.Kmem, cache), machine.Options.PossibleCpus);
        ChildCache child = new(memcg, geometry, machine.Options.PossibleCpus);
        _children.Add((memcg.Id, cache), child);
        machine.Work.Add(machine.TimeNs + machine.Costs.WorkItemNs, () => child.Created = true);
    }

    private bool TryAllocateFrom(ChildCache child, Gfp gfp, out SlabObject allocated)
    {
        allocated = default;
        int cpu = machine.CurrentCpu;
        SlabPage? slab = child.CpuSlabs[cpu];
        if (slab is null || slab.InUse == child.Geometry.Objects)
        {
            Retire(slab);
            slab = TakePartial(child) ?? NewSlab(child, gfp);
            child.CpuSlabs[cpu] = slab;
            if (slab is null)
            {
                return false;
            }
            slab.OnCpu = true;
        }
        slab.InUse++;
        allocated = new SlabObject(slab, child.Memcg, 0);
        return true;
    }

    private static void Retire(SlabPage? slab)
    {
        if (slab is not null)
        {
            slab.OnCpu = false; // full: on no list until an object of it is freed
        }
    }

    private static SlabPage? TakePartial(ChildCache child)
    {
        if (child.Partial.Count == 0)
        {
            return null;
        }
        SlabPage slab = child.Partial[0];
        child.Partial.RemoveAt(0);
        return slab;
    }

    private SlabPage? NewSlab(ChildCache child, Gfp gfp)
    {
        if (!machine.Kmem.TryCharge(child.Memcg, gfp, child.Geometry.Pages, MemcgStat.Kernel))
        {
            return null;
        }
        Count(child, child.Geometry.Pages);
        return new SlabPage(child);
    }

    private void Count(ChildCache child, int pages)
    {
        child.Slabs += pages / child.Geometry.Pages;
        child.Memcg.Stats.Add(machine.CurrentCpu, MemcgStat.SlabUnreclaimable, pages * KernelConstants.PageSize);
        _pages[child.Memcg] = PagesOf(child.Memcg) + pages;
        if (_pages[child.Memcg] == 0)
        {
            _pages.Remove(child.Memcg);
        }
    }

    public override void Free(SlabObject freed)
    {
        if (freed.Slab is not { } slab)
        {
            return;
        }
        ChildCache child = slab.Cache;
        bool wasFull = slab.InUse == child.Geometry.Objects;
        slab.InUse--;
        if (slab.OnCpu)
        {
            return;
        }
        if (wasFull)
        {
            child.Partial.Add(slab);
        }
        if (slab.InUse == 0 && (child.Partial.Count > MinPartial || !child.Memcg.Online))
        {
            FreeSlab(child, slab);
        }
    }

    private void FreeSlab(ChildCache child, SlabPage slab)
    {
        child.Partial.Remove(slab);
        Count(child, -child.Geometry.Pages);
        machine.Kmem.Uncharge(child.Memcg, child.Geometry.Pages, MemcgStat.Kernel);
        machine.Reclaim.SlabPagesFreed(child.Geometry.Pages);
    }

    public override IReadOnlyList<SlabInfoRow> Rows(MemCgroup memcg)
    {
        List<SlabInfoRow> rows = [];
        Add(SlabCache.AnonVma, "anon_vma");
        Add(SlabCache.AnonVmaChain, "anon_vma_chain");
        Add(SlabCache.VmAreaStruct, "vm_area_struct");
        return rows;

        void Add(SlabCache cache, string name)
        {
            if (_children.TryGetValue((memcg.Id, cache), out ChildCache? child) && child.Created)
            {
                long objects = (long)child.Slabs * child.Geometry.Objects;
                rows.Add(new SlabInfoRow(name, objects - FreeOnPartial(child), objects, SizeOf(machine.Era.Kmem, cache), child.Geometry.Objects,
                    child.Geometry.Pages, 0, 0, 0, child.Slabs, child.Slabs, 0));
            }
        }
    }

    private static long FreeOnPartial(ChildCache child)
    {
        long free = 0;
        foreach (SlabPage slab in child.Partial)
        {
            free += child.Geometry.Objects - slab.InUse;
        }
        return free;
    }

    public override bool StockHolds(int cpu, MemCgroup root) => false;

    public override void DrainStock(int cpu)
    {
    }

    public override long PagesOf(MemCgroup memcg) => _pages.GetValueOrDefault(memcg);

    public override void Offline(MemCgroup memcg)
    {
        foreach (SlabCache cache in (ReadOnlySpan<SlabCache>)[SlabCache.VmAreaStruct, SlabCache.AnonVma, SlabCache.AnonVmaChain])
        {
            if (_children.TryGetValue((memcg.Id, cache), out ChildCache? child))
            {
                Deactivate(child);
                _children.Remove((memcg.Id, cache));
            }
        }
    }

    /// <summary>A dead cgroup's caches keep no empty slabs (§4.3).</summary>
    [Kernel("slab_deactivate_memcg_cache_rcu_sched", "mm/slab_common.c")]
    private void Deactivate(ChildCache child)
    {
        for (int cpu = 0; cpu < child.CpuSlabs.Length; cpu++)
        {
            if (child.CpuSlabs[cpu] is { } slab)
            {
                slab.OnCpu = false;
                child.Partial.Add(slab);
                child.CpuSlabs[cpu] = null;
            }
        }
        for (int i = child.Partial.Count - 1; i >= 0; i--)
        {
            if (child.Partial[i].InUse == 0)
            {
                FreeSlab(child, child.Partial[i]);
            }
        }
    }
}
