using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One line as dmesg prints it: <c>[   76.380043] text</c>.</summary>
/// <param name="TimestampUs">Microseconds since boot.</param>
/// <param name="Caller">Task or CPU that printed it (<c>T42</c>, <c>C1</c>) where the kernel is built to say so; else null.</param>
/// <param name="Text">The message.</param>
public readonly record struct DmesgLine(ulong TimestampUs, string? Caller, string Text)
{
    private const int SecondsWidth = 5;
    private const int CallerWidth = 6;
    private const ulong Second = 1_000_000;

    /// <summary>Reads one line, without newline.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, out DmesgLine value)
    {
        LineCursor cursor = new(line);
        int micros = 0;
        value = default;
        bool ok = cursor.Take('[') & cursor.TakeColumn(SecondsWidth, out long seconds) && seconds < long.MaxValue / (long)Second
            && cursor.Take('.') && cursor.TakeDigits(6, out micros) && cursor.Take(']');
        string? caller = null;
        if (ok && cursor.Take('['))
        {
            int spaces = cursor.TakeSpaces();
            ok = cursor.TakeUntil(']', out ReadOnlySpan<char> name) && !name.IsEmpty && spaces == Math.Max(0, CallerWidth - name.Length);
            caller = name.ToString();
        }
        ok = ok && cursor.Take(' ');
        if (ok)
            value = new((ulong)seconds * Second + (ulong)micros, caller, cursor.Rest.ToString());
        return ok;
    }

    /// <summary>The line without newline.</summary>
    public string Format()
    {
        string caller = Caller is null ? "" : $"[{Caller.PadLeft(CallerWidth)}]";
        return string.Create(CultureInfo.InvariantCulture, $"[{TimestampUs / Second,SecondsWidth}.{TimestampUs % Second:000000}]{caller} {Text}");
    }

    internal static bool ParseRow(ReadOnlySpan<char> line, out DmesgLine row, out string expected)
    {
        expected = "'[seconds.micros] text'";
        return TryParse(line, out row);
    }
}

/// <summary>A kernel log as dmesg prints it.</summary>
/// <param name="Lines">The lines, oldest first.</param>
public sealed record DmesgText(ValueList<DmesgLine> Lines) : IKernelText<DmesgText>
{
    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DmesgText? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(DmesgLine.ParseRow, out ValueList<DmesgLine>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Lines.Count * 80);
        foreach (DmesgLine line in Lines)
            text.Append(line.Format()).Append('\n');
        return text.ToString();
    }
}
