using System.Globalization;
using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>Lists of CPUs and nodes as files take them: <c>0-3,8</c>, <c>0-31:2/8</c> (2 of every 8).</summary>
[Kernel("bitmap_parselist", "lib/bitmap.c", Deviation = "The words all and N of 5.11 and later are not taken.")]
internal static class BitList
{
    /// <summary>Reads a list; nothing at all is the empty set.</summary>
    /// <param name="text">The list, without blanks around it.</param>
    /// <param name="limit">Numbers are below it.</param>
    /// <param name="has">What is in it.</param>
    /// <returns>EINVAL for what is no list, ERANGE for a number that is too large.</returns>
    public static Errno TryParse(ReadOnlySpan<char> text, int limit, out bool[] has)
    {
        has = new bool[limit];
        foreach (string part in text.ToString().Split([',', ' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            Errno errno = Set(part, has);
            if (errno != Errno.None)
            {
                return errno;
            }
        }
        return Errno.None;
    }

    private static Errno Set(string part, bool[] has)
    {
        int colon = part.IndexOf(':', StringComparison.Ordinal);
        string range = colon < 0 ? part : part[..colon];
        int dash = range.IndexOf('-', StringComparison.Ordinal);
        if (!TryNumber(dash < 0 ? range : range[..dash], out long first) | !TryNumber(dash < 0 ? range : range[(dash + 1)..], out long last))
        {
            return Errno.EINVAL;
        }
        (long used, long group) = (1, 1);
        int slash = part.IndexOf('/', StringComparison.Ordinal);
        if (colon >= 0 && (dash < 0 || slash < colon || !TryNumber(part[(colon + 1)..slash], out used) || !TryNumber(part[(slash + 1)..], out group)))
        {
            return Errno.EINVAL;
        }
        if (first > last || group == 0 || used > group)
        {
            return Errno.EINVAL;
        }
        if (last >= has.Length)
        {
            return Errno.ERANGE;
        }
        for (long at = first; at <= last; at++)
        {
            has[at] |= (at - first) % group < used;
        }
        return Errno.None;
    }

    private static bool TryNumber(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= int.MaxValue;
}
