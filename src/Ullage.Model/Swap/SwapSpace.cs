using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Swap;

/// <summary>What pageout came to.</summary>
[Kernel("pageout_t", "mm/vmscan.c")]
internal enum PageOutResult
{
    /// <summary>Not written: the page stays where it is.</summary>
    Keep,
    /// <summary>It cannot be written now: it goes to the active list.</summary>
    Activate,
    /// <summary>It is being written, or has been.</summary>
    Success,
    /// <summary>There was nothing to write.</summary>
    Clean,
}

/// <summary>
/// The swap space: slots, the pages of slots that are in memory (the swap cache), and the way of a page out and in. A page on its way out has a slot and
/// stays in memory until it was written; a page that came back keeps its slot until it is written to, so that it need not be written again.
/// </summary>
[Kernel("struct address_space", "mm/swap_state.c", Deviation = "One device; no swapon or swapoff while the machine runs.")]
internal sealed partial class SwapSpace : ISwapReclaim
{
    private const int ChunkShift = 16;

    private readonly Machine _machine;
    private readonly PageFrames _frames;
    private readonly SwapRules _rules;
    private readonly int[]?[] _slotOf; // slots of pages in the swap cache, by frame; chunks that never had one are absent

    public SwapSpace(Machine machine)
    {
        _machine = machine;
        _frames = machine.Frames;
        _rules = machine.Era.Swap;
        Map = new SwapMap((int)Math.Min(machine.Options.SwapBytes >> KernelConstants.PageShift, int.MaxValue - 1));
        Charges = new SwapCharges(machine, Map);
        _slotOf = new int[]?[(_frames.Managed >> ChunkShift) + 1];
        _writes = new SwapWrites(machine);
    }

    public SwapMap Map { get; }

    public SwapCharges Charges { get; }

    /// <summary>Pages in the swap cache.</summary>
    public long Cached { get; private set; }

    /// <summary>Pages added to the swap cache since boot.</summary>
    public long Added { get; private set; }

    /// <summary>Pages deleted from it.</summary>
    public long Deleted { get; private set; }

    /// <summary>Pages of slots that were looked for.</summary>
    public long Lookups { get; private set; }

    /// <summary>Of those, the ones found.</summary>
    public long Found { get; private set; }

    /// <summary>Slots that a cgroup could still get; null = the machine.</summary>
    [Kernel("mem_cgroup_get_nr_swap_pages", "mm/memcontrol.c")]
    public long FreePages(MemCgroup? memcg) => Charges.FreePages(memcg);

    /// <summary>The slot of a page in the swap cache.</summary>
    public int SlotOf(int frame)
    {
        Invariant.Holds((_frames.Flags(frame) & PageFlags.SwapCache) != 0);
        return _slotOf[frame >> ChunkShift]![frame & ((1 << ChunkShift) - 1)];
    }

    /// <summary>Gives an anonymous page a slot and puts it into the swap cache; false = it cannot be swapped.</summary>
    [Kernel("add_to_swap", "mm/swap_state.c")]
    public bool AddToSwap(int frame)
    {
        int slot = TakeSlot(frame);
        if (slot < 0)
        {
            return false;
        }
        AddToCache(frame, slot);
        _frames.Flags(frame) |= PageFlags.Dirty;
        return true;
    }

    [Kernel("folio_alloc_swap", "mm/swapfile.c")]
    private int TakeSlot(int frame)
    {
        MemCgroup? memcg = _machine.Hierarchy.ById(_frames.Memcg(frame));
        int slot = Map.Allocate(this);
        if (slot < 0)
        {
            Charges.NoteNoSlot(memcg);
            return -1;
        }
        if (!Charges.TryCharge(memcg, slot))
        {
            Map.Release(slot);
            return -1;
        }
        return slot;
    }

    [Kernel("add_to_swap_cache", "mm/swap_state.c")]
    private void AddToCache(int frame, int slot)
    {
        Invariant.Holds((_frames.Flags(frame) & PageFlags.SwapCache) == 0 && !Map[slot].HasCache);
        Map[slot].Cache = frame + 1;
        int[] chunk = _slotOf[frame >> ChunkShift] ??= new int[1 << ChunkShift];
        chunk[frame & ((1 << ChunkShift) - 1)] = slot;
        _frames.Flags(frame) |= PageFlags.SwapCache;
        Added++;
        Count(frame, 1);
    }

    /// <summary>Takes a page out of the swap cache, with what is left of it in its place; a slot that nobody else uses is free then.</summary>
    [Kernel("delete_from_swap_cache", "mm/swap_state.c")]
    private void DeleteFromCache(int frame, long shadow)
    {
        int slot = SlotOf(frame);
        ref SwapSlot each = ref Map[slot];
        each.Cache = shadow < 0 ? 0 : -(shadow + 1);
        _frames.Flags(frame) &= ~PageFlags.SwapCache;
        Deleted++;
        Count(frame, -1);
        if (each.Count == 0)
        {
            FreeSlot(slot);
        }
    }

    private void Count(int frame, int change)
    {
        Cached += change;
        _machine.Vm.Add(VmItem.SwapCached, change);
        _machine.Vm.Add(VmItem.FilePages, change);
        CountCached(_machine.Hierarchy.ById(_frames.Memcg(frame)), change);
    }

