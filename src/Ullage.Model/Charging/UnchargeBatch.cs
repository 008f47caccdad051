using Ullage.Abi;

namespace Ullage.Model.Charging;

/// <summary>Collects pages that are freed together, so that one subtraction serves them all (§2.17).</summary>
[Kernel("struct uncharge_gather", "mm/memcontrol.c")]
internal sealed class UnchargeBatch(Machine machine)
{
    private const int Limit = 512; // an mmu_gather frees its pages in batches

    private MemCgroup? _memcg;
    private int _pages;
    private int _depth;

    /// <summary>Begins a run of frees; counters move at the latest when it ends.</summary>
    public void Begin() => _depth++;

    public void End()
    {
        if (--_depth == 0)
        {
            Flush();
        }
    }

    public void Add(MemCgroup memcg)
    {
        if (_memcg != memcg || _pages >= Limit)
        {
            Flush();
            _memcg = memcg;
        }
        _pages++;
        if (_depth == 0)
        {
            Flush();
        }
    }

    [Kernel("uncharge_batch", "mm/memcontrol.c")]
    private void Flush()
    {
        if (_memcg is not { } memcg || _pages == 0)
        {
            return;
        }
        int pages = _pages;
        _pages = 0;
        _memcg = null;
        machine.Charge.Uncharge(memcg, pages);
        machine.PageEvents.Add(memcg, machine.CurrentCpu, pages);
        machine.Hierarchy.Put(memcg, pages);
    }
}
