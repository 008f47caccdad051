namespace Ullage.Model.Eras;

/// <summary>How kernel memory is accounted (§2.13).</summary>
public enum KmemActivation
{
    /// <summary>Only after a limit was written (4.1).</summary>
    WhenLimited,
    /// <summary>Always, but in the root.</summary>
    Always,
}

/// <summary>The order of counters in a kmem charge (§2.13, "charge order").</summary>
public enum KmemOrder
{
    /// <summary>kmem first, then memory (4.1).</summary>
    KmemFirst,
    /// <summary>memory first, then kmem, which may refuse (4.15 to 5.15).</summary>
    MemoryFirst,
    /// <summary>memory only; kmem counts without a limit (5.16+).</summary>
    MemoryOnly,
}

/// <summary>What slab accounting counts (§0.4).</summary>
public enum SlabUnit
{
    /// <summary>Whole slab pages of per-memcg child caches.</summary>
    Page,
    /// <summary>Objects, by bytes, through obj_cgroup.</summary>
    Object,
}

/// <summary>Parameters of kernel memory accounting.</summary>
public sealed record KmemRules
{
    /// <summary>When it begins.</summary>
    public required KmemActivation Activation { get; init; }
    /// <summary>Which counters, in which order.</summary>
    public required KmemOrder Order { get; init; }
    /// <summary>__GFP_NOFAIL is charged although the kmem limit refuses (5.4+).</summary>
    public required bool NofailExceedsKmemLimit { get; init; }
    /// <summary>The slab accounting unit.</summary>
    public required SlabUnit SlabUnit { get; init; }
    /// <summary>Page tables are charged (4.5+, with __GFP_ACCOUNT).</summary>
    public required bool ChargesPageTables { get; init; }
    /// <summary>Freed kmem pages go to the page stock instead of the counters (§2.17).</summary>
    public required bool UnchargeToStock { get; init; }
    /// <summary>An object stock over a page keeps the remainder; false = it is drained whole (§4.6).</summary>
    public required bool ObjStockKeepsRemainder { get; init; }
    /// <summary>Kernel stacks are single pages of a vmalloc area; false = one block of four pages (§2.17).</summary>
    public required bool VmapStack { get; init; }
    /// <summary>Stacks that a CPU keeps for reuse keep their charge (to 4.18); false = the charge goes with the task.</summary>
    public required bool CachedStacksKeepCharge { get; init; }
    /// <summary>Pages of the top page table: two where kernel and user tables are apart.</summary>
    public required int PgdPages { get; init; }
    /// <summary>The name pattern's number of child caches is the memcg id, not the css serial number (4.1).</summary>
    public required bool ChildCacheNamedById { get; init; }
}
