namespace Ullage.Model.Eras;

/// <summary>
/// Call paths per era. Measured: the faults of 4.15, 5.4, 5.10 and 6.12, mmap of 4.15 and 5.4, missing names of
/// these four (by newfstatat, whose place newstat takes; 4.15 also by an article's traces), slab_out_of_memory of 4.15 and 5.4, the way back to user space after a
/// fault of 6.12 (Ubuntu 4.15 and 5.4, Debian 5.10 and 6.12). The others follow the specification's call chains and the OOM reports
/// of their builds where those have the path, and are otherwise the usual callers, not checked against a build.
/// </summary>
internal static class EraCallPaths
{
    private static readonly IReadOnlyList<string> Entry = ["do_syscall_64", "entry_SYSCALL_64_after_hwframe"];

    private static readonly IReadOnlyList<string> Elf = ["mmap_region", "do_mmap", "vm_mmap_pgoff", "vm_mmap", "elf_map", "load_elf_binary"];

    private static readonly IReadOnlyList<string> OldSlab = ["___slab_alloc", "__slab_alloc", "kmem_cache_alloc"];

    private static readonly IReadOnlyList<string> Fault4_1 = ["handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"];

    private static readonly IReadOnlyList<string> OldWrite = ["cgroup_file_write", "kernfs_fop_write", "__vfs_write", "vfs_write"];

    internal static readonly CallPaths V4_1 = new()
    {
        ProbeHidesCaller = true,
        AnonFault = ["mem_cgroup_try_charge", .. Fault4_1],
        TableFault = ["memcg_charge_kmem", "__memcg_kmem_newpage_charge", "__alloc_pages_nodemask", "alloc_pages_current", "pte_alloc_one", "__pte_alloc", .. Fault4_1],
        SlabFault = ["memcg_charge_kmem", "__memcg_charge_slab", "new_slab", .. OldSlab, "anon_vma_prepare", .. Fault4_1],
        SlabMmap = ["memcg_charge_kmem", "__memcg_charge_slab", "new_slab", .. OldSlab, "mmap_region", "do_mmap_pgoff", "vm_mmap_pgoff", "SyS_mmap_pgoff", "SyS_mmap", "system_call_fastpath"],
        SlabSplit = ["memcg_charge_kmem", "__memcg_charge_slab", "new_slab", .. OldSlab, "__split_vma", "system_call_fastpath"],
        SlabFork = ["memcg_charge_kmem", "__memcg_charge_slab", "new_slab", .. OldSlab, "copy_process", "do_fork", "SyS_clone", "system_call_fastpath"],
        TableFork = ["memcg_charge_kmem", "__memcg_kmem_newpage_charge", "__alloc_pages_nodemask", "alloc_pages_current", "pte_alloc_one", "__pte_alloc", "copy_page_range", "copy_process", "do_fork", "SyS_clone", "system_call_fastpath"],
        StackFork = ["memcg_charge_kmem", "__memcg_kmem_newpage_charge", "alloc_kmem_pages_node", "copy_process", "do_fork", "SyS_clone", "system_call_fastpath"],
        ReturnFromFault = ["do_notify_resume", "retint_signal"],
        FaultEnd = ["mem_cgroup_oom_synchronize", "pagefault_out_of_memory", "mm_fault_error", "__do_page_fault", "do_page_fault", "page_fault"],
        GlobalFault = EraOomStacks.V4_1.GlobalFault, GlobalCall = EraOomStacks.V4_1.GlobalCall,
        ControlWrite = ["cgroup_file_write", "kernfs_fop_write", "__vfs_write", "vfs_write", "SyS_write", "system_call_fastpath"],
        SlabCharge = ["memcg_charge_kmem", "__memcg_charge_slab", "new_slab", .. OldSlab],
        SlabLookup = ["memcg_charge_kmem", "__memcg_charge_slab", "new_slab", .. OldSlab],
        SlabReport = OldSlab,
        Lookup =
        [
            "__d_alloc", "d_alloc", "lookup_dcache", "__lookup_hash", "lookup_slow", "path_lookupat", "filename_lookup", "user_path_at_empty", "user_path_at",
            "vfs_fstatat", "vfs_stat", "SYSC_newstat", "SyS_newstat", "system_call_fastpath",
        ],
        InodeLookup = ["ext4_alloc_inode", "alloc_inode", "iget_locked", "ext4_iget", "ext4_lookup", "lookup_real", "__lookup_hash"],
        InodeCreate = ["ext4_alloc_inode", "alloc_inode", "new_inode_pseudo", "new_inode", "__ext4_new_inode", "ext4_create", "vfs_create"],
        FileAllocation = ["get_empty_filp"],
        OpenCall = ["path_openat", "do_filp_open", "do_sys_open", "SyS_open", "system_call_fastpath"],
        UnlinkCall = ["do_unlinkat", "SyS_unlink", "system_call_fastpath"],
        BrkCall = ["do_brk", "SyS_brk", "system_call_fastpath"],
        MmapCall = ["mmap_region", "do_mmap_pgoff", "vm_mmap_pgoff", "SyS_mmap_pgoff", "SyS_mmap", "system_call_fastpath"],
        MprotectCall = ["mprotect_fixup", "SyS_mprotect", "system_call_fastpath"],
        MremapCall = ["vma_to_resize", "SyS_mremap", "system_call_fastpath"],
        ForkCall = ["copy_process", "do_fork", "SyS_clone", "system_call_fastpath"],
        ExecCall =
        [
            "mmap_region", "do_mmap_pgoff", "vm_mmap_pgoff", "vm_mmap", "elf_map", "load_elf_binary", "search_binary_handler", "do_execve_common",
            "SyS_execve", "stub_execve",
        ],
        Fault = Fault4_1,
        Printk = "printk",
        Files = EraFilePaths.V4_1,
    };

