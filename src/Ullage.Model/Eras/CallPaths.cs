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
    /// <summary>A control file is written.</summary>
    public required IReadOnlyList<string> ControlWrite { get; init; }
}
