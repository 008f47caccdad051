using Ullage.Abi;

namespace Ullage.Model.AddressSpace;

/// <summary>
/// Where the search for an anonymous page's mappings begins: the address space that the page was made in. Fork hangs the child's node below the parent's,
/// so that what was shared by fork is found below the node of who made it.
/// </summary>
[Kernel("struct anon_vma", "include/linux/rmap.h", Deviation = "One per address space, not per mapping: a page is looked up in the address spaces of a family, not in their mappings.")]
internal sealed class RmapNode(int id, RmapNode? parent)
{
    public int Id { get; } = id;

    public RmapNode? Parent { get; } = parent;

    /// <summary>The address space; null once it is gone.</summary>
    public Mm? Mm { get; set; }

    public List<RmapNode> Children { get; } = [];
}

/// <summary>All nodes, by the number that anonymous pages carry.</summary>
internal sealed class RmapNodes
{
    private readonly List<RmapNode?> _byId = [null];
    private readonly Stack<int> _free = [];

    public RmapNode? this[int id] => id < _byId.Count ? _byId[id] : null;

    /// <summary>The node of an address space; it gets one with its first page.</summary>
    [Kernel("anon_vma_prepare", "mm/rmap.c")]
    public RmapNode Of(Mm mm) => mm.Rmap ??= Add(mm, null);

    /// <summary>A child's address space joins its parent's family.</summary>
    [Kernel("anon_vma_fork", "mm/rmap.c")]
    public void Fork(Mm parent, Mm child) => child.Rmap = Add(child, Of(parent));

    private RmapNode Add(Mm mm, RmapNode? parent)
    {
        int id = _free.Count > 0 ? _free.Pop() : _byId.Count;
        RmapNode node = new(id, parent) { Mm = mm };
        if (id == _byId.Count)
        {
            _byId.Add(node);
        }
        else
        {
            _byId[id] = node;
        }
        parent?.Children.Add(node);
        return node;
    }

    /// <summary>An address space has no pages any more. Its node stays while descendants may have pages that were made in it.</summary>
    [Kernel("unlink_anon_vmas", "mm/rmap.c")]
    public void Remove(Mm mm)
    {
        RmapNode? node = mm.Rmap;
        if (node is null)
        {
            return;
        }
        mm.Rmap = null;
        node.Mm = null;
        while (node is { Mm: null, Children.Count: 0 })
        {
            _byId[node.Id] = null;
            _free.Push(node.Id);
            node.Parent?.Children.Remove(node);
            node = node.Parent;
        }
    }
}
