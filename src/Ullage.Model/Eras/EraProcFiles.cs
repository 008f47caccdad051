namespace Ullage.Model.Eras;

/// <summary>
/// /proc files per era (§11.6, §11.7), as the kernel that was measured for the era was built. 4.1, 4.19 and 5.3 were not
/// measured: their lists are those of the nearest release, without what is known to be younger.
/// </summary>
internal static class EraProcFiles
{
    internal static readonly ProcRules V4_15 = new()
    {
        ZoneinfoMarks = NameList.Of("min low high spanned present managed"),
        MeminfoFields = NameList.Of(
            """
            MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon) Active(file) Inactive(file)
            Unevictable Mlocked SwapTotal SwapFree Dirty Writeback AnonPages Mapped Shmem Slab SReclaimable SUnreclaim KernelStack PageTables
            NFS_Unstable Bounce WritebackTmp CommitLimit Committed_AS VmallocTotal VmallocUsed VmallocChunk HardwareCorrupted AnonHugePages
            ShmemHugePages ShmemPmdMapped CmaTotal CmaFree HugePages_Total HugePages_Free HugePages_Rsvd HugePages_Surp Hugepagesize
            DirectMap4k DirectMap2M DirectMap1G
            """.ReplaceLineEndings(" ")),
        VmstatFields = NameList.Of(
            """
            nr_free_pages nr_zone_inactive_anon nr_zone_active_anon nr_zone_inactive_file nr_zone_active_file nr_zone_unevictable
            nr_zone_write_pending nr_mlock nr_page_table_pages nr_kernel_stack nr_bounce nr_zspages nr_free_cma numa_hit numa_miss
            numa_foreign numa_interleave numa_local numa_other nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file nr_unevictable
            nr_slab_reclaimable nr_slab_unreclaimable nr_isolated_anon nr_isolated_file workingset_refault workingset_activate
            workingset_nodereclaim nr_anon_pages nr_mapped nr_file_pages nr_dirty nr_writeback nr_writeback_temp nr_shmem nr_shmem_hugepages
            nr_shmem_pmdmapped nr_anon_transparent_hugepages nr_unstable nr_vmscan_write nr_vmscan_immediate_reclaim nr_dirtied nr_written
            nr_dirty_threshold nr_dirty_background_threshold pgpgin pgpgout pswpin pswpout pgalloc_dma pgalloc_dma32 pgalloc_normal
            pgalloc_movable allocstall_dma allocstall_dma32 allocstall_normal allocstall_movable pgskip_dma pgskip_dma32 pgskip_normal
            pgskip_movable pgfree pgactivate pgdeactivate pglazyfree pgfault pgmajfault pglazyfreed pgrefill pgsteal_kswapd pgsteal_direct
            pgscan_kswapd pgscan_direct pgscan_direct_throttle zone_reclaim_failed pginodesteal slabs_scanned kswapd_inodesteal
            kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly pageoutrun pgrotated drop_pagecache drop_slab oom_kill numa_pte_updates
            numa_huge_pte_updates numa_hint_faults numa_hint_faults_local numa_pages_migrated pgmigrate_success pgmigrate_fail
            compact_migrate_scanned compact_free_scanned compact_isolated compact_stall compact_fail compact_success compact_daemon_wake
            compact_daemon_migrate_scanned compact_daemon_free_scanned htlb_buddy_alloc_success htlb_buddy_alloc_fail unevictable_pgs_culled
            unevictable_pgs_scanned unevictable_pgs_rescued unevictable_pgs_mlocked unevictable_pgs_munlocked unevictable_pgs_cleared
            unevictable_pgs_stranded thp_fault_alloc thp_fault_fallback thp_collapse_alloc thp_collapse_alloc_failed thp_file_alloc
            thp_file_mapped thp_split_page thp_split_page_failed thp_deferred_split_page thp_split_pmd thp_split_pud thp_zero_page_alloc
            thp_zero_page_alloc_failed thp_swpout thp_swpout_fallback balloon_inflate balloon_deflate balloon_migrate swap_ra swap_ra_hit
            """.ReplaceLineEndings(" ")),
        Controllers = NameList.Of("cpuset cpu cpuacct blkio memory devices freezer net_cls perf_event net_prio hugetlb pids rdma"),
        StatusHasRssParts = true, StatusHasVmPmd = false, StatusHasUmask = true,
        CountsVmalloc = false, CountsNegativeDentries = false, PageTableLevels = 1, WideSwapColumns = false,
    };

