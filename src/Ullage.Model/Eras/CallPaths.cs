namespace Ullage.Model.Eras;

/// <summary>How call stacks look in an era's build: frames from the caller of the charge outwards, innermost first, inlined functions left out (§12).</summary>
public sealed record CallPaths
{
    /// <summary>
    /// The unwinder of this build does not see the caller of a function that is probed at its entry, because the frame is not
    /// set up yet (measured on 4.15 and 5.4).
    /// </summary>
    public required bool ProbeHidesCaller { get; init; }
    /// <summary>An anonymous page in a fault.</summary>
    public required IReadOnlyList<string> AnonFault { get; init; }
    /// <summary>A page table in a fault.</summary>
    public required IReadOnlyList<string> TableFault { get; init; }
    /// <summary>A slab page for a fault's anon_vma.</summary>
    public required IReadOnlyList<string> SlabFault { get; init; }
    /// <summary>A slab page for a mapping that mmap makes.</summary>
    public required IReadOnlyList<string> SlabMmap { get; init; }
    /// <summary>A slab page for a mapping that munmap, mprotect or madvise splits.</summary>
    public required IReadOnlyList<string> SlabSplit { get; init; }
    /// <summary>A slab page for a mapping that fork copies.</summary>
    public required IReadOnlyList<string> SlabFork { get; init; }
    /// <summary>A page table that fork copies.</summary>
    public required IReadOnlyList<string> TableFork { get; init; }
    /// <summary>The kernel stack of a new task.</summary>
    public required IReadOnlyList<string> StackFork { get; init; }
    /// <summary>The way back to user space after a fault.</summary>
    public required IReadOnlyList<string> ReturnFromFault { get; init; }
    /// <summary>The end of a fault that ran out of memory.</summary>
    public required IReadOnlyList<string> FaultEnd { get; init; }
    /// <summary>The system-wide OOM killer's callers, in a fault.</summary>
    public required IReadOnlyList<string> GlobalFault { get; init; }
    /// <summary>The system-wide OOM killer's callers, in a system call.</summary>
    public required IReadOnlyList<string> GlobalCall { get; init; }
    /// <summary>From the charge to the slab allocator's entry: what every slab page, or object, has in common.</summary>
    public required IReadOnlyList<string> SlabCharge { get; init; }
    /// <summary>From slab_out_of_memory to the slab allocator's entry.</summary>
    public required IReadOnlyList<string> SlabReport { get; init; }
    /// <summary>Callers of the slab allocator: a name that stat(2) looks up.</summary>
    public required IReadOnlyList<string> Lookup { get; init; }
    /// <summary>The charge of such a name; differs from <see cref="SlabCharge"/> where names have an allocator entry of their own.</summary>
    public required IReadOnlyList<string> SlabLookup { get; init; }
    /// <summary>Callers of the slab allocator: the inode of a name that was found, up to the file system's lookup.</summary>
    public required IReadOnlyList<string> InodeLookup { get; init; }
    /// <summary>Callers of the slab allocator: the inode of a file that open(2) creates.</summary>
    public required IReadOnlyList<string> InodeCreate { get; init; }
    /// <summary>Callers of the slab allocator: an open file.</summary>
    public required IReadOnlyList<string> FileAllocation { get; init; }
    /// <summary>open(2), from the walk to the file.</summary>
    public required IReadOnlyList<string> OpenCall { get; init; }
    /// <summary>unlink(2), from its own function.</summary>
    public required IReadOnlyList<string> UnlinkCall { get; init; }
    /// <summary>brk(2), from the function that makes the mapping.</summary>
    public required IReadOnlyList<string> BrkCall { get; init; }
    /// <summary>mmap(2), likewise.</summary>
    public required IReadOnlyList<string> MmapCall { get; init; }
    /// <summary>mprotect(2), from the function that changes one mapping.</summary>
    public required IReadOnlyList<string> MprotectCall { get; init; }
    /// <summary>mremap(2), from the function that checks what may grow.</summary>
    public required IReadOnlyList<string> MremapCall { get; init; }
    /// <summary>fork(2), from the function that copies the process.</summary>
    public required IReadOnlyList<string> ForkCall { get; init; }
    /// <summary>execve(2), from the function that maps a part of the program.</summary>
    public required IReadOnlyList<string> ExecCall { get; init; }
    /// <summary>A page fault, from handle_mm_fault outwards.</summary>
    public required IReadOnlyList<string> Fault { get; init; }
    /// <summary>printk's name.</summary>
    public required string Printk { get; init; }
    /// <summary>The ways to a file's pages.</summary>
    public required FilePaths Files { get; init; }
    /// <summary>A control file is written.</summary>
    public required IReadOnlyList<string> ControlWrite { get; init; }
}
