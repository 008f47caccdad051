using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>Who pays for objects by the byte: one per memory cgroup; a removed cgroup's goes to its parent (§5.4).</summary>
[Kernel("struct obj_cgroup", "include/linux/memcontrol.h")]
internal sealed class ObjCgroup(int number, MemCgroup memcg)
{
    /// <summary>Place in the list of all.</summary>
    public int Number { get; } = number;

    /// <summary>The cgroup whose counters it goes through now.</summary>
    public MemCgroup Memcg { get; set; } = memcg;

    /// <summary>Its cgroup was removed.</summary>
    public bool Dead { get; set; }

    /// <summary>Charged bytes below a page that no CPU keeps.</summary>
    public int ParkedBytes { get; set; }

    /// <summary>Pages charged through it and not given back.</summary>
    public long Pages { get; set; }

    /// <summary>Bytes of living objects by reclaimability: what memory.stat counts (§4.6).</summary>
    public long ReclaimableBytes { get; set; }

    /// <inheritdoc cref="ReclaimableBytes"/>
    public long UnreclaimableBytes { get; set; }
}

/// <summary>
/// Slab accounting by the byte (§4.6): an object costs its size and 8 bytes for its owner. Whole pages are charged; what
/// they have too much waits on the CPU for the next objects of the same cgroup, at most about one page.
/// </summary>
[Kernel("struct obj_stock_pcp", "mm/memcontrol.c")]
internal sealed class ObjCgroups : SlabAccounting
{
    private const int OwnerPointerBytes = 8;

    private readonly ObjCgroup?[] _cached; // by CPU
    private readonly int[] _bytes;
    private readonly List<ObjCgroup> _all = [];
    private readonly Stack<int> _freeNumbers = [];

    public ObjCgroups(Machine machine) : base(machine)
    {
        _cached = new ObjCgroup?[machine.Options.PossibleCpus];
        _bytes = new int[machine.Options.PossibleCpus];
    }

    private ObjCgroup Of(MemCgroup memcg)
    {
        if (memcg.ObjCgroup is { } existing)
        {
            return existing;
        }
        int number = _freeNumbers.Count > 0 ? _freeNumbers.Pop() : _all.Count;
        ObjCgroup made = new(number, memcg);
        if (number == _all.Count)
        {
            _all.Add(made);
        }
        else
        {
            _all[number] = made;
        }
        memcg.ObjCgroup = made;
        (memcg.ObjCgroups ??= []).Add(made);
        return made;
    }

    public override bool TryAllocate(KmemCache cache, MemCgroup memcg, Gfp gfp, out SlabObject allocated)
    {
        allocated = default;
        ObjCgroup? payer = null;
        if ((cache.Accounted || (gfp & Gfp.Account) != 0) && memcg.Online && Machine.Kmem.Accounts(memcg))
        {
            payer = Of(memcg);
            if (!TryCharge(payer, gfp, cache.Size + OwnerPointerBytes))
            {
                return false;
            }
        }
        int slab = Slub.Allocate(cache, gfp);
        if (slab < 0)
        {
            if (payer is not null)
            {
                Refill(payer, cache.Size + OwnerPointerBytes, allowUncharge: true);
            }
            return false;
        }
        if (payer is not null)
        {
            Count(payer, cache, cache.Size + OwnerPointerBytes);
        }
        allocated = new SlabObject(slab + 1, payer is null ? 0 : payer.Number + 1);
        return true;
    }

    private void Count(ObjCgroup payer, KmemCache cache, int bytes)
    {
        payer.Memcg.Stats.Add(Machine.CurrentCpu, cache.Stat, bytes);
        if (cache.Reclaimable)
        {
            payer.ReclaimableBytes += bytes;
        }
        else
        {
            payer.UnreclaimableBytes += bytes;
        }
    }

    [Kernel("obj_cgroup_charge", "mm/memcontrol.c")]
    private bool TryCharge(ObjCgroup payer, Gfp gfp, int bytes)
    {
        int cpu = Machine.CurrentCpu;
        if (_cached[cpu] == payer && _bytes[cpu] >= bytes)
        {
            _bytes[cpu] -= bytes;
            return true;
        }
        int pages = (bytes + KernelConstants.PageSize - 1) / KernelConstants.PageSize;
        if (!Machine.Kmem.TryCharge(payer.Memcg, gfp, pages, MemcgStat.Kernel))
        {
            return false;
        }
        payer.Pages += pages;
        Refill(payer, (pages * KernelConstants.PageSize) - bytes, allowUncharge: false);
        return true;
    }

    [Kernel("refill_obj_stock", "mm/memcontrol.c")]
    private void Refill(ObjCgroup payer, int bytes, bool allowUncharge)
    {
        int cpu = Machine.CurrentCpu;
        if (_cached[cpu] != payer)
        {
            DrainStock(cpu);
            _cached[cpu] = payer;
            (_bytes[cpu], payer.ParkedBytes) = (payer.ParkedBytes, 0);
        }
        _bytes[cpu] += bytes;
        if (_bytes[cpu] <= KernelConstants.PageSize)
        {
            return;
        }
        if (!Machine.Era.Kmem.ObjStockKeepsRemainder)
        {
            DrainStock(cpu);
        }
        else if (allowUncharge)
        {
            int pages = _bytes[cpu] / KernelConstants.PageSize;
            _bytes[cpu] %= KernelConstants.PageSize;
            UnchargePages(payer, pages);
        }
    }

