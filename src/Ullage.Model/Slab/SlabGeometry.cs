using System.Numerics;
using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.Slab;

/// <summary>How many objects fit a slab, and how many pages it has (§4.1).</summary>
/// <param name="Order">log2 of the pages per slab.</param>
/// <param name="Objects">Objects per slab.</param>
[Kernel("struct kmem_cache_order_objects", "mm/slub.c")]
public readonly record struct SlabGeometry(int Order, int Objects)
{
    private const int MaxOrder = 3;

    /// <summary>Pages per slab.</summary>
    public int Pages => 1 << Order;

    /// <summary>The preferred geometry for objects of <paramref name="size"/> bytes on a machine with <paramref name="cpus"/> CPUs.</summary>
    [Kernel("calculate_order", "mm/slub.c")]
    public static SlabGeometry Of(int size, int cpus)
    {
        int minObjects = 4 * (32 - BitOperations.LeadingZeroCount((uint)cpus) + 1);
        minObjects = Math.Min(minObjects, (KernelConstants.PageSize << MaxOrder) / size);
        for (; minObjects > 1; minObjects--)
        {
            foreach (int fraction in (ReadOnlySpan<int>)[16, 8, 4])
            {
                if (LeastWasteful(minObjects * size, size, fraction) is { } order)
                {
                    return new SlabGeometry(order, (KernelConstants.PageSize << order) / size);
                }
            }
        }
        int single = OrderOf(size);
        return new SlabGeometry(single, (KernelConstants.PageSize << single) / size);
    }

    private static int? LeastWasteful(int atLeastBytes, int size, int fraction)
    {
        for (int order = OrderOf(atLeastBytes); order <= MaxOrder; order++)
        {
            int bytes = KernelConstants.PageSize << order;
            if (bytes % size <= bytes / fraction)
            {
                return order;
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
