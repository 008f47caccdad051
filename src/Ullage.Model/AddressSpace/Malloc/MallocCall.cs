namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>A system call of malloc.</summary>
public enum MallocCallKind
{
    /// <summary>brk(2).</summary>
    Brk,
    /// <summary>mmap(2) of memory.</summary>
    Mmap,
    /// <summary>mmap(2) of address space for a heap: PROT_NONE, MAP_NORESERVE.</summary>
    MmapReserve,
    /// <summary>mmap(2) over the end of a heap: PROT_NONE, MAP_FIXED.</summary>
    MmapOver,
    /// <summary>munmap(2).</summary>
    Munmap,
    /// <summary>mprotect(2).</summary>
    Mprotect,
    /// <summary>madvise(2).</summary>
    Madvise,
    /// <summary>mremap(2).</summary>
    Mremap,
}

/// <summary>One system call of malloc.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Address">What it named: the break wanted, or a range's start; 0 = anywhere, or a question.</param>
/// <param name="Bytes">A range's length; for brk how far it moved, negative = down.</param>
/// <param name="Result">Its answer: an address, 0, or -1 = refused.</param>
public readonly record struct MallocCall(MallocCallKind Kind, long Address, long Bytes, long Result);
