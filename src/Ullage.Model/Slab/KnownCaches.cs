using Ullage.Abi;

namespace Ullage.Model.Slab;

/// <summary>The caches that the kernel's own code allocates from, looked up once.</summary>
[Kernel("kmem_cache_create", "mm/slab_common.c")]
internal sealed class KnownCaches(SlabCaches caches)
{
    public KmemCache VmAreaStruct { get; } = caches["vm_area_struct"];
    public KmemCache AnonVma { get; } = caches["anon_vma"];
    public KmemCache AnonVmaChain { get; } = caches["anon_vma_chain"];
    public KmemCache MmStruct { get; } = caches["mm_struct"];
    public KmemCache TaskStruct { get; } = caches["task_struct"];
    public KmemCache SignalStruct { get; } = caches["signal_cache"];
    public KmemCache SighandStruct { get; } = caches["sighand_cache"];
    public KmemCache FilesStruct { get; } = caches["files_cache"];
    public KmemCache FsStruct { get; } = caches["fs_cache"];
    public KmemCache Cred { get; } = caches["cred_jar"];
    public KmemCache Pid { get; } = caches["pid"];
    public KmemCache File { get; } = caches["filp"];
    public KmemCache Dentry { get; } = caches["dentry"];
}
