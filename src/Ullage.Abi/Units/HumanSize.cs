namespace Ullage.Abi.Units;

/// <summary>
/// Sizes as people write and read them. All units are binary: <c>1K</c> = <c>1KiB</c> = 1024 bytes, as in control files.
/// <c>KB</c>, <c>MB</c> are refused, because half the world reads 1000 in them.
/// </summary>
public static class HumanSize
{
    private const string Units = "KMGTPE";

    /// <summary>
    /// Short text for tables: one decimal below ten units, none above (<c>4.0K</c>, <c>1.5G</c>, <c>100M</c>, <c>512B</c>, <c>0B</c>),
    /// to the nearest, at most five characters and a minus.
    /// </summary>
    /// <param name="bytes">Bytes, possibly negative.</param>
    public static string Format(long bytes)
    {
        string sign = bytes < 0 ? "-" : "";
        UInt128 size = bytes < 0 ? (UInt128)(-(Int128)bytes) : (UInt128)bytes;
        if (size < 1024)
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{size}B");
        int unit = 0;
        // 1023.5 and more would round to 1024: that is 1.0 of the next unit.
        while (Rounded(size, unit, 1) >= 1024 && unit < Units.Length - 1)
            unit++;
        UInt128 tenths = Rounded(size, unit, 10);
        return tenths < 100
            ? string.Create(CultureInfo.InvariantCulture, $"{sign}{tenths / 10}.{tenths % 10}{Units[unit]}")
            : string.Create(CultureInfo.InvariantCulture, $"{sign}{Rounded(size, unit, 1)}{Units[unit]}");
    }

    /// <summary>
    /// Reads digits, an optional fraction, and <c>K M G T</c>, <c>KiB MiB GiB TiB</c>, <c>B</c> or nothing. A fraction of a byte is dropped
    /// where a unit follows and refused where none does.
    /// </summary>
    /// <param name="text">The text, blanks around it and before the unit allowed.</param>
    /// <param name="signed">Whether a minus may stand in front.</param>
    /// <param name="bytes">The size; 0 when the answer is false.</param>
    /// <param name="problem">Empty, or what is wrong and what to write instead.</param>
    public static bool TryParse(string text, bool signed, out long bytes, out string problem)
    {
        bytes = 0;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        bool negative = signed && rest.StartsWith("-");
        if (negative)
            rest = rest[1..];
        if (!DecimalText.TryTake(ref rest, out DecimalText number))
        {
            problem = rest.StartsWith("-")
                ? $"a size cannot be negative: '{text}'"
                : $"'{text}' is not a size: write bytes or a number with K, M, G or T, such as 100M or 1.5GiB";
            return false;
        }
        ReadOnlySpan<char> unit = rest.TrimStart();
        if (!TryShift(unit, out int shift))
        {
            problem = $"unknown unit '{unit}' in size '{text}': use K, M, G, T or KiB, MiB, GiB, TiB (all binary), or bare bytes";
            return false;
        }
        if (shift == 0 && number.HasFraction)
        {
            problem = $"'{text}' is a fraction of a byte: add a unit, such as 1.5M";
            return false;
        }
        if (!number.TryScale(1L << shift, out bytes))
        {
            problem = $"size '{text}' is too large: the largest is {long.MaxValue} bytes (8 EiB less one)";
            return false;
        }
        bytes = negative ? -bytes : bytes;
        problem = "";
        return true;
    }

    private static UInt128 Rounded(UInt128 size, int unit, uint times)
    {
        int shift = 10 * (unit + 1);
        return (size * times + (UInt128.One << (shift - 1))) >> shift;
    }

    private static bool TryShift(ReadOnlySpan<char> unit, out int shift)
    {
        shift = 0;
        if (unit.IsEmpty || unit.SequenceEqual("B"))
            return true;
        int index = "KMGT".IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal);
        shift = 10 * (index + 1);
        return index >= 0 && (unit.Length == 1 || unit[1..].Equals("iB", StringComparison.OrdinalIgnoreCase));
    }
}
