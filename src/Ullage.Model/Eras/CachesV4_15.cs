namespace Ullage.Model.Eras;

/// <summary>The slab caches of a booted 4.15 kernel in the order of /proc/slabinfo, newest first; measured.</summary>
internal static class CachesV4_15
{
    internal static readonly CacheTable Table = CacheTable.Parse(
        """
            ext4_groupinfo_4k:144:r RAWv6:1152 UDPv6:1216 tw_sock_TCPv6:240 request_sock_TCPv6:304 TCPv6:2176 kcopyd_job:3312 dm_uevent:2632
            cfq_io_cq:120 cfq_queue:240 bsg_cmd:216 mqueue_inode_cache:960:ar fuse_request:400 fuse_inode:832:ar ecryptfs_inode_cache:1024:ar
            ecryptfs_auth_tok_list_item:832 fat_inode_cache:744:ar fat_cache:40 squashfs_inode_cache:704:ar jbd2_journal_head:120
            jbd2_revoke_table_s:16:r ext4_inode_cache:1088:ar ext4_allocation_context:128:r ext4_io_end:64 ext4_extent_status:40:r mbcache:56:r
            fscrypt_info:32 fscrypt_ctx:48 userfaultfd_ctx_cache:192 dio:640 pid_namespace:208 posix_timers_cache:232 ip4-frags:176 xfrm_dst_cache:448
            RAW:960 tw_sock_TCP:240 request_sock_TCP:304 TCP:2048 hugetlbfs_inode_cache:624:ar dquot:256 eventpoll_pwq:72:a eventpoll_epi:128:a
            dax_cache:768 request_queue:2128 dmaengine-unmap-256:2112 dmaengine-unmap-128:1088 sock_inode_cache:704:ar file_lock_cache:200
            net_namespace:6080 taskstats:328 proc_inode_cache:680:ar sigqueue:160 bdev_cache:832:ar shmem_inode_cache:712:ar kernfs_node_cache:136
            mnt_cache:384 filp:256:a inode_cache:608:ar dentry:192:ar iint_cache:80 lsm_file_cache:24 buffer_head:104:r nsproxy:56 vm_area_struct:208:a
            mm_struct:2112:a files_cache:704:a signal_cache:1024:a sighand_cache:2112:a task_struct:7808:a cred_jar:192:a anon_vma:88:a pid:64:a
            Acpi-Operand:72 Acpi-ParseExt:104 Acpi-State:80 Acpi-Namespace:40 numa_policy:264 trace_event_file:88 ftrace_event_field:48
            radix_tree_node:584:r task_group:576 dma-kmalloc-8192:8192 dma-kmalloc-4096:4096 dma-kmalloc-2048:2048 dma-kmalloc-1024:1024
            dma-kmalloc-512:512 dma-kmalloc-256:256 dma-kmalloc-128:128 dma-kmalloc-64:64 dma-kmalloc-32:32 dma-kmalloc-16:16 dma-kmalloc-8:8
            dma-kmalloc-192:192 dma-kmalloc-96:96 kmalloc-8192:8192 kmalloc-4096:4096 kmalloc-2048:2048 kmalloc-1024:1024 kmalloc-512:512
            kmalloc-256:256 kmalloc-192:192 kmalloc-128:128 kmalloc-96:96 kmalloc-64:64 kmalloc-32:32 kmalloc-16:16 kmalloc-8:8 kmem_cache_node:64
            kmem_cache:384
            anon_vma_chain=pid fs_cache=pid
        """);
}
