using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>Faults on pages in swap, and who may write to a page in place.</summary>
internal sealed partial class PageFaults
{
    [Kernel("do_swap_page", "mm/memory.c")]
    private VmFault SwapFault(TaskStruct task, Mm mm, Vma vma, long page, bool write, PageTablePage table)
    {
        int slot = PtePool.SlotOf(Ptes.Entry(table.Table, (int)(page & 511)));
        MemCgroup memcg = MemcgOf(task, mm);
        int frame = _machine.Swap.Lookup(slot);
        if (frame < 0)
        {
            frame = _machine.Swap.ReadAround(slot, memcg);
            if (frame < 0)
            {
                return IsInSlot(mm, page, slot) ? VmFault.OutOfMemory : VmFault.Again;
            }
            CountMajor(memcg);
        }
        if (!_machine.Swap.TryChargeMapped(frame, slot, memcg))
        {
            return VmFault.OutOfMemory;
        }
        if (!IsInSlot(mm, page, slot) || _machine.Swap.Map[slot].Frame != frame)
        {
            return VmFault.Again; // reading and charging take time, and others act meanwhile
        }
        bool writable = MapFromSwap(mm, vma, page, write, (slot, frame));
        return write && !writable ? WriteFault(mm, vma, memcg, page, table) : VmFault.Done;
    }

    private bool IsInSlot(Mm mm, long page, int slot) => mm.PteTableOf(page) is { } table
        && (Ptes.Flags(table.Table, (int)(page & 511)) & PteFlags.Swap) != 0
        && Ptes.Entry(table.Table, (int)(page & 511)) == PtePool.SwapEntry(slot);

    [Kernel("count_memcg_event_mm", "include/linux/memcontrol.h")]
    private void CountMajor(MemCgroup memcg)
    {
        _machine.Vm.Add(VmItem.PgMajFault, 1);
        memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.PgMajFault, 1);
    }

    /// <summary>Maps a page of the swap cache in place of its slot; answers whether it may be written to.</summary>
    private bool MapFromSwap(Mm mm, Vma vma, long page, bool write, (int Slot, int Frame) from)
    {
        PageTablePage table = mm.PteTableOf(page)!;
        ref int entry = ref Ptes.Entry(table.Table, (int)(page & 511));
        ref PteFlags flags = ref Ptes.Flags(table.Table, (int)(page & 511));
        bool marked = (flags & PteFlags.Exclusive) != 0;
        (bool writable, bool exclusive) = _machine.Era.Swap.Reuse == WriteReuse.ByExclusiveMark
            ? MapByMark(vma, write, from, marked)
            : MapByMappings(write, from);
        if (exclusive)
        {
            _machine.Rmap.SetAnon(mm, vma, page, from.Frame);
        }
        else if (_frames.MapCount(from.Frame) == 1)
        {
            _machine.Rmap.SetShared(mm, vma, page, from.Frame);
        }
        entry = writable ? from.Frame + 1 : -(from.Frame + 1);
        flags = PteFlags.Accessed | (write && writable ? PteFlags.Dirty : PteFlags.None) | (exclusive ? PteFlags.Exclusive : PteFlags.None);
        mm.SwapPages--;
        mm.AnonPages++;
        mm.NoteRss();
        return writable;
    }

    /// <summary>To 5.17: who writes gets the page for itself if nobody else maps it or has it in swap.</summary>
    private (bool Writable, bool Exclusive) MapByMappings(bool write, (int Slot, int Frame) from)
    {
        bool reuses = write && MayReuseByMappings(from.Frame);
        AddRmap(from.Frame);
        if (_machine.Era.Swap.ActivatesOnMap)
        {
            _machine.Lru.Activate(from.Frame);
        }
        _machine.Swap.Free(from.Slot);
        if (_machine.Swap.Charges.IsFullFor(from.Frame))
        {
            _ = _machine.Swap.TryToFree(from.Frame);
        }
        return (reuses, reuses);
    }

    /// <summary>5.18 and later: the mark in the entry, or being the only one that refers to the page, makes it this process's own.</summary>
    [Kernel("should_try_to_free_swap", "mm/memory.c")]
    private (bool Writable, bool Exclusive) MapByMark(Vma vma, bool write, (int Slot, int Frame) from, bool marked)
    {
        if (write && (_frames.Flags(from.Frame) & PageFlags.Lru) == 0)
        {
            _machine.Lru.Drain(_machine.CurrentCpu);
        }
        bool alone = References(from.Frame) == 1; // the swap cache
        AddRmap(from.Frame);
        _machine.Swap.Free(from.Slot);
        if (_machine.Swap.Charges.IsFullFor(from.Frame) || (write && alone))
        {
            _ = _machine.Swap.TryToFree(from.Frame);
        }
        bool exclusive = marked || References(from.Frame) == 1;
        bool writable = exclusive && (write || (_machine.Era.Swap.ReadMapsWritable && vma.Allows(write: true)));
        return (writable, exclusive);
    }

    /// <summary>A page that is mapped read-only is written: no copy is needed when nobody else has it, which eras find out differently.</summary>
    [Kernel("wp_can_reuse_anon_folio", "mm/memory.c")]
    private bool MayReuse(int frame, PteFlags flags)
    {
        switch (_machine.Era.Swap.Reuse)
        {
            case WriteReuse.ByMappings:
                return MayReuseByMappings(frame);
            case WriteReuse.ByReferences:
                return References(frame) == 1;
            default:
                return (flags & PteFlags.Exclusive) != 0 || MayReuseAfterAll(frame);
        }
    }

    /// <summary>Takes a page that only this process maps out of the swap cache, so that it can be written to.</summary>
    [Kernel("reuse_swap_page", "mm/swapfile.c")]
    private bool MayReuseByMappings(int frame)
    {
        bool isCached = (_frames.Flags(frame) & PageFlags.SwapCache) != 0;
        int users = _frames.MapCount(frame) + (isCached ? _machine.Swap.Map[_machine.Swap.SlotOf(frame)].Count : 0);
        if (users > 1)
        {
            return false;
        }
        if (isCached)
        {
            _machine.Swap.TakeOver(frame);
        }
        return true;
    }

    private bool MayReuseAfterAll(int frame)
    {
        const int mostToTry = 3; // itself, the swap cache, a CPU's batch
        if (References(frame) > mostToTry)
        {
            return false;
        }
        if ((_frames.Flags(frame) & PageFlags.InAddBatch) != 0)
        {
            _machine.Lru.Drain(_machine.CurrentCpu);
        }
        bool isCached = (_frames.Flags(frame) & PageFlags.SwapCache) != 0;
        if (References(frame) > (isCached ? 2 : 1))
        {
            return false;
        }
        _ = _machine.Swap.TryToFree(frame);
        return References(frame) == 1;
    }

    /// <summary>Who has a page: page tables, the swap cache, a CPU's batch.</summary>
    [Kernel("folio_ref_count", "include/linux/page_ref.h")]
    private int References(int frame)
    {
        PageFlags flags = _frames.Flags(frame);
        return _frames.MapCount(frame) + ((flags & PageFlags.SwapCache) != 0 ? 1 : 0) + ((flags & PageFlags.InAddBatch) != 0 ? 1 : 0);
    }
}
