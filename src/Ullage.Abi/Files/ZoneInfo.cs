using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One line about a zone, such as <c>        min      88</c>, <c>  pages free     3975</c> or <c>        protection: (0, 1966)</c>.</summary>
/// <param name="Text">The line as it is, with the blanks in front.</param>
public readonly record struct ZoneInfoLine(string Text)
{
    /// <summary>The words before the number, without a colon: <c>min</c>, <c>pages free</c>, <c>count</c>.</summary>
    public string Name
    {
        get
        {
            string line = Text.Trim();
            int end = line.IndexOf(':', StringComparison.Ordinal);
            end = end >= 0 ? end : line.LastIndexOf(' ');
            return end < 0 ? line : line[..end].TrimEnd();
        }
    }

    /// <summary>The number at the end; null when there is none, or several.</summary>
    public ulong? Value =>
        ulong.TryParse(Text.AsSpan(Text.LastIndexOf(' ') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}

/// <summary>All about one zone.</summary>
/// <param name="Node">The NUMA node.</param>
/// <param name="Zone">The zone's name.</param>
/// <param name="Lines">What follows its head line. The first zone of a node has the node's counters, too.</param>
public sealed record ZoneInfoZone(int Node, string Zone, ValueList<ZoneInfoLine> Lines)
{
    /// <summary>The number of the first line of that name, such as <c>min</c> or <c>nr_free_pages</c>; null when there is none.</summary>
    public ulong? this[string name]
    {
        get
        {
            foreach (ZoneInfoLine line in Lines)
            {
                if (line.Value is ulong value && line.Name == name)
                    return value;
            }
            return null;
        }
    }

    /// <summary>Free pages.</summary>
    public ulong? FreePages => this["pages free"];

    /// <summary>The min watermark in pages: below it only the privileged may take.</summary>
    public ulong? Min => this["min"];

    /// <summary>The low watermark in pages: below it kswapd wakes.</summary>
    public ulong? Low => this["low"];

    /// <summary>The high watermark in pages: there kswapd sleeps again.</summary>
    public ulong? High => this["high"];

    /// <summary>Pages the allocator manages.</summary>
    public ulong? Managed => this["managed"];
}

/// <summary>/proc/zoneinfo: watermarks and counters by zone.</summary>
/// <param name="Zones">The zones, in the kernel's order.</param>
public sealed record ZoneInfo(ValueList<ZoneInfoZone> Zones) : IKernelText<ZoneInfo>
{
    private const int ZoneWidth = 8;

    /// <summary>The zone of that name on the first node that has it; null when there is none.</summary>
    public ZoneInfoZone? this[string zone]
    {
        get
        {
            foreach (ZoneInfoZone each in Zones)
            {
                if (each.Zone == zone)
                    return each;
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out ZoneInfo? value, out ParseProblem problem)
    {
        value = null;
        problem = ParseProblem.None;
        KernelLines lines = new(text);
        List<ZoneInfoZone> zones = [];
        List<ZoneInfoLine> within = [];
        while (lines.TryNext(out ReadOnlySpan<char> line))
        {
            LineCursor cursor = new(line);
            if (ZoneHead.TryTake(ref cursor, out int node, out string zone) && cursor.AtEnd)
            {
                Close(zones, within);
                zones.Add(new(node, zone, []));
            }
            else if (zones.Count > 0 && line.StartsWith("  ") && !line.TrimStart(' ').IsEmpty)
            {
                within.Add(new(line.ToString()));
            }
            else
            {
                problem = lines.Expected(zones.Count == 0 ? "'Node 0, zone   Normal'" : "a line that begins with two blanks, or 'Node 0, zone   Normal'", line);
                return false;
            }
        }
        Close(zones, within);
        problem = lines.End();
        value = problem.IsNone ? new([.. zones]) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new();
        foreach (ZoneInfoZone zone in Zones)
        {
            text.Append(CultureInfo.InvariantCulture, $"Node {zone.Node}, zone ").Append(zone.Zone.PadLeft(ZoneWidth)).Append('\n');
            foreach (ZoneInfoLine line in zone.Lines)
                text.Append(line.Text).Append('\n');
        }
        return text.ToString();
    }

    private static void Close(List<ZoneInfoZone> zones, List<ZoneInfoLine> within)
    {
        if (zones.Count > 0)
            zones[^1] = zones[^1] with { Lines = [.. within] };
        within.Clear();
    }
}
