using Ullage.Abi;

namespace Ullage.Model.Eras;

/// <summary>
/// Cgroup files per era (§11.2, §11.3), as the kernel that was measured for the era was built: 6.18 has zswap, 6.1 and 6.12 do not.
/// Pressure files come with PSI.
/// </summary>
internal static class EraCgroupFiles
{
    internal static readonly CgroupRules V4_1 = new()
    {
        V1Files = NameList.Of(
            """
            memory.usage_in_bytes memory.max_usage_in_bytes memory.limit_in_bytes memory.soft_limit_in_bytes memory.failcnt memory.stat
            memory.force_empty memory.use_hierarchy cgroup.event_control memory.swappiness memory.move_charge_at_immigrate memory.oom_control
            memory.pressure_level memory.numa_stat memory.kmem.limit_in_bytes memory.kmem.usage_in_bytes memory.kmem.failcnt
            memory.kmem.max_usage_in_bytes memory.kmem.slabinfo memory.kmem.tcp.limit_in_bytes memory.kmem.tcp.usage_in_bytes
            memory.kmem.tcp.failcnt memory.kmem.tcp.max_usage_in_bytes memory.memsw.usage_in_bytes memory.memsw.max_usage_in_bytes
            memory.memsw.limit_in_bytes memory.memsw.failcnt
            """.ReplaceLineEndings(" ")),
        V1StatFields = NameList.Of("cache rss rss_huge mapped_file writeback swap"),
        V2Files = NameList.Of("memory.current memory.low memory.high memory.max memory.events"),
        V2RootFiles = NameList.Of("memory.current"),
        V2CoreFiles = NameList.Of("cgroup.procs cgroup.controllers cgroup.subtree_control cgroup.populated"),
        V1CpusetFiles = NameList.Of("cpuset.cpus cpuset.mems cpuset.effective_cpus cpuset.effective_mems cpuset.cpu_exclusive cpuset.mem_exclusive cpuset.mem_hardwall"),
        V2CpusetFiles = [],
        V2Controllers = NameList.Of("blkio memory"),
        EventFields = NameList.Of("low high max oom"),
        SwapEventFields = [],
        V2StatFields = [],
        IdsExhausted = Errno.ENOSPC, SwappinessMax = 100, V1SwappinessMax = 100, ChargeMovingGone = false,
        LimitWriteCountsRounds = true, SwapMaxIsStrict = false, EmptyWriteIsNothing = false,
        CpusetChildrenLimitParents = true, ForceEmptyWaits = true, PeakCanBeReset = false, ReclaimSyntax = ReclaimSyntax.Size, StatCountsSubsystems = false,
    };

    internal static readonly CgroupRules V4_15 = V4_1 with
    {
        V1StatFields = NameList.Of("cache rss rss_huge shmem mapped_file dirty writeback swap"),
        V2Files = V4_1.V2Files.And("memory.stat memory.swap.current memory.swap.max"),
        V2RootFiles = [],
        V2CoreFiles = NameList.Of(
            """
            cgroup.type cgroup.procs cgroup.threads cgroup.controllers cgroup.subtree_control cgroup.events cgroup.max.descendants
            cgroup.max.depth cgroup.stat
            """.ReplaceLineEndings(" ")),
        V2Controllers = NameList.Of("cpu io memory pids rdma"),
        EventFields = V4_1.EventFields.And("oom_kill"),
        V2StatFields = NameList.Of(
            """
            anon file kernel_stack slab sock shmem file_mapped file_dirty file_writeback inactive_anon active_anon inactive_file active_file
            unevictable slab_reclaimable slab_unreclaimable pgfault pgmajfault pgrefill pgscan pgsteal pgactivate pgdeactivate pglazyfree
            pglazyfreed workingset_refault workingset_activate workingset_nodereclaim
            """.ReplaceLineEndings(" ")),
        IdsExhausted = Errno.ENOMEM, SwapMaxIsStrict = true, // §0.3, §2.9
    };

    internal static readonly CgroupRules V4_19 = V4_15 with
    {
        V2Files = V4_15.V2Files.And("memory.min memory.oom.group memory.swap.events"),
        SwapEventFields = NameList.Of("max fail"),
        LimitWriteCountsRounds = false, SwapMaxIsStrict = false, // §2.9
    };

    internal static readonly CgroupRules V5_3 = V4_19 with
    {
        V2Files = V4_19.V2Files.And("memory.events.local"),
        V2CoreFiles = V4_19.V2CoreFiles.And("cgroup.freeze"), // 5.2
        V2CpusetFiles = NameList.Of("cpuset.cpus cpuset.mems cpuset.cpus.effective cpuset.mems.effective"),
        V2Controllers = NameList.Of("cpuset cpu io memory pids rdma"),
        V2StatFields = NameList.Of(
            """
            anon file kernel_stack slab sock shmem file_mapped file_dirty file_writeback anon_thp inactive_anon active_anon inactive_file
            active_file unevictable slab_reclaimable slab_unreclaimable pgfault pgmajfault workingset_refault workingset_activate
            workingset_nodereclaim pgrefill pgscan pgsteal pgactivate pgdeactivate pglazyfree pglazyfreed thp_fault_alloc thp_collapse_alloc
            """.ReplaceLineEndings(" ")),
    };

