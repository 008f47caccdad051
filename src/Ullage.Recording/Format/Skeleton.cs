using System.Buffers.Text;

namespace Ullage.Recording.Format;

/// <summary>Takes the numbers out of a kernel text and puts them back. Whatever the text is, what comes back is equal to it, byte for byte.</summary>
internal static class Skeleton
{
    public const byte Plain = 1;
    public const byte AlignedRight = 2;
    public const byte LeadingZeros = 3;
    public const byte Escape = 4;
    private const int MostDigits = 18;
    private const int MostWidth = 255;

    /// <summary>Splits a text.</summary>
    public static void Split(ReadOnlySpan<byte> text, ByteBuffer skeleton, List<long> numbers)
    {
        int at = 0;
        while (at < text.Length)
        {
            int next = NextOfInterest(text, at);
            skeleton.Bytes(text[at..next]);
            at = next;
            if (at == text.Length)
            {
                return;
            }
            at = text[at] is >= (byte)'0' and <= (byte)'9' ? Number(text, at, skeleton, numbers)
                : text[at] == ' ' ? Blanks(text, at, skeleton, numbers)
                : Escaped(text, at, skeleton);
        }
    }

    /// <summary>Puts a text together.</summary>
    public static void Join(ReadOnlySpan<byte> skeleton, ReadOnlySpan<long> numbers, ByteBuffer text)
    {
        int number = 0;
        Span<byte> digits = stackalloc byte[32];
        for (int at = 0; at < skeleton.Length; at++)
        {
            byte each = skeleton[at];
            if (each is 0 or > Escape)
            {
                int end = at + 1;
                while (end < skeleton.Length && skeleton[end] is 0 or > Escape)
                {
                    end++;
                }
                text.Bytes(skeleton[at..end]);
                at = end - 1;
                continue;
            }
            if (each == Escape)
            {
                text.Byte(skeleton[++at]);
                continue;
            }
            _ = Utf8Formatter.TryFormat(numbers[number++], digits, out int length);
            if (each != Plain)
            {
                byte pad = each == AlignedRight ? (byte)' ' : (byte)'0';
                for (int missing = skeleton[++at] - length; missing > 0; missing--)
                {
                    text.Byte(pad);
                }
            }
            text.Bytes(digits[..length]);
        }
    }

    /// <summary>How many numbers a skeleton takes.</summary>
    public static int CountNumbers(ReadOnlySpan<byte> skeleton)
    {
        int count = 0;
        for (int at = 0; at < skeleton.Length; at++)
        {
            count += skeleton[at] is Plain or AlignedRight or LeadingZeros ? 1 : 0;
            at += skeleton[at] is AlignedRight or LeadingZeros or Escape ? 1 : 0;
        }
        return count;
    }

    private static int NextOfInterest(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length)
        {
            byte each = text[at];
            bool digit = each is >= (byte)'0' and <= (byte)'9';
            // Digits within a word are part of its name: kmalloc-96, N0, avg10.
            if ((digit && !InWord(text, at)) || (each == ' ' && at + 1 < text.Length && text[at + 1] == ' ') || each is > 0 and <= Escape)
            {
                return at;
            }
            at++;
            while (digit && at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
            {
                at++;
            }
        }
        return at;
    }

    private static bool InWord(ReadOnlySpan<byte> text, int at) => at > 0 && (IsLetter(text[at - 1]) || (text[at - 1] == '-' && at > 1 && IsLetter(text[at - 2])));

    private static bool IsLetter(byte each) => each is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (byte)'_' or > 127;

    private static int Number(ReadOnlySpan<byte> text, int at, ByteBuffer skeleton, List<long> numbers)
    {
        int end = EndOfDigits(text, at);
        int length = end - at;
        if (length > MostDigits)
        {
            skeleton.Bytes(text[at..end]);
            return end;
        }
        _ = Utf8Parser.TryParse(text[at..end], out long value, out _);
        numbers.Add(value);
        bool fraction = at > 0 && text[at - 1] == '.';
        if (fraction || (text[at] == '0' && length > 1))
        {
            skeleton.Byte(LeadingZeros);
            skeleton.Byte((byte)length);
        }
        else
        {
            skeleton.Byte(Plain);
        }
        return end;
    }

    // Two blanks or more before a number: it is aligned right, and stays so when it grows.
    private static int Blanks(ReadOnlySpan<byte> text, int at, ByteBuffer skeleton, List<long> numbers)
    {
        int first = at;
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }
        int end = EndOfDigits(text, at);
        int digits = end - at;
        bool canonical = digits > 0 && digits <= MostDigits && (text[at] != '0' || digits == 1) && end - first <= MostWidth;
        if (!canonical)
        {
            skeleton.Bytes(text[first..at]);
            return at;
        }
        _ = Utf8Parser.TryParse(text[at..end], out long value, out _);
        numbers.Add(value);
        skeleton.Byte(AlignedRight);
        skeleton.Byte((byte)(end - first));
        return end;
    }

    private static int Escaped(ReadOnlySpan<byte> text, int at, ByteBuffer skeleton)
    {
        skeleton.Byte(Escape);
        skeleton.Byte(text[at]);
        return at + 1;
    }

    private static int EndOfDigits(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
        {
            at++;
        }
        return at;
    }
}
