namespace Ullage.Abi.Units;

/// <summary>A number of bytes. May be negative where it is a difference.</summary>
/// <param name="Bytes">The number of bytes.</param>
public readonly record struct ByteSize(long Bytes) : IComparable<ByteSize>
{
    /// <summary>No byte.</summary>
    public static ByteSize Zero => default;

    /// <summary>1 KiB.</summary>
    public static ByteSize KiB => new(1L << 10);

    /// <summary>1 MiB.</summary>
    public static ByteSize MiB => new(1L << 20);

    /// <summary>1 GiB.</summary>
    public static ByteSize GiB => new(1L << 30);

    /// <summary>Reads a size as people write it: <c>4096</c>, <c>100M</c>, <c>1.5GiB</c>. See <see cref="HumanSize"/>. Never negative.</summary>
    /// <param name="text">The text, blanks around it allowed.</param>
    /// <param name="size">The size; zero when the answer is false.</param>
    /// <param name="problem">Empty, or what is wrong and what to write instead.</param>
    public static bool TryParseHuman(string text, out ByteSize size, out string problem)
    {
        bool ok = HumanSize.TryParse(text, signed: false, out long bytes, out problem);
        size = new(bytes);
        return ok;
    }

    /// <summary>As <see cref="TryParseHuman"/>, with an optional minus in front (a difference, such as the argument of brk).</summary>
    /// <param name="text">The text, blanks around it allowed.</param>
    /// <param name="size">The size; zero when the answer is false.</param>
    /// <param name="problem">Empty, or what is wrong and what to write instead.</param>
    public static bool TryParseHumanSigned(string text, out ByteSize size, out string problem)
    {
        bool ok = HumanSize.TryParse(text, signed: true, out long bytes, out problem);
        size = new(bytes);
        return ok;
    }

    /// <summary>Short text for tables: see <see cref="HumanSize.Format"/>.</summary>
    public string ToIec() => HumanSize.Format(Bytes);

    /// <inheritdoc/>
    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>Sum.</summary>
    public static ByteSize operator +(ByteSize left, ByteSize right) => new(left.Bytes + right.Bytes);

    /// <summary>Difference.</summary>
    public static ByteSize operator -(ByteSize left, ByteSize right) => new(left.Bytes - right.Bytes);

    /// <summary>That many times as much.</summary>
    public static ByteSize operator *(long times, ByteSize size) => new(times * size.Bytes);

    /// <summary>Fewer bytes.</summary>
    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    /// <summary>More bytes.</summary>
    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    /// <summary>As many bytes or fewer.</summary>
    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    /// <summary>As many bytes or more.</summary>
    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    /// <summary>The plain number of bytes, for messages and JSON.</summary>
    public override string ToString() => Bytes.ToString(CultureInfo.InvariantCulture);
}
