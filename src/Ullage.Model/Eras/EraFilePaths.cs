namespace Ullage.Model.Eras;

/// <summary>
/// Call paths to pages of files per era. Measured: readahead in order of 4.15, 5.4, 5.10 and 6.12, random reads and mappings of 5.4, 5.10 and 6.12; an article's
/// traces of 5.4 have the page allocator's in faults, and kswapd's. Those of write(2), and all of 4.1, 4.19, 5.3, 6.1 and 6.18, are the usual callers, not checked
/// against a build.
/// </summary>
internal static class EraFilePaths
{
    private static readonly IReadOnlyList<string> Entry = ["do_syscall_64", "entry_SYSCALL_64_after_hwframe"];

    private static readonly IReadOnlyList<string> OldAdd = ["mem_cgroup_try_charge", "__add_to_page_cache_locked", "add_to_page_cache_lru"];

    private static readonly IReadOnlyList<string> OldSubmit = ["submit_bio", "ext4_mpage_readpages"];

    internal static readonly FilePaths V4_1 = new()
    {
        Charge = [.. OldAdd, "mpage_readpages", "ext4_readpages"],
        ChargeAlone = OldAdd,
        TreeNode = ["__radix_tree_preload", "radix_tree_maybe_preload", "__add_to_page_cache_locked", "add_to_page_cache_lru", "mpage_readpages", "ext4_readpages"],
        Allocate = ["alloc_pages_current", "__page_cache_alloc"],
        Submit = ["submit_bio", "mpage_readpages", "ext4_readpages"],
        SubmitAlone = ["submit_bio", "mpage_readpage", "ext4_readpage"],
        Sync = ["__do_page_cache_readahead", "ondemand_readahead", "page_cache_sync_readahead"],
        Async = ["__do_page_cache_readahead", "ondemand_readahead", "page_cache_async_readahead"],
        Forced = ["__do_page_cache_readahead", "force_page_cache_readahead", "page_cache_sync_readahead"],
        Around = ["__do_page_cache_readahead", "ra_submit"],
        FaultAlone = ["page_cache_read"],
        WaitInRead = ["wait_on_page_bit_killable"], WaitInFault = ["__lock_page_or_retry"],
        Read = ["generic_file_read_iter", "new_sync_read", "__vfs_read", "vfs_read", "SyS_pread64", "system_call_fastpath"],
        Write =
        [
            "pagecache_get_page", "grab_cache_page_write_begin", "ext4_da_write_begin", "generic_perform_write", "__generic_file_write_iter", "ext4_file_write_iter",
            "new_sync_write", "__vfs_write", "vfs_write", "SyS_write", "system_call_fastpath",
        ],
        Fault = ["filemap_fault", "__do_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"],
        Kswapd = ["balance_pgdat", "kswapd", "kthread", "ret_from_fork"],
    };

    private static readonly IReadOnlyList<string> AddInReadahead = [.. OldAdd, "ext4_mpage_readpages", "ext4_readpages"];

    internal static readonly FilePaths V4_15 = V4_1 with
    {
        Charge = AddInReadahead,
        TreeNode = ["radix_tree_node_alloc.constprop.19", "__radix_tree_create", "page_cache_tree_insert", .. After(AddInReadahead, 1)],
        Submit = [.. OldSubmit, "ext4_readpages"], SubmitAlone = [.. OldSubmit, "ext4_readpage"],
        Around = ["__do_page_cache_readahead"],
        Read = ["generic_file_read_iter", "ext4_file_read_iter", "new_sync_read", "__vfs_read", "vfs_read", "sys_pread64", .. Entry],
        Write =
        [
            "pagecache_get_page", "grab_cache_page_write_begin", "ext4_da_write_begin", "generic_perform_write", "__generic_file_write_iter", "ext4_file_write_iter",
            "new_sync_write", "__vfs_write", "vfs_write", "sys_write", .. Entry,
        ],
        Fault = ["filemap_fault", "ext4_filemap_fault", "__do_fault", "handle_pte_fault", "__handle_mm_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"],
    };

