using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One cache in slabinfo (§4.7).</summary>
/// <param name="Name">The cache.</param>
/// <param name="ActiveObjs">Objects in use (those on per-CPU slabs count as used).</param>
/// <param name="NumObjs">Objects there is room for.</param>
/// <param name="ObjSize">Bytes each object takes, with its metadata.</param>
/// <param name="ObjsPerSlab">Objects in one slab.</param>
/// <param name="PagesPerSlab">Pages in one slab.</param>
/// <param name="Limit">Tunable of the old allocator; 0 with SLUB.</param>
/// <param name="BatchCount">Tunable of the old allocator; 0 with SLUB.</param>
/// <param name="SharedFactor">Tunable of the old allocator; 0 with SLUB.</param>
/// <param name="ActiveSlabs">Slabs in use.</param>
/// <param name="NumSlabs">Slabs.</param>
/// <param name="SharedAvail">Objects in the old allocator's shared array; 0 with SLUB.</param>
public sealed record SlabInfoRow(
    string Name, long ActiveObjs, long NumObjs, long ObjSize, long ObjsPerSlab, long PagesPerSlab,
    long Limit, long BatchCount, long SharedFactor, long ActiveSlabs, long NumSlabs, long SharedAvail);

/// <summary>/proc/slabinfo and v1's memory.kmem.slabinfo, version 2.1. The latter is empty (not even a header) when slab accounting is off, and since 5.9.</summary>
/// <param name="Rows">The caches, newest first.</param>
/// <param name="HasHeader">False for the empty file.</param>
public sealed record SlabInfo(ValueList<SlabInfoRow> Rows, bool HasHeader = true) : IKernelText<SlabInfo>
{
    private const string Version = "slabinfo - version: 2.1";
    private const string Columns = "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
        + " : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>";
    private const int NameWidth = 17;
    private const string Tunables = " : tunables";

    /// <summary>The empty file.</summary>
    public static SlabInfo Empty { get; } = new([], HasHeader: false);

    /// <summary>The first cache of that name; null when there is none.</summary>
    public SlabInfoRow? this[string name]
    {
        get
        {
            foreach (SlabInfoRow row in Rows)
            {
                if (row.Name == name)
                    return row;
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out SlabInfo? value, out ParseProblem problem)
    {
        if (text.IsEmpty)
        {
            value = Empty;
            problem = ParseProblem.None;
            return true;
        }
        KernelLines lines = new(text);
        bool ok = lines.TryHeader(Version, out problem) && lines.TryHeader(Columns, out problem);
        value = ok && lines.TryRows(ParseLine, out ValueList<SlabInfoRow>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        if (!HasHeader)
            return "";
        StringBuilder text = new(Rows.Count * 110 + 200);
        text.Append(Version).Append('\n').Append(Columns).Append('\n');
        foreach (SlabInfoRow row in Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row.Name,-NameWidth} {row.ActiveObjs,6} {row.NumObjs,6} {row.ObjSize,6} {row.ObjsPerSlab,4} {row.PagesPerSlab,4}");
            text.Append(CultureInfo.InvariantCulture, $"{Tunables} {row.Limit,4} {row.BatchCount,4} {row.SharedFactor,4}");
            text.Append(CultureInfo.InvariantCulture, $" : slabdata {row.ActiveSlabs,6} {row.NumSlabs,6} {row.SharedAvail,6}\n");
        }
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, [NotNullWhen(true)] out SlabInfoRow? row, out string expected)
    {
        Span<long> n = stackalloc long[11];
        expected = "a cache in slabinfo's columns";
        row = null;
        int nameEnd = NameEnd(line);
        if (nameEnd <= 0)
            return false;
        LineCursor cursor = new(line[Math.Max(nameEnd, NameWidth)..]);
        bool ok = TryColumns(ref cursor, n[..3], 6) && TryColumns(ref cursor, n[3..5], 4)
            && cursor.Take(Tunables) && TryColumns(ref cursor, n[5..8], 4)
            && cursor.Take(" : slabdata") && TryColumns(ref cursor, n[8..], 6) && cursor.AtEnd;
        if (ok)
            row = new(NamePool.Get(line[..nameEnd]), n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10]);
        return ok;
    }

    /// <summary>Some modules put blanks into a cache's name, so it ends where five numbers begin, seen from the right.</summary>
    private static int NameEnd(ReadOnlySpan<char> line)
    {
        int end = line.LastIndexOf(Tunables);
        for (int column = 0; column < 5 && end > 0; column++)
        {
            end = line[..end].LastIndexOfAnyExceptInRange('0', '9') + 1;
            end = line[..end].TrimEnd(' ').Length;
        }
        return end > 0 && (end >= NameWidth || line.Length > NameWidth) ? end : 0;
    }

    private static bool TryColumns(ref LineCursor cursor, scoped Span<long> numbers, int width)
    {
        foreach (ref long number in numbers)
        {
            if (!cursor.Take(' ') || !cursor.TakeColumn(width, out number))
                return false;
        }
        return true;
    }
}
