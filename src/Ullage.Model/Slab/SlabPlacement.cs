using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>
/// Objects that a memory cgroup already holds when the story begins, counted as slabinfo counts them: what is on a CPU's slab is in use
/// (§4.7). The first slabs are the CPUs' own, one object of each taken; further ones are full. A remainder that fills slabs of the smallest
/// order stands in such slabs, as it does in a machine that had no larger pages left just then.
/// </summary>
[Kernel("new_slab_objects", "mm/slub.c")]
internal sealed class SlabPlacement(Machine machine, SlabTable slabs, SlabPages pages)
{
    /// <summary>Places objects in a cache; false when memory or a limit does not suffice.</summary>
    public bool TryPlace(KmemCache cache, long objects)
    {
        int cpu = 0;
        for (long left = objects; left > 0;)
        {
            SlabGeometry geometry = left >= cache.Preferred.Objects || left % cache.Smallest.Objects != 0 ? cache.Preferred : cache.Smallest;
            int slab = pages.NewOf(cache, geometry, Gfp.Kernel);
            if (slab < 0)
            {
                return false;
            }
            int held = (int)Math.Min(left, geometry.Objects);
            left -= held;
            slabs.InUse(slab) = held;
            Settle(cache, slab, ref cpu);
        }
        return true;
    }

    private void Settle(KmemCache cache, int slab, ref int cpu)
    {
        if (cpu < machine.Options.Cpus && cache.CpuSlab[cpu] < 0)
        {
            slabs.InUse(slab) = 1;
            slabs.Place(slab) = SlabPlace.Cpu;
            cache.CpuSlab[cpu] = slab;
        }
        else if (slabs.Free(slab) > 0)
        {
            Slub.Append(slabs, cache, slab);
        }
        cpu++;
    }
}
