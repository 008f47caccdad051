namespace Ullage.Abi.Units;

/// <summary>
/// Numbers as the kernel reads them from control files (§11.1). Two families with different manners:
/// <list type="bullet">
/// <item><c>memparse</c>, behind every limit: base by prefix, a binary suffix, silent wrap-around above 2^64, junk behind it is the caller's to judge.</item>
/// <item><c>kstrto*</c>, behind switches and counts: base by prefix, one optional newline, nothing else; overflow is ERANGE.</item>
/// </list>
/// v1's unsigned files hand their text to kstrtoull as it came, so that <c>" 8192"</c> is EINVAL; v2's strip blanks first (<see cref="Strip"/>).
/// An empty write never gets here from 5.10 on, but does before: a limit becomes 0 (measured on 4.15 and 5.4).
/// </summary>
public static class KernelNumber
{
    /// <summary>Removes blanks at both ends (space, tab, newline, vertical tab, form feed, carriage return).</summary>
    [Kernel("strstrip", "lib/string.c")]
    public static ReadOnlySpan<char> Strip(ReadOnlySpan<char> text)
    {
        text = UpToNul(text);
        while (!text.IsEmpty && IsSpace(text[0]))
            text = text[1..];
        while (!text.IsEmpty && IsSpace(text[^1]))
            text = text[..^1];
        return text;
    }

    /// <summary>Reads digits, base by prefix (<c>0x</c>, <c>0</c>); stops at the first other character. Wraps above 2^64. No sign.</summary>
    /// <param name="text">The text.</param>
    /// <param name="consumed">Characters read; 0 when there is no digit, and then the answer is 0.</param>
    [Kernel("simple_strtoull", "lib/vsprintf.c")]
    public static ulong SimpleStrtoull(ReadOnlySpan<char> text, out int consumed)
    {
        ulong value = Digits(UpToNul(text), out consumed, out _, out bool any);
        if (!any)
            consumed = 0;
        return value;
    }

    /// <summary>As <see cref="SimpleStrtoull"/>, then one suffix of <c>K M G T P E</c> in either case. Wraps above 2^64.</summary>
    /// <param name="text">The text.</param>
    /// <param name="consumed">Characters read, with the suffix.</param>
    [Kernel("memparse", "lib/cmdline.c")]
    public static ulong MemParse(ReadOnlySpan<char> text, out int consumed)
    {
        ulong value = SimpleStrtoull(text, out consumed);
        if (consumed >= text.Length)
            return value;
        int unit = "KMGTPE".IndexOf(char.ToUpperInvariant(text[consumed]), StringComparison.Ordinal);
        if (unit < 0 || !char.IsAscii(text[consumed]))
            return value;
        consumed++;
        return value << (10 * (unit + 1));
    }

    /// <summary>
    /// Reads what is written to a limit. Blanks around it are dropped, bytes are rounded down to pages, what is more than a page counter
    /// holds becomes "no limit". Text of blanks alone is 0. Junk is EINVAL.
    /// </summary>
    /// <param name="text">What was written.</param>
    /// <param name="unlimitedToken">The word for "no limit": <c>-1</c> in v1, <c>max</c> in v2.</param>
    /// <param name="pages">Pages, at most <see cref="KernelConstants.PageCounterMax"/>; 0 after an error.</param>
    [Kernel("page_counter_memparse", "mm/page_counter.c")]
    public static Errno TryParsePageCounter(ReadOnlySpan<char> text, ReadOnlySpan<char> unlimitedToken, out long pages)
    {
        text = Strip(text);
        pages = KernelConstants.PageCounterMax;
        if (text.SequenceEqual(unlimitedToken))
            return Errno.None;
        ulong bytes = MemParse(text, out int consumed);
        pages = 0;
        if (consumed != text.Length)
            return Errno.EINVAL;
        pages = Math.Min((long)(bytes >> KernelConstants.PageShift), KernelConstants.PageCounterMax);
        return Errno.None;
    }

    /// <summary>An unsigned 64-bit number: optional plus, base by prefix, optional newline at the end. EINVAL or ERANGE otherwise.</summary>
    [Kernel("kstrtoull", "lib/kstrtox.c")]
    public static Errno TryParseULong(ReadOnlySpan<char> text, out ulong value)
    {
        text = UpToNul(text);
        return Unsigned(text.StartsWith("+") ? text[1..] : text, out value);
    }

    /// <summary>A signed 64-bit number: optional plus or minus, base by prefix, optional newline at the end. EINVAL or ERANGE otherwise.</summary>
    [Kernel("kstrtoll", "lib/kstrtox.c")]
    public static Errno TryParseLong(ReadOnlySpan<char> text, out long value)
    {
        text = UpToNul(text);
        value = 0;
        bool negative = text.StartsWith("-");
        Errno errno = negative ? Unsigned(text[1..], out ulong size) : TryParseULong(text, out size);
        if (errno != Errno.None)
            return errno;
        ulong largest = negative ? 1UL << 63 : long.MaxValue;
        if (size > largest)
            return Errno.ERANGE;
        value = negative ? unchecked(-(long)size) : (long)size;
        return Errno.None;
    }

    /// <summary>A signed 32-bit number; as <see cref="TryParseLong"/>, ERANGE when it does not fit.</summary>
    [Kernel("kstrtoint", "lib/kstrtox.c")]
    public static Errno TryParseInt(ReadOnlySpan<char> text, out int value)
    {
        Errno errno = TryParseLong(text, out long number);
        value = 0;
        if (errno == Errno.None && number != (int)number)
            errno = Errno.ERANGE;
        if (errno == Errno.None)
            value = (int)number;
        return errno;
    }

    private static Errno Unsigned(ReadOnlySpan<char> text, out ulong value)
    {
        ulong number = Digits(text, out int consumed, out bool overflow, out bool any);
        value = 0;
        if (overflow)
            return Errno.ERANGE;
        if (!any)
            return Errno.EINVAL;
        ReadOnlySpan<char> rest = text[consumed..];
        if (!rest.IsEmpty && !rest.SequenceEqual("\n"))
            return Errno.EINVAL;
        value = number;
        return Errno.None;
    }

    private static ulong Digits(ReadOnlySpan<char> text, out int consumed, out bool overflow, out bool any)
    {
        uint numberBase = Base(text);
        int start = numberBase == 16 ? 2 : 0;
        consumed = start;
        overflow = false;
        ulong value = 0;
        for (; consumed < text.Length; consumed++)
        {
            uint digit = Digit(text[consumed]);
            if (digit >= numberBase)
                break;
            overflow |= value > (ulong.MaxValue - digit) / numberBase;
            value = unchecked(value * numberBase + digit);
        }
        any = consumed > start;
        return value;
    }

    private static uint Base(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text[0] != '0')
            return 10;
        return text.Length > 2 && (text[1] | 0x20) == 'x' && Digit(text[2]) < 16 ? 16u : 8u;
    }

    private static uint Digit(char c) => c switch
    {
        >= '0' and <= '9' => (uint)(c - '0'),
        >= 'a' and <= 'f' => (uint)(c - 'a' + 10),
        >= 'A' and <= 'F' => (uint)(c - 'A' + 10),
        _ => uint.MaxValue,
    };

    private static bool IsSpace(char c) => c is ' ' or (>= '\t' and <= '\r');

    private static ReadOnlySpan<char> UpToNul(ReadOnlySpan<char> text)
    {
        int nul = text.IndexOf('\0');
        return nul < 0 ? text : text[..nul];
    }
}
