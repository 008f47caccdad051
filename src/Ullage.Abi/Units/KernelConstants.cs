namespace Ullage.Abi.Units;

/// <summary>Sizes that every modelled kernel shares (x86-64; spec §0.2).</summary>
public static class KernelConstants
{
    /// <summary>Bytes in a page.</summary>
    public const int PageSize = 4096;

    /// <summary>log2 of <see cref="PageSize"/>.</summary>
    public const int PageShift = 12;

    /// <summary>The largest page counter value, which means "no limit" (spec §0.2).</summary>
    public const long PageCounterMax = long.MaxValue / PageSize;

    /// <summary>What v1 files print for "no limit", in bytes.</summary>
    public const long UnlimitedBytes = PageCounterMax * PageSize;
}
