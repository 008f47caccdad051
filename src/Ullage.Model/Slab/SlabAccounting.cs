using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Slab;

/// <summary>
/// The slab allocator as its callers see it: caches by name, objects, and who pays for them. Up to 5.8 each memory cgroup
/// has child caches and pays for whole slab pages (§4.4); since 5.9 objects are charged by the byte through obj_cgroup (§4.6).
/// </summary>
[Kernel("kmem_cache_alloc", "mm/slub.c")]
internal abstract class SlabAccounting
{
    protected SlabAccounting(Machine machine)
    {
        Machine = machine;
        Caches = new SlabCaches(machine.Options);
        Known = new KnownCaches(Caches);
        Slabs = new SlabTable();
        Pages = new SlabPages(machine, Slabs);
        Slub = new Slub(machine, Slabs, Pages);
        Placement = new SlabPlacement(machine, Slabs, Pages);
    }

    protected Machine Machine { get; }

    protected SlabPlacement Placement { get; }

    /// <summary>Root caches.</summary>
    public SlabCaches Caches { get; }

    /// <summary>Root caches that the kernel allocates from.</summary>
    public KnownCaches Known { get; }

    protected SlabTable Slabs { get; }

    protected SlabPages Pages { get; }

    protected Slub Slub { get; }

    /// <summary>The root cache of that name; merged caches are found under both names.</summary>
    /// <exception cref="ArgumentException">This kernel has none.</exception>
    public KmemCache Cache(string name) => Caches[name];

    /// <summary>
    /// Allocates an object for a memory cgroup's task, charged if the cache or the flags say so. False = -ENOMEM; then
    /// nothing is charged. The root's objects are charged to nobody.
    /// </summary>
    public abstract bool TryAllocate(KmemCache cache, MemCgroup memcg, Gfp gfp, out SlabObject allocated);

    /// <summary>Frees an object; the default value is ignored.</summary>
    public abstract void Free(SlabObject freed);

    /// <summary>Makes objects that the cgroup holds already when the story begins. False = a limit or memory does not suffice.</summary>
    public abstract bool TryPlace(KmemCache cache, MemCgroup memcg, long objects);

    /// <summary>Who pays for an object now; null = nobody.</summary>
    public abstract MemCgroup? PayerOf(SlabObject allocated);

    /// <summary>True when a CPU keeps charged bytes of a subtree.</summary>
    public abstract bool StockHolds(int cpu, MemCgroup root);

    /// <summary>Gives a CPU's charged bytes back.</summary>
    public abstract void DrainStock(int cpu);

    /// <summary>Pages that are charged for slab and given back through exactly this cgroup.</summary>
    public abstract long PagesOf(MemCgroup memcg);

    /// <summary>Rows of memory.kmem.slabinfo, under the names of the root caches (§4.7); none where objects are charged by the byte.</summary>
    public virtual IReadOnlyList<SlabInfoRow> Rows(MemCgroup memcg) => [];

    /// <summary>Rows of /proc/slabinfo; a root cache's holds its children (§4.4).</summary>
    public IReadOnlyList<SlabInfoRow> RootRows()
    {
        List<SlabInfoRow> rows = new(Caches.All.Length);
        foreach (KmemCache cache in Caches.All)
        {
            SlabSums sums = default;
            AddSums(cache, ref sums);
            rows.Add(sums.Row(cache));
        }
        return rows;
    }

    /// <summary>Adds what a root cache and its children have.</summary>
    protected virtual void AddSums(KmemCache root, ref SlabSums sums) => sums.Add(Slabs, root);

    /// <summary>Slab pages of the machine.</summary>
    /// <param name="reclaimable">Those of reclaimable caches, or the others.</param>
    public long TotalPages(bool reclaimable)
    {
        SlabSums sums = default;
        foreach (KmemCache cache in Caches.All)
        {
            if (cache.Reclaimable == reclaimable)
            {
                AddSums(cache, ref sums);
            }
        }
        return sums.Pages;
    }

    /// <summary>The cgroup goes offline (§5.2).</summary>
    public abstract void Offline(MemCgroup memcg);

    /// <summary>Objects of a root cache and its children that are in use; walks all slabs: for tests.</summary>
    internal long ObjectsInUse(KmemCache root)
    {
        long inUse = 0;
        for (int slab = 0; slab < Slabs.Count; slab++)
        {
            inUse += Slabs.Place(slab) != SlabPlace.None && Slabs.CacheOf(slab).Root == root ? Slabs.InUse(slab) : 0;
        }
        return inUse;
    }

    /// <summary>Counts that must agree (tests).</summary>
    internal void Verify()
    {
        long frames = 0;
        List<KmemCache> caches = [];
        Dictionary<KmemCache, (long Slabs, long Objects, long Pages, int Partials)> seen = [];
        for (int slab = 0; slab < Slabs.Count; slab++)
        {
            if (Slabs.Place(slab) == SlabPlace.None)
            {
                continue;
            }
            Invariant.Holds(Slabs.InUse(slab) >= 0 && Slabs.Free(slab) >= 0);
            Invariant.Holds(Slabs.Place(slab) != SlabPlace.Full || Slabs.Free(slab) == 0, $"a full slab of {Slabs.CacheOf(slab)}");
            KmemCache cache = Slabs.CacheOf(slab);
            if (!seen.ContainsKey(cache))
            {
                caches.Add(cache);
            }
            (long Slabs, long Objects, long Pages, int Partials) counts = seen.GetValueOrDefault(cache);
            int pages = 1 << Slabs.Order(slab);
            frames += pages;
            seen[cache] = (counts.Slabs + 1, counts.Objects + Slabs.Objects(slab), counts.Pages + pages,
                counts.Partials + (Slabs.Place(slab) == SlabPlace.Partial ? 1 : 0));
        }
        foreach (KmemCache cache in caches)
        {
            Invariant.Holds(seen[cache] == (cache.Slabs, cache.Objects, cache.Pages, cache.Partials), $"counts of {cache}");
        }
        Invariant.Holds(frames == TotalPages(true) + TotalPages(false), "slab pages of the machine");
    }

    public static SlabAccounting For(Machine machine) => machine.Era.Kmem.SlabUnit == SlabUnit.Page
        ? new ChildCaches(machine)
        : new ObjCgroups(machine);
}

/// <summary>Sums over a cache and its children.</summary>
[Kernel("struct slabinfo", "mm/slab.h")]
internal record struct SlabSums(long Slabs, long Objects, long Free, long Pages)
{
    public void Add(SlabTable slabs, KmemCache cache)
    {
        Slabs += cache.Slabs;
        Objects += cache.Objects;
        Free += Slub.CountFree(slabs, cache);
        Pages += cache.Pages;
    }

    public readonly SlabInfoRow Row(KmemCache cache) => new(cache.Name, Objects - Free, Objects, cache.Size, cache.Preferred.Objects,
        cache.Preferred.Pages, 0, 0, 0, Slabs, Slabs, 0);
}
