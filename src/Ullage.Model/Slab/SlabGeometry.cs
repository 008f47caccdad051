using System.Numerics;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Eras;

namespace Ullage.Model.Slab;

/// <summary>How many objects fit a slab, and how many pages it has (§4.1).</summary>
/// <param name="Order">log2 of the pages per slab.</param>
/// <param name="Objects">Objects per slab.</param>
[Kernel("struct kmem_cache_order_objects", "mm/slub.c")]
public readonly record struct SlabGeometry(int Order, int Objects)
{
    private const int MaxOrder = 3; // slub_max_order
    private const int MaxObjects = 32767;

    /// <summary>Pages per slab.</summary>
    public int Pages => 1 << Order;

    /// <summary>The preferred geometry.</summary>
    /// <param name="size">Bytes per object, at least 1.</param>
    /// <param name="cpus">CPUs that the kernel reckons with, at least 1.</param>
    /// <param name="search">How the order is searched for.</param>
    [Kernel("calculate_order", "mm/slub.c")]
    public static SlabGeometry Of(int size, int cpus, OrderSearch search = OrderSearch.FewerObjects)
    {
        int minObjects = 4 * (32 - BitOperations.LeadingZeroCount((uint)cpus) + 1);
        minObjects = Math.Max(1, Math.Min(minObjects, (KernelConstants.PageSize << MaxOrder) / size));
        if (search == OrderSearch.LargerFraction)
        {
            return Searched(minObjects, size, [16, 8, 4, 2]) ?? Smallest(size);
        }
        for (; minObjects > 1; minObjects--)
        {
            if (Searched(minObjects, size, [16, 8, 4]) is { } found)
            {
                return found;
            }
        }
        return Smallest(size);
    }

    /// <summary>The geometry of last resort: the smallest order that holds an object.</summary>
    public static SlabGeometry Smallest(int size) => At(OrderOf(size), size);

    private static SlabGeometry At(int order, int size) => new(order, Math.Min(MaxObjects, (KernelConstants.PageSize << order) / size));

    private static SlabGeometry? Searched(int minObjects, int size, ReadOnlySpan<int> fractions)
    {
        foreach (int fraction in fractions)
        {
            for (int order = OrderOf(minObjects * size); order <= MaxOrder; order++)
            {
                int bytes = KernelConstants.PageSize << order;
                if (bytes % size <= bytes / fraction)
                {
                    return At(order, size);
                }
            }
        }
        return null;
    }

    [Kernel("get_order", "include/asm-generic/getorder.h")]
    private static int OrderOf(int bytes)
    {
        int pages = (bytes + KernelConstants.PageSize - 1) / KernelConstants.PageSize;
        return pages <= 1 ? 0 : 32 - BitOperations.LeadingZeroCount((uint)(pages - 1));
    }
}
