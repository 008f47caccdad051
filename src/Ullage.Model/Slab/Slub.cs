using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Slab;

/// <summary>Allocation and freeing of objects in slabs (§4.2, §4.3).</summary>
[Kernel("___slab_alloc", "mm/slub.c", Deviation = "One partial list per cache: NUMA nodes are not told apart.")]
internal sealed class Slub
{
    private readonly Machine _machine;
    private readonly SlabTable _slabs;
    private readonly SlabPages _pages;
    private readonly SlabOutOfMemory _report;

    public Slub(Machine machine, SlabTable slabs, SlabPages pages)
    {
        _machine = machine;
        _slabs = slabs;
        _pages = pages;
        _report = new SlabOutOfMemory(machine, slabs);
    }

    /// <summary>Takes an object; returns its slab, or -1 when there is no memory (the report is written then).</summary>
    public int Allocate(KmemCache cache, Gfp gfp)
    {
        int slab = cache.CpuSlab[_machine.CurrentCpu];
        if (slab < 0 || _slabs.InUse(slab) == _slabs.Objects(slab))
        {
            slab = AllocateSlow(cache, gfp);
            if (slab < 0)
            {
                return -1;
            }
        }
        _slabs.InUse(slab)++;
        return slab;
    }

    private int AllocateSlow(KmemCache cache, Gfp gfp)
    {
        int cpu = _machine.CurrentCpu;
        int full = cache.CpuSlab[cpu];
        if (full >= 0)
        {
            _slabs.Place(full) = SlabPlace.Full;
            cache.CpuSlab[cpu] = -1;
        }
        int slab = TakeCpuPartial(cache, cpu);
        if (slab < 0)
        {
            slab = TakePartials(cache, cpu);
        }
        if (slab < 0)
        {
            slab = _pages.New(cache, gfp);
            if (slab < 0)
            {
                _report.Report(cache, gfp);
                return -1;
            }
            int came = cache.CpuSlab[cpu]; // reclaim inside the allocation may have freed and taken objects
            if (came >= 0)
            {
                Deactivate(cache, came);
            }
        }
        _slabs.Place(slab) = SlabPlace.Cpu;
        cache.CpuSlab[cpu] = slab;
        return slab;
    }

    private int TakeCpuPartial(KmemCache cache, int cpu)
    {
        int slab = cache.CpuPartialHead[cpu];
        if (slab < 0)
        {
            return -1;
        }
        cache.CpuPartialHead[cpu] = _slabs.Next(slab);
        if (cache.CpuPartialHead[cpu] < 0)
        {
            cache.CpuPartialFill[cpu] = 0;
        }
        return slab;
    }

    /// <summary>The node's first partial slab; more of them go to the CPU's list until it is half full (§4.2 step 4).</summary>
    [Kernel("get_partial_node", "mm/slub.c")]
    private int TakePartials(KmemCache cache, int cpu)
    {
        int first = cache.PartialHead;
        if (first < 0)
        {
            return -1;
        }
        Unlink(cache, first);
        int available = cache.CpuPartialInSlabs ? 1 : _slabs.Free(first);
        while (cache.CpuPartial > 0 && available <= cache.CpuPartial / 2 && cache.PartialHead >= 0)
        {
            int more = cache.PartialHead;
            Unlink(cache, more);
            available += cache.CpuPartialInSlabs ? 1 : _slabs.Free(more);
            PushCpuPartial(cache, cpu, more);
        }
        return first;
    }

    private void PushCpuPartial(KmemCache cache, int cpu, int slab)
    {
        _slabs.Place(slab) = SlabPlace.CpuPartial;
        _slabs.Next(slab) = cache.CpuPartialHead[cpu];
        cache.CpuPartialHead[cpu] = slab;
        cache.CpuPartialFill[cpu] += cache.CpuPartialInSlabs ? 1 : _slabs.Free(slab);
    }

    /// <summary>Gives an object back to its slab.</summary>
    [Kernel("__slab_free", "mm/slub.c")]
    public void Free(int slab)
    {
        ref int inUse = ref _slabs.InUse(slab);
        Invariant.Holds(inUse > 0);
        inUse--;
        switch (_slabs.Place(slab))
        {
            case SlabPlace.Full:
                FreeOfFull(_slabs.CacheOf(slab), slab);
                break;
            case SlabPlace.Partial when inUse == 0:
                KmemCache cache = _slabs.CacheOf(slab);
                if (cache.Partials >= cache.MinPartial)
                {
                    Unlink(cache, slab);
                    _pages.Discard(slab);
                }
                break;
        }
    }

