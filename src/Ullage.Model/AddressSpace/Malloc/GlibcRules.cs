namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>What differs between the modelled releases of glibc's malloc (x86-64, §7.3).</summary>
public sealed record GlibcRules
{
    /// <summary>The release, such as <c>2.36</c>.</summary>
    public required string Name { get; init; }
    /// <summary>A thread keeps freed chunks for itself (2.26+): 64 sizes up to 1032 bytes, 7 each.</summary>
    public required bool HasTcache { get; init; }
    /// <summary>Request for a thread's cache itself, in bytes; 0 = it has none.</summary>
    public required long TcacheBytes { get; init; }
    /// <summary>Bytes at the start of a heap that describe it.</summary>
    public required long HeapInfoBytes { get; init; }
    /// <summary>Bytes that describe an arena, in its first heap.</summary>
    public required long ArenaBytes { get; init; }
    /// <summary>A process that never had a second thread uses the main arena only and does not retry with another (2.27+).</summary>
    public required bool SingleThreadUsesMainOnly { get; init; }
    /// <summary>
    /// The mmap that stands in for a refused brk is at least 1 MiB every time (to 2.34); later only the first one, while the main arena
    /// is still contiguous: measured, E12 on 2.36.
    /// </summary>
    public required bool FallbackIsAlwaysLarge { get; init; }
    /// <summary>Requests above PTRDIFF_MAX are refused without asking the kernel (2.30+); before, those above SIZE_MAX - 64.</summary>
    public required bool RefusesBeyondPtrdiffMax { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The modelled releases.</summary>
public static class GlibcReleases
{
    /// <summary>2.22 (2015): no per-thread cache.</summary>
    public static GlibcRules V2_22 { get; } = new()
    {
        Name = "2.22", HasTcache = false, TcacheBytes = 0, HeapInfoBytes = 32, ArenaBytes = 2192,
        SingleThreadUsesMainOnly = false, FallbackIsAlwaysLarge = true, RefusesBeyondPtrdiffMax = false,
    };

    /// <summary>2.26 (2017): per-thread cache.</summary>
    public static GlibcRules V2_26 { get; } = V2_22 with { Name = "2.26", HasTcache = true, TcacheBytes = 576, ArenaBytes = 2200 };

    /// <summary>2.36 (2022), the one that was measured.</summary>
    public static GlibcRules V2_36 { get; } = V2_26 with
    {
        Name = "2.36", TcacheBytes = 640, HeapInfoBytes = 48, SingleThreadUsesMainOnly = true, FallbackIsAlwaysLarge = false, RefusesBeyondPtrdiffMax = true,
    };

    /// <summary>All, the oldest first.</summary>
    public static IReadOnlyList<GlibcRules> All { get; } = [V2_22, V2_26, V2_36];

    /// <summary>The release of a name; null when it is not modelled.</summary>
    public static GlibcRules? Find(string name)
    {
        foreach (GlibcRules rules in All)
        {
            if (string.Equals(rules.Name, name, StringComparison.Ordinal))
            {
                return rules;
            }
        }
        return null;
    }
}
