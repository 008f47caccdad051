namespace Ullage.Model.Eras;

/// <summary>What kind of cache a row of the era's table is.</summary>
/// <param name="Name">Its name in slabinfo.</param>
/// <param name="Size">Bytes per object, with metadata and alignment (objsize).</param>
/// <param name="Accounted">SLAB_ACCOUNT: every object is charged, whatever the gfp flags.</param>
/// <param name="Reclaimable">SLAB_RECLAIM_ACCOUNT: its pages count as SReclaimable.</param>
public sealed record CacheRow(string Name, int Size, bool Accounted, bool Reclaimable);

/// <summary>The slab caches of a booted kernel, and other names under which merged caches were asked for.</summary>
public sealed record CacheTable
{
    /// <summary>The caches in the order of /proc/slabinfo, newest first.</summary>
    public required IReadOnlyList<CacheRow> Rows { get; init; }

    /// <summary>Caches that were merged into another one of the same size and flags: name, and the row that has its objects.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Merged { get; init; }

    /// <summary>Reads <c>name:size[:flags]</c> (flags: a = accounted, r = reclaimable) and <c>name=row</c>, with blanks between.</summary>
    internal static CacheTable Parse(string text)
    {
        List<CacheRow> rows = [];
        List<KeyValuePair<string, string>> merged = [];
        foreach (string token in text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            int alias = token.IndexOf('=', StringComparison.Ordinal);
            if (alias > 0)
            {
                merged.Add(new(token[..alias], token[(alias + 1)..]));
                continue;
            }
            string[] parts = token.Split(':');
            string flags = parts.Length > 2 ? parts[2] : "";
            int size = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            rows.Add(new CacheRow(parts[0], size, flags.Contains('a', StringComparison.Ordinal), flags.Contains('r', StringComparison.Ordinal)));
        }
        return new CacheTable { Rows = rows, Merged = merged };
    }

    /// <summary>The table with other sizes for some rows.</summary>
    internal CacheTable Resized(params ReadOnlySpan<(string Name, int Size)> sizes)
    {
        List<CacheRow> rows = [.. Rows];
        foreach ((string name, int size) in sizes)
        {
            int at = rows.FindIndex(row => row.Name == name);
            Invariant.Holds(at >= 0, name);
            rows[at] = rows[at] with { Size = size };
        }
        return this with { Rows = rows };
    }

    /// <summary>The table with a cache at its head.</summary>
    internal CacheTable With(string name, int size, bool accounted)
    {
        List<KeyValuePair<string, string>> merged = [.. Merged];
        merged.RemoveAll(pair => pair.Key == name);
        return new() { Rows = [new CacheRow(name, size, accounted, false), .. Rows], Merged = merged };
    }
}

/// <summary>The search for a slab's order (§4.1 step 3).</summary>
public enum OrderSearch
{
    /// <summary>Fewer objects at fractions 16, 8, 4 (to 6.5).</summary>
    FewerObjects,
    /// <summary>The same objects at fractions 16, 8, 4, 2 (6.6+).</summary>
    LargerFraction,
}

/// <summary>Parameters of the slab allocator (§4).</summary>
public sealed record SlabRules
{
    /// <summary>The caches of a booted kernel.</summary>
    public required CacheTable Caches { get; init; }
    /// <summary>How a slab's order is found.</summary>
    public required OrderSearch OrderSearch { get; init; }
    /// <summary>The least number of objects follows the present CPUs, not the possible ones (6.1+), §4.1 step 1.</summary>
    public required bool CountsPresentCpus { get; init; }
    /// <summary>cpu_partial for objects of at least 4096, 1024, 256 bytes and for smaller ones (§4.2).</summary>
    public required IReadOnlyList<int> CpuPartial { get; init; }
    /// <summary>cpu_partial is turned into a number of slabs (6.1+), §4.2.</summary>
    public required bool CpuPartialInSlabs { get; init; }
    /// <summary>A removed cgroup's slab is its parent's (5.3+), §5.4.</summary>
    public required bool Reparents { get; init; }
    /// <summary>The out-of-memory report names the CPU (6.12+), §4.5.</summary>
    public required bool ReportNamesCpu { get; init; }
    /// <summary>Accounted kmalloc objects have caches of their own, kmalloc-cg-* (5.14+), §4.1.</summary>
    public required bool KmallocCg { get; init; }
    /// <summary>Reclaimable kmalloc objects have caches of their own, kmalloc-rcl-* (4.20+), §4.1.</summary>
    public required bool KmallocRcl { get; init; }
    /// <summary>A name of fewer bytes lies inside its dentry (DNAME_INLINE_LEN: 32, from 6.8 on 40), §4.8.</summary>
    public required int InlineNameBytes { get; init; }
    /// <summary>Large kmalloc caches are called kmalloc-1k, not kmalloc-1024 (5.1+), §4.1.</summary>
    public required bool KmallocShortNames { get; init; }
}
