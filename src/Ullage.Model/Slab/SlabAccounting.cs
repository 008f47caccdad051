using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Slab;

/// <summary>Caches whose objects are accounted to memory cgroups here.</summary>
internal enum SlabCache
{
    VmAreaStruct,
    AnonVma,
    AnonVmaChain,
    Dentry,
    Ext4Inode,
}

/// <summary>One allocated object: who pays for it, and from which slab it came. The default value is no object.</summary>
internal readonly record struct SlabObject(SlabPage? Slab, MemCgroup? Payer, int Bytes);

/// <summary>
/// Who pays for slab objects. Up to 5.8 each memory cgroup has child caches and pays for whole slab pages (§4.4); since
/// 5.9 objects are charged by the byte through obj_cgroup (§4.6).
/// </summary>
[Kernel("memcg_slab_post_alloc_hook", "mm/slub.c")]
internal abstract class SlabAccounting
{
    /// <summary>Allocates an object for the current task's cgroup. False = -ENOMEM.</summary>
    public abstract bool TryAllocate(SlabCache cache, MemCgroup memcg, Gfp gfp, out SlabObject allocated);

    /// <summary>Frees an object; the default value is ignored.</summary>
    public abstract void Free(SlabObject freed);

    /// <summary>True when a CPU keeps charged bytes of a subtree.</summary>
    public abstract bool StockHolds(int cpu, MemCgroup root);

    /// <summary>Gives a CPU's charged bytes back.</summary>
    public abstract void DrainStock(int cpu);

    /// <summary>Pages that are charged to exactly this cgroup for slab.</summary>
    public abstract long PagesOf(MemCgroup memcg);

    /// <summary>Rows of memory.kmem.slabinfo, under the names of the root caches (§4.7); none where objects are charged by the byte.</summary>
    public virtual IReadOnlyList<SlabInfoRow> Rows(MemCgroup memcg) => [];

    /// <summary>The cgroup goes offline (§5.2).</summary>
    public abstract void Offline(MemCgroup memcg);

    public static SlabAccounting For(Machine machine) => machine.Era.Kmem.SlabUnit == SlabUnit.Page
        ? new ChildCaches(machine)
        : new ObjCgroups(machine);

    protected static int SizeOf(KmemRules rules, SlabCache cache) => cache switch
    {
        SlabCache.VmAreaStruct => rules.VmAreaStructSize,
        SlabCache.AnonVma => rules.AnonVmaSize,
        SlabCache.Dentry => 192,
        SlabCache.Ext4Inode => 1088,
        _ => rules.AnonVmaChainSize,
    };
}