    private static readonly IReadOnlyList<string> Fault4_15 =
        ["handle_pte_fault", "__handle_mm_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"];

    private static readonly IReadOnlyList<string> Slab4_15 = ["memcg_kmem_charge_memcg", "new_slab", .. OldSlab];

    private static readonly IReadOnlyList<string> Page4_15 = ["memcg_kmem_charge_memcg", "memcg_kmem_charge", "__alloc_pages_nodemask", "alloc_pages_current"];

    private static readonly IReadOnlyList<string> Clone4_15 = ["copy_process.part.35", "_do_fork", "SyS_clone", .. Entry];

    internal static readonly CallPaths V4_15 = V4_1 with
    {
        Files = EraFilePaths.V4_15,
        AnonFault = ["mem_cgroup_try_charge", .. Fault4_15],
        TableFault = [.. Page4_15, "pte_alloc_one", "__pte_alloc", .. Fault4_15],
        SlabFault = [.. Slab4_15, "__anon_vma_prepare", .. Fault4_15],
        SlabMmap = [.. Slab4_15, "mmap_region", "do_mmap", "vm_mmap_pgoff", "sys_mmap_pgoff", "sys_mmap", .. Entry],
        SlabSplit = [.. Slab4_15, "__split_vma", .. Entry],
        SlabFork = [.. Slab4_15, .. Clone4_15],
        TableFork = [.. Page4_15, "pte_alloc_one", "__pte_alloc", "copy_page_range", .. Clone4_15],
        StackFork = ["memcg_kmem_charge_memcg", "memcg_kmem_charge", .. Clone4_15],
        ReturnFromFault = ["exit_to_usermode_loop", "prepare_exit_to_usermode", "swapgs_restore_regs_and_return_to_usermode"],
        GlobalFault = EraOomStacks.V4_15.GlobalFault, GlobalCall = EraOomStacks.V4_15.GlobalCall,
        ControlWrite = [.. OldWrite, "sys_write", .. Entry],
        SlabCharge = Slab4_15, SlabLookup = Slab4_15,
        Lookup =
        [
            "__d_alloc", "d_alloc", "d_alloc_parallel", "lookup_slow", "walk_component", "path_lookupat", "filename_lookup", "user_path_at_empty",
            "vfs_statx", "SYSC_newstat", "sys_newstat", .. Entry,
        ],
        InodeLookup = ["ext4_alloc_inode", "alloc_inode", "iget_locked", "ext4_iget", "ext4_iget_normal", "ext4_lookup"],
        InodeCreate = ["ext4_alloc_inode", "alloc_inode", "new_inode_pseudo", "new_inode", "__ext4_new_inode", "ext4_create"],
        OpenCall = ["path_openat", "do_filp_open", "do_sys_open", "sys_open", .. Entry],
        UnlinkCall = ["do_unlinkat", "sys_unlink", .. Entry],
        BrkCall = ["do_brk_flags", "sys_brk", .. Entry],
        MmapCall = ["mmap_region", "do_mmap", "vm_mmap_pgoff", "sys_mmap_pgoff", "sys_mmap", .. Entry],
        MprotectCall = ["mprotect_fixup", "do_mprotect_pkey", "sys_mprotect", .. Entry],
        MremapCall = ["vma_to_resize", "sys_mremap", .. Entry],
        ForkCall = Clone4_15,
        ExecCall = [.. Elf, "search_binary_handler", "do_execveat_common", "sys_execve", .. Entry],
        Fault = ["handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"],
    };

