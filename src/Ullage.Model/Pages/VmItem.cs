using Ullage.Abi;

namespace Ullage.Model.Pages;

/// <summary>What the machine counts as a whole: pages of the node, and events since boot (§9.4, §11.7).</summary>
[Kernel("enum node_stat_item", "include/linux/mmzone.h")]
public enum VmItem
{
    /// <summary>Pages on inactive_anon lists.</summary>
    InactiveAnon,
    /// <summary>Pages on active_anon lists.</summary>
    ActiveAnon,
    /// <summary>Pages on inactive_file lists.</summary>
    InactiveFile,
    /// <summary>Pages on active_file lists.</summary>
    ActiveFile,
    /// <summary>Pages on unevictable lists.</summary>
    Unevictable,
    /// <summary>Pages of the page cache, swap cache and shmem included.</summary>
    FilePages,
    /// <summary>Pages of the page cache that some page table maps.</summary>
    FileMapped,
    /// <summary>Dirty file pages.</summary>
    FileDirty,
    /// <summary>Pages being written.</summary>
    Writeback,
    /// <summary>Pages in the swap cache.</summary>
    SwapCached,
    /// <summary>Isolated anonymous pages.</summary>
    IsolatedAnon,
    /// <summary>Isolated file pages.</summary>
    IsolatedFile,
    /// <summary>Nodes of shadow entries.</summary>
    WorkingsetNodes,
    /// <summary>Anonymous pages that came back after they were reclaimed.</summary>
    WorkingsetRefaultAnon,
    /// <summary>File pages that came back after they were reclaimed.</summary>
    WorkingsetRefaultFile,
    /// <summary>Anonymous pages activated as they came back.</summary>
    WorkingsetActivateAnon,
    /// <summary>File pages activated as they came back.</summary>
    WorkingsetActivateFile,
    /// <summary>Anonymous pages that had been active before they were reclaimed.</summary>
    WorkingsetRestoreAnon,
    /// <summary>File pages that had been active before they were reclaimed.</summary>
    WorkingsetRestoreFile,
    /// <summary>Nodes of shadow entries that were reclaimed.</summary>
    WorkingsetNodeReclaim,
    /// <summary>Pages marked for reclaim while they are written.</summary>
    VmscanImmediate,
    /// <summary>File pages that pageout wrote.</summary>
    VmscanWrite,
    /// <summary>Pages dirtied.</summary>
    Dirtied,
    /// <summary>Pages written.</summary>
    Written,
    /// <summary>KiB read from disks.</summary>
    PgPgIn,
    /// <summary>KiB written to disks.</summary>
    PgPgOut,
    /// <summary>Pages read from swap.</summary>
    PswpIn,
    /// <summary>Pages written to swap.</summary>
    PswpOut,
    /// <summary>Pages read ahead from swap.</summary>
    SwapRa,
    /// <summary>Of those, the ones that were used.</summary>
    SwapRaHit,
    /// <summary>Major faults.</summary>
    PgMajFault,
    /// <summary>Pages moved to an active list.</summary>
    PgActivate,
    /// <summary>Pages moved to an inactive list.</summary>
    PgDeactivate,
    /// <summary>Pages rotated to the tail of an inactive list once they were written.</summary>
    PgRotated,
    /// <summary>Pages of active lists looked at.</summary>
    PgRefill,
    /// <summary>Pages that kswapd looked at.</summary>
    PgScanKswapd,
    /// <summary>Pages that tasks looked at which needed memory.</summary>
    PgScanDirect,
    /// <summary>Pages looked at for memory.reclaim.</summary>
    PgScanProactive,
    /// <summary>Throttled direct reclaimers.</summary>
    PgScanDirectThrottle,
    /// <summary>Anonymous pages looked at.</summary>
    PgScanAnon,
    /// <summary>File pages looked at.</summary>
    PgScanFile,
    /// <summary>Pages that kswapd reclaimed.</summary>
    PgStealKswapd,
    /// <summary>Pages that tasks reclaimed which needed memory.</summary>
    PgStealDirect,
    /// <summary>Pages reclaimed for memory.reclaim.</summary>
    PgStealProactive,
    /// <summary>Anonymous pages reclaimed.</summary>
    PgStealAnon,
    /// <summary>File pages reclaimed.</summary>
    PgStealFile,
    /// <summary>kswapd reached the low watermark soon after it began.</summary>
    KswapdLowWmarkHitQuickly,
    /// <summary>kswapd reached the high watermark soon after it began.</summary>
    KswapdHighWmarkHitQuickly,
    /// <summary>Inodes that kswapd pruned with pages.</summary>
    KswapdInodeSteal,
    /// <summary>Inodes that others pruned with pages.</summary>
    PgInodeSteal,
    /// <summary>kswapd was woken while it slept.</summary>
    PageOutRun,
    /// <summary>Pages that madvise(MADV_FREE) gave up.</summary>
    PgLazyFree,
    /// <summary>Of those, the ones reclaimed.</summary>
    PgLazyFreed,
    /// <summary>How many there are; not a counter.</summary>
    Count,
}

