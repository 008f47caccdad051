using Ullage.Abi.Units;

namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>Sizes on x86-64 and the arithmetic of chunks (§7.3).</summary>
internal static class MallocSizes
{
    public const long Word = 8;
    public const long Alignment = 16;
    public const long Smallest = 32;
    public const long LargestFast = 128;
    public const long FirstLarge = 1024;
    public const long LargestCached = 1040;
    public const int CachedSizes = 64;
    public const int CachedEach = 7;
    public const long ConsolidateFrom = 65536;
    public const long DefaultThreshold = 128 << 10;
    public const long LargestDynamicThreshold = 32 << 20;
    public const int DefaultMmapMax = 65536;
    public const long FallbackLeast = 1 << 20;
    public const long HeapMax = 64 << 20;
    public const long HeapMin = 32 << 10;
    public const int ArenasPerCpu = 8;
    public const int UnsortedAtOnce = 10000;

    /// <summary>The chunk that a request needs.</summary>
    public static long ChunkFor(long bytes) => Math.Max(Smallest, RoundUp(bytes + Word, Alignment));

    public static long PageUp(long bytes) => RoundUp(bytes, KernelConstants.PageSize);

    public static long PageDown(long bytes) => bytes & -KernelConstants.PageSize;

    private static long RoundUp(long bytes, long to) => (bytes + to - 1) & -to;

    public static int CacheIndex(long chunk) => (int)((chunk - Smallest) / Alignment);

    public static int FastIndex(long chunk) => (int)((chunk - Smallest) / Alignment);
}