    [Kernel("drain_obj_stock", "mm/memcontrol.c")]
    public override void DrainStock(int cpu)
    {
        if (_cached[cpu] is not { } payer)
        {
            return;
        }
        _cached[cpu] = null;
        int bytes = _bytes[cpu];
        _bytes[cpu] = 0;
        payer.ParkedBytes += bytes % KernelConstants.PageSize;
        UnchargePages(payer, bytes / KernelConstants.PageSize);
        ReleaseIfUnused(payer);
    }

    private void UnchargePages(ObjCgroup payer, int pages)
    {
        if (pages > 0)
        {
            payer.Pages -= pages;
            Machine.Kmem.Uncharge(payer.Memcg, pages, MemcgStat.Kernel);
        }
    }

    /// <summary>Parked bytes of several stocks may add up to whole pages; those go with a dead cgroup's last object.</summary>
    [Kernel("obj_cgroup_release", "mm/memcontrol.c")]
    private void ReleaseIfUnused(ObjCgroup payer)
    {
        if (!payer.Dead || payer.ReclaimableBytes != 0 || payer.UnreclaimableBytes != 0 || payer.ParkedBytes != payer.Pages * KernelConstants.PageSize)
        {
            return;
        }
        int pages = (int)payer.Pages;
        payer.ParkedBytes = 0;
        payer.Memcg.ObjCgroups?.Remove(payer);
        if (_all[payer.Number] == payer)
        {
            _all[payer.Number] = null!;
            _freeNumbers.Push(payer.Number);
        }
        UnchargePages(payer, pages);
    }

    public override void Free(SlabObject freed)
    {
        if (freed.Slab == 0)
        {
            return;
        }
        KmemCache cache = Slabs.CacheOf(freed.Slab - 1);
        if (freed.Owner > 0)
        {
            ObjCgroup payer = _all[freed.Owner - 1];
            int bytes = cache.Size + OwnerPointerBytes;
            Count(payer, cache, -bytes);
            Refill(payer, bytes, allowUncharge: true);
            if (!payer.Memcg.Online && _cached[Machine.CurrentCpu] == payer)
            {
                DrainStock(Machine.CurrentCpu);
            }
        }
        Slub.Free(freed.Slab - 1);
    }

    public override MemCgroup? PayerOf(SlabObject allocated) => allocated.Owner > 0 ? _all[allocated.Owner - 1].Memcg : null;

    public override bool TryPlace(KmemCache cache, MemCgroup memcg, long objects)
    {
        for (long i = 0; i < objects; i++)
        {
            if (!TryAllocate(cache, memcg, Gfp.KernelAccount, out _))
            {
                return false;
            }
        }
        return true;
    }

    public override bool StockHolds(int cpu, MemCgroup root) => _bytes[cpu] > 0 && _cached[cpu] is { } payer && payer.Memcg.IsDescendantOf(root);

    public override long PagesOf(MemCgroup memcg)
    {
        long pages = 0;
        foreach (ObjCgroup each in memcg.ObjCgroups ?? [])
        {
            pages += each.Pages;
        }
        return pages;
    }

    /// <summary>The cgroup's own obj_cgroup and those that it inherited become the parent's (§5.4).</summary>
    [Kernel("memcg_reparent_objcgs", "mm/memcontrol.c")]
    public override void Offline(MemCgroup memcg)
    {
        for (int cpu = 0; cpu < _cached.Length; cpu++)
        {
            if (_cached[cpu]?.Memcg == memcg)
            {
                DrainStock(cpu);
            }
        }
        List<ObjCgroup> owned = memcg.ObjCgroups ?? [];
        memcg.ObjCgroup = null;
        memcg.ObjCgroups = null;
        foreach (ObjCgroup each in owned)
        {
            each.Dead = true;
            if (memcg.HierarchyParent is { } heir)
            {
                Reparent(each, memcg, heir);
            }
            else
            {
                (memcg.ObjCgroups ??= []).Add(each);
            }
        }
        foreach (ObjCgroup each in owned)
        {
            ReleaseIfUnused(each);
        }
    }

    private void Reparent(ObjCgroup each, MemCgroup from, MemCgroup to)
    {
        each.Memcg = to;
        (to.ObjCgroups ??= []).Add(each);
        int cpu = Machine.CurrentCpu;
        Move(MemcgStat.SlabReclaimable, each.ReclaimableBytes);
        Move(MemcgStat.SlabUnreclaimable, each.UnreclaimableBytes);
        Machine.Kmem.Reparent(from, to, each.Pages);

        void Move(MemcgStat stat, long bytes)
        {
            from.Stats.Add(cpu, stat, (int)-bytes);
            to.Stats.Add(cpu, stat, (int)bytes);
        }
    }
}
