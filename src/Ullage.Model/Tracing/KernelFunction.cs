namespace Ullage.Model.Tracing;

/// <summary>Kernel functions that can be probed: calls of them are counted with the stack that led there.</summary>
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
    Count,
}
