using Ullage.Abi;

namespace Ullage.Model.Charging;

/// <summary>Counters behind memory.stat (§11.4). Pages unless said.</summary>
[Kernel("enum memcg_stat_item", "include/linux/memcontrol.h")]
public enum MemcgStat
{
    /// <summary>Anonymous pages.</summary>
    Anon,
    /// <summary>Page cache pages, shmem included.</summary>
    File,
    /// <summary>shmem pages.</summary>
    Shmem,
    /// <summary>Mapped file pages.</summary>
    FileMapped,
    /// <summary>Dirty file pages.</summary>
    FileDirty,
    /// <summary>File pages under writeback.</summary>
    FileWriteback,
    /// <summary>Swapped-out pages.</summary>
    Swap,
    /// <summary>Swap cache pages.</summary>
    SwapCached,
    /// <summary>Kernel memory of all kinds.</summary>
    Kernel,
    /// <summary>Kernel stacks.</summary>
    KernelStack,
    /// <summary>Page tables.</summary>
    PageTables,
    /// <summary>Reclaimable slab, in bytes.</summary>
    SlabReclaimable,
    /// <summary>Unreclaimable slab, in bytes.</summary>
    SlabUnreclaimable,
    /// <summary>inactive_anon list.</summary>
    InactiveAnon,
    /// <summary>active_anon list.</summary>
    ActiveAnon,
    /// <summary>inactive_file list.</summary>
    InactiveFile,
    /// <summary>active_file list.</summary>
    ActiveFile,
    /// <summary>unevictable list.</summary>
    Unevictable,
    /// <summary>Charges (v1): +1 per charge operation.</summary>
    PgpgIn,
    /// <summary>Uncharges (v1): +1 per page.</summary>
    PgpgOut,
    /// <summary>Page faults.</summary>
    PgFault,
    /// <summary>Major page faults.</summary>
    PgMajFault,
    /// <summary>Pages that kswapd looked at.</summary>
    PgScanKswapd,
    /// <summary>Pages that tasks looked at which needed memory.</summary>
    PgScanDirect,
    /// <summary>Pages looked at for memory.reclaim (6.4+).</summary>
    PgScanProactive,
    /// <summary>Pages that kswapd reclaimed.</summary>
    PgStealKswapd,
    /// <summary>Pages that tasks reclaimed which needed memory.</summary>
    PgStealDirect,
    /// <summary>Pages reclaimed for memory.reclaim (6.4+).</summary>
    PgStealProactive,
    /// <summary>Pages of active lists looked at.</summary>
    PgRefill,
    /// <summary>Pages moved to an active list.</summary>
    PgActivate,
    /// <summary>Pages moved to an inactive list.</summary>
    PgDeactivate,
    /// <summary>Pages that madvise(MADV_FREE) gave up.</summary>
    PgLazyFree,
    /// <summary>Of those, the ones reclaimed.</summary>
    PgLazyFreed,
    /// <summary>Anonymous pages that came back after they were reclaimed.</summary>
    WorkingsetRefaultAnon,
    /// <summary>File pages that came back after they were reclaimed.</summary>
    WorkingsetRefaultFile,
    /// <summary>Of the anonymous ones, those activated at once.</summary>
    WorkingsetActivateAnon,
    /// <summary>Of the file pages, those activated at once.</summary>
    WorkingsetActivateFile,
    /// <summary>Of the anonymous ones, those that had been active before.</summary>
    WorkingsetRestoreAnon,
    /// <summary>Of the file pages, those that had been active before.</summary>
    WorkingsetRestoreFile,
    /// <summary>Nodes of shadow entries that were reclaimed.</summary>
    WorkingsetNodeReclaim,
    /// <summary>Pages written to swap (6.12+).</summary>
    PswpOut,
    /// <summary>Pages read from swap (6.12+).</summary>
    PswpIn,
    /// <summary>v2: buffers of sockets.</summary>
    Sock,
    /// <summary>How many there are; not a counter.</summary>
    Count,
}
