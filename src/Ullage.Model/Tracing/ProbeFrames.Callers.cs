using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Tracing;

/// <summary>Who calls the slab allocator, and how the C library came to make a system call.</summary>
internal sealed partial class ProbeFrames
{
    /// <summary>Callers of the slab allocator's entry.</summary>
    private List<string> SlabUser(KernelPath path, bool inFault)
    {
        if (inFault)
        {
            return AfterAllocator(_paths.SlabFault);
        }
        switch (path.Entry)
        {
            case KernelEntry.Lookup:
                return [.. _paths.Lookup];
            case KernelEntry.LookupInode:
                return [.. _paths.InodeLookup, .. FromSlowLookup(_paths.Lookup)];
            case KernelEntry.Open:
                return [.. DentryFrames(), .. _paths.OpenCall];
            case KernelEntry.OpenInode:
                return [.. _paths.InodeCreate, .. _paths.OpenCall];
            case KernelEntry.OpenFile:
                return [.. _paths.FileAllocation, .. _paths.OpenCall];
            case KernelEntry.Unlink:
                return ["__d_alloc", "d_alloc", "__lookup_hash", .. _paths.UnlinkCall];
            case KernelEntry.Fork:
                return AfterAllocator(_paths.SlabFork);
            case KernelEntry.Split or KernelEntry.Mprotect:
                return AfterAllocator(_paths.SlabSplit);
            case KernelEntry.Brk:
                return [.. Before(AfterAllocator(_paths.SlabMmap), "mmap_region"), .. _paths.BrkCall];
            case KernelEntry.Mremap:
                return ["copy_vma", "move_vma", .. After(_paths.MremapCall, "vma_to_resize")];
            default:
                return AfterAllocator(_paths.SlabMmap);
        }
    }

    /// <summary>From the dentry's allocation to where a lookup and a creation part.</summary>
    private List<string> DentryFrames()
    {
        List<string> frames = [.. _paths.Lookup];
        int last = frames.FindIndex(static frame => frame is "d_alloc_parallel" or "lookup_dcache");
        return frames.GetRange(0, last + 1);
    }

    private static List<string> AfterAllocator(IReadOnlyList<string> frames)
    {
        List<string> rest = [.. frames];
        rest.RemoveRange(0, rest.FindIndex(static frame => frame.StartsWith("kmem_cache_alloc", StringComparison.Ordinal)) + 1);
        return rest;
    }

    private static List<string> Before(List<string> frames, string frame)
    {
        int at = frames.FindIndex(each => each.EndsWith(frame, StringComparison.Ordinal));
        return at < 0 ? [] : frames.GetRange(0, at);
    }

    private static List<string> FromSlowLookup(IReadOnlyList<string> lookup)
    {
        List<string> rest = [.. lookup];
        rest.RemoveRange(0, rest.FindIndex(static frame => frame.EndsWith("lookup_slow", StringComparison.Ordinal)));
        return rest;
    }

    private void AddLibrary(List<string> frames, KernelFunction function, KernelPath path)
    {
        switch (function)
        {
            case KernelFunction.Sysmalloc:
                frames.AddRange(["sysmalloc", "_int_malloc"]);
                break;
            case KernelFunction.IntMalloc:
                frames.Add("_int_malloc");
                break;
        }
        frames.Add(NameOf(path.Root));
    }

    /// <summary>From the system call's wrapper to the function that the program called.</summary>
    private void AddLibraryCall(List<string> frames, KernelPath path)
    {
        string morecore = glibc.SingleThreadUsesMainOnly ? "__glibc_morecore" : "__default_morecore"; // renamed in 2.34
        string call = path.Entry switch
        {
            KernelEntry.Mprotect => "mprotect",
            KernelEntry.Mremap => "mremap",
            KernelEntry.Split => path.Place == MallocPlace.HeapTrim ? "madvise" : "munmap",
            _ => "mmap64",
        };
        frames.AddRange(path.Place switch
        {
            MallocPlace.Morecore => ["brk", "sbrk", morecore, "sysmalloc", "_int_malloc"],
            MallocPlace.Systrim => ["brk", "sbrk", morecore, "systrim", "_int_free"],
            MallocPlace.Sysmalloc => [call, "sysmalloc", "_int_malloc"],
            MallocPlace.NewHeap => [call, "new_heap", "sysmalloc", "_int_malloc"],
            MallocPlace.NewArena => [call, "new_heap", "arena_get2"],
            MallocPlace.MunmapChunk => ["munmap", "munmap_chunk"],
            MallocPlace.HeapTrim => [call, "heap_trim", "_int_free"],
            MallocPlace.MremapChunk => ["mremap", "mremap_chunk"],
            MallocPlace.Mtrim => ["madvise", "mtrim"],
            _ => new List<string> { call },
        });
        frames.Add(NameOf(path.Root));
    }

    private static string NameOf(MallocRoot root) => root switch
    {
        MallocRoot.Calloc => "__libc_calloc",
        MallocRoot.Realloc => "__libc_realloc",
        MallocRoot.Memalign => "__libc_memalign",
        MallocRoot.Free => "__libc_free",
        MallocRoot.Trim => "__malloc_trim",
        _ => "__libc_malloc",
    };
}