    /// <summary>The swap cache's share of a cgroup changes: with its pages, and when a page there is charged.</summary>
    public void CountCached(MemCgroup? memcg, int change)
    {
        if (memcg is { IsRoot: false })
        {
            memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.SwapCached, change);
        }
    }

    [Kernel("swap_entry_free", "mm/swapfile.c")]
    private void FreeSlot(int slot)
    {
        Charges.Uncharge(slot);
        Map.Release(slot);
    }

    /// <summary>One more refers to a slot.</summary>
    [Kernel("swap_duplicate", "mm/swapfile.c")]
    public void Duplicate(int slot) => Map[slot].Count++;

    /// <summary>One less refers to a slot.</summary>
    [Kernel("swap_free", "mm/swapfile.c")]
    public void Free(int slot)
    {
        ref SwapSlot each = ref Map[slot];
        Invariant.Holds(each.Count > 0);
        if (--each.Count == 0 && !each.HasCache)
        {
            FreeSlot(slot);
        }
    }

    /// <summary>One less refers to a slot, and for good: its page in the swap cache goes too, if nobody has it otherwise.</summary>
    [Kernel("free_swap_and_cache", "mm/swapfile.c")]
    public void FreeAndCache(int slot)
    {
        ref SwapSlot each = ref Map[slot];
        Invariant.Holds(each.Count > 0);
        if (--each.Count > 0)
        {
            return;
        }
        if (!each.HasCache)
        {
            FreeSlot(slot);
        }
        else if (_frames.MapCount(each.Frame) == 0 || Charges.IsFullFor(each.Frame))
        {
            TryToFree(each.Frame);
        }
    }

    /// <summary>
    /// Takes a page out of the swap cache if no entry refers to its slot. If it is mapped it goes on as any other, and must be written again;
    /// if not, it is freed.
    /// </summary>
    /// <returns>False while it is being written, or an entry still refers to it.</returns>
    [Kernel("folio_free_swap", "mm/swapfile.c")]
    public bool TryToFree(int frame)
    {
        PageFlags flags = _frames.Flags(frame);
        if ((flags & PageFlags.SwapCache) == 0 || (flags & PageFlags.Writeback) != 0 || Map[SlotOf(frame)].Count > 0)
        {
            return false;
        }
        DeleteFromCache(frame, -1);
        _frames.Flags(frame) |= PageFlags.Dirty;
        if (_frames.MapCount(frame) == 0)
        {
            _machine.Faults.FreeUnlessHeld(frame);
        }
        return true;
    }

    /// <summary>The only process that maps a page takes it out of the swap cache in order to write to it; not while it is being written.</summary>
    [Kernel("reuse_swap_page", "mm/swapfile.c")]
    public void TakeOver(int frame)
    {
        if ((_frames.Flags(frame) & PageFlags.Writeback) == 0)
        {
            DeleteFromCache(frame, -1);
            _frames.Flags(frame) |= PageFlags.Dirty;
        }
    }

    /// <summary>A page of the swap cache goes back to the shared memory that alone refers to its slot.</summary>
    [Kernel("shmem_swapin_folio", "mm/shmem.c")]
    public void MoveToShared(int frame, int slot)
    {
        DeleteFromCache(frame, -1);
        Free(slot);
        _frames.Flags(frame) |= PageFlags.Dirty;
    }

    /// <inheritdoc/>
    [Kernel("__try_to_reclaim_swap", "mm/swapfile.c")]
    public bool TryReclaimSlot(int slot) => Map[slot] is { Count: 0 } each && each.Frame >= 0 && TryToFree(each.Frame);

    /// <summary>
    /// The end of a reclaimed page, which must be clean and mapped nowhere: it leaves the swap cache, and memory. What remains is its slot, with a shadow from which its
    /// return is judged, and on v1 its memory+swap charge.
    /// </summary>
    /// <param name="frame">The page.</param>
    /// <param name="target">Whose reclaim it is; null = the machine's.</param>
    /// <returns>False when it was written meanwhile.</returns>
    [Kernel("__remove_mapping", "mm/vmscan.c")]
    public bool RemoveMapping(int frame, MemCgroup? target)
    {
        if ((_frames.Flags(frame) & (PageFlags.Dirty | PageFlags.Writeback)) != 0)
        {
            return false;
        }
        if ((_frames.Flags(frame) & PageFlags.Shmem) != 0)
        {
            return DropShared(frame);
        }
        int slot = SlotOf(frame);
        long shadow = _rules.AnonShadows ? _machine.Workingset.Eviction(frame, target) : -1;
        DropFromCgroup(frame, slot);
        DeleteFromCache(frame, shadow);
        _machine.Faults.FreeAnon(_machine.CurrentCpu, frame);
        return true;
    }

    /// <summary>A page of shared memory that nobody ever wrote to is all zeros: it is forgotten.</summary>
    private bool DropShared(int frame)
    {
        if (_frames.MapCount(frame) != 1 || _machine.Shared.ById(_frames.Mapping(frame)) is not { } shmem)
        {
            return false;
        }
        shmem.Forget((uint)_frames.Index(frame));
        _machine.Overcommit.Uncharge(shmem.NoReserve ? 1 : 0);
        _frames.MapCount(frame) = 0;
        _machine.Faults.FreeAnon(_machine.CurrentCpu, frame);
        return true;
    }

    private void DropFromCgroup(int frame, int slot)
    {
        if (_machine.MemswCounts)
        {
            CountCached(_machine.Hierarchy.ById(_frames.Memcg(frame)), -1);
            Charges.SwapOut(frame, slot);
        }
    }
}
