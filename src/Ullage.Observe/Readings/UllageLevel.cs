using System.Runtime.InteropServices;

namespace Ullage.Observe.Readings;

/// <summary>What a bound is set on.</summary>
public enum LimitKind
{
    /// <summary>memory.limit_in_bytes or memory.max.</summary>
    Memory,
    /// <summary>memory.memsw.limit_in_bytes (v1).</summary>
    MemoryAndSwap,
    /// <summary>memory.kmem.limit_in_bytes (v1, before 5.16): nothing is reclaimed for it and nobody is killed, calls fail with ENOMEM.</summary>
    KernelMemory,
    /// <summary>The machine's memory and swap.</summary>
    Machine,
}

/// <summary>
/// One bound on the way from a cgroup to the machine, and how far away it is: what reclaim can take is not in the way, what it cannot take is.
/// </summary>
/// <param name="Row">The cgroup that has the limit, as a row of the sample; -1 for the machine.</param>
/// <param name="Kind">What the limit is set on.</param>
/// <param name="LimitBytes">The limit; for the machine MemTotal.</param>
/// <param name="UsageBytes">What counts against it; for the machine MemTotal - MemAvailable, where the kernel has already left out what it can reclaim.</param>
/// <param name="FileBytes">Of that, page cache that can go at once: on an LRU list, not dirty, not being written, not tmpfs.</param>
/// <param name="SlabBytes">Of that, slab that can shrink. v1 does not tell: 0.</param>
/// <param name="SwapBytes">Of that, anonymous memory and tmpfs for which there is room in swap.</param>
/// <param name="IsGuess">True when the parts could not be read and all usage counts as if it had to stay.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct UllageLevel(
    int Row, LimitKind Kind, long LimitBytes, long UsageBytes, long FileBytes, long SlabBytes, long SwapBytes, bool IsGuess)
{
    /// <summary>What reclaim cannot take, in bytes.</summary>
    public long HeldBytes => Math.Max(0, UsageBytes - FileBytes - SlabBytes - SwapBytes);

    /// <summary>What can still be taken before this bound kills (or, for kernel memory, refuses), in bytes; 0 when it is past that.</summary>
    public long UllageBytes => Math.Max(0, LimitBytes - HeldBytes);

    /// <summary>What can still be taken before reclaim begins, in bytes.</summary>
    public long RoomBytes => Math.Max(0, LimitBytes - UsageBytes);
}
