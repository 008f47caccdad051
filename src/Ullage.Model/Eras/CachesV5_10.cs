namespace Ullage.Model.Eras;

/// <summary>The slab caches of a booted 5.10 kernel in the order of /proc/slabinfo, newest first; measured.</summary>
internal static class CachesV5_10
{
    internal static readonly CacheTable Table = CacheTable.Parse(
        """
            ext4_groupinfo_4k:144:r fsverity_info:256 ip6-frags:184 PINGv6:1216 RAWv6:1216 UDPv6:1344 tw_sock_TCPv6:248 request_sock_TCPv6:304
            TCPv6:2432 mqueue_inode_cache:960:ar jbd2_journal_head:120 jbd2_revoke_table_s:16:r ext4_fc_dentry_update:80 ext4_inode_cache:1184:ar
            ext4_allocation_context:128:r ext4_system_zone:40 ext4_io_end:64 ext4_pending_reservation:32:r ext4_extent_status:40:r mbcache:56:r
            userfaultfd_ctx_cache:192 dnotify_struct:32 dio:640 pid_namespace:144 ip4-frags:200 xfrm_state:768 PING:1024 RAW:1024 tw_sock_TCP:248
            request_sock_TCP:304 TCP:2240 hugetlbfs_inode_cache:632:ar dquot:256 eventpoll_pwq:72:a dax_cache:768 request_queue:2024 biovec-max:4096
            biovec-128:2048 biovec-64:1024 khugepaged_mm_slot:112 user_namespace:552 sock_inode_cache:832:ar skbuff_ext_cache:192
            skbuff_fclone_cache:512 skbuff_head_cache:256 file_lock_cache:216 fsnotify_mark_connector:32 net_namespace:4544 task_delay_info:80
            taskstats:352 proc_dir_entry:192 pde_opener:40 proc_inode_cache:680:ar seq_file:120 bdev_cache:832:ar shmem_inode_cache:720:ar
            kernfs_iattrs_cache:88 kernfs_node_cache:128 mnt_cache:320 filp:256:a inode_cache:608:ar dentry:192:ar names_cache:4096 lsm_file_cache:24
            buffer_head:104:r uts_namespace:440 vm_area_struct:200:a files_cache:704:a signal_cache:1152:a sighand_cache:2112:a task_struct:8000:a
            cred_jar:192:a anon_vma_chain:64:a anon_vma:104:a pid:128:a Acpi-Operand:72 Acpi-Parse:56 Acpi-State:80 numa_policy:264 trace_event_file:96
            ftrace_event_field:48 pool_workqueue:256 radix_tree_node:584:r task_group:576 mm_struct:1088:a vmap_area:64 dma-kmalloc-8k:8192
            dma-kmalloc-4k:4096 dma-kmalloc-2k:2048 dma-kmalloc-1k:1024 dma-kmalloc-512:512 dma-kmalloc-256:256 dma-kmalloc-128:128 dma-kmalloc-64:64
            dma-kmalloc-32:32 dma-kmalloc-16:16 dma-kmalloc-8:8 dma-kmalloc-192:192 dma-kmalloc-96:96 kmalloc-rcl-8k:8192:r kmalloc-rcl-4k:4096:r
            kmalloc-rcl-2k:2048:r kmalloc-rcl-1k:1024:r kmalloc-rcl-512:512:r kmalloc-rcl-256:256:r kmalloc-rcl-192:192:r kmalloc-rcl-128:128:r
            kmalloc-rcl-96:96:r kmalloc-rcl-64:64:r kmalloc-rcl-32:32:r kmalloc-rcl-16:16:r kmalloc-rcl-8:8:r kmalloc-8k:8192 kmalloc-4k:4096
            kmalloc-2k:2048 kmalloc-1k:1024 kmalloc-512:512 kmalloc-256:256 kmalloc-192:192 kmalloc-128:128 kmalloc-96:96 kmalloc-64:64 kmalloc-32:32
            kmalloc-16:16 kmalloc-8:8 kmem_cache_node:64 kmem_cache:256
            fs_cache=anon_vma_chain
        """);
}
