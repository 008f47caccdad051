using Ullage.Abi;
using Ullage.Model.Charging;

namespace Ullage.Model.Pages;

/// <summary>One call of the page allocator: for what, what it may do to get a page, and which nodes it may look at, beginning with which.</summary>
/// <param name="Use">What the page is for.</param>
/// <param name="Gfp">What the allocation may do.</param>
/// <param name="Preferred">The node whose zones it tries first.</param>
/// <param name="Nodes">The nodes of a memory policy that binds; all = none does.</param>
[Kernel("struct alloc_context", "mm/internal.h")]
internal readonly record struct AllocRequest(PageFlags Use, Gfp Gfp, MemoryNode Preferred, NodeMask Nodes)
{
    /// <summary>So many frames, as a power of two, are wanted together; this is the next of them.</summary>
    public int Order { get; init; }

    /// <summary>__GFP_HARDWALL: a page of user space, which must lie on the nodes of the task's cpuset whatever happens.</summary>
    public bool IsUserPage => (Use & PageFlags.Kernel) == 0;

    /// <summary>A memory policy restricts it.</summary>
    public bool IsBound => Nodes != NodeMask.All;
}
