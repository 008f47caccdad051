using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Reclaim;

/// <summary>
/// Reclaim on behalf of a memory cgroup. The seam where page cache, swap and shrinkers will be attached: with only
/// anonymous memory and no swap a kernel frees nothing here, and neither does this.
/// </summary>
internal sealed class MemcgReclaim(Machine machine)
{
    /// <summary>Tries to free pages of a subtree; answers how many were freed.</summary>
    [Kernel("try_to_free_mem_cgroup_pages", "mm/vmscan.c", Deviation = "Nothing is reclaimable yet: only anonymous memory without swap is modelled.")]
    public long TryToFreePages(ScanControl sc)
    {
        Invariant.Holds(sc.Pages > 0 && !sc.Memcg.IsRoot);
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
