namespace Ullage.Abi.Units;

/// <summary>A number of pages of <see cref="KernelConstants.PageSize"/> bytes. May be negative where it is a difference.</summary>
/// <param name="Pages">The number of pages.</param>
public readonly record struct PageCount(long Pages) : IComparable<PageCount>
{
    /// <summary>No page.</summary>
    public static PageCount Zero => default;

    /// <summary>The same in bytes. Overflow throws: no page counter can hold so much.</summary>
    public ByteSize Bytes => new(checked(Pages * KernelConstants.PageSize));

    /// <summary>Whole pages in <paramref name="bytes"/>; the rest is dropped, as writes to control files do.</summary>
    public static PageCount Floor(ByteSize bytes) => new(bytes.Bytes >> KernelConstants.PageShift);

    /// <summary>Pages needed to hold <paramref name="bytes"/>.</summary>
    public static PageCount Ceiling(ByteSize bytes) =>
        new((bytes.Bytes >> KernelConstants.PageShift) + ((bytes.Bytes & (KernelConstants.PageSize - 1)) == 0 ? 0 : 1));

    /// <inheritdoc/>
    public int CompareTo(PageCount other) => Pages.CompareTo(other.Pages);

    /// <summary>Sum.</summary>
    public static PageCount operator +(PageCount left, PageCount right) => new(left.Pages + right.Pages);

    /// <summary>Difference.</summary>
    public static PageCount operator -(PageCount left, PageCount right) => new(left.Pages - right.Pages);

    /// <summary>Fewer pages.</summary>
    public static bool operator <(PageCount left, PageCount right) => left.Pages < right.Pages;

    /// <summary>More pages.</summary>
    public static bool operator >(PageCount left, PageCount right) => left.Pages > right.Pages;

    /// <summary>As many pages or fewer.</summary>
    public static bool operator <=(PageCount left, PageCount right) => left.Pages <= right.Pages;

    /// <summary>As many pages or more.</summary>
    public static bool operator >=(PageCount left, PageCount right) => left.Pages >= right.Pages;

    /// <summary>The plain number, for messages and JSON.</summary>
    public override string ToString() => Pages.ToString(CultureInfo.InvariantCulture);
}
