using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.AddressSpace;

/// <summary>What a mapping allows and what backs it.</summary>
[Flags]
public enum VmaFlags
{
    /// <summary>PROT_NONE.</summary>
    None = 0,
    /// <summary>VM_READ.</summary>
    Read = 1 << 0,
    /// <summary>VM_WRITE.</summary>
    Write = 1 << 1,
    /// <summary>VM_EXEC.</summary>
    Exec = 1 << 2,
    /// <summary>VM_SHARED.</summary>
    Shared = 1 << 3,
    /// <summary>VM_NORESERVE.</summary>
    NoReserve = 1 << 4,
    /// <summary>VM_NOHUGEPAGE.</summary>
    NoHugePage = 1 << 5,
    /// <summary>VM_GROWSDOWN: the stack.</summary>
    GrowsDown = 1 << 6,
    /// <summary>A file backs it: the program's image.</summary>
    File = 1 << 7,
    /// <summary>VM_ACCOUNT: its pages count as committed. The kernel sets it.</summary>
    Account = 1 << 8,
    /// <summary>VM_SEQ_READ: advised as sequential.</summary>
    SequentialRead = 1 << 9,
    /// <summary>VM_RAND_READ: advised as random.</summary>
    RandomRead = 1 << 10,
}

/// <summary>One mapping of an address space.</summary>
[Kernel("struct vm_area_struct", "include/linux/mm_types.h")]
public sealed class Vma
{
    internal Vma(long startPage, long endPage, VmaFlags flags)
    {
        StartPage = startPage;
        EndPage = endPage;
        Flags = flags;
        PageOffset = startPage;
    }

    /// <summary>First page number.</summary>
    public long StartPage { get; internal set; }

    /// <summary>Page number after the last.</summary>
    public long EndPage { get; internal set; }

    /// <summary>What it allows.</summary>
    public VmaFlags Flags { get; internal set; }

    /// <summary>Whether an access is one that it allows.</summary>
    [Kernel("access_error", "arch/x86/mm/fault.c")]
    internal bool Allows(bool write) => (Flags & (write ? VmaFlags.Write : VmaFlags.Read | VmaFlags.Write)) != 0;

    /// <summary>Length in pages.</summary>
    public long Pages => EndPage - StartPage;

    /// <summary>Start in bytes.</summary>
    public long StartAddress => StartPage << KernelConstants.PageShift;

    /// <summary>Its pages count as committed (§7.2).</summary>
    internal bool IsAccounted => (Flags & VmaFlags.Account) != 0;

    /// <summary>The file that it maps; null = none, or the program's image.</summary>
    internal Files.FileHandle? File { get; init; }

    /// <summary>The shared memory that it maps; null = private.</summary>
    internal ShmemObject? Shmem { get; init; }

    /// <summary>
    /// The page of <see cref="Shmem"/> or <see cref="File"/> that <see cref="StartPage"/> shows. Of private memory its page number when it was first written: it tells
    /// mappings that were moved beside each other from parts of one.
    /// </summary>
    internal long PageOffset { get; set; }

    /// <summary>Its memory policy (mbind(2)); null = that of the task which faults.</summary>
    public Pages.MemoryPolicy? Policy { get; internal set; }

    /// <summary>Which anon_vma it has: mappings that were one before they were split have the same. 0 = a program's own.</summary>
    internal int AnonVmaId { get; set; }

    /// <summary>It has been written to and has an anon_vma.</summary>
    internal bool HasAnonVma { get; set; }

    /// <summary>The slab object of the vm_area_struct.</summary>
    internal Slab.SlabObject Object { get; set; }

    /// <summary>The slab object of its anon_vma_chain.</summary>
    internal Slab.SlabObject ChainObject { get; set; }

    /// <summary>The slab object of its link to the anon_vma of the mapping that it is a copy of.</summary>
    internal Slab.SlabObject ParentChainObject { get; set; }

    /// <summary>The slab object of its anon_vma.</summary>
    internal Slab.SlabObject AnonVmaObject { get; set; }
}