    private static readonly IReadOnlyList<string> Clone4_19 = ["copy_process.part.0", "_do_fork", "__x64_sys_clone", .. Entry];

    private static readonly IReadOnlyList<string> Mmap4_19 = ["vm_area_alloc", "mmap_region", "do_mmap", "vm_mmap_pgoff", "ksys_mmap_pgoff", "__x64_sys_mmap", .. Entry];

    private static readonly IReadOnlyList<string> Fault4_19 =
        ["do_anonymous_page", "__handle_mm_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"];

    internal static readonly CallPaths V4_19 = V4_15 with
    {
        Files = EraFilePaths.V4_19,
        AnonFault = EraOomStacks.V4_19.AnonFault, TableFault = EraOomStacks.V4_19.TableFault,
        SlabFault = [.. Slab4_15, "__anon_vma_prepare", .. Fault4_19],
        SlabMmap = [.. Slab4_15, .. Mmap4_19],
        SlabSplit = [.. Slab4_15, "vm_area_dup", "__split_vma", .. Entry],
        SlabFork = [.. Slab4_15, "vm_area_dup", .. Clone4_19],
        TableFork = [.. Page4_15, "pte_alloc_one", "__pte_alloc", "copy_page_range", .. Clone4_19],
        StackFork = EraOomStacks.V4_19.ForkCall,
        GlobalFault = EraOomStacks.V4_19.GlobalFault, GlobalCall = EraOomStacks.V4_19.GlobalCall,
        ControlWrite = [.. OldWrite, "ksys_write", "__x64_sys_write", .. Entry],
        Lookup = LookupOf("path_lookupat"),
        InodeLookup = ["ext4_alloc_inode", "alloc_inode", "iget_locked", "__ext4_iget", "ext4_lookup"],
        FileAllocation = ["__alloc_file", "alloc_empty_file"],
        OpenCall = ["path_openat", "do_filp_open", "do_sys_open", "__x64_sys_open", .. Entry],
        UnlinkCall = ["do_unlinkat", "__x64_sys_unlink", .. Entry],
        BrkCall = ["do_brk_flags", "__x64_sys_brk", .. Entry],
        MmapCall = ["mmap_region", "do_mmap", "vm_mmap_pgoff", "ksys_mmap_pgoff", "__x64_sys_mmap", .. Entry],
        MprotectCall = ["mprotect_fixup", "do_mprotect_pkey", "__x64_sys_mprotect", .. Entry],
        MremapCall = ["vma_to_resize", "__x64_sys_mremap", .. Entry],
        ForkCall = Clone4_19,
        ExecCall = [.. Elf, "search_binary_handler", "__do_execve_file", "__x64_sys_execve", .. Entry],
    };

    private static List<string> LookupOf(string pathLookupat) =>
    [
        "__d_alloc", "d_alloc", "d_alloc_parallel", "__lookup_slow", "lookup_slow", "walk_component", pathLookupat, "filename_lookup",
        "user_path_at_empty", "vfs_statx", "__do_sys_newstat", "__x64_sys_newstat", .. Entry,
    ];

    private static readonly IReadOnlyList<string> Slab5_3 = ["__memcg_kmem_charge_memcg", "alloc_slab_page", "allocate_slab", "new_slab", .. OldSlab];