    private void FreeOfFull(KmemCache cache, int slab)
    {
        if (cache.CpuPartial == 0)
        {
            Deactivate(cache, slab);
            return;
        }
        int cpu = _machine.CurrentCpu;
        bool overfull = cache.CpuPartialInSlabs ? cache.CpuPartialFill[cpu] >= cache.CpuPartial : cache.CpuPartialFill[cpu] > cache.CpuPartial;
        if (overfull)
        {
            UnfreezePartials(cache, cpu);
        }
        PushCpuPartial(cache, cpu, slab);
    }

    /// <summary>Moves a CPU's partial slabs to the node; empty ones go when the node has enough (§4.3).</summary>
    [Kernel("unfreeze_partials", "mm/slub.c")]
    private void UnfreezePartials(KmemCache cache, int cpu)
    {
        int slab = cache.CpuPartialHead[cpu];
        cache.CpuPartialHead[cpu] = -1;
        cache.CpuPartialFill[cpu] = 0;
        while (slab >= 0)
        {
            int next = _slabs.Next(slab);
            Deactivate(cache, slab);
            slab = next;
        }
    }

    /// <summary>A slab that was a CPU's becomes the node's, or goes.</summary>
    [Kernel("deactivate_slab", "mm/slub.c")]
    private void Deactivate(KmemCache cache, int slab)
    {
        if (_slabs.InUse(slab) == 0 && cache.Partials >= cache.MinPartial)
        {
            _pages.Discard(slab);
        }
        else if (_slabs.Free(slab) > 0)
        {
            Append(_slabs, cache, slab);
        }
        else
        {
            _slabs.Place(slab) = SlabPlace.Full;
        }
    }

    /// <summary>Flushes what the CPUs hold and frees every empty slab.</summary>
    [Kernel("__kmem_cache_shrink", "mm/slub.c")]
    public void Shrink(KmemCache cache)
    {
        for (int cpu = 0; cpu < cache.CpuSlab.Length; cpu++)
        {
            int slab = cache.CpuSlab[cpu];
            if (slab >= 0)
            {
                cache.CpuSlab[cpu] = -1;
                Deactivate(cache, slab);
            }
            UnfreezePartials(cache, cpu);
        }
        for (int slab = cache.PartialHead; slab >= 0;)
        {
            int next = _slabs.Next(slab);
            if (_slabs.InUse(slab) == 0)
            {
                Unlink(cache, slab);
                _pages.Discard(slab);
            }
            slab = next;
        }
    }

    /// <summary>Free objects on the node's partial list: the only free ones that the kernel counts (§4.7).</summary>
    [Kernel("count_partial", "mm/slub.c")]
    public static long CountFree(SlabTable slabs, KmemCache cache)
    {
        long free = 0;
        for (int slab = cache.PartialHead; slab >= 0; slab = slabs.Next(slab))
        {
            free += slabs.Free(slab);
        }
        return free;
    }

    /// <summary>Puts a slab at the end of the node's partial list.</summary>
    internal static void Append(SlabTable slabs, KmemCache cache, int slab)
    {
        slabs.Place(slab) = SlabPlace.Partial;
        slabs.Next(slab) = -1;
        slabs.Previous(slab) = cache.PartialTail;
        if (cache.PartialTail >= 0)
        {
            slabs.Next(cache.PartialTail) = slab;
        }
        else
        {
            cache.PartialHead = slab;
        }
        cache.PartialTail = slab;
        cache.Partials++;
    }

    private void Unlink(KmemCache cache, int slab)
    {
        int next = _slabs.Next(slab);
        int previous = _slabs.Previous(slab);
        if (previous >= 0)
        {
            _slabs.Next(previous) = next;
        }
        else
        {
            cache.PartialHead = next;
        }
        if (next >= 0)
        {
            _slabs.Previous(next) = previous;
        }
        else
        {
            cache.PartialTail = previous;
        }
        cache.Partials--;
        _slabs.Place(slab) = SlabPlace.Full;
    }
}
