using Ullage.Observe.Fields;

namespace Ullage.Observe.Sampling;

/// <summary>
/// Takes the wanted values out of files of lines <c>name value</c> or <c>Name:  value kB</c>. All files of one kind on one kernel have the same lines in the same
/// order, so the order is learnt from one and expected of the next: a line is then compared, not looked up.
/// </summary>
internal sealed class KeyedLayout
{
    private const int Unwanted = -1;
    private readonly Dictionary<string, int> _wanted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly List<Line> _lines = [];

    internal KeyedLayout(IEnumerable<(string Key, int Index)> wanted)
    {
        foreach ((string key, int index) in wanted)
        {
            _wanted.Add(key, index);
        }
        _lookup = _wanted.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Fills in what the text has; what it has not, keeps its reason.</summary>
    internal void Read(ReadOnlySpan<byte> text, Span<long> values, Span<Absence> absences)
    {
        for (int number = 0; !text.IsEmpty; number++)
        {
            if (number >= _lines.Count || !text.StartsWith(_lines[number].Name))
            {
                Learn(number, text);
            }
            Line line = _lines[number];
            if (line.Index == Unwanted)
            {
                int end = text.IndexOf((byte)'\n');
                text = end < 0 ? default : text[(end + 1)..];
                continue;
            }
            text = text[line.Name.Length..];
            bool ok = DecimalLine.Take(ref text, out long value);
            Put(line.Index, ok, value, values, absences);
        }
    }

    private static void Put(int index, bool ok, long value, Span<long> values, Span<Absence> absences)
    {
        if (!ok)
        {
            absences[index] = Absence.Garbled;
        }
        else if (absences[index] != Absence.Garbled)
        {
            // Several keys of one field are added up; see FieldSource.
            values[index] = absences[index] == Absence.Present ? values[index] + value : value;
            absences[index] = Absence.Present;
        }
    }

    /// <summary>Another order than before, or the first file: from here on, this is the order.</summary>
    private void Learn(int number, ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
        int length = line.IndexOfAny((byte)' ', (byte)':');
        int index = Unwanted;
        if (length >= 0)
        {
            index = Find(line[..length]);
        }
        // A line without a name is expected as a whole: an empty name would match whatever comes in its place.
        Line learnt = new((length < 0 ? text[..Math.Min(line.Length + 1, text.Length)] : line[..(length + 1)]).ToArray(), index);
        if (number < _lines.Count)
        {
            _lines[number] = learnt;
        }
        else
        {
            _lines.Add(learnt);
        }
    }

    private int Find(ReadOnlySpan<byte> name)
    {
        const int Longest = 64;
        Span<char> chars = stackalloc char[Longest];
        if (name.Length > Longest)
        {
            return Unwanted;
        }
        for (int i = 0; i < name.Length; i++)
        {
            chars[i] = (char)name[i];
        }
        return _lookup.TryGetValue(chars[..name.Length], out int index) ? index : Unwanted;
    }

    private readonly record struct Line(byte[] Name, int Index);
}

/// <summary>The number at the end of a line.</summary>
internal static class DecimalLine
{
    private const int BytesPerKb = 1024;

    /// <summary>Takes blanks, a number, perhaps <c> kB</c> (then it comes in bytes), and the newline, which must be there: else the text was cut short.</summary>
    internal static bool Take(ref ReadOnlySpan<byte> text, out long value)
    {
        int at = 0;
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }
        bool ok = Digits(text, ref at, out ulong number);
        if (at + 3 < text.Length && text[at] == ' ' && text[at + 1] == 'k' && text[at + 2] == 'B')
        {
            at += 3;
            number *= BytesPerKb;
        }
        ok &= at < text.Length && text[at] == '\n';
        value = unchecked((long)number); // a counter that slipped below zero is printed as a number just under 2^64
        if (ok)
        {
            text = text[(at + 1)..];
            return true;
        }
        int end = text.IndexOf((byte)'\n');
        text = end < 0 ? default : text[(end + 1)..];
        return false;
    }

    /// <summary>At least one digit, and no more than a ulong holds.</summary>
    internal static bool Digits(ReadOnlySpan<byte> text, ref int at, out ulong number)
    {
        const int SafeDigits = 19;
        int begin = at;
        number = 0;
        while (at < text.Length && (uint)(text[at] - '0') <= 9)
        {
            uint digit = (uint)(text[at] - '0');
            if (at - begin >= SafeDigits && (at - begin > SafeDigits || number > (ulong.MaxValue - digit) / 10))
            {
                return false;
            }
            number = (number * 10) + digit;
            at++;
        }
        return at > begin;
    }
}
