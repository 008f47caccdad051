using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>
/// From a page to the page table entries that map it, for reclaim (§3.6): who used it lately, and to take it out of them. An anonymous page knows the
/// address space that made it and its page number there; whoever got it by fork has it at the same number, unless mremap moved the mapping.
/// </summary>
[Kernel("rmap_walk", "mm/rmap.c")]
internal sealed class Rmap(Machine machine)
{
    private readonly PageFrames _frames = machine.Frames;
    private readonly List<RmapNode> _stack = [];
    private readonly List<(Mm Mm, PageTablePage Table, int Index)> _found = [];

    public RmapNodes Nodes { get; } = new();

    /// <summary>Notes on a new anonymous page where it is: page <paramref name="page"/> of <paramref name="mm"/>.</summary>
    [Kernel("folio_add_new_anon_rmap", "mm/rmap.c")]
    public void SetAnon(Mm mm, Vma? vma, long page, int frame)
    {
        _frames.Mapping(frame) = Nodes.Of(mm).Id;
        _frames.Index(frame) = (int)(vma is null ? page : vma.PageOffset + page - vma.StartPage);
    }

    /// <summary>The same for a page that others may still have in swap: it belongs to the eldest of the family.</summary>
    [Kernel("folio_add_anon_rmap_pte", "mm/rmap.c")]
    public void SetShared(Mm mm, Vma vma, long page, int frame)
    {
        RmapNode node = Nodes.Of(mm);
        while (node.Parent is { } parent)
        {
            node = parent;
        }
        _frames.Mapping(frame) = node.Id;
        _frames.Index(frame) = (int)(vma.PageOffset + page - vma.StartPage);
    }

    /// <summary>Counts the entries that were used since this was last asked, and asks anew.</summary>
    /// <param name="frame">The page.</param>
    /// <param name="target">Only address spaces of this cgroup's subtree count; null = all.</param>
    /// <param name="exec">Some mapping is executable.</param>
    [Kernel("folio_referenced", "mm/rmap.c")]
    public int Referenced(int frame, MemCgroup? target, out bool exec)
    {
        exec = false;
        Find(frame);
        int referenced = 0;
        foreach ((Mm mm, PageTablePage table, int index) in _found)
        {
            ref PteFlags flags = ref machine.Faults.Ptes.Flags(table.Table, index);
            if ((flags & PteFlags.Accessed) != 0 && (target is null || Counts(mm, target)))
            {
                flags &= ~PteFlags.Accessed;
                referenced++;
            }
        }
        return referenced;
    }

    [Kernel("mm_match_cgroup", "include/linux/memcontrol.h")]
    private static bool Counts(Mm mm, MemCgroup target) => mm.Owner?.Cgroup.Memcg is not { } memcg || memcg.IsDescendantOf(target);

    /// <summary>Takes a page out of all page tables: an anonymous one leaves its slot of the swap space there, a shared one nothing. False = it is still mapped.</summary>
    [Kernel("try_to_unmap", "mm/rmap.c")]
    public bool TryToUnmap(int frame)
    {
        bool isShmem = (_frames.Flags(frame) & PageFlags.Shmem) != 0;
        Invariant.Holds(isShmem || (_frames.Flags(frame) & PageFlags.SwapCache) != 0);
        Find(frame);
        foreach ((Mm mm, PageTablePage table, int index) in _found)
        {
            if (isShmem)
            {
                UnmapShared(mm, table, index, frame);
            }
            else
            {
                UnmapAnon(mm, table, index, frame);
            }
        }
        return _frames.MapCount(frame) == (isShmem ? 1 : 0);
    }

    /// <summary>Takes a page that MADV_FREE gave up out of all page tables, leaving nothing; false = it was written since then, and stays.</summary>
    [Kernel("try_to_unmap_one", "mm/rmap.c")]
    public bool TryToDiscard(int frame)
    {
        Find(frame);
        foreach ((_, PageTablePage table, int index) in _found)
        {
            if ((machine.Faults.Ptes.Flags(table.Table, index) & PteFlags.Dirty) != 0)
            {
                return false;
            }
        }
        foreach ((Mm mm, PageTablePage table, int index) in _found)
        {
            machine.Faults.Ptes.Entry(table.Table, index) = 0;
            machine.Faults.Ptes.Flags(table.Table, index) = PteFlags.None;
            table.Present--;
            mm.AnonPages--;
            machine.Faults.RemoveRmap(frame);
        }
        return _frames.MapCount(frame) == 0;
    }

