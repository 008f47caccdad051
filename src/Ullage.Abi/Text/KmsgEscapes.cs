namespace Ullage.Abi.Text;

/// <summary>
/// Escapes of /dev/kmsg: every byte outside 0x20..0x7e, and the backslash, is <c>\x</c> and two small hexadecimal digits.
/// Bytes that are no UTF-8 become lone surrogates U+DC80..U+DCFF, so that they can be written back.
/// </summary>
internal static class KmsgEscapes
{
    private const int FirstLoneSurrogate = 0xDC00;

    /// <summary>Resolves the escapes. False where the text holds what the kernel would have escaped, or escaped what it would not.</summary>
    public static bool TryDecode(ReadOnlySpan<char> escaped, out string text)
    {
        text = "";
        if (escaped.IndexOf('\\') < 0)
        {
            text = escaped.ToString();
            return escaped.IndexOfAnyExceptInRange(' ', '~') < 0;
        }
        byte[] bytes = new byte[escaped.Length];
        int count = 0;
        for (int i = 0; i < escaped.Length; i++)
        {
            int value = escaped[i];
            if (value == '\\')
            {
                value = Hex(escaped[(i + 1)..]);
                i += 3;
                if (value < 0 || IsPlain(value))
                    return false;
            }
            else if (!IsPlain(value))
            {
                return false;
            }
            bytes[count++] = (byte)value;
        }
        text = FromBytes(bytes.AsSpan(0, count));
        return true;
    }

    /// <summary>Appends the text with its escapes.</summary>
    public static void Encode(StringBuilder escaped, string text)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < text.Length; i++)
        {
            bool whole = Rune.TryGetRuneAt(text, i, out Rune rune);
            if (!whole && text[i] is >= '\uDC80' and <= '\uDCFF')
            {
                AppendByte(escaped, (byte)(text[i] - FirstLoneSurrogate));
                continue;
            }
            rune = whole ? rune : Rune.ReplacementChar;
            i += whole ? rune.Utf16SequenceLength - 1 : 0;
            foreach (byte value in utf8[..rune.EncodeToUtf8(utf8)])
                AppendByte(escaped, value);
        }
    }

    private static void AppendByte(StringBuilder escaped, byte value)
    {
        if (IsPlain(value))
            escaped.Append((char)value);
        else
            escaped.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
    }

    private static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        while (!bytes.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            if (valid)
            {
                text.Append(rune.ToString());
            }
            else
            {
                for (int i = 0; i < length; i++)
                    text.Append((char)(FirstLoneSurrogate + bytes[i]));
            }
            bytes = bytes[length..];
        }
        return text.ToString();
    }

    private static bool IsPlain(int value) => value is >= ' ' and <= '~' and not '\\';

    private static int Hex(ReadOnlySpan<char> text)
    {
        if (text.Length < 3 || text[0] != 'x' || !char.IsAsciiHexDigitLower(text[1]) || !char.IsAsciiHexDigitLower(text[2]))
            return -1;
        return byte.Parse(text.Slice(1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
