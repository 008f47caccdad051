using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>
/// Slab accounting by the page. The first allocation of a cgroup from a cache comes from the root cache, uncharged, and
/// queues the creation of the child; later ones are charged slab by slab (§4.4).
/// </summary>
[Kernel("memcg_kmem_get_cache", "mm/memcontrol.c")]
internal sealed class ChildCaches : SlabAccounting
{
    private readonly List<KmemCache>[] _children; // by root cache; dead ones until they are empty

    public ChildCaches(Machine machine) : base(machine)
    {
        _children = new List<KmemCache>[machine.Era.Slab.Caches.Rows.Count];
        Pages.Emptied = Destroy;
    }

    /// <summary>A dead cache goes as soon as it is empty, by itself, not with its cgroup (§5.4).</summary>
    [Kernel("kmemcg_cache_shutdown", "mm/slab_common.c")]
    private void Destroy(KmemCache cache)
    {
        _children[cache.Index].Remove(cache);
        cache.Memcg?.SlabCaches?.Remove(cache);
    }

    public override bool TryAllocate(KmemCache cache, MemCgroup memcg, Gfp gfp, out SlabObject allocated)
    {
        if (cache.Accounted || (gfp & Gfp.Account) != 0)
        {
            cache = CacheFor(cache, memcg);
        }
        int slab = Slub.Allocate(cache, gfp);
        allocated = new SlabObject(slab + 1, 0);
        return slab >= 0;
    }

    private KmemCache CacheFor(KmemCache root, MemCgroup memcg)
    {
        if (memcg.SlabChildren is { } children && children[root.Index] is { } child)
        {
            return child.Created ? child : root;
        }
        if (memcg.Online && Machine.Kmem.Accounts(memcg))
        {
            QueueCreation(root, memcg);
        }
        return root;
    }

    [Kernel("memcg_schedule_kmem_cache_create", "mm/memcontrol.c")]
    private void QueueCreation(KmemCache root, MemCgroup memcg)
    {
        KmemCache child = New(root, memcg);
        Machine.Work.Add(Machine.TimeNs + Machine.Costs.WorkItemNs, () => Create(child));
    }

    private KmemCache New(KmemCache root, MemCgroup memcg)
    {
        KmemCache child = new(Machine.Era.Slab.Caches.Rows[root.Index], root.Index, Machine.Options, root, memcg);
        memcg.SlabChildren ??= new KmemCache?[Caches.All.Length];
        memcg.SlabChildren[root.Index] = child;
        return child;
    }

    [Kernel("memcg_create_kmem_cache", "mm/slab_common.c")]
    private void Create(KmemCache child)
    {
        if (child.Created || child.Memcg is not { Online: true } memcg)
        {
            return;
        }
        child.Created = true;
        (memcg.SlabCaches ??= []).Add(child);
        (_children[child.Index] ??= []).Add(child);
    }

    /// <inheritdoc/>
    public override bool TryPlace(KmemCache cache, MemCgroup memcg, long objects)
    {
        if (!Machine.Kmem.Accounts(memcg))
        {
            return Placement.TryPlace(cache, objects);
        }
        KmemCache child = memcg.SlabChildren?[cache.Index] ?? New(cache, memcg);
        Create(child);
        return Placement.TryPlace(child, objects);
    }

    public override void Free(SlabObject freed)
    {
        if (freed.Slab > 0)
        {
            Slub.Free(freed.Slab - 1);
        }
    }

    public override MemCgroup? PayerOf(SlabObject allocated) => allocated.Slab > 0 ? Slabs.CacheOf(allocated.Slab - 1).Memcg : null;

    public override IReadOnlyList<SlabInfoRow> Rows(MemCgroup memcg)
    {
        List<SlabInfoRow> rows = [];
        for (int i = (memcg.SlabCaches?.Count ?? 0) - 1; i >= 0; i--) // newest first
        {
            SlabSums sums = default;
            KmemCache child = memcg.SlabCaches![i];
            sums.Add(Slabs, child);
            rows.Add(sums.Row(child));
        }
        return rows;
    }

    protected override void AddSums(KmemCache root, ref SlabSums sums)
    {
        sums.Add(Slabs, root);
        if (_children[root.Index] is { } children)
        {
            foreach (KmemCache child in children)
            {
                sums.Add(Slabs, child);
            }
        }
    }

    public override bool StockHolds(int cpu, MemCgroup root) => false;

    public override void DrainStock(int cpu)
    {
    }

    public override long PagesOf(MemCgroup memcg) => Pages.ChargedTo(memcg);

    /// <summary>A removed cgroup's caches keep no empty slabs (§4.3), and from 5.3 they are its parent's (§5.4).</summary>
    [Kernel("memcg_offline_kmem", "mm/memcontrol.c")]
    public override void Offline(MemCgroup memcg)
    {
        memcg.SlabChildren = null;
        MemCgroup? heir = Machine.Era.Slab.Reparents ? memcg.HierarchyParent : null;
        foreach (KmemCache child in memcg.SlabCaches ?? [])
        {
            child.MinPartial = 0;
            child.CpuPartial = 0;
            Slub.Shrink(child);
            child.IsDead = true;
            if (child.Slabs == 0)
            {
                _children[child.Index].Remove(child);
            }
            else if (heir is not null)
            {
                Pages.Reparent(child, memcg, heir);
                (heir.SlabCaches ??= []).Add(child);
            }
        }
        if (heir is not null)
        {
            memcg.SlabCaches = null;
        }
    }
}