    private void UnmapAnon(Mm mm, PageTablePage table, int index, int frame)
    {
        ref int entry = ref machine.Faults.Ptes.Entry(table.Table, index);
        ref PteFlags flags = ref machine.Faults.Ptes.Flags(table.Table, index);
        _frames.Flags(frame) |= (flags & PteFlags.Dirty) != 0 ? PageFlags.Dirty : PageFlags.None;
        bool exclusive = entry > 0 || (flags & PteFlags.Exclusive) != 0;
        int slot = machine.Swap.SlotOf(frame);
        machine.Swap.Duplicate(slot);
        entry = PtePool.SwapEntry(slot);
        flags = PteFlags.Swap | (exclusive ? PteFlags.Exclusive : PteFlags.None);
        mm.AnonPages--;
        mm.SwapPages++;
        machine.Faults.RemoveRmap(frame);
    }

    private void UnmapShared(Mm mm, PageTablePage table, int index, int frame)
    {
        ref PteFlags flags = ref machine.Faults.Ptes.Flags(table.Table, index);
        _frames.Flags(frame) |= (flags & PteFlags.Dirty) != 0 ? PageFlags.Dirty : PageFlags.None;
        flags = PteFlags.None;
        machine.Faults.Ptes.Entry(table.Table, index) = 0;
        table.Present--;
        machine.Faults.Unmap(mm, frame);
    }

    /// <summary>Collects the entries that map a page.</summary>
    private void Find(int frame)
    {
        _found.Clear();
        if ((_frames.Flags(frame) & PageFlags.Shmem) != 0)
        {
            FindShared(frame);
            return;
        }
        int left = _frames.MapCount(frame);
        if (left == 0 || Nodes[_frames.Mapping(frame)] is not { } first)
        {
            return;
        }
        _stack.Clear();
        _stack.Add(first);
        while (left > 0 && _stack.Count > 0)
        {
            RmapNode node = _stack[^1];
            _stack.RemoveAt(_stack.Count - 1);
            if (node.Mm is { } mm && FindIn(mm, frame))
            {
                left--;
            }
            _stack.AddRange(node.Children);
        }
    }

    /// <summary>Looks where the page would be if its mapping never moved, then in those that did. The number is kept in 32 bits: user space has eight pages for each.</summary>
    [Kernel("page_vma_mapped_walk", "mm/page_vma_mapped.c")]
    private bool FindIn(Mm mm, int frame)
    {
        uint index = (uint)_frames.Index(frame);
        const long top = 7; // of the mmap area and the stack
        const long heap = 5;
        if (IsAt(mm, (top << 32) | index, frame) || IsAt(mm, (heap << 32) | index, frame))
        {
            return true;
        }
        for (long high = 0; high < top; high++)
        {
            if (high != heap && IsAt(mm, (high << 32) | index, frame))
            {
                return true;
            }
        }
        return mm.HasMoved && FindMoved(mm, index, frame);
    }

    private bool FindMoved(Mm mm, uint index, int frame)
    {
        foreach (Vma vma in mm.Vmas)
        {
            uint offset = index - (uint)vma.PageOffset;
            if (vma.HasAnonVma && vma.PageOffset != vma.StartPage && offset < vma.Pages && IsAt(mm, vma.StartPage + offset, frame))
            {
                return true;
            }
        }
        return false;
    }

    private bool IsAt(Mm mm, long page, int frame)
    {
        if (mm.PteTableOf(page) is not { } table)
        {
            return false;
        }
        int index = (int)(page & 511);
        int entry = machine.Faults.Ptes.Entry(table.Table, index);
        if ((entry != frame + 1 && entry != -(frame + 1)) || (machine.Faults.Ptes.Flags(table.Table, index) & PteFlags.Swap) != 0)
        {
            return false;
        }
        _found.Add((mm, table, index));
        return true;
    }

    private void FindShared(int frame)
    {
        int left = _frames.MapCount(frame) - 1; // the shared memory itself holds it
        if (left <= 0 || machine.Shared.ById(_frames.Mapping(frame)) is not { } shmem)
        {
            return;
        }
        long index = (uint)_frames.Index(frame);
        foreach ((Mm mm, Vma vma) in shmem.MappedBy)
        {
            long offset = index - vma.PageOffset;
            if (offset >= 0 && offset < vma.Pages)
            {
                _ = IsAt(mm, vma.StartPage + offset, frame);
            }
        }
    }
}
