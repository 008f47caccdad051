using System.Globalization;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Sizes, times and rates as people write them (scenario.md). Every answer is a value or a reason.</summary>
internal static class ScenarioValues
{
    private static readonly (string Suffix, long Bytes)[] SizeUnits =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40),
        ("k", 1L << 10), ("m", 1L << 20), ("g", 1L << 30), ("t", 1L << 40), ("B", 1),
    ];

    private static readonly (string Suffix, long Ns)[] TimeUnits =
    [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ];

    /// <summary>Bytes: a whole number, or a number with a fraction and a unit; a fraction of a byte is cut off. The reason is null on success.</summary>
    public static string? TrySize(string text, out long bytes)
    {
        bytes = 0;
        if (!Split(text, out string number, out string unit))
        {
            return $"{Quote.Text(text)} is not a size: write a number of bytes or one with K, M, G, T, KiB, MiB, GiB or TiB, such as 100M";
        }

        long factor = 1;
        if (unit.Length > 0 && !Find(SizeUnits, unit, out factor))
        {
            return $"unknown unit {Quote.Text(unit)} in {Quote.Text(text)}: sizes take K, M, G, T or KiB, MiB, GiB, TiB (all binary), such as 100M";
        }

        if (unit.Length == 0 && number.Contains('.', StringComparison.Ordinal))
        {
            return $"{Quote.Text(text)} is not a whole number of bytes: leave out the fraction or add a unit, such as 1.5G";
        }

        return Scale(number, factor, out bytes) ? null : $"{Quote.Text(text)} is too large: the largest size is {long.MaxValue} bytes";
    }

    /// <summary>Nanoseconds. A bare number is refused, except 0. The reason is null on success.</summary>
    public static string? TryTime(string text, out long ns)
    {
        ns = 0;
        if (!Split(text, out string number, out string unit))
        {
            return $"{Quote.Text(text)} is not a time: write a number with ns, us, ms, s, m or h, such as 10s";
        }

        long factor = 1;
        if (unit.Length == 0)
        {
            return decimal.TryParse(number, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal value) && value == 0
                ? null
                : $"{Quote.Text(text)} has no unit: write {Quote.Plain(text)}s for seconds (units are ns, us, ms, s, m, h)";
        }

        if (!Find(TimeUnits, unit, out factor))
        {
            return $"unknown unit {Quote.Text(unit)} in {Quote.Text(text)}: times take ns, us, ms, s, m or h, such as 10s";
        }

        return Scale(number, factor, out ns) ? null : $"{Quote.Text(text)} is too large: the longest time is about 292 years";
    }

    /// <summary>Bytes per second: a size and <c>/s</c>. The reason is null on success.</summary>
    public static string? TryRate(string text, out long bytesPerSecond)
    {
        bytesPerSecond = 0;
        string trimmed = text.Trim();
        return trimmed.EndsWith("/s", StringComparison.Ordinal)
            ? TrySize(trimmed[..^2], out bytesPerSecond)
            : $"{Quote.Text(text)} is not a rate: write a size per second, such as 500MiB/s";
    }

    private static bool Split(string text, out string number, out string unit)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        int end = 0;
        if (end < rest.Length && rest[end] is '-' or '+')
        {
            end++;
        }

        int firstDigit = end;
        while (end < rest.Length && (char.IsAsciiDigit(rest[end]) || rest[end] == '.'))
        {
            end++;
        }

        number = rest[..end].ToString();
        unit = rest[end..].Trim().ToString();
        ReadOnlySpan<char> digits = rest[firstDigit..end];
        return digits.Length > 0 && digits.ContainsAnyInRange('0', '9') && digits.Count('.') <= 1 && (unit.Length == 0 || char.IsAsciiLetter(unit[0]));
    }

    private static bool Find((string Suffix, long Factor)[] units, string unit, out long factor)
    {
        foreach ((string suffix, long value) in units)
        {
            if (string.Equals(suffix, unit, StringComparison.Ordinal))
            {
                factor = value;
                return true;
            }
        }

        factor = 0;
        return false;
    }

    private static bool Scale(string number, long factor, out long result)
    {
        result = 0;
        if (!decimal.TryParse(number, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal value))
        {
            return false;
        }

        if (Math.Abs(value) > (decimal)long.MaxValue / factor)
        {
            return false;
        }

        result = (long)decimal.Truncate(value * factor);
        return true;
    }
}