    private static readonly IReadOnlyList<string> Page5_3 = ["__memcg_kmem_charge_memcg", "__memcg_kmem_charge", "__alloc_pages_nodemask", "alloc_pages_current"];

    internal static readonly CallPaths V5_3 = V4_19 with
    {
        Files = EraFilePaths.V5_3,
        AnonFault = EraOomStacks.V5_3.AnonFault, TableFault = EraOomStacks.V5_3.TableFault,
        SlabFault = [.. Slab5_3, "__anon_vma_prepare", .. FaultOf(EraOomStacks.V5_3.AnonFault, 2)],
        SlabMmap = [.. Slab5_3, .. Mmap4_19],
        SlabSplit = [.. Slab5_3, "vm_area_dup", "__split_vma", .. Entry],
        SlabFork = [.. Slab5_3, "vm_area_dup", .. Clone4_19],
        TableFork = [.. Page5_3, "pte_alloc_one", "__pte_alloc", "copy_page_range", .. Clone4_19],
        StackFork = EraOomStacks.V5_3.ForkCall,
        GlobalFault = EraOomStacks.V5_3.GlobalFault,
        SlabCharge = Slab5_3, SlabLookup = Slab5_3,
        Fault = ["handle_mm_fault", "do_user_addr_fault", "__do_page_fault", "do_page_fault", "page_fault"],
    };

    internal static readonly CallPaths V5_4 = V5_3 with { Lookup = LookupOf("path_lookupat.isra.0") };

    private static readonly IReadOnlyList<string> Slab5_10 = ["__memcg_kmem_charge", "obj_cgroup_charge", "slab_pre_alloc_hook.constprop.0", "kmem_cache_alloc"];

    private static readonly IReadOnlyList<string> Lookup5_10 =
    [
        "__d_alloc", "d_alloc", "d_alloc_parallel", "__lookup_slow", "walk_component", "path_lookupat", "filename_lookup", "vfs_statx", "__do_sys_newstat", .. Entry,
    ];

    private static readonly IReadOnlyList<string> Clone5_10 = ["copy_process", "kernel_clone", "__do_sys_clone", .. Entry];

