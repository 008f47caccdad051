namespace Ullage.Abi.Units;

/// <summary>An exact decimal number as it was written: digits, and up to eighteen digits after a point.</summary>
internal readonly record struct DecimalText(UInt128 Digits, int Places, bool TooLarge)
{
    private static readonly UInt128 Largest = UInt128.MaxValue / 100;

    public bool HasFraction => Places > 0;

    /// <summary>Takes a number off the front of <paramref name="text"/>. False, and nothing taken, when there is none.</summary>
    public static bool TryTake(ref ReadOnlySpan<char> text, out DecimalText number)
    {
        UInt128 digits = 0;
        int places = 0, index = 0;
        bool point = false, tooLarge = false;
        for (; index < text.Length; index++)
        {
            char c = text[index];
            if (c == '.' && !point && index > 0)
            {
                point = true;
                continue;
            }
            if (!char.IsAsciiDigit(c))
                break;
            if (digits > Largest)
                tooLarge |= !point;
            else if (places < 18)
            {
                digits = digits * 10 + (uint)(c - '0');
                places += point ? 1 : 0;
            }
        }
        number = new(digits, places, tooLarge);
        if (index == 0 || text[index - 1] == '.')
            return false;
        text = text[index..];
        return true;
    }

    /// <summary>Multiplies and drops what is left behind the point. False when the result is more than a long holds.</summary>
    public bool TryScale(long unit, out long result)
    {
        result = 0;
        UInt128 scale = 1;
        for (int i = 0; i < Places; i++)
            scale *= 10;
        UInt128 whole = Digits / scale, fraction = Digits % scale;
        if (TooLarge || whole > long.MaxValue)
            return false;
        UInt128 total = whole * (UInt128)unit + fraction * (UInt128)unit / scale;
        if (total > long.MaxValue)
            return false;
        result = (long)total;
        return true;
    }
}
