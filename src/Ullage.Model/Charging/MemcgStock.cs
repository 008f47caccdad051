using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Charging;

/// <summary>
/// Pages that were charged in advance and wait on a CPU, so that most charges touch no counter (§2.1). They are part of
/// usage. Up to 6.12 a CPU keeps them for one cgroup, in 6.18 for seven.
/// </summary>
[Kernel("struct memcg_stock_pcp", "mm/memcontrol.c")]
internal sealed class MemcgStock
{
    private readonly int _slots;
    private readonly int _batch;
    private readonly bool _bounded;
    private readonly bool _memsw;
    private readonly SimRandom _random;
    private readonly MemCgroup?[] _cached; // by CPU and slot
    private readonly int[] _pages;

    public MemcgStock(KernelEra era, int cpus, bool memsw, SimRandom random)
    {
        _slots = era.Charging.StockSlots;
        _batch = era.Charging.Batch;
        _bounded = era.Charging.StockIsBounded;
        _memsw = memsw;
        _random = random;
        _cached = new MemCgroup?[cpus * _slots];
        _pages = new int[cpus * _slots];
    }

    /// <summary>Told when a CPU gave up the stock of a removed cgroup.</summary>
    public Action<MemCgroup>? Drained { get; set; }

    [Kernel("consume_stock", "mm/memcontrol.c")]
    public bool Consume(int cpu, MemCgroup memcg, int pages)
    {
        if (pages > _batch)
        {
            return false;
        }
        int end = (cpu + 1) * _slots;
        for (int slot = cpu * _slots; slot < end; slot++)
        {
            if (_cached[slot] == memcg)
            {
                if (_pages[slot] < pages)
                {
                    return false;
                }
                _pages[slot] -= pages;
                return true;
            }
        }
        return false;
    }

    [Kernel("refill_stock", "mm/memcontrol.c")]
    public void Refill(int cpu, MemCgroup memcg, int pages)
    {
        if (_slots > 1 && pages > _batch)
        {
            Uncharge(memcg, pages); // more than a slot takes: straight back to the counters
            return;
        }
        int slot = SlotFor(cpu, memcg);
        _pages[slot] += pages;
        if (_bounded && _pages[slot] > _batch)
        {
            DrainSlot(slot);
        }
    }

    private int SlotFor(int cpu, MemCgroup memcg)
    {
        int first = cpu * _slots;
        int free = -1;
        for (int slot = first; slot < first + _slots; slot++)
        {
            if (_cached[slot] == memcg)
            {
                return slot;
            }
            if (free < 0 && _cached[slot] is null)
            {
                free = slot;
            }
        }
        int chosen = free >= 0 ? free : first + (_slots == 1 ? 0 : _random.Below(_slots));
        DrainSlot(chosen);
        _cached[chosen] = memcg;
        return chosen;
    }

    private void DrainSlot(int slot)
    {
        (MemCgroup? memcg, int pages) = (_cached[slot], _pages[slot]);
        (_cached[slot], _pages[slot]) = (null, 0);
        if (memcg is null || pages == 0)
        {
            return;
        }
        Uncharge(memcg, pages);
        if (!memcg.Online)
        {
            Drained?.Invoke(memcg);
        }
    }

    private void Uncharge(MemCgroup memcg, int pages)
    {
        memcg.Memory.Uncharge(pages);
        if (_memsw)
        {
            memcg.Memsw.Uncharge(pages);
        }
    }

    /// <summary>Empties one CPU's slots.</summary>
    [Kernel("drain_stock", "mm/memcontrol.c")]
    public void DrainCpu(int cpu)
    {
        for (int slot = cpu * _slots; slot < (cpu + 1) * _slots; slot++)
        {
            DrainSlot(slot);
        }
    }

    /// <summary>True when a CPU holds pages of <paramref name="root"/>'s subtree.</summary>
    public bool Holds(int cpu, MemCgroup root)
    {
        for (int slot = cpu * _slots; slot < (cpu + 1) * _slots; slot++)
        {
            if (_cached[slot] is { } memcg && _pages[slot] > 0 && memcg.IsDescendantOf(root))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Pages that all CPUs hold for exactly this cgroup.</summary>
    public long PagesOf(MemCgroup memcg)
    {
        long sum = 0;
        for (int slot = 0; slot < _cached.Length; slot++)
        {
            sum += _cached[slot] == memcg ? _pages[slot] : 0;
        }
        return sum;
    }
}
