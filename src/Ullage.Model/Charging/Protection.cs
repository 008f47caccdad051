using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Charging;

/// <summary>What protects a cgroup from a reclaim run.</summary>
internal enum ProtectionState
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>memory.low: spared in the first pass.</summary>
    Low,
    /// <summary>memory.min: spared always.</summary>
    Min,
}

/// <summary>
/// Effective protection (§1.6). A walk over a subtree asks parents before children. What a cgroup's setting promises holds only
/// as far as its parent's does: where siblings claim more than the parent has, each gets its share by what it claims.
/// </summary>
[Kernel("mem_cgroup_calculate_protection", "mm/memcontrol.c")]
internal sealed class Protection(LimitRules rules, bool recursive)
{
    /// <summary>Computes the protection of <paramref name="memcg"/> in a reclaim run for <paramref name="root"/> and answers what it comes to.</summary>
    public ProtectionState Of(MemCgroup root, MemCgroup memcg)
    {
        if (memcg.IsRoot)
        {
            return ProtectionState.None;
        }
        switch (rules.Protection)
        {
            case ProtectionRule.BelowLow:
                return IsBelowLow(root, memcg) ? ProtectionState.Low : ProtectionState.None;
            case ProtectionRule.AllOrNothing:
                return AllOrNothing(root, memcg);
            default:
                Calculate(root, memcg);
                return Capped(root, memcg);
        }
    }

    [Kernel("mem_cgroup_low", "mm/memcontrol.c")]
    private static bool IsBelowLow(MemCgroup root, MemCgroup memcg)
    {
        for (MemCgroup? m = memcg; m is { IsRoot: false } && (m == memcg || m != root); m = m.HierarchyParent)
        {
            if (m.Memory.Usage >= m.Low)
            {
                return false;
            }
        }
        return true;
    }

    [Kernel("mem_cgroup_protected", "mm/memcontrol.c")]
    private static ProtectionState AllOrNothing(MemCgroup root, MemCgroup memcg)
    {
        PageCounter counter = memcg.Memory;
        long usage = counter.Usage;
        if (memcg == root || usage == 0)
        {
            return ProtectionState.None;
        }
        (long min, long low) = (counter.Min.Setting, counter.Low.Setting);
        if (memcg.HierarchyParent is { } parent && parent != root)
        {
            min = ShareOf(counter.Min.Setting, usage, parent.Memory.Min);
            low = ShareOf(counter.Low.Setting, usage, parent.Memory.Low);
        }
        (counter.Min.Effective, counter.Low.Effective) = (min, low);
        return usage <= min ? ProtectionState.Min : usage <= low ? ProtectionState.Low : ProtectionState.None;
    }

    private static long ShareOf(long setting, long usage, in ProtectedShare parent)
    {
        long effective = Math.Min(setting, parent.Effective);
        long own = Math.Min(usage, setting);
        if (effective == 0 || own == 0 || parent.ClaimedBelow == 0)
        {
            return effective;
        }
        return (long)Int128.Min(effective, (Int128)parent.Effective * own / parent.ClaimedBelow);
    }

    private void Calculate(MemCgroup root, MemCgroup memcg)
    {
        PageCounter counter = memcg.Memory;
        if (memcg == root || counter.Usage == 0)
        {
            return; // what was computed before stays
        }
        if (memcg.HierarchyParent is not { } parent || parent == root)
        {
            counter.Min.Effective = counter.Min.Setting;
            counter.Low.Effective = counter.Low.Setting;
            return;
        }
        long above = parent.Memory.Usage;
        counter.Min.Effective = Effective(counter.Usage, above, counter.Min.Setting, parent.Memory.Min.Effective, parent.Memory.Min.ClaimedBelow, recursive);
        counter.Low.Effective = Effective(counter.Usage, above, counter.Low.Setting, parent.Memory.Low.Effective, parent.Memory.Low.ClaimedBelow, recursive);
    }

    /// <summary>5.7 and later: the share of one cgroup, all in pages.</summary>
    /// <param name="usage">Its usage.</param>
    /// <param name="parentUsage">Its parent's usage.</param>
    /// <param name="setting">What was written.</param>
    /// <param name="parentEffective">The parent's effective protection.</param>
    /// <param name="siblingsProtected">What the parent's children claim together.</param>
    /// <param name="recursive">memory_recursiveprot: what nobody claims is shared by those who use more than they claim.</param>
    [Kernel("effective_protection", "mm/page_counter.c")]
    internal static long Effective(long usage, long parentUsage, long setting, long parentEffective, long siblingsProtected, bool recursive)
    {
        long claimed = Math.Min(usage, setting);
        if (siblingsProtected > parentEffective)
        {
            return (long)((Int128)claimed * parentEffective / siblingsProtected);
        }
        long effective = claimed;
        if (recursive && parentEffective > siblingsProtected && parentUsage > siblingsProtected && usage > claimed)
        {
            long unclaimed = parentEffective - siblingsProtected;
            effective += (long)((Int128)unclaimed * (usage - claimed) / (parentUsage - siblingsProtected));
        }
        return effective;
    }

    [Kernel("mem_cgroup_below_min", "include/linux/memcontrol.h")]
    private ProtectionState Capped(MemCgroup root, MemCgroup memcg)
    {
        if (rules.TargetIsUnprotected && memcg == root)
        {
            return ProtectionState.None;
        }
        long usage = memcg.Memory.Usage;
        return memcg.Memory.Min.Effective >= usage ? ProtectionState.Min
            : memcg.Memory.Low.Effective >= usage ? ProtectionState.Low : ProtectionState.None;
    }
}