    internal static readonly CallPaths V5_10 = V5_4 with
    {
        Files = EraFilePaths.V5_10,
        ProbeHidesCaller = false,
        AnonFault = EraOomStacks.V5_10.AnonFault, TableFault = EraOomStacks.V5_10.TableFault,
        SlabFault = [.. Slab5_10, "__anon_vma_prepare", .. FaultOf(EraOomStacks.V5_10.AnonFault, 1)],
        SlabMmap = [.. Slab5_10, "vm_area_alloc", "mmap_region", "do_mmap", "vm_mmap_pgoff", .. Entry],
        SlabSplit = [.. Slab5_10, "vm_area_dup", "__split_vma", .. Entry],
        SlabFork = [.. Slab5_10, "vm_area_dup", "dup_mm", .. Clone5_10],
        TableFork = ["__memcg_kmem_charge", "__memcg_kmem_charge_page", "__alloc_pages_nodemask", "pte_alloc_one", "__pte_alloc", "copy_page_range", "dup_mm", .. Clone5_10],
        StackFork = EraOomStacks.V5_10.ForkCall,
        ReturnFromFault = ["exit_to_user_mode_prepare", "irqentry_exit_to_user_mode", "asm_exc_page_fault"],
        FaultEnd = ["mem_cgroup_oom_synchronize", "pagefault_out_of_memory", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault"],
        GlobalFault = EraOomStacks.V5_10.GlobalFault, GlobalCall = EraOomStacks.V5_10.GlobalCall,
        ControlWrite = ["kernfs_fop_write", "vfs_write", "ksys_write", .. Entry],
        SlabCharge = Slab5_10, SlabLookup = Slab5_10,
        Lookup = Lookup5_10,
        OpenCall = ["path_openat", "do_filp_open", "do_sys_openat2", "__x64_sys_open", .. Entry],
        BrkCall = ["do_brk_flags", "__do_sys_brk", .. Entry],
        MmapCall = ["mmap_region", "do_mmap", "vm_mmap_pgoff", .. Entry],
        MremapCall = ["vma_to_resize", "__do_sys_mremap", .. Entry],
        ForkCall = Clone5_10,
        ExecCall = [.. Elf, "bprm_execve", "do_execveat_common", "__x64_sys_execve", .. Entry],
        Fault = ["handle_mm_fault", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault"],
    };

    private static readonly IReadOnlyList<string> Slab6_1 = ["obj_cgroup_charge_pages", "obj_cgroup_charge", "kmem_cache_alloc"];

    internal static readonly CallPaths V6_1 = V5_10 with
    {
        Files = EraFilePaths.V6_1,
        AnonFault = EraOomStacks.V6_1.AnonFault, TableFault = EraOomStacks.V6_1.TableFault,
        SlabFault = [.. Slab6_1, "__anon_vma_prepare", .. FaultOf(EraOomStacks.V6_1.AnonFault, 2)],
        SlabMmap = EraOomStacks.V6_1.MmapCall,
        SlabSplit = [.. Slab6_1, "vm_area_dup", "__split_vma", .. Entry],
        SlabFork = [.. Slab6_1, "vm_area_dup", "dup_mm", .. Clone5_10],
        TableFork = ["obj_cgroup_charge_pages", "__memcg_kmem_charge_page", "__alloc_pages", "pte_alloc_one", "__pte_alloc", "copy_page_range", "dup_mm", .. Clone5_10],
        StackFork = EraOomStacks.V6_1.ForkCall,
        GlobalFault = EraOomStacks.V6_1.GlobalFault,
        ControlWrite = ["kernfs_fop_write_iter", "vfs_write", "ksys_write", .. Entry],
        SlabCharge = Slab6_1, SlabLookup = ["obj_cgroup_charge_pages", "obj_cgroup_charge", "kmem_cache_alloc_lru"],
        Printk = "_printk",
    };

    private static readonly IReadOnlyList<string> Slab6_12 = ["obj_cgroup_charge", "__memcg_slab_post_alloc_hook", "kmem_cache_alloc_noprof"];

    internal static readonly CallPaths V6_12 = V6_1 with
    {
        Files = EraFilePaths.V6_12,
        AnonFault = EraOomStacks.V6_12.AnonFault, TableFault = EraOomStacks.V6_12.TableFault,
        SlabFault = [.. Slab6_12, "__anon_vma_prepare", "__vmf_anon_prepare", .. FaultOf(EraOomStacks.V6_12.AnonFault, 1)],
        SlabMmap = EraOomStacks.V6_12.MmapCall,
        SlabSplit = [.. Slab6_12, "vm_area_dup", "__split_vma", .. Entry],
        SlabFork = [.. Slab6_12, "vm_area_dup", "dup_mm", .. Clone5_10],
        TableFork = ["obj_cgroup_charge_pages", "__memcg_kmem_charge_page", "__alloc_pages_noprof", "pte_alloc_one", "__pte_alloc", "copy_page_range", "dup_mm", .. Clone5_10],
        ReturnFromFault = ["irqentry_exit_to_user_mode", "asm_exc_page_fault"],
        GlobalFault = EraOomStacks.V6_12.GlobalFault,
        SlabCharge = Slab6_12, SlabLookup = ["obj_cgroup_charge", "__memcg_slab_post_alloc_hook", "kmem_cache_alloc_lru_noprof"],
        Lookup =
        [
            "__d_alloc", "d_alloc_parallel", "__lookup_slow", "walk_component", "path_lookupat", "filename_lookup", "vfs_statx", "vfs_fstatat",
            "__do_sys_newstat", .. Entry,
        ],
    };

    internal static readonly CallPaths V6_18 = V6_12 with
    {
        AnonFault = EraOomStacks.V6_18.AnonFault, TableFault = EraOomStacks.V6_18.TableFault,
        SlabFault = [.. Slab6_12, "__anon_vma_prepare", "__vmf_anon_prepare", .. FaultOf(EraOomStacks.V6_18.AnonFault, 2)],
        GlobalFault = EraOomStacks.V6_18.GlobalFault,
    };

    /// <summary>The fault's own frames: what is left without the charge's.</summary>
    private static List<string> FaultOf(IReadOnlyList<string> frames, int charge)
    {
        List<string> rest = [.. frames];
        rest.RemoveRange(0, charge);
        return rest;
    }
}
