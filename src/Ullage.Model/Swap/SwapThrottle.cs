using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Swap;

/// <summary>memory.swap.high (§2.6): who charges memory while its cgroup has more in swap than this sleeps, as with memory.high, by the overage.</summary>
internal static class SwapThrottle
{
    /// <summary>The largest overage of a cgroup and its ancestors, as a fraction in 2^20ths. Each level that is over counts the event.</summary>
    [Kernel("swap_find_max_overage", "mm/memcontrol.c")]
    public static long MaxOverage(MemCgroup memcg)
    {
        long overage = 0;
        for (MemCgroup? m = memcg; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            long own = HighThrottle.Overage(m.Swap.Usage, m.SwapHigh);
            if (own > 0)
            {
                m.RaiseEvent(MemcgEvent.SwapHigh);
            }
            overage = Math.Max(overage, own);
        }
        return overage;
    }
}