    internal static readonly FilePaths V4_19 = V4_15 with
    {
        Charge = [.. AddInReadahead, "read_pages"],
        TreeNode = ["radix_tree_node_alloc.constprop.0", "__radix_tree_create", "page_cache_tree_insert", .. After(AddInReadahead, 1), "read_pages"],
        Submit = [.. OldSubmit, "ext4_readpages", "read_pages"],
        FaultAlone = ["pagecache_get_page"],
        Read =
        [
            "generic_file_buffered_read", "generic_file_read_iter", "ext4_file_read_iter", "new_sync_read", "__vfs_read", "vfs_read", "ksys_pread64", "__x64_sys_pread64", .. Entry,
        ],
        Write =
        [
            "pagecache_get_page", "grab_cache_page_write_begin", "ext4_da_write_begin", "generic_perform_write", "__generic_file_write_iter", "ext4_file_write_iter",
            "new_sync_write", "__vfs_write", "vfs_write", "ksys_write", "__x64_sys_write", .. Entry,
        ],
        Fault =
        [
            "filemap_fault", "ext4_filemap_fault", "__do_fault", "do_fault", "__handle_mm_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault",
        ],
        WaitInRead = [], WaitInFault = ["__lock_page_or_retry"], // folded into the read's own function
    };

    internal static readonly FilePaths V5_3 = V4_19 with
    {
        TreeNode = ["xas_alloc", "xas_create", "xas_store", .. After(AddInReadahead, 1), "read_pages"],
        Fault =
        [
            "filemap_fault", "ext4_filemap_fault", "__do_fault", "do_fault", "__handle_mm_fault", "handle_mm_fault", "do_user_addr_fault", "__do_page_fault", "do_page_fault",
            "page_fault",
        ],
    };

    private static readonly IReadOnlyList<string> Add5_10 = ["mem_cgroup_charge", "__add_to_page_cache_locked", "add_to_page_cache_lru"];

    internal static readonly FilePaths V5_10 = V5_3 with
    {
        Charge = Add5_10, ChargeAlone = Add5_10,
        TreeNode = ["xas_alloc", "xas_create", "xas_store", .. After(Add5_10, 1)],
        Allocate = [],
        Submit = [.. OldSubmit, "read_pages"], SubmitAlone = [.. OldSubmit, "ext4_readpage"],
        Sync = ["page_cache_ra_unbounded"], Async = ["page_cache_ra_unbounded"], Around = ["page_cache_ra_unbounded"],
        Forced = ["page_cache_ra_unbounded", "force_page_cache_ra"],
        WaitInRead = ["wait_on_page_bit_common"], WaitInFault = ["wait_on_page_bit_common"],
        Read = ["generic_file_buffered_read", "new_sync_read", "vfs_read", "__x64_sys_pread64", .. Entry],
        Write =
        [
            "pagecache_get_page", "grab_cache_page_write_begin", "ext4_da_write_begin", "generic_perform_write", "ext4_buffered_write_iter", "new_sync_write", "vfs_write",
            "ksys_write", .. Entry,
        ],
        Fault = ["filemap_fault", "ext4_filemap_fault", "__do_fault", "handle_mm_fault", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault"],
    };

    internal static readonly FilePaths V6_1 = V5_10 with
    {
        Charge = ["__mem_cgroup_charge", "filemap_add_folio"], ChargeAlone = ["__mem_cgroup_charge", "filemap_add_folio"],
        TreeNode = ["xas_alloc", "xas_create", "xas_store", "__filemap_add_folio", "filemap_add_folio"],
        Allocate = ["folio_alloc"],
        SubmitAlone = [.. OldSubmit, "filemap_read_folio"],
        FaultAlone = ["__filemap_get_folio"],
        WaitInRead = ["folio_wait_bit_common"], WaitInFault = ["folio_wait_bit_common"],
        Read = ["filemap_get_pages", "filemap_read", "vfs_read", "__x64_sys_pread64", .. Entry],
        Write = ["__filemap_get_folio", "pagecache_get_page", "ext4_da_write_begin", "generic_perform_write", "ext4_buffered_write_iter", "vfs_write", "ksys_write", .. Entry],
        Fault = ["filemap_fault", "__do_fault", "do_fault", "__handle_mm_fault", "handle_mm_fault", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault"],
    };

    internal static readonly FilePaths V6_12 = V6_1 with
    {
        Allocate = ["alloc_pages_mpol_noprof", "folio_alloc_noprof"],
        Submit = ["read_pages"],
        Write = ["__filemap_get_folio", "ext4_da_write_begin", "generic_perform_write", "ext4_buffered_write_iter", "vfs_write", "ksys_write", .. Entry],
        Kswapd = ["balance_pgdat", "kswapd", "kthread", "ret_from_fork", "ret_from_fork_asm"],
    };

    private static List<string> After(IReadOnlyList<string> frames, int count)
    {
        List<string> rest = [.. frames];
        rest.RemoveRange(0, count);
        return rest;
    }
}