    /// <summary>Zones have the LRU lists; taken from the 4.1 order as documented, not measured.</summary>
    internal static readonly ProcRules V4_1 = V4_15 with
    {
        MeminfoFields = V4_15.MeminfoFields.Without("ShmemHugePages ShmemPmdMapped"),
        VmstatFields = NameList.Of(
            """
            nr_free_pages nr_alloc_batch nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file nr_unevictable nr_mlock nr_anon_pages
            nr_mapped nr_file_pages nr_dirty nr_writeback nr_slab_reclaimable nr_slab_unreclaimable nr_page_table_pages nr_kernel_stack
            nr_unstable nr_bounce nr_vmscan_write nr_vmscan_immediate_reclaim nr_writeback_temp nr_isolated_anon nr_isolated_file nr_shmem
            nr_dirtied nr_written nr_pages_scanned numa_hit numa_miss numa_foreign numa_interleave numa_local numa_other workingset_refault
            workingset_activate workingset_nodereclaim nr_anon_transparent_hugepages nr_free_cma nr_dirty_threshold
            nr_dirty_background_threshold pgpgin pgpgout pswpin pswpout pgalloc_dma pgalloc_dma32 pgalloc_normal pgalloc_movable pgfree
            pgactivate pgdeactivate pgfault pgmajfault pgrefill_dma pgrefill_dma32 pgrefill_normal pgrefill_movable pgsteal_kswapd_dma
            pgsteal_kswapd_dma32 pgsteal_kswapd_normal pgsteal_kswapd_movable pgsteal_direct_dma pgsteal_direct_dma32 pgsteal_direct_normal
            pgsteal_direct_movable pgscan_kswapd_dma pgscan_kswapd_dma32 pgscan_kswapd_normal pgscan_kswapd_movable pgscan_direct_dma
            pgscan_direct_dma32 pgscan_direct_normal pgscan_direct_movable pgscan_direct_throttle zone_reclaim_failed pginodesteal
            slabs_scanned kswapd_inodesteal kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly pageoutrun allocstall pgrotated
            drop_pagecache drop_slab numa_pte_updates numa_huge_pte_updates numa_hint_faults numa_hint_faults_local numa_pages_migrated
            pgmigrate_success pgmigrate_fail compact_migrate_scanned compact_free_scanned compact_isolated compact_stall compact_fail
            compact_success htlb_buddy_alloc_success htlb_buddy_alloc_fail unevictable_pgs_culled unevictable_pgs_scanned
            unevictable_pgs_rescued unevictable_pgs_mlocked unevictable_pgs_munlocked unevictable_pgs_cleared unevictable_pgs_stranded
            thp_fault_alloc thp_fault_fallback thp_collapse_alloc thp_collapse_alloc_failed thp_split thp_zero_page_alloc
            thp_zero_page_alloc_failed balloon_inflate balloon_deflate balloon_migrate
            """.ReplaceLineEndings(" ")),
        ZoneinfoMarks = V4_15.ZoneinfoMarks.After("high", "scanned"),
        Controllers = V4_15.Controllers.Without("pids rdma"),
        StatusHasRssParts = false, StatusHasVmPmd = true, StatusHasUmask = false,
    };

    internal static readonly ProcRules V4_19 = V4_15 with
    {
        MeminfoFields = V4_15.MeminfoFields.After("VmallocChunk", "Percpu").After("Hugepagesize", "Hugetlb"),
    };

    internal static readonly ProcRules V5_3 = V4_19 with
    {
        MeminfoFields = V4_19.MeminfoFields.After("Shmem", "KReclaimable"),
        VmstatFields = V4_19.VmstatFields
            .After("nr_isolated_file", "workingset_nodes").After("workingset_activate", "workingset_restore")
            .After("nr_written", "nr_kernel_misc_reclaimable"),
        CountsVmalloc = true, CountsNegativeDentries = true,
    };

    internal static readonly ProcRules V5_4 = V5_3 with
    {
        MeminfoFields = V5_3.MeminfoFields.After("ShmemPmdMapped", "FileHugePages FilePmdMapped"),
        VmstatFields = V5_3.VmstatFields.After("nr_shmem_pmdmapped", "nr_file_hugepages nr_file_pmdmapped"),
    };

