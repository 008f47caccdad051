namespace Ullage.Model.Tracing;

/// <summary>Functions that can be probed: calls of them are counted with the stack that led there. The last ones are the C library's.</summary>
internal enum KernelFunction
{
    PsiMemstallEnter,
    PageCounterTryCharge,
    TryToFreeMemCgroupPages,
    HandleOverHigh,
    ReclaimHigh,
    MemCgroupOutOfMemory,
    OutOfMemory,
    OomKillProcess,
    PagefaultOutOfMemory,
    MemCgroupOomSynchronize,
    HandleMmFault,
    VmEnoughMemory,
    MmapRegion,
    DoBrk,
    CopyProcess,
    DAlloc,
    SlabOutOfMemory,
    Printk,
    LibcMalloc,
    IntMalloc,
    Sysmalloc,
    LibcFree,
    Count,
}
