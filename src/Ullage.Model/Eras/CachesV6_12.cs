namespace Ullage.Model.Eras;

/// <summary>The slab caches of a booted 6.12 kernel in the order of /proc/slabinfo, newest first; measured.</summary>
internal static class CachesV6_12
{
    internal static readonly CacheTable Table = CacheTable.Parse(
        """
            ext4_groupinfo_4k:152:r bio-128:192 fsverity_info:264 fscrypt_inode_info:120 MPTCPv6:2176 request_sock_subflow_v6:384 ip6-frags:184
            PINGv6:1216 RAWv6:1216 UDPv6:1344 tw_sock_TCPv6:256 request_sock_TCPv6:312 TCPv6:2624 io_kiocb:256 bio-256:320 mqueue_inode_cache:960:ar
            fuse_request:152 fuse_inode:896:ar jbd2_journal_head:120 jbd2_revoke_table_s:16:r ext4_inode_cache:1168:ar ext4_allocation_context:168:r
            ext4_prealloc_space:112:r ext4_io_end_vec:32 ext4_io_end:64 bio_post_read_ctx:48 pending_reservation:32:r extent_status:40:r
            mb_cache_entry:56:r kioctx:576 userfaultfd_ctx_cache:192 dnotify_struct:32 posix_timers_cache:256:a ip4-frags:200 MPTCP:1984
            request_sock_subflow_v4:384 xfrm_dst:320 xfrm_state:832 ip_fib_trie:48 ip_fib_alias:56 PING:1024 RAW:1024 tw_sock_TCP:256
            request_sock_TCP:312 TCP:2432 hugetlbfs_inode_cache:640:ar dquot:256 bio-248:256 ep_head:16:a dax_cache:832 request_queue:968 bio-192:256
            biovec-max:4096 biovec-128:2048 msg_msg-8k:8192:a msg_msg-4k:4096:a msg_msg-2k:2048:a msg_msg-1k:1024:a msg_msg-512:512:a msg_msg-256:256:a
            msg_msg-128:128:a msg_msg-64:64:a msg_msg-32:32:a msg_msg-16:16:a msg_msg-8:8:a msg_msg-192:192:a msg_msg-96:96:a memdup_user-8k:8192
            memdup_user-4k:4096 memdup_user-2k:2048 memdup_user-1k:1024 memdup_user-512:512 memdup_user-256:256 memdup_user-128:128 memdup_user-64:64
            memdup_user-32:32 memdup_user-16:16 memdup_user-8:8 memdup_user-192:192 memdup_user-96:96 user_namespace:616:a uid_cache:128
            iommu_iova_magazine:1024 iommu_iova:64 sock_inode_cache:832:ar skbuff_small_head:640 skbuff_head_cache:256 tracefs_inode_cache:664:a
            file_lease_cache:160:a file_lock_cache:192:a fsnotify_mark_connector:24 buffer_head:104:r task_delay_info:144:a taskstats:432
            proc_dir_entry:192 proc_inode_cache:704:ar seq_file:120:a sigqueue:80:a bdev_cache:1600:ar shmem_inode_cache:760:ar kernfs_node_cache:136
            mnt_cache:384 filp:192:a inode_cache:632:ar dentry:192:ar names_cache:4096 net_namespace:4480 ima_iint_cache:104 lsm_inode_cache:88
            lsm_file_cache:40 uts_namespace:432:a nsproxy:72:a vma_lock:40:a vm_area_struct:176:a files_cache:704:a signal_cache:1152:a
            sighand_cache:2112:a task_struct:8448:a cred:192:a anon_vma_chain:64:a anon_vma:104:a pid:128:a Acpi-State:80 shared_policy_node:48:a
            numa_policy:272 perf_event:1312 trace_event_file:96 ftrace_event_field:56 pool_workqueue:512 maple_node:256 radix_tree_node:584:r
            task_group:640 mm_struct:1408:a vmap_area:72 kmalloc_buckets:112 kmalloc-cg-8k:8192:a kmalloc-cg-4k:4096:a kmalloc-cg-2k:2048:a
            kmalloc-cg-1k:1024:a kmalloc-cg-512:512:a kmalloc-cg-256:256:a kmalloc-cg-128:128:a kmalloc-cg-64:64:a kmalloc-cg-32:32:a kmalloc-cg-16:16:a
            kmalloc-cg-8:8:a kmalloc-cg-192:192:a kmalloc-cg-96:96:a dma-kmalloc-8k:8192 dma-kmalloc-4k:4096 dma-kmalloc-2k:2048 dma-kmalloc-1k:1024
            dma-kmalloc-512:512 dma-kmalloc-256:256 dma-kmalloc-128:128 dma-kmalloc-64:64 dma-kmalloc-32:32 dma-kmalloc-16:16 dma-kmalloc-8:8
            dma-kmalloc-192:192 dma-kmalloc-96:96 kmalloc-rcl-8k:8192:r kmalloc-rcl-4k:4096:r kmalloc-rcl-2k:2048:r kmalloc-rcl-1k:1024:r
            kmalloc-rcl-512:512:r kmalloc-rcl-256:256:r kmalloc-rcl-128:128:r kmalloc-rcl-64:64:r kmalloc-rcl-32:32:r kmalloc-rcl-16:16:r
            kmalloc-rcl-8:8:r kmalloc-rcl-192:192:r kmalloc-rcl-96:96:r kmalloc-8k:8192 kmalloc-4k:4096 kmalloc-2k:2048 kmalloc-1k:1024 kmalloc-512:512
            kmalloc-256:256 kmalloc-128:128 kmalloc-64:64 kmalloc-32:32 kmalloc-16:16 kmalloc-8:8 kmalloc-192:192 kmalloc-96:96 kmem_cache_node:64
            kmem_cache:256
            fs_cache=anon_vma_chain cred_jar=cred
        """);
}
