namespace Ullage.Abi.Units;

/// <summary>
/// A page counter's limit: a number of pages or <see cref="None"/>. The kernel keeps "no limit" as the largest page count (§0.2),
/// shows it as 9223372036854771712 in v1 files and as <c>max</c> in v2 files. Absent (no such file) is a null <c>Limit?</c>.
/// </summary>
public readonly record struct Limit : IComparable<Limit>
{
    private Limit(long pages) => Pages = pages;

    /// <summary>No limit.</summary>
    public static Limit None => new(KernelConstants.PageCounterMax);

    /// <summary>Pages; <see cref="KernelConstants.PageCounterMax"/> when there is no limit. The default value of this type is a limit of 0.</summary>
    public long Pages { get; }

    /// <summary>True when there is no limit.</summary>
    public bool IsNone => Pages == KernelConstants.PageCounterMax;

    /// <summary>Bytes; null when there is no limit.</summary>
    public long? Bytes => IsNone ? null : Pages * KernelConstants.PageSize;

    /// <summary>A limit of that many pages, held between 0 and "no limit".</summary>
    public static Limit OfPages(long pages) => new(Math.Clamp(pages, 0, KernelConstants.PageCounterMax));

    /// <summary>A limit of that many bytes, rounded down to pages as the kernel does.</summary>
    public static Limit OfBytes(long bytes) => OfPages(bytes >> KernelConstants.PageShift);

    /// <summary>The smaller of two limits: what binds when both hold.</summary>
    public static Limit Min(Limit left, Limit right) => left.Pages <= right.Pages ? left : right;

    /// <summary>
    /// Reads what a kernel shows, v1 or v2: <c>max</c> or bytes, with or without the newline. False when it is neither.
    /// Kernels with larger pages show a slightly smaller number for "no limit"; that is understood, too.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Limit limit)
    {
        ReadOnlySpan<char> value = text.Trim();
        limit = None;
        if (value.SequenceEqual("max"))
            return true;
        if (!ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong bytes))
            return false;
        const ulong Unlimited64KiB = long.MaxValue / 65536 * 65536UL;
        if (bytes < Unlimited64KiB)
            limit = OfBytes((long)bytes);
        return true;
    }

    /// <summary>As v1 files show it, without the newline: bytes, 9223372036854771712 for no limit.</summary>
    public string FormatV1() => (Pages * KernelConstants.PageSize).ToString(CultureInfo.InvariantCulture);

    /// <summary>As v2 files show it, without the newline: bytes or <c>max</c>.</summary>
    public string FormatV2() => IsNone ? "max" : FormatV1();

    /// <summary>As tables show it: <c>max</c> or a short size such as <c>100M</c>.</summary>
    public override string ToString() => IsNone ? "max" : HumanSize.Format(Pages * KernelConstants.PageSize);

    /// <inheritdoc/>
    public int CompareTo(Limit other) => Pages.CompareTo(other.Pages);

    /// <summary>Binds earlier.</summary>
    public static bool operator <(Limit left, Limit right) => left.Pages < right.Pages;

    /// <summary>Binds later, or never.</summary>
    public static bool operator >(Limit left, Limit right) => left.Pages > right.Pages;

    /// <summary>Binds earlier or at the same size.</summary>
    public static bool operator <=(Limit left, Limit right) => left.Pages <= right.Pages;

    /// <summary>Binds later or at the same size.</summary>
    public static bool operator >=(Limit left, Limit right) => left.Pages >= right.Pages;
}
