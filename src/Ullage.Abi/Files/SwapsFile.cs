using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One swap area.</summary>
/// <param name="RawPath">Device or file, with the kernel's escapes.</param>
/// <param name="IsPartition">True for a block device, false for a file.</param>
/// <param name="SizeKb">Size in kB.</param>
/// <param name="UsedKb">In use, in kB.</param>
/// <param name="Priority">The higher, the earlier it is used; the kernel's own choice is negative.</param>
public readonly record struct SwapArea(string RawPath, bool IsPartition, ulong SizeKb, ulong UsedKb, int Priority)
{
    /// <summary>Device or file.</summary>
    public string Path => OctalEscapes.Decode(RawPath);
}

/// <summary>/proc/swaps.</summary>
/// <param name="Areas">The swap areas; often none.</param>
/// <param name="WideColumns">True since 5.10: one more tab between columns, for numbers below 10000000.</param>
public sealed record SwapsFile(ValueList<SwapArea> Areas, bool WideColumns) : IKernelText<SwapsFile>
{
    private const string WideHeader = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority";
    private const string NarrowHeader = "Filename\t\t\t\tType\t\tSize\tUsed\tPriority";
    private const int PathWidth = 40;
    private const ulong WideNumber = 10_000_000;

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out SwapsFile? value, out ParseProblem problem)
    {
        bool wide = text.StartsWith(WideHeader, StringComparison.Ordinal);
        KernelLines lines = new(text);
        LineParser<SwapArea> parser = wide ? ParseWide : ParseNarrow;
        bool ok = lines.TryHeader(wide ? WideHeader : NarrowHeader, out problem);
        value = ok && lines.TryRows(parser, out ValueList<SwapArea>? rows, out problem) ? new(rows, wide) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(WideColumns ? WideHeader : NarrowHeader);
        text.Append('\n');
        foreach (SwapArea area in Areas)
        {
            text.Append(area.RawPath).Append(' ', Gap(area.RawPath)).Append(area.IsPartition ? "partition\t" : "file\t\t");
            AppendNumber(text, area.SizeKb);
            AppendNumber(text, area.UsedKb);
            text.Append(CultureInfo.InvariantCulture, $"{area.Priority}\n");
        }
        return text.ToString();
    }

    private static int Gap(ReadOnlySpan<char> path) => Math.Max(1, PathWidth - Encoding.UTF8.GetByteCount(path));

    private void AppendNumber(StringBuilder text, ulong number) =>
        text.Append(number).Append(WideColumns && number < WideNumber ? "\t\t" : "\t");

    private static bool ParseWide(ReadOnlySpan<char> line, out SwapArea row, out string expected) => ParseLine(line, wide: true, out row, out expected);

    private static bool ParseNarrow(ReadOnlySpan<char> line, out SwapArea row, out string expected) => ParseLine(line, wide: false, out row, out expected);

    private static bool ParseLine(ReadOnlySpan<char> line, bool wide, out SwapArea row, out string expected)
    {
        LineCursor cursor = new(line);
        ulong size = 0, used = 0;
        int priority = 0;
        bool ok = cursor.TakeUntil(' ', out ReadOnlySpan<char> path) && !path.IsEmpty && cursor.TakeSpaces() == Gap(path) - 1;
        bool partition = ok && cursor.Take("partition\t");
        ok = ok && (partition || cursor.Take("file\t\t"));
        ok = ok && TakeNumber(ref cursor, wide, out size) && TakeNumber(ref cursor, wide, out used);
        bool negative = ok && cursor.Take('-');
        ok = ok && cursor.TakeInt(out priority) && !(negative && priority == 0) && cursor.AtEnd;
        row = ok ? new(path.ToString(), partition, size, used, negative ? -priority : priority) : default;
        expected = "'path type size used priority' in the columns of /proc/swaps";
        return ok;
    }

    private static bool TakeNumber(ref LineCursor cursor, bool wide, out ulong number) =>
        cursor.TakeUnsigned(out number) && cursor.Take(wide && number < WideNumber ? "\t\t" : "\t");
}
