using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Slab;

/// <summary>Gets and gives back the pages of slabs, with their charges (§4.2 step 5).</summary>
[Kernel("allocate_slab", "mm/slub.c")]
internal sealed class SlabPages(Machine machine, SlabTable slabs)
{
    private readonly Dictionary<MemCgroup, long> _charged = []; // by the cgroup that owns the cache now

    /// <summary>Told when a removed cgroup's cache has given back its last slab.</summary>
    public Action<KmemCache>? Emptied { get; set; }

    /// <summary>A new slab, empty and on no list; -1 = none could be had.</summary>
    public int New(KmemCache cache, Gfp gfp)
    {
        Gfp first = (gfp | Gfp.NoRetry) & ~Gfp.NoFail;
        if (cache.Preferred.Order > cache.Smallest.Order)
        {
            first &= ~Gfp.Blocking;
        }
        int slab = Attempt(cache, cache.Preferred, first, mayReclaim: false);
        return slab >= 0 ? slab : Attempt(cache, cache.Smallest, gfp, mayReclaim: (gfp & Gfp.Blocking) != 0);
    }

    /// <summary>A new slab of a given geometry; -1 = none could be had.</summary>
    public int NewOf(KmemCache cache, SlabGeometry geometry, Gfp gfp) => Attempt(cache, geometry, gfp, mayReclaim: false);

    private int Attempt(KmemCache cache, SlabGeometry geometry, Gfp gfp, bool mayReclaim)
    {
        int frame = TakeFrames(geometry.Pages, mayReclaim);
        if (frame < 0)
        {
            return -1;
        }
        if (cache.Memcg is { } memcg && !TryCharge(cache, memcg, gfp, geometry.Pages))
        {
            GiveFramesBack(frame);
            return -1;
        }
        cache.Slabs++;
        cache.Objects += geometry.Objects;
        cache.Pages += geometry.Pages;
        return slabs.Add(cache, geometry, frame);
    }

    /// <summary>Gives an empty slab's pages back. It must be on no list.</summary>
    [Kernel("discard_slab", "mm/slub.c")]
    public void Discard(int slab)
    {
        KmemCache cache = slabs.CacheOf(slab);
        int pages = 1 << slabs.Order(slab);
        Invariant.Holds(slabs.InUse(slab) == 0);
        cache.Slabs--;
        cache.Objects -= slabs.Objects(slab);
        cache.Pages -= pages;
        GiveFramesBack(slabs.FirstFrame(slab));
        slabs.Remove(slab);
        machine.Reclaim.SlabPagesFreed(pages);
        if (cache.Memcg is { } memcg)
        {
            Count(cache, memcg, -pages);
            if (cache.IsDead && cache.Slabs == 0)
            {
                Emptied?.Invoke(cache);
            }
            machine.Kmem.Uncharge(memcg, pages, MemcgStat.Kernel);
        }
    }

    /// <summary>Takes frames; the map count of each is the next one, as nothing maps them. The last one's is -1.</summary>
    private int TakeFrames(int pages, bool mayReclaim)
    {
        int head = -1;
        for (int i = 0; i < pages; i++)
        {
            int frame = machine.Pages.AllocateFast(PageFlags.Kernel);
            if (frame < 0 && mayReclaim)
            {
                frame = machine.AllocateSlow(PageFlags.Kernel, System.Numerics.BitOperations.Log2((uint)pages));
            }
            if (frame < 0)
            {
                GiveFramesBack(head);
                return -1;
            }
            machine.Frames.MapCount(frame) = head;
            head = frame;
        }
        return head;
    }

    private void GiveFramesBack(int frame)
    {
        while (frame >= 0)
        {
            int next = machine.Frames.MapCount(frame);
            machine.Frames.Release(frame);
            frame = next;
        }
    }

    [Kernel("memcg_charge_slab", "mm/slab.h")]
    private bool TryCharge(KmemCache cache, MemCgroup memcg, Gfp gfp, int pages)
    {
        if (!machine.Kmem.TryCharge(memcg, gfp, pages, MemcgStat.Kernel))
        {
            return false;
        }
        Count(cache, memcg, pages);
        return true;
    }

    private void Count(KmemCache cache, MemCgroup memcg, int pages)
    {
        memcg.Stats.Add(machine.CurrentCpu, cache.Stat, pages * KernelConstants.PageSize);
        AddCharged(memcg, pages);
    }

    private void AddCharged(MemCgroup memcg, long pages)
    {
        long now = ChargedTo(memcg) + pages;
        Invariant.Holds(now >= 0 || memcg.IsRoot);
        if (now == 0)
        {
            _charged.Remove(memcg);
        }
        else
        {
            _charged[memcg] = now;
        }
    }

    /// <summary>Slab pages of the caches that a cgroup owns now.</summary>
    public long ChargedTo(MemCgroup memcg) => _charged.GetValueOrDefault(memcg);

    /// <summary>A cache and its pages become another cgroup's (§5.4).</summary>
    public void Reparent(KmemCache cache, MemCgroup from, MemCgroup to)
    {
        cache.Memcg = to;
        int pages = (int)cache.Pages;
        AddCharged(from, -pages);
        AddCharged(to, pages);
        int cpu = machine.CurrentCpu;
        from.Stats.Add(cpu, cache.Stat, -pages * KernelConstants.PageSize);
        to.Stats.Add(cpu, cache.Stat, pages * KernelConstants.PageSize);
        machine.Kmem.Reparent(from, to, pages);
    }
}
