using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;

namespace Ullage.Model.Charging;

/// <summary>
/// One limit of one cgroup: pages charged to it and to its descendants, and how many it may have (§1). A charge walks up
/// the chain and is undone below the level that refuses it; watermarks raised on the way stay raised (§1.2).
/// </summary>
[Kernel("struct page_counter", "mm/page_counter.c")]
public sealed class PageCounter
{
    private readonly bool _countsFailures;
    private bool _protects;

    internal PageCounter(PageCounter? parent, MemCgroup? owner, bool countsFailures)
    {
        Parent = parent;
        Owner = owner;
        _countsFailures = countsFailures;
    }

    /// <summary>The next counter up; null at the top, and where v1 hierarchy is off.</summary>
    public PageCounter? Parent { get; }

    /// <summary>The memory cgroup that this counter belongs to.</summary>
    public MemCgroup? Owner { get; }

    /// <summary>Pages charged.</summary>
    public long Usage { get; private set; }

    /// <summary>Hard limit in pages; <see cref="KernelConstants.PageCounterMax"/> = none.</summary>
    public long Max { get; internal set; } = KernelConstants.PageCounterMax;

    /// <summary>Highest usage seen since it was last reset.</summary>
    public long Watermark { get; private set; }

    /// <summary>As <see cref="Watermark"/>, since the last write to a peak file (§11.3).</summary>
    internal long LocalWatermark { get; set; }

    /// <summary>How siblings' claims are counted; only the memory counter protects anything.</summary>
    internal ProtectionRule Protection { get; init; }

    /// <summary>memory.min, its share of the parent's, and what descendants claim (§1.5).</summary>
    internal ProtectedShare Min;

    /// <summary>memory.low, likewise.</summary>
    internal ProtectedShare Low;

    /// <summary>Charges that were refused here.</summary>
    public long Failcnt { get; private set; }

    /// <summary>Charges <paramref name="pages"/> at every level, or at none (§1.2).</summary>
    /// <returns>Null when charged, else the counter that refused.</returns>
    [Kernel("page_counter_try_charge", "mm/page_counter.c")]
    public PageCounter? TryCharge(long pages)
    {
        for (PageCounter? c = this; c is not null; c = c.Parent)
        {
            long usage = c.Usage + pages;
            if (usage > c.Max)
            {
                Refuse(c, pages);
                return c;
            }
            c.Usage = usage;
            c.AfterRaise();
        }
        return null;
    }

    private void Refuse(PageCounter refusing, long pages)
    {
        if (refusing._countsFailures)
        {
            refusing.Failcnt++;
        }
        for (PageCounter c = this; c != refusing; c = c.Parent!)
        {
            c.Usage -= pages;
            if (c._protects)
            {
                c.PropagateProtection();
            }
        }
    }

    private void AfterRaise()
    {
        if (_protects)
        {
            PropagateProtection();
        }
        if (Usage > LocalWatermark)
        {
            LocalWatermark = Usage;
            Watermark = Math.Max(Watermark, Usage);
        }
    }

    /// <summary>Charges <paramref name="pages"/> at every level, whatever the limits (§1.3).</summary>
    [Kernel("page_counter_charge", "mm/page_counter.c")]
    public void Charge(long pages)
    {
        for (PageCounter? c = this; c is not null; c = c.Parent)
        {
            c.Usage += pages;
            c.AfterRaise();
        }
    }

    /// <summary>Takes <paramref name="pages"/> back at every level (§1.3).</summary>
    [Kernel("page_counter_uncharge", "mm/page_counter.c", Deviation = "A negative counter is a bug of the model and stops it; the kernel warns once.")]
    public void Uncharge(long pages)
    {
        for (PageCounter? c = this; c is not null; c = c.Parent)
        {
            c.Usage -= pages;
            Invariant.Holds(c.Usage >= 0);
            if (c._protects)
            {
                c.PropagateProtection();
            }
        }
    }

    /// <summary>Sets the limit unless usage is above it (§1.4).</summary>
    /// <returns><see cref="Errno.EBUSY"/> when usage is above <paramref name="max"/>.</returns>
    [Kernel("page_counter_set_max", "mm/page_counter.c")]
    public Errno TrySetMax(long max)
    {
        if (Usage > max)
        {
            return Errno.EBUSY;
        }
        Max = max;
        return Errno.None;
    }

    /// <summary>Sets the watermark to the usage of now, as a write to a max_usage file does.</summary>
    [Kernel("page_counter_reset_watermark", "include/linux/page_counter.h")]
    public void ResetWatermark() => LocalWatermark = Watermark = Usage;

    /// <summary>Sets failcnt to zero, as a write to a failcnt file does.</summary>
    public void ResetFailcnt() => Failcnt = 0;

    /// <summary>Sets memory.min or memory.low in pages; every level up from here counts anew (§1.5).</summary>
    [Kernel("page_counter_set_min", "mm/page_counter.c")]
    internal void SetProtection(long min, long low)
    {
        (Min.Setting, Low.Setting) = (min, low);
        _protects = true;
        for (PageCounter? c = this; c is not null; c = c.Parent)
        {
            c.PropagateProtection();
        }
        _protects = min > 0 || low > 0;
    }

    /// <summary>Tells the parent how much protection this subtree claims now.</summary>
    [Kernel("propagate_protected_usage", "mm/page_counter.c")]
    private void PropagateProtection()
    {
        if (Parent is not null)
        {
            Parent.Min.ClaimedBelow += Min.Claim(Usage, Protection);
            Parent.Low.ClaimedBelow += Low.Claim(Usage, Protection);
        }
    }
}
