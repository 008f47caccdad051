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
    private const long MmapArea = 7; // the upper bits of its page numbers, and of the stack's
    private const long Heap = 5;

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
        if (OnlyMapping(frame, out int at) is { } only)
        {
            return TestAndClear(only, at, target);
        }
        Find(frame);
        int referenced = 0;
        foreach ((Mm mm, PageTablePage table, int index) in _found)
        {
            referenced += TestAndClear(mm, (table.Table * PtePool.EntriesPerTable) + index, target);
        }
        return referenced;
    }

    [Kernel("folio_referenced_one", "mm/rmap.c")]
    private int TestAndClear(Mm mm, int at, MemCgroup? target)
    {
        ref PteFlags flags = ref machine.Faults.Ptes.FlagsAt(at);
        if ((flags & PteFlags.Accessed) == 0 || (target is not null && !Counts(mm, target)))
        {
            return 0;
        }
        flags &= ~PteFlags.Accessed;
        return 1;
    }

    /// <summary>Most pages are mapped once, by the address space that made them and where it made them: no list of mappings is needed then.</summary>
    /// <returns>That address space, with the place of the entry in the pool; null = it must be searched for.</returns>
    private Mm? OnlyMapping(int frame, out int at)
    {
        at = -1;
        if (_frames.MapCount(frame) != 1 || (_frames.Flags(frame) & PageFlags.Shmem) != 0 || Nodes[_frames.Mapping(frame)]?.Mm is not { } mm)
        {
            return null;
        }
        uint index = (uint)_frames.Index(frame);
        return IsIn(mm, (MmapArea << 32) | index, frame, ref at) || IsIn(mm, (Heap << 32) | index, frame, ref at) ? mm : null;
    }

    private bool IsIn(Mm mm, long page, int frame, ref int at)
    {
        if (mm.PteTableForWalk(page) is not { } table)
        {
            return false;
        }
        at = (table.Table * PtePool.EntriesPerTable) + (int)(page & 511);
        return Names(at, frame);
    }

    /// <summary>An entry is a present one, and names the page.</summary>
    private bool Names(int at, int frame)
    {
        int entry = machine.Faults.Ptes.EntryAt(at);
        return (entry == frame + 1 || entry == -(frame + 1)) && (machine.Faults.Ptes.FlagsAt(at) & PteFlags.Swap) == 0;
    }

    [Kernel("mm_match_cgroup", "include/linux/memcontrol.h")]
    private static bool Counts(Mm mm, MemCgroup target) => mm.Owner?.Cgroup.Memcg is not { } memcg || memcg.IsDescendantOf(target);

    /// <summary>Takes a page out of all page tables: an anonymous one leaves its slot of the swap space there, a shared one nothing. False = it is still mapped.</summary>
    [Kernel("try_to_unmap", "mm/rmap.c")]
    public bool TryToUnmap(int frame)
    {
        bool isShmem = (_frames.Flags(frame) & PageFlags.Shmem) != 0;
        Invariant.Holds(isShmem || (_frames.Flags(frame) & PageFlags.SwapCache) != 0);
        if (OnlyMapping(frame, out int at) is { } only)
        {
            UnmapAnon(only, at, frame);
            return true;
        }
        Find(frame);
        foreach ((Mm mm, PageTablePage table, int index) in _found)
        {
            if (isShmem)
            {
                UnmapShared(mm, table, index, frame);
            }
            else
            {
                UnmapAnon(mm, (table.Table * PtePool.EntriesPerTable) + index, frame);
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

        private void UnmapAnon(Mm mm, int at, int frame)
    {
        ref int entry = ref machine.Faults.Ptes.EntryAt(at);
        ref PteFlags flags = ref machine.Faults.Ptes.FlagsAt(at);
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
        if (IsAt(mm, (MmapArea << 32) | index, frame) || IsAt(mm, (Heap << 32) | index, frame))
        {
            return true;
        }
        for (long high = 0; high < MmapArea; high++)
        {
            if (high != Heap && IsAt(mm, (high << 32) | index, frame))
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
        if (!Names((table.Table * PtePool.EntriesPerTable) + index, frame))
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
