using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Reclaim;

/// <summary>
/// Reclaim on behalf of a memory cgroup. The seam where page cache, swap and shrinkers will be attached: with only
/// anonymous memory and no swap a kernel frees nothing here, and neither does this.
/// </summary>
internal sealed class MemcgReclaim(Machine machine)
{
    private readonly bool _hasPsi = machine.Era.Pressure.Exists;
    private readonly bool _stallsInside = machine.Era.Pressure.ReclaimIsStall;

    /// <summary>The same for a charge or memory.high, which are memory stalls (§6.7).</summary>
    [Kernel("try_charge_memcg", "mm/memcontrol.c")]
    public long Stalling(ScanControl sc)
    {
        if (_stallsInside || !_hasPsi)
        {
            return TryToFreePages(sc);
        }
        TaskStruct? task = machine.Current;
        bool nested = machine.Psi.MemstallEnter(task);
        long reclaimed = TryToFreePages(sc);
        machine.Psi.MemstallLeave(task, nested);
        return reclaimed;
    }

    /// <summary>Tries to free pages of a subtree; answers how many were freed. Limit writes and memory.reclaim call it, too.</summary>
    [Kernel("try_to_free_mem_cgroup_pages", "mm/vmscan.c", Deviation = "Nothing is reclaimable yet: only anonymous memory without swap is modelled.")]
    public long TryToFreePages(ScanControl sc)
    {
        Invariant.Holds(sc.Pages > 0 && !sc.Memcg.IsRoot);
        if (machine.Probes.Any)
        {
            machine.Probes.Hit(Tracing.KernelFunction.TryToFreeMemCgroupPages);
        }
        if (!_stallsInside || !_hasPsi)
        {
            return Shrink();
        }
        TaskStruct? task = machine.Current;
        bool nested = machine.Psi.MemstallEnter(task);
        long reclaimed = Shrink();
        machine.Psi.MemstallLeave(task, nested);
        return reclaimed;
    }

    [Kernel("do_try_to_free_pages", "mm/vmscan.c")]
    private long Shrink()
    {
        machine.Lru.Drain(machine.CurrentCpu); // shrink_inactive_list begins with lru_add_drain
        machine.SpendAndRunDue(machine.Costs.FruitlessReclaimNs);
        return 0;
    }
}

/// <summary>What a reclaim run is asked for.</summary>
/// <param name="Memcg">Whose subtree.</param>
/// <param name="Pages">How many pages would do.</param>
/// <param name="MaySwap">Whether swapping helps.</param>
[Kernel("struct scan_control", "mm/vmscan.c")]
internal readonly record struct ScanControl(MemCgroup Memcg, long Pages, bool MaySwap);
