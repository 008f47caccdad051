using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>The free blocks of one zone.</summary>
/// <param name="Node">The NUMA node.</param>
/// <param name="Zone">The zone's name, such as <c>DMA32</c>.</param>
/// <param name="FreeBlocks">How many blocks of 2^i pages are free, from order 0 on.</param>
public sealed record BuddyInfoRow(int Node, string Zone, ValueList<PaddedNumber> FreeBlocks)
{
    /// <summary>Free pages in all blocks.</summary>
    public long FreePages
    {
        get
        {
            long pages = 0;
            for (int order = 0; order < FreeBlocks.Count; order++)
                pages += unchecked((long)FreeBlocks[order].Value << order);
            return pages;
        }
    }
}

/// <summary>/proc/buddyinfo: free blocks by zone and order.</summary>
/// <param name="Rows">The zones, in the kernel's order.</param>
public sealed record BuddyInfo(ValueList<BuddyInfoRow> Rows) : IKernelText<BuddyInfo>
{
    private const int ZoneWidth = 8;

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out BuddyInfo? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<BuddyInfoRow>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new();
        foreach (BuddyInfoRow row in Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"Node {row.Node}, zone ").Append(row.Zone.PadLeft(ZoneWidth)).Append(' ');
            foreach (PaddedNumber blocks in row.FreeBlocks)
                text.Append(blocks.ToString()).Append(' ');
            text.Append('\n');
        }
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, [MaybeNullWhen(false)] out BuddyInfoRow row, out string expected)
    {
        row = null;
        expected = "'Node 0, zone   Normal' and numbers";
        LineCursor cursor = new(line);
        if (!ZoneHead.TryTake(ref cursor, out int node, out string zone) || !cursor.Take(' '))
            return false;
        List<PaddedNumber> blocks = [];
        while (!cursor.AtEnd)
        {
            if (!cursor.TakePadded(out PaddedNumber number) || !cursor.Take(' '))
                return false;
            blocks.Add(number);
        }
        row = new(node, zone, [.. blocks]);
        return true;
    }
}

/// <summary>The beginning of lines about a zone: <c>Node 0, zone   Normal</c>.</summary>
internal static class ZoneHead
{
    private const int ZoneWidth = 8;

    internal static bool TryTake(ref LineCursor cursor, out int node, out string zone)
    {
        zone = "";
        if (!cursor.Take("Node ") | !cursor.TakeInt(out node) || !cursor.Take(", zone "))
            return false;
        int spaces = cursor.TakeSpaces();
        int length = cursor.Rest.IndexOf(' ');
        ReadOnlySpan<char> name = length < 0 ? cursor.Rest : cursor.Rest[..length];
        zone = name.ToString();
        return cursor.Take(zone) && zone.Length > 0 && spaces == Math.Max(0, ZoneWidth - zone.Length);
    }
}