/// <summary>The machine's counters; exact, whatever a kernel's CPUs would still hold back.</summary>
[Kernel("vm_node_stat", "mm/vmstat.c")]
internal sealed class VmCounters
{
    private readonly long[] _counts = new long[(int)VmItem.Count];

    public void Add(VmItem item, long change) => _counts[(int)item] += change;

    public long this[VmItem item] => _counts[(int)item];

    /// <summary>The counter that a line of /proc/vmstat shows; null = one of another kind.</summary>
    public long? Shown(string field) => field switch
    {
        "nr_inactive_anon" or "nr_zone_inactive_anon" => this[VmItem.InactiveAnon],
        "nr_active_anon" or "nr_zone_active_anon" => this[VmItem.ActiveAnon],
        "nr_inactive_file" or "nr_zone_inactive_file" => this[VmItem.InactiveFile],
        "nr_active_file" or "nr_zone_active_file" => this[VmItem.ActiveFile],
        "nr_unevictable" or "nr_zone_unevictable" => this[VmItem.Unevictable],
        "nr_dirty" => this[VmItem.FileDirty],
        "nr_writeback" => this[VmItem.Writeback],
        "nr_zone_write_pending" => this[VmItem.FileDirty] + this[VmItem.Writeback],
        "nr_swapcached" => this[VmItem.SwapCached],
        "nr_isolated_anon" => this[VmItem.IsolatedAnon],
        "nr_isolated_file" => this[VmItem.IsolatedFile],
        "nr_vmscan_write" => this[VmItem.VmscanWrite],
        "nr_vmscan_immediate_reclaim" => this[VmItem.VmscanImmediate],
        "nr_dirtied" => this[VmItem.Dirtied],
        "nr_written" => this[VmItem.Written],
        "pgpgin" => this[VmItem.PgPgIn],
        "pgpgout" => this[VmItem.PgPgOut],
        "pswpin" => this[VmItem.PswpIn],
        "pswpout" => this[VmItem.PswpOut],
        "swap_ra" => this[VmItem.SwapRa],
        "swap_ra_hit" => this[VmItem.SwapRaHit],
        "pgmajfault" => this[VmItem.PgMajFault],
        "pgactivate" => this[VmItem.PgActivate],
        "pgdeactivate" => this[VmItem.PgDeactivate],
        "pgrotated" => this[VmItem.PgRotated],
        "pglazyfree" => this[VmItem.PgLazyFree],
        "pglazyfreed" => this[VmItem.PgLazyFreed],
        _ => Workingset(field) ?? Reclaim(field),
    };

    private long? Workingset(string field) => field switch
    {
        "workingset_nodes" => this[VmItem.WorkingsetNodes],
        "workingset_refault" or "workingset_refault_file" => this[VmItem.WorkingsetRefaultFile],
        "workingset_refault_anon" => this[VmItem.WorkingsetRefaultAnon],
        "workingset_activate" or "workingset_activate_file" => this[VmItem.WorkingsetActivateFile],
        "workingset_activate_anon" => this[VmItem.WorkingsetActivateAnon],
        "workingset_restore" or "workingset_restore_file" => this[VmItem.WorkingsetRestoreFile],
        "workingset_restore_anon" => this[VmItem.WorkingsetRestoreAnon],
        "workingset_nodereclaim" => this[VmItem.WorkingsetNodeReclaim],
        _ => null,
    };

    private long? Reclaim(string field) => field switch
    {
        "pgrefill" => this[VmItem.PgRefill],
        "pgscan_kswapd" => this[VmItem.PgScanKswapd],
        "pgscan_direct" => this[VmItem.PgScanDirect],
        "pgscan_proactive" => this[VmItem.PgScanProactive],
        "pgscan_direct_throttle" => this[VmItem.PgScanDirectThrottle],
        "pgscan_anon" => this[VmItem.PgScanAnon],
        "pgscan_file" => this[VmItem.PgScanFile],
        "pgsteal_kswapd" => this[VmItem.PgStealKswapd],
        "pgsteal_direct" => this[VmItem.PgStealDirect],
        "pgsteal_proactive" => this[VmItem.PgStealProactive],
        "pgsteal_anon" => this[VmItem.PgStealAnon],
        "pgsteal_file" => this[VmItem.PgStealFile],
        "kswapd_low_wmark_hit_quickly" => this[VmItem.KswapdLowWmarkHitQuickly],
        "kswapd_high_wmark_hit_quickly" => this[VmItem.KswapdHighWmarkHitQuickly],
        "kswapd_inodesteal" => this[VmItem.KswapdInodeSteal],
        "pginodesteal" => this[VmItem.PgInodeSteal],
        "pageoutrun" => this[VmItem.PageOutRun],
        _ => null,
    };
}
