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
    /// <summary>Pages scanned.</summary>
    PgScan,
    /// <summary>Pages reclaimed.</summary>
    PgSteal,
    /// <summary>How many there are; not a counter.</summary>
    Count,
}
