namespace Ullage.Model.Eras;

/// <summary>
/// Call traces of OOM reports per era (§12.7), frames that the unwinder marked unreliable left out. Measured: the anonymous
/// fault of 4.15, 5.4, 5.10, 6.1, 6.12 and 6.18, with the folding of those builds (Ubuntu 4.15 and 5.4, Debian 5.10, 6.1 and
/// 6.12, a vendor's 6.18). The other callers, the system-wide OOM, and 4.1, 4.19 and 5.3 are not measured: they follow the
/// specification's call chains where it has them and are otherwise the usual callers, not checked against a build.
/// </summary>
internal static class EraOomStacks
{
    private static readonly IReadOnlyList<string> SyscallEntry = ["do_syscall_64", "entry_SYSCALL_64_after_hwframe"];

    private static readonly IReadOnlyList<string> OldSlabCharge = ["new_slab", "___slab_alloc", "__slab_alloc", "kmem_cache_alloc"];

    internal static readonly OomStacks V4_1 = new()
    {
        Dump = ["dump_stack", "dump_header"],
        Kill = ["oom_kill_process"],
        Memcg = ["mem_cgroup_out_of_memory", "mem_cgroup_oom_synchronize"],
        AnonFault = ["pagefault_out_of_memory", "mm_fault_error", "__do_page_fault", "do_page_fault", "page_fault"],
        TableFault = ["pagefault_out_of_memory", "mm_fault_error", "__do_page_fault", "do_page_fault", "page_fault"],
        MmapCall = [], ForkCall = [], // no kill in system calls (§8.1)
        Global = ["out_of_memory", "__alloc_pages_nodemask"],
        GlobalFault = ["alloc_pages_vma", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"],
        GlobalTableFault = ["alloc_pages_current", "pte_alloc_one", "__pte_alloc", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"],
        GlobalCall = ["copy_process", "do_fork", "SyS_clone", "system_call_fastpath"],
    };

    internal static readonly OomStacks V4_15 = V4_1 with
    {
        Memcg = ["out_of_memory", "mem_cgroup_out_of_memory", "mem_cgroup_oom_synchronize"],
        Global = ["out_of_memory", "__alloc_pages_slowpath", "__alloc_pages_nodemask"],
        GlobalFault = ["alloc_pages_vma", "__handle_mm_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"],
        GlobalTableFault = ["alloc_pages_current", "pte_alloc_one", "__pte_alloc", "__handle_mm_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"],
        GlobalCall = ["copy_process.part.35", "_do_fork", "SyS_clone", .. SyscallEntry],
    };

    private static readonly IReadOnlyList<string> Fault4_19 = ["do_anonymous_page", "__handle_mm_fault", "handle_mm_fault", "__do_page_fault", "do_page_fault", "page_fault"];

    internal static readonly OomStacks V4_19 = V4_15 with
    {
        Memcg = ["out_of_memory", "mem_cgroup_out_of_memory", "try_charge"],
        AnonFault = ["mem_cgroup_try_charge", "mem_cgroup_try_charge_delay", .. Fault4_19],
        TableFault = ["memcg_kmem_charge_memcg", "memcg_kmem_charge", "__alloc_pages_nodemask", "alloc_pages_current", "pte_alloc_one", "__pte_alloc", .. Fault4_19],
        MmapCall = ["memcg_kmem_charge_memcg", .. OldSlabCharge, "vm_area_alloc", "mmap_region", "do_mmap", "vm_mmap_pgoff", "ksys_mmap_pgoff", "__x64_sys_mmap", .. SyscallEntry],
        ForkCall = ["memcg_kmem_charge_memcg", "memcg_kmem_charge", "copy_process", "_do_fork", "__x64_sys_clone", .. SyscallEntry],
        GlobalFault = ["alloc_pages_vma", .. Fault4_19],
        GlobalTableFault = ["alloc_pages_current", "pte_alloc_one", "__pte_alloc", .. Fault4_19],
        GlobalCall = ["copy_process", "_do_fork", "__x64_sys_clone", .. SyscallEntry],
    };

    private static readonly IReadOnlyList<string> Fault5_3 =
        ["do_anonymous_page", "__handle_mm_fault", "handle_mm_fault", "do_user_addr_fault", "__do_page_fault", "do_page_fault", "page_fault"];

    internal static readonly OomStacks V5_3 = V4_19 with
    {
        AnonFault = ["mem_cgroup_try_charge", "mem_cgroup_try_charge_delay", .. Fault5_3],
        TableFault = ["__memcg_kmem_charge_memcg", "__memcg_kmem_charge", "__alloc_pages_nodemask", "alloc_pages_current", "pte_alloc_one", "__pte_alloc", .. Fault5_3],
        MmapCall = ["__memcg_kmem_charge_memcg", .. OldSlabCharge, "vm_area_alloc", "mmap_region", "do_mmap", "vm_mmap_pgoff", "ksys_mmap_pgoff", "__x64_sys_mmap", .. SyscallEntry],
        ForkCall = ["__memcg_kmem_charge_memcg", "__memcg_kmem_charge", "copy_process", "_do_fork", "__x64_sys_clone", .. SyscallEntry],
        GlobalFault = ["alloc_pages_vma", .. Fault5_3],
        GlobalTableFault = ["alloc_pages_current", "pte_alloc_one", "__pte_alloc", .. Fault5_3],
    };

    internal static readonly OomStacks V5_4 = V5_3 with
    {
        Kill = ["oom_kill_process.cold"],
        Memcg = ["out_of_memory.part.0", "out_of_memory", "mem_cgroup_out_of_memory", "try_charge"],
        Global = ["out_of_memory.part.0", "out_of_memory", "__alloc_pages_slowpath", "__alloc_pages_nodemask"],
    };

    private static readonly IReadOnlyList<string> Fault5_10 = ["handle_mm_fault", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault"];

    internal static readonly OomStacks V5_10 = V5_4 with
    {
        Memcg = ["out_of_memory", "mem_cgroup_out_of_memory", "try_charge"],
        AnonFault = ["mem_cgroup_charge", .. Fault5_10],
        TableFault = ["__memcg_kmem_charge", "__memcg_kmem_charge_page", "__alloc_pages_nodemask", "pte_alloc_one", "__pte_alloc", .. Fault5_10],
        MmapCall = ["__memcg_kmem_charge", "obj_cgroup_charge", "kmem_cache_alloc", "vm_area_alloc", "mmap_region", "do_mmap", "vm_mmap_pgoff", .. SyscallEntry],
        ForkCall = ["__memcg_kmem_charge", "__memcg_kmem_charge_page", "copy_process", "kernel_clone", "__do_sys_clone", .. SyscallEntry],
        Global = ["out_of_memory", "__alloc_pages_slowpath.constprop.0", "__alloc_pages_nodemask"],
        GlobalFault = ["alloc_pages_vma", .. Fault5_10],
        GlobalTableFault = ["pte_alloc_one", "__pte_alloc", .. Fault5_10],
        GlobalCall = ["copy_process", "kernel_clone", "__do_sys_clone", .. SyscallEntry],
    };

    private static readonly IReadOnlyList<string> Fault6_1 = ["__handle_mm_fault", .. Fault5_10];

    internal static readonly OomStacks V6_1 = V5_10 with
    {
        Dump = ["dump_stack_lvl", "dump_header"],
        Memcg = ["out_of_memory", "mem_cgroup_out_of_memory", "try_charge_memcg"],
        AnonFault = ["charge_memcg", "__mem_cgroup_charge", .. Fault6_1],
        TableFault = ["obj_cgroup_charge_pages", "__memcg_kmem_charge_page", "__alloc_pages", "pte_alloc_one", "__pte_alloc", .. Fault6_1],
        MmapCall = ["obj_cgroup_charge_pages", "obj_cgroup_charge", "kmem_cache_alloc", "vm_area_alloc", "mmap_region", "do_mmap", "vm_mmap_pgoff", .. SyscallEntry],
        ForkCall = ["obj_cgroup_charge_pages", "__memcg_kmem_charge_page", "copy_process", "kernel_clone", "__do_sys_clone", .. SyscallEntry],
        Global = ["out_of_memory", "__alloc_pages_slowpath.constprop.0", "__alloc_pages"],
        GlobalFault = ["__folio_alloc", "vma_alloc_folio", .. Fault6_1],
        GlobalTableFault = ["pte_alloc_one", "__pte_alloc", .. Fault6_1],
    };

    private static readonly IReadOnlyList<string> Fault6_12 = ["do_anonymous_page", .. Fault6_1];

    internal static readonly OomStacks V6_12 = V6_1 with
    {
        AnonFault = ["__mem_cgroup_charge", .. Fault6_12],
        TableFault = ["obj_cgroup_charge_pages", "__memcg_kmem_charge_page", "__alloc_pages_noprof", "pte_alloc_one", "__pte_alloc", .. Fault6_12],
        MmapCall =
        [
            "obj_cgroup_charge_pages", "obj_cgroup_charge", "__memcg_slab_post_alloc_hook", "kmem_cache_alloc_noprof", "vm_area_alloc",
            "__mmap_region", "do_mmap", "vm_mmap_pgoff", .. SyscallEntry,
        ],
        Global = ["out_of_memory", "__alloc_pages_slowpath.constprop.0", "__alloc_pages_noprof"],
        GlobalFault = ["alloc_pages_mpol_noprof", "folio_alloc_mpol_noprof", "vma_alloc_folio_noprof", .. Fault6_12],
        GlobalTableFault = ["pte_alloc_one", "__pte_alloc", .. Fault6_12],
    };

    private static readonly IReadOnlyList<string> Fault6_18 = ["do_anonymous_page", "__handle_mm_fault", "handle_mm_fault", "exc_page_fault", "asm_exc_page_fault"];

    internal static readonly OomStacks V6_18 = V6_12 with
    {
        AnonFault = ["charge_memcg", "__mem_cgroup_charge", .. Fault6_18],
        TableFault = ["obj_cgroup_charge_pages", "__memcg_kmem_charge_page", "__alloc_frozen_pages_noprof", "alloc_pages_noprof", "pte_alloc_one", "__pte_alloc", .. Fault6_18],
        Global = ["out_of_memory", "__alloc_pages_slowpath.constprop.0", "__alloc_frozen_pages_noprof"],
        GlobalFault = ["alloc_pages_mpol", "folio_alloc_mpol_noprof", "vma_alloc_folio_noprof", .. Fault6_18],
        GlobalTableFault = ["alloc_pages_noprof", "pte_alloc_one", "__pte_alloc", .. Fault6_18],
    };
}
