namespace Ullage.Model.Eras;

/// <summary>The slab caches of a booted 6.1 kernel in the order of /proc/slabinfo, newest first; measured.</summary>
internal static class CachesV6_1
{
    internal static readonly CacheTable Table = CacheTable.Parse(
        """
            ext4_groupinfo_4k:184:r bio-128:192 fsverity_info:256 fscrypt_info:128 MPTCPv6:2112 request_sock_subflow_v6:384 ip6-frags:184 PINGv6:1216
            RAWv6:1216 UDPv6:1344 tw_sock_TCPv6:272 request_sock_TCPv6:312 TCPv6:2432 mqueue_inode_cache:960:ar jbd2_journal_head:120
            jbd2_revoke_table_s:16:r ext4_fc_dentry_update:96 ext4_inode_cache:1192:ar ext4_allocation_context:136:r ext4_system_zone:40 ext4_io_end:64
            ext4_pending_reservation:32:r ext4_extent_status:40:r mbcache:56:r kioctx:576 userfaultfd_ctx_cache:192 dnotify_struct:32
            pid_namespace:136:a ip4-frags:200 MPTCP:1920 request_sock_subflow_v4:384 xfrm_dst_cache:320 xfrm_state:768 ip_fib_trie:48 ip_fib_alias:56
            PING:1024 RAW:1024 tw_sock_TCP:272 request_sock_TCP:312 TCP:2304 hugetlbfs_inode_cache:664:ar dquot:256 bio-256:320 ep_head:16:a
            dax_cache:832 request_queue_srcu:1328 request_queue:936 bio-192:256 biovec-max:4096 biovec-128:2048 biovec-64:1024 khugepaged_mm_slot:112
            user_namespace:624:a sock_inode_cache:832:ar skbuff_ext_cache:192 skbuff_fclone_cache:512 skbuff_head_cache:256 file_lock_cache:216:a
            buffer_head:104:r taskstats:416 proc_dir_entry:192 pde_opener:40 proc_inode_cache:712:ar seq_file:120:a sigqueue:80:a bdev_cache:1600:ar
            shmem_inode_cache:784:ar kernfs_iattrs_cache:88 kernfs_node_cache:128 mnt_cache:320 filp:256:a inode_cache:640:ar dentry:192:ar
            names_cache:4096 net_namespace:4224 iint_cache:128 lsm_inode_cache:32 lsm_file_cache:24 uts_namespace:432:a nsproxy:72:a
            vm_area_struct:152:a files_cache:704:a signal_cache:1152:a sighand_cache:2112:a task_struct:8384:a cred_jar:192:a anon_vma_chain:64:a
            anon_vma:104:a pid:128:a Acpi-Operand:72 Acpi-State:80 shared_policy_node:48:a numa_policy:272 perf_event:1248 trace_event_file:96
            ftrace_event_field:56 maple_node:256 radix_tree_node:584:r task_group:640 mm_struct:1152:a vmap_area:64 dma-kmalloc-8k:8192
            dma-kmalloc-4k:4096 dma-kmalloc-2k:2048 dma-kmalloc-1k:1024 dma-kmalloc-512:512 dma-kmalloc-256:256 dma-kmalloc-192:192 dma-kmalloc-128:128
            dma-kmalloc-96:96 dma-kmalloc-64:64 dma-kmalloc-32:32 dma-kmalloc-16:16 dma-kmalloc-8:8 kmalloc-rcl-8k:8192:r kmalloc-rcl-4k:4096:r
            kmalloc-rcl-2k:2048:r kmalloc-rcl-1k:1024:r kmalloc-rcl-512:512:r kmalloc-rcl-256:256:r kmalloc-rcl-192:192:r kmalloc-rcl-128:128:r
            kmalloc-rcl-96:96:r kmalloc-rcl-64:64:r kmalloc-rcl-32:32:r kmalloc-rcl-16:16:r kmalloc-rcl-8:8:r kmalloc-cg-8k:8192:a kmalloc-cg-4k:4096:a
            kmalloc-cg-2k:2048:a kmalloc-cg-1k:1024:a kmalloc-cg-512:512:a kmalloc-cg-256:256:a kmalloc-cg-192:192:a kmalloc-cg-128:128:a
            kmalloc-cg-96:96:a kmalloc-cg-64:64:a kmalloc-cg-32:32:a kmalloc-cg-16:16:a kmalloc-cg-8:8:a kmalloc-8k:8192 kmalloc-4k:4096 kmalloc-2k:2048
            kmalloc-1k:1024 kmalloc-512:512 kmalloc-256:256 kmalloc-192:192 kmalloc-128:128 kmalloc-96:96 kmalloc-64:64 kmalloc-32:32 kmalloc-16:16
            kmalloc-8:8 kmem_cache_node:64 kmem_cache:256
            fs_cache=anon_vma_chain
        """);
}
