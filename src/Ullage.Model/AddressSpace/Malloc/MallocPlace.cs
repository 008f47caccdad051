namespace Ullage.Model.AddressSpace.Malloc;

/// <summary>The function that the program called.</summary>
public enum MallocRoot
{
    /// <summary>None of malloc's.</summary>
    None,
    /// <summary>malloc(3).</summary>
    Malloc,
    /// <summary>calloc(3).</summary>
    Calloc,
    /// <summary>realloc(3).</summary>
    Realloc,
    /// <summary>memalign(3), aligned_alloc(3), posix_memalign(3).</summary>
    Memalign,
    /// <summary>free(3).</summary>
    Free,
    /// <summary>malloc_trim(3).</summary>
    Trim,
}

/// <summary>The function inside the C library that the call has come to, as stacks show it.</summary>
public enum MallocPlace
{
    /// <summary>In none of them.</summary>
    None,
    /// <summary>_int_malloc.</summary>
    IntMalloc,
    /// <summary>sysmalloc: a mapping of its own, a larger heap, or one in place of a refused brk.</summary>
    Sysmalloc,
    /// <summary>sysmalloc's sbrk.</summary>
    Morecore,
    /// <summary>new_heap, from sysmalloc.</summary>
    NewHeap,
    /// <summary>new_heap, for a new arena.</summary>
    NewArena,
    /// <summary>munmap_chunk.</summary>
    MunmapChunk,
    /// <summary>systrim's sbrk.</summary>
    Systrim,
    /// <summary>heap_trim.</summary>
    HeapTrim,
    /// <summary>mremap_chunk.</summary>
    MremapChunk,
    /// <summary>mtrim.</summary>
    Mtrim,
}
