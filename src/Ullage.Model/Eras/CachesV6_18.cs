namespace Ullage.Model.Eras;

/// <summary>The slab caches of a booted 6.18 kernel in the order of /proc/slabinfo, newest first; measured.</summary>
internal static class CachesV6_18
{
    internal static readonly CacheTable Table = CacheTable.Parse(
        """
            btrfs_delayed_node:312 btrfs_ordered_extent:416 bio-312:320 bio-376:384 btrfs_extent_buffer:240 btrfs_free_space:104 bio-392:448
            btrfs_inode:1016:ar bio-448:512 fscrypt_inode_info:120 AF_VSOCK:1280 MPTCPv6:2112 request_sock_subflow_v6:392 RAWv6:1344 UDPv6:1472
            tw_sock_TCPv6:256 request_sock_TCPv6:320 TCPv6:2496 xt_hashlimit:120 nf_conntrack:256 bio-120:128 io_kiocb:256 bfq_io_cq:1232 bio-248:256
            mqueue_inode_cache:960:ar erofs_pcluster-257:4232 erofs_pcluster-128:2168 erofs_pcluster-64:1144 erofs_pcluster-16:376 erofs_pcluster-4:184
            erofs_pcluster-1:136 erofs_inode:696:ar xfs_xmi_item:248 xfs_bui_item:208 xfs_rui_item:688 xfs_rud_item:176 xfs_icr:184 xfs_ili:208
            xfs_inode:1024:ar xfs_efi_item:432 xfs_efd_item:440 xfs_buf_item:272 xfs_da_state:480 xfs_rtrmapbt_cur:456 xfs_rmapbt_cur:280
            xfs_bmbt_cur:344 xfs_inobt_cur:216 xfs_bnobt_cur:232 xfs_buf:384 ovl_inode:704:ar fuse_request:168 fuse_inode:896:ar
            squashfs_inode_cache:704:ar jbd2_transaction_s:192 jbd2_journal_head:120 jbd2_revoke_table_s:16:r ext4_inode_cache:1128:ar
            ext4_allocation_context:168:r ext4_prealloc_space:112:r ext4_io_end:64 bio_post_read_ctx:48 pending_reservation:32:r extent_status:40:r
            mb_cache_entry:56:r kioctx:576 userfaultfd_ctx_cache:192 fanotify_perm_event:112 dnotify_struct:32 pid_namespace:344:a kvm_vcpu:51488
            kvm_mmu_page_header:184 x86_emulator:2672 ip4-frags:200 MPTCP:1984 request_sock_subflow_v4:392 xfrm_dst:320 xfrm_state:832 ip_fib_trie:48
            ip_fib_alias:56 PING:1024 RAW:1152 UDP:1344 tw_sock_TCP:256 request_sock_TCP:320 TCP:2368 hugetlbfs_inode_cache:632:ar dquot:256 bio-264:320
            ep_head:16:a eventpoll_epi:128:a dax_cache:768 request_queue:984 blkdev_ioc:88 bio-184:192 biovec-max:4096 biovec-128:2048 msg_msg-8k:8192:a
            msg_msg-4k:4096:a msg_msg-2k:2048:a msg_msg-1k:1024:a msg_msg-512:512:a msg_msg-256:256:a msg_msg-128:128:a msg_msg-64:64:a msg_msg-32:32:a
            msg_msg-16:16:a msg_msg-8:8:a msg_msg-192:192:a msg_msg-96:96:a mm_slot:40 memdup_user-8k:8192 memdup_user-4k:4096 memdup_user-2k:2048
            memdup_user-1k:1024 memdup_user-512:512 memdup_user-256:256 memdup_user-128:128 memdup_user-64:64 memdup_user-32:32 memdup_user-16:16
            memdup_user-8:8 memdup_user-192:192 memdup_user-96:96 user_namespace:672:a uid_cache:128 iommu_iova_magazine:1024 dmaengine-unmap-2:64
            sock_inode_cache:832:ar skbuff_small_head:576 skbuff_head_cache:256 tracefs_inode_cache:656:a debugfs_inode_cache:640:a
            file_lease_cache:160:a file_lock_cache:192:a buffer_head:104:r task_delay_info:256:a taskstats:560 mem_cgroup:2240 pidfs_xattr_cache:16
            pidfs_attr_cache:32 proc_dir_entry:192 pde_opener:40 proc_inode_cache:696:ar seq_file:120:a sigqueue:80:a bdev_cache:1536:ar
            shmem_inode_cache:752:ar kernfs_node_cache:136 mnt_cache:384 bfilp:256:a filp:192:a inode_cache:624:ar dentry:192:ar names_cache:4096
            net_namespace:4288 lsm_inode_cache:32 lsm_file_cache:24 key_jar:256 uts_namespace:488:a nsproxy:72:a vm_area_struct:192:a files_cache:704:a
            signal_cache:1152:a sighand_cache:2112:a task_struct:5888:a anon_vma_chain:64:a anon_vma:104:a pid:192:a Acpi-State:80
            shared_policy_node:48:a numa_policy:288 perf_event:1352 trace_event_file:96 ftrace_event_field:56 pool_workqueue:512 radix_tree_node:584:r
            task_group:704 maple_node:256 mm_struct:1600:a vmap_area:72 kmalloc_buckets:112 kmalloc-cg-8k:8192:a kmalloc-cg-4k:4096:a
            kmalloc-cg-2k:2048:a kmalloc-cg-1k:1024:a kmalloc-cg-512:512:a kmalloc-cg-256:256:a kmalloc-cg-128:128:a kmalloc-cg-64:64:a
            kmalloc-cg-32:32:a kmalloc-cg-16:16:a kmalloc-cg-8:8:a kmalloc-cg-192:192:a kmalloc-cg-96:96:a dma-kmalloc-8k:8192 dma-kmalloc-4k:4096
            dma-kmalloc-2k:2048 dma-kmalloc-1k:1024 dma-kmalloc-512:512 dma-kmalloc-256:256 dma-kmalloc-128:128 dma-kmalloc-64:64 dma-kmalloc-32:32
            dma-kmalloc-16:16 dma-kmalloc-8:8 dma-kmalloc-192:192 dma-kmalloc-96:96 kmalloc-rcl-8k:8192:r kmalloc-rcl-4k:4096:r kmalloc-rcl-2k:2048:r
            kmalloc-rcl-1k:1024:r kmalloc-rcl-512:512:r kmalloc-rcl-256:256:r kmalloc-rcl-128:128:r kmalloc-rcl-64:64:r kmalloc-rcl-32:32:r
            kmalloc-rcl-16:16:r kmalloc-rcl-8:8:r kmalloc-rcl-192:192:r kmalloc-rcl-96:96:r kmalloc-8k:8192 kmalloc-4k:4096 kmalloc-2k:2048
            kmalloc-1k:1024 kmalloc-512:512 kmalloc-256:256 kmalloc-128:128 kmalloc-64:64 kmalloc-32:32 kmalloc-16:16 kmalloc-8:8 kmalloc-192:192
            kmalloc-96:96 kmem_cache_node:128 kmem_cache:256
            fs_cache=anon_vma_chain cred_jar=pid
        """);
}
