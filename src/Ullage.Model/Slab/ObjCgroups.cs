using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>
/// Slab accounting by the byte (§4.6): an object costs its size and 8 bytes for its owner. Whole pages are charged; what
/// they have too much waits on the CPU for the next objects of the same cgroup, at most about one page.
/// </summary>
[Kernel("struct obj_stock_pcp", "mm/memcontrol.c", Deviation = "Only the caches of mappings; others come with the slab room.")]
internal sealed class ObjCgroups : SlabAccounting
{
    private const int OwnerPointerBytes = 8;

    private readonly Machine _machine;
    private readonly MemCgroup?[] _cached; // by CPU
    private readonly int[] _bytes;
    private readonly Dictionary<MemCgroup, Owned> _owned = [];

    /// <summary>What one cgroup owns apart from CPU stocks.</summary>
    private sealed class Owned
    {
        public int ParkedBytes;
        public long Pages;
    }

    public ObjCgroups(Machine machine)
    {
        _machine = machine;
        _cached = new MemCgroup?[machine.Options.PossibleCpus];
        _bytes = new int[machine.Options.PossibleCpus];
    }

    private Owned OwnedBy(MemCgroup memcg)
    {
        if (!_owned.TryGetValue(memcg, out Owned? owned))
        {
            owned = new Owned();
            _owned.Add(memcg, owned);
        }
        return owned;
    }

    public override bool TryAllocate(SlabCache cache, MemCgroup memcg, Gfp gfp, out SlabObject allocated)
    {
        allocated = default;
        if (!_machine.Kmem.Accounts(memcg))
        {
            return true;
        }
        int bytes = SizeOf(_machine.Era.Kmem, cache) + OwnerPointerBytes;
        if (!TryCharge(memcg, gfp, bytes))
        {
            return false;
        }
        memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.SlabUnreclaimable, bytes);
        allocated = new SlabObject(null, memcg, bytes);
        return true;
    }

    [Kernel("obj_cgroup_charge", "mm/memcontrol.c")]
    private bool TryCharge(MemCgroup memcg, Gfp gfp, int bytes)
    {
        int cpu = _machine.CurrentCpu;
        if (_cached[cpu] == memcg && _bytes[cpu] >= bytes)
        {
            _bytes[cpu] -= bytes;
            return true;
        }
        int pages = (bytes + KernelConstants.PageSize - 1) / KernelConstants.PageSize;
        if (!_machine.Kmem.TryCharge(memcg, gfp, pages, MemcgStat.Kernel))
        {
            return false;
        }
        OwnedBy(memcg).Pages += pages;
        Refill(memcg, (pages * KernelConstants.PageSize) - bytes, allowUncharge: false);
        return true;
    }

    [Kernel("refill_obj_stock", "mm/memcontrol.c")]
    private void Refill(MemCgroup memcg, int bytes, bool allowUncharge)
    {
        int cpu = _machine.CurrentCpu;
        if (_cached[cpu] != memcg)
        {
            DrainStock(cpu);
            _cached[cpu] = memcg;
            Owned owned = OwnedBy(memcg);
            (_bytes[cpu], owned.ParkedBytes) = (owned.ParkedBytes, 0);
        }
        _bytes[cpu] += bytes;
        if (_bytes[cpu] <= KernelConstants.PageSize)
        {
            return;
        }
        if (!_machine.Era.Kmem.ObjStockKeepsRemainder)
        {
            DrainStock(cpu);
        }
        else if (allowUncharge)
        {
            int pages = _bytes[cpu] / KernelConstants.PageSize;
            _bytes[cpu] %= KernelConstants.PageSize;
            UnchargePages(memcg, pages);
        }
    }

    [Kernel("drain_obj_stock", "mm/memcontrol.c")]
    public override void DrainStock(int cpu)
    {
        if (_cached[cpu] is not { } memcg)
        {
            return;
        }
        _cached[cpu] = null;
        int bytes = _bytes[cpu];
        _bytes[cpu] = 0;
        OwnedBy(memcg).ParkedBytes += bytes % KernelConstants.PageSize;
        UnchargePages(memcg, bytes / KernelConstants.PageSize);
        ReleaseParked(memcg);
    }

    private void UnchargePages(MemCgroup memcg, int pages)
    {
        if (pages > 0)
        {
            OwnedBy(memcg).Pages -= pages;
            _machine.Kmem.Uncharge(memcg, pages, MemcgStat.Kernel);
        }
    }

    /// <summary>Parked bytes of several stocks may add up to whole pages; those go when nothing else is left of them.</summary>
    [Kernel("obj_cgroup_release", "mm/memcontrol.c")]
    private void ReleaseParked(MemCgroup memcg)
    {
        Owned owned = OwnedBy(memcg);
        if (!memcg.Online && owned.ParkedBytes == owned.Pages * KernelConstants.PageSize)
        {
            int pages = owned.ParkedBytes / KernelConstants.PageSize;
            owned.ParkedBytes = 0;
            UnchargePages(memcg, pages);
            _owned.Remove(memcg);
        }
    }

    public override void Free(SlabObject freed)
    {
        if (freed.Payer is not { } memcg)
        {
            return;
        }
        memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.SlabUnreclaimable, -freed.Bytes);
        Refill(memcg, freed.Bytes, allowUncharge: true);
        if (!memcg.Online)
        {
            DrainStock(_machine.CurrentCpu);
        }
    }

    public override bool StockHolds(int cpu, MemCgroup root) => _bytes[cpu] > 0 && _cached[cpu] is { } memcg && memcg.IsDescendantOf(root);

    public override long PagesOf(MemCgroup memcg) => _owned.TryGetValue(memcg, out Owned? owned) ? owned.Pages : 0;

    public override void Offline(MemCgroup memcg)
    {
        for (int cpu = 0; cpu < _cached.Length; cpu++)
        {
            if (_cached[cpu] == memcg)
            {
                DrainStock(cpu);
            }
        }
        ReleaseParked(memcg);
    }
}
