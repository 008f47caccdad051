namespace Ullage.Abi.Units;

/// <summary>A duration in nanoseconds, the unit of all virtual time.</summary>
/// <param name="Ns">Nanoseconds.</param>
public readonly record struct TimeSpanNs(long Ns) : IComparable<TimeSpanNs>
{
    private static readonly (string Name, long Ns)[] Units =
        [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

    /// <summary>The duration in seconds.</summary>
    public double Seconds => Ns / 1e9;

    /// <summary>Reads <c>100us</c>, <c>1.5s</c>, <c>2m</c>; units <c>ns us ms s m h</c>. Only 0 may stand without a unit.</summary>
    /// <param name="text">The text, blanks around it and before the unit allowed.</param>
    /// <param name="span">The duration; zero when the answer is false. A fraction of a nanosecond is dropped.</param>
    /// <param name="problem">Empty, or what is wrong and what to write instead.</param>
    public static bool TryParseHuman(string text, out TimeSpanNs span, out string problem)
    {
        span = default;
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (!DecimalText.TryTake(ref rest, out DecimalText number))
        {
            problem = rest.StartsWith("-")
                ? $"a time cannot be negative: '{text}'"
                : $"'{text}' is not a time: write a number and ns, us, ms, s, m or h, such as 100us or 1.5s";
            return false;
        }
        ReadOnlySpan<char> unit = rest.TrimStart();
        if (unit.IsEmpty && number.Digits != 0)
        {
            problem = $"'{text}' has no unit: use ns, us, ms, s, m or h, such as {text.Trim()}s";
            return false;
        }
        if (!TryUnit(unit, out long scale))
        {
            problem = $"unknown unit '{unit}' in time '{text}': use ns, us, ms, s, m or h";
            return false;
        }
        if (!number.TryScale(scale, out long ns))
        {
            problem = $"time '{text}' is too long: the longest is 2562047h (292 years)";
            return false;
        }
        span = new(ns);
        problem = "";
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(TimeSpanNs other) => Ns.CompareTo(other.Ns);

    /// <summary>The shortest exact text that <see cref="TryParseHuman"/> reads back: <c>100us</c>, <c>1.5s</c>, <c>0s</c>.</summary>
    public override string ToString()
    {
        if (Ns == 0)
            return "0s";
        string sign = Ns < 0 ? "-" : "";
        UInt128 size = Ns < 0 ? (UInt128)(-(Int128)Ns) : (UInt128)Ns;
        int unit = 3;
        while (unit > 0 && size < (UInt128)Units[unit].Ns)
            unit--;
        UInt128 scale = (UInt128)Units[unit].Ns;
        UInt128 fraction = size % scale;
        string decimals = fraction == 0 ? "" : "." + fraction.ToString(CultureInfo.InvariantCulture).PadLeft(3 * unit, '0').TrimEnd('0');
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{size / scale}{decimals}{Units[unit].Name}");
    }

    private static bool TryUnit(ReadOnlySpan<char> name, out long ns)
    {
        ns = 1;
        if (name.IsEmpty)
            return true;
        foreach ((string known, long size) in Units)
        {
            if (name.SequenceEqual(known))
            {
                ns = size;
                return true;
            }
        }
        return false;
    }
}
