using Ullage.Abi;

namespace Ullage.Model.Swap;

/// <summary>One slot of the swap space.</summary>
[Kernel("swap_map", "include/linux/swap.h")]
internal struct SwapSlot
{
    /// <summary>The swap cache: frame + 1; a refault's shadow as -(shadow + 1); 0 = neither.</summary>
    public long Cache;

    /// <summary>Page table entries and shared memory that refer to it.</summary>
    public int Count;

    /// <summary>Who pays for it; 0 = nobody.</summary>
    public ushort Memcg;

    /// <summary>It is taken.</summary>
    public bool IsUsed;

    /// <summary>A page of it is in the swap cache.</summary>
    public readonly bool HasCache => Cache > 0;

    /// <summary>Its frame in the swap cache; -1 = none.</summary>
    public readonly int Frame => Cache > 0 ? (int)(Cache - 1) : -1;
}