    internal static readonly ProcRules V5_10 = V5_4 with
    {
        MeminfoFields = V5_4.MeminfoFields.Without("HardwareCorrupted CmaTotal CmaFree"),
        VmstatFields = V5_4.VmstatFields
            .Without("nr_kernel_stack workingset_refault workingset_activate workingset_restore nr_unstable")
            .After("workingset_nodes", "workingset_refault_anon workingset_refault_file workingset_activate_anon")
            .After("workingset_activate_anon", "workingset_activate_file workingset_restore_anon workingset_restore_file")
            .After("nr_kernel_misc_reclaimable", "nr_foll_pin_acquired nr_foll_pin_released nr_kernel_stack")
            .After("pgrefill", "pgreuse").After("pgscan_direct_throttle", "pgscan_anon pgscan_file pgsteal_anon pgsteal_file")
            .After("pgmigrate_fail", "thp_migration_success thp_migration_fail thp_migration_split")
            .After("thp_fault_fallback", "thp_fault_fallback_charge").After("thp_file_alloc", "thp_file_fallback thp_file_fallback_charge")
            .And("nr_unstable"),
        PageTableLevels = 2, WideSwapColumns = true,
    };

    internal static readonly ProcRules V6_1 = V5_10 with
    {
        ZoneinfoMarks = NameList.Of("boost min low high spanned present managed cma"),
        MeminfoFields = V5_10.MeminfoFields.After("PageTables", "SecPageTables"),
        VmstatFields = V5_10.VmstatFields
            .Without("nr_page_table_pages").After("nr_written", "nr_throttled_written")
            .After("nr_kernel_stack", "nr_page_table_pages nr_sec_page_table_pages nr_swapcached pgpromote_success pgpromote_candidate")
            .After("pgalloc_movable", "pgalloc_device").After("allocstall_movable", "allocstall_device").After("pgskip_movable", "pgskip_device")
            .After("pgsteal_direct", "pgdemote_kswapd pgdemote_direct")
            .After("thp_split_pmd", "thp_scan_exceed_none_pte thp_scan_exceed_swap_pte thp_scan_exceed_share_pte")
            .After("swap_ra_hit", "ksm_swpin_copy cow_ksm direct_map_level2_splits direct_map_level3_splits"),
        Controllers = V5_10.Controllers.And("misc"),
    };

    internal static readonly ProcRules V6_12 = V6_1 with
    {
        ZoneinfoMarks = V6_1.ZoneinfoMarks.After("high", "promo"),
        MeminfoFields = V6_1.MeminfoFields.After("Percpu", "HardwareCorrupted").After("FilePmdMapped", "Unaccepted"),
        VmstatFields = V6_1.VmstatFields
            .Without("pgdemote_kswapd pgdemote_direct").After("nr_free_cma", "nr_unaccepted").After("nr_sec_page_table_pages", "nr_iommu_pages")
            .After("pgpromote_candidate", "pgdemote_kswapd pgdemote_direct pgdemote_khugepaged")
            .After("nr_dirty_background_threshold", "nr_memmap_pages nr_memmap_boot_pages").After("pgsteal_direct", "pgsteal_khugepaged")
            .After("pgscan_direct", "pgscan_khugepaged").After("pgsteal_file", "zone_reclaim_success")
            .After("thp_deferred_split_page", "thp_underused_split_page").After("swap_ra_hit", "swpin_zero swpout_zero"),
    };

    internal static readonly ProcRules V6_18 = V6_12 with
    {
        MeminfoFields = V6_12.MeminfoFields
            .Without("HardwareCorrupted Unaccepted").After("SwapFree", "Zswap Zswapped").After("FilePmdMapped", "Balloon"),
        VmstatFields = V6_12.VmstatFields
            .Without("nr_bounce nr_unaccepted nr_writeback_temp").After("nr_free_pages", "nr_free_pages_blocks")
            .After("pgpromote_candidate", "pgpromote_candidate_nrl")
            .After("pgdemote_khugepaged", "pgdemote_proactive nr_hugetlb nr_balloon_pages nr_kernel_file_pages")
            .After("pgsteal_khugepaged", "pgsteal_proactive").After("pgscan_khugepaged", "pgscan_proactive")
            .After("cow_ksm", "zswpin zswpout zswpwb").After("direct_map_level3_splits", "direct_map_level2_collapses direct_map_level3_collapses"),
        Controllers = V6_12.Controllers.Without("rdma misc"), // only those usable on v1 are listed (§11.6)
        PageTableLevels = 3,
    };
}
