namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>
/// What malloc asks of its process and kernel, and nothing else: a test puts a recording answerer here, a machine its system calls
/// (<see cref="TaskMallocCalls"/>). Addresses and lengths are bytes.
/// </summary>
public interface IMallocCalls
{
    /// <summary>Tells where in malloc it is from now on; who keeps stacks listens.</summary>
    /// <param name="place">The function.</param>
    /// <param name="isEntered">It was just called; false = the call is back in it.</param>
    void At(MallocPlace place, bool isEntered)
    {
    }

    /// <summary>The file /proc/sys/vm/overcommit_memory reads 2, which malloc looks at before it shrinks a heap.</summary>
    bool OvercommitsNever { get; }

    /// <summary>brk(2) as the kernel answers it: the break afterwards, which is the old one when it refuses (§7.2). 0 asks where it is.</summary>
    long Brk(long address);

    /// <summary>mmap(2) of private anonymous memory, readable and writable; -1 = ENOMEM.</summary>
    long Mmap(long bytes);

    /// <summary>mmap(2) of private anonymous address space, PROT_NONE and MAP_NORESERVE; -1 = ENOMEM.</summary>
    /// <param name="hint">Where it would be welcome; 0 = anywhere.</param>
    /// <param name="bytes">How much.</param>
    long MmapReserve(long hint, long bytes);

    /// <summary>mmap(2) with MAP_FIXED and PROT_NONE over a range that is there: gives its pages and its commitment back. False = refused.</summary>
    bool MmapOver(long address, long bytes);

    /// <summary>munmap(2).</summary>
    void Munmap(long address, long bytes);

    /// <summary>mremap(2) with MREMAP_MAYMOVE; -1 = refused.</summary>
    long Mremap(long address, long oldBytes, long newBytes);

    /// <summary>mprotect(2) to readable and writable; false = refused.</summary>
    bool Mprotect(long address, long bytes);

    /// <summary>madvise(2) MADV_DONTNEED.</summary>
    void MadviseDontNeed(long address, long bytes);

    /// <summary>malloc writes its own bookkeeping at this address, so the page is needed whether or not the program ever uses the memory.</summary>
    void Write(long address);
}
