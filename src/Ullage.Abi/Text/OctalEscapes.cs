namespace Ullage.Abi.Text;

/// <summary>The kernel's escapes in paths: a blank is <c>\040</c>, tab <c>\011</c>, newline <c>\012</c>, backslash <c>\134</c>.</summary>
public static class OctalEscapes
{
    /// <summary>Resolves the escapes. A backslash that begins none stays.</summary>
    [Kernel("mangle_path", "fs/seq_file.c")]
    public static string Decode(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            int code = text[i] == '\\' && i + 3 < text.Length ? Octal(text.AsSpan(i + 1, 3)) : -1;
            plain.Append(code < 0 ? text[i] : (char)code);
            i += code < 0 ? 0 : 3;
        }
        return plain.ToString();
    }

    /// <summary>Escapes what the kernel escapes in paths.</summary>
    [Kernel("mangle_path", "fs/seq_file.c")]
    public static string Encode(string text)
    {
        StringBuilder escaped = new(text.Length);
        foreach (char c in text)
        {
            _ = c switch
            {
                ' ' => escaped.Append("\\040"),
                '\t' => escaped.Append("\\011"),
                '\n' => escaped.Append("\\012"),
                '\\' => escaped.Append("\\134"),
                _ => escaped.Append(c),
            };
        }
        return escaped.ToString();
    }

    private static int Octal(ReadOnlySpan<char> digits)
    {
        int code = 0;
        foreach (char c in digits)
        {
            if (c is < '0' or > '7')
                return -1;
            code = code * 8 + (c - '0');
        }
        return code < 128 ? code : -1;
    }
}
