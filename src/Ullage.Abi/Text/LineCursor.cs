namespace Ullage.Abi.Text;

/// <summary>
/// Takes a line apart from left to right. Numbers must be written as the kernel prints them (no plus, no leading zeros), because
/// anything else could not be printed back.
/// </summary>
internal ref struct LineCursor(ReadOnlySpan<char> line)
{
    /// <summary>What has not been taken.</summary>
    public ReadOnlySpan<char> Rest { get; private set; } = line;

    public readonly bool AtEnd => Rest.IsEmpty;

    public bool Take(char expected)
    {
        bool found = !Rest.IsEmpty && Rest[0] == expected;
        if (found)
            Rest = Rest[1..];
        return found;
    }

    public bool Take(string expected)
    {
        bool found = Rest.StartsWith(expected, StringComparison.Ordinal);
        if (found)
            Rest = Rest[expected.Length..];
        return found;
    }

    /// <summary>Takes what stands before the first <paramref name="delimiter"/>, and the delimiter, which must be there.</summary>
    public bool TakeUntil(char delimiter, out ReadOnlySpan<char> token)
    {
        int length = Rest.IndexOf(delimiter);
        token = length < 0 ? default : Rest[..length];
        if (length >= 0)
            Rest = Rest[(length + 1)..];
        return length >= 0;
    }

    /// <summary>Takes and counts spaces.</summary>
    public int TakeSpaces()
    {
        int length = Rest.IndexOfAnyExcept(' ');
        length = length < 0 ? Rest.Length : length;
        Rest = Rest[length..];
        return length;
    }

    public bool TakeUnsigned(out ulong value)
    {
        int length = Rest.IndexOfAnyExceptInRange('0', '9');
        length = length < 0 ? Rest.Length : length;
        value = 0;
        if (length == 0 || (length > 1 && Rest[0] == '0'))
            return false;
        bool fits = ulong.TryParse(Rest[..length], NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (fits)
            Rest = Rest[length..];
        return fits;
    }

    /// <summary>A number that fits a long.</summary>
    public bool TakeLong(out long value)
    {
        bool ok = TakeUnsigned(out ulong number) && number <= long.MaxValue;
        value = ok ? (long)number : 0;
        return ok;
    }

    public bool TakeInt(out int value)
    {
        bool ok = TakeUnsigned(out ulong number) && number <= int.MaxValue;
        value = ok ? (int)number : 0;
        return ok;
    }

    /// <summary>A number that printf put right-aligned into <paramref name="width"/> columns, more where it needs them.</summary>
    public bool TakeColumn(int width, out long value)
    {
        int spaces = TakeSpaces();
        int before = Rest.Length;
        return TakeLong(out value) && spaces == Math.Max(0, width - (before - Rest.Length));
    }

    /// <summary>A number in a column of any width, which is remembered.</summary>
    public bool TakePadded(out PaddedNumber number)
    {
        int before = Rest.Length;
        TakeSpaces();
        bool ok = TakeUnsigned(out ulong value);
        number = new(value, ok ? before - Rest.Length : 0);
        return ok;
    }

    /// <summary>A number of exactly <paramref name="digits"/> digits, leading zeros and all.</summary>
    public bool TakeDigits(int digits, out int value)
    {
        value = 0;
        // int.TryParse would let trailing NULs pass.
        bool ok = Rest.Length >= digits && Rest[..digits].IndexOfAnyExceptInRange('0', '9') < 0
            && int.TryParse(Rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (ok)
            Rest = Rest[digits..];
        return ok;
    }
}
