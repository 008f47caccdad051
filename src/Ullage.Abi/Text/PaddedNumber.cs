using System.Runtime.InteropServices;

namespace Ullage.Abi.Text;

/// <summary>A number and the width of the column the kernel printed it into, right-aligned.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PaddedNumber
{
    /// <summary>A number in a column of <paramref name="width"/> characters, or wider where it has more digits.</summary>
    public PaddedNumber(ulong value, int width)
    {
        Value = value;
        Width = Math.Max(width, Digits(value));
    }

    /// <summary>The number.</summary>
    public ulong Value { get; }

    /// <summary>Characters from the end of what stands before to the end of the number; never less than its digits.</summary>
    public int Width { get; }

    /// <summary>The number behind its blanks.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture).PadLeft(Width);

    private static int Digits(ulong value)
    {
        int digits = 1;
        for (; value >= 10; value /= 10)
            digits++;
        return digits;
    }
}