    internal static readonly CgroupRules V5_4 = V5_3;

    internal static readonly CgroupRules V5_10 = V5_4 with
    {
        V2Files = V5_4.V2Files.And("memory.numa_stat memory.swap.high"),
        V2RootFiles = NameList.Of("memory.stat memory.numa_stat"),
        V2Controllers = NameList.Of("cpuset cpu io memory hugetlb pids rdma"),
        SwapEventFields = NameList.Of("high max fail"),
        V2StatFields = NameList.Of(
            """
            anon file kernel_stack percpu sock shmem file_mapped file_dirty file_writeback anon_thp inactive_anon active_anon inactive_file
            active_file unevictable slab_reclaimable slab_unreclaimable slab workingset_refault_anon workingset_refault_file
            workingset_activate_anon workingset_activate_file workingset_restore_anon workingset_restore_file workingset_nodereclaim pgfault
            pgmajfault pgrefill pgscan pgsteal pgactivate pgdeactivate pglazyfree pglazyfreed thp_fault_alloc thp_collapse_alloc
            """.ReplaceLineEndings(" ")),
        SwappinessMax = 200, // measured on 5.10: v1 memory.swappiness still ends at 100
        EmptyWriteIsNothing = true, // measured, E14
    };

    internal static readonly CgroupRules V6_1 = V5_10 with
    {
        V1StatFields = V5_10.V1StatFields.After("writeback", "workingset_refault_anon workingset_refault_file"),
        V2Files = V5_10.V2Files.And("memory.peak memory.reclaim"),
        V2RootFiles = V5_10.V2RootFiles.And("memory.reclaim"),
        V2CoreFiles = V5_10.V2CoreFiles.And("cgroup.kill"),
        V2Controllers = V5_10.V2Controllers.And("misc"),
        EventFields = V5_10.EventFields.And("oom_group_kill"),
        V2StatFields = NameList.Of(
            """
            anon file kernel kernel_stack pagetables sec_pagetables percpu sock vmalloc shmem file_mapped file_dirty file_writeback swapcached
            anon_thp file_thp shmem_thp inactive_anon active_anon inactive_file active_file unevictable slab_reclaimable slab_unreclaimable
            slab workingset_refault_anon workingset_refault_file workingset_activate_anon workingset_activate_file workingset_restore_anon
            workingset_restore_file workingset_nodereclaim pgscan pgsteal pgscan_kswapd pgscan_direct pgsteal_kswapd pgsteal_direct pgfault
            pgmajfault pgrefill pgactivate pgdeactivate pglazyfree pglazyfreed thp_fault_alloc thp_collapse_alloc
            """.ReplaceLineEndings(" ")),
        V1SwappinessMax = 200, ForceEmptyWaits = false, CpusetChildrenLimitParents = false, // §11.2
    };

    internal static readonly CgroupRules V6_12 = V6_1 with
    {
        V1StatFields = V6_1.V1StatFields.After("swap", "swapcached"),
        V2Files = V6_1.V2Files.And("memory.swap.peak"),
        V2StatFields = V6_1.V2StatFields
            .After("workingset_nodereclaim", "pgdemote_kswapd pgdemote_direct pgdemote_khugepaged pgpromote_success")
            .After("pgscan_direct", "pgscan_khugepaged").After("pgsteal_direct", "pgsteal_khugepaged")
            .After("pglazyfreed", "swpin_zero swpout_zero")
            .And("thp_swpout thp_swpout_fallback numa_pages_migrated numa_pte_updates numa_hint_faults"),
        PeakCanBeReset = true, ReclaimSyntax = ReclaimSyntax.SizeAndSwappiness, StatCountsSubsystems = true,
    };

    internal static readonly CgroupRules V6_18 = V6_12 with
    {
        V2Files = V6_12.V2Files.And("memory.zswap.current memory.zswap.max memory.zswap.writeback"),
        V2Controllers = V6_12.V2Controllers.And("dmem"),
        V2StatFields = V6_12.V2StatFields
            .After("shmem", "zswap zswapped").After("slab", "hugetlb").After("pgdemote_khugepaged", "pgdemote_proactive")
            .After("pgsteal", "pswpin pswpout").After("pgscan_khugepaged", "pgscan_proactive").After("pgsteal_khugepaged", "pgsteal_proactive")
            .After("swpout_zero", "zswpin zswpout zswpwb"),
        ChargeMovingGone = true, ReclaimSyntax = ReclaimSyntax.SizeAndSwappinessOrMax,
    };
}
