using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Oom;
using Ullage.Model.Pages;

namespace Ullage.Model.Swap;

/// <summary>Pages out to the device, and back.</summary>
internal sealed partial class SwapSpace
{
    private readonly SwapWrites _writes;

    /// <summary>How much is read around a fault.</summary>
    public SwapReadWindow Window { get; } = new();

    /// <summary>Pages that are being written.</summary>
    public int Writing => _writes.Count;

    /// <summary>Begins to write a page that reclaim wants to be rid of. A page of shared memory gets its slot here.</summary>
    [Kernel("pageout", "mm/vmscan.c")]
    public PageOutResult PageOut(int frame)
    {
        ref PageFlags flags = ref _frames.Flags(frame);
        Invariant.Holds((flags & (PageFlags.Writeback | PageFlags.Dirty)) == PageFlags.Dirty);
        if ((flags & PageFlags.Shmem) != 0)
        {
            if (!TryMoveShared(frame))
            {
                return PageOutResult.Activate; // it stays dirty
            }
        }
        else if (TryToFree(frame))
        {
            return PageOutResult.Success; // swap_writepage: nobody wants it back
        }
        flags = (flags & ~PageFlags.Dirty) | PageFlags.Writeback | PageFlags.Reclaim;
        _machine.Vm.Add(VmItem.Writeback, 1);
        _machine.Vm.Add(VmItem.VmscanWrite, 1);
        _machine.Vm.Add(VmItem.PswpOut, 1);
        _machine.Hierarchy.ById(_frames.Memcg(frame))?.Stats.Add(_machine.CurrentCpu, MemcgStat.PswpOut, 1);
        _writes.Add(frame, SlotOf(frame));
        _machine.Spend(_machine.Costs.SwapOutNs);
        return PageOutResult.Success;
    }

    /// <summary>A page of shared memory leaves it for the swap cache.</summary>
    [Kernel("shmem_writeout", "mm/shmem.c")]
    private bool TryMoveShared(int frame)
    {
        Invariant.Holds(_frames.MapCount(frame) == 1);
        if (_machine.Shared.ById(_frames.Mapping(frame)) is not { } shmem || TakeSlot(frame) is not (>= 0 and int slot))
        {
            return false;
        }
        shmem.MoveToSwap((uint)_frames.Index(frame), slot);
        Duplicate(slot);
        _machine.Faults.BecomeAnon(frame);
        AddToCache(frame, slot);
        return true;
    }

    /// <summary>Hands the pages that reclaim collected for writing to the device: at the end of its look at a cgroup, or when it must wait.</summary>
    [Kernel("blk_finish_plug", "block/blk-core.c")]
    public void Submit() => _writes.Submit();

    /// <summary>Writes whose time has come are over, whatever runs.</summary>
    public void Interrupt() => _writes.Interrupt();

    /// <summary>Waits until a page was written.</summary>
    [Kernel("folio_wait_writeback", "mm/page-writeback.c")]
    public void WaitOnWriteback(int frame)
    {
        Submit();
        while ((_frames.Flags(frame) & PageFlags.Writeback) != 0 && _writes.DoneNsOf(frame) is >= 0 and long done)
        {
            _machine.IoSchedule(Math.Max(done - _machine.TimeNs, 0));
        }
    }

    /// <summary>The page of a slot in the swap cache; -1 = it is not there.</summary>
    [Kernel("swap_cache_get_folio", "mm/swap_state.c")]
    public int Lookup(int slot)
    {
        Lookups++;
        int frame = Map[slot].Frame;
        if (frame < 0)
        {
            return -1;
        }
        Found++;
        ref PageFlags flags = ref _frames.Flags(frame);
        if ((flags & PageFlags.Reclaim) != 0) // the same bit as PG_readahead
        {
            flags &= ~PageFlags.Reclaim;
            Window.Hit();
            _machine.Vm.Add(VmItem.SwapRaHit, 1);
        }
        return frame;
    }

    /// <summary>Reads a slot, and those around it that are likely to be wanted next; the task waits for it.</summary>
    /// <returns>Its frame, in the swap cache; -1 = no memory.</returns>
    [Kernel("swap_cluster_readahead", "mm/swap_state.c")]
    public int ReadAround(int slot, MemCgroup asking)
    {
        int mask = Window.For(slot) - 1;
        int read = 0;
        if (mask > 0)
        {
            int end = Math.Min(slot | mask, Map.Pages);
            for (int at = Math.Max(slot & ~mask, 1); at <= end; at++)
            {
                int ahead = Read(at, asking, ref read, out bool fresh);
                if (fresh && at != slot)
                {
                    _frames.Flags(ahead) |= PageFlags.Reclaim;
                    _machine.Vm.Add(VmItem.SwapRa, 1);
                }
            }
            _machine.Lru.Drain(_machine.CurrentCpu);
        }
        int frame = Read(slot, asking, ref read, out _);
        if (read > 0)
        {
            WaitForRead(_machine.Disk.ReadDoneAt(read));
        }
        return frame;
    }

    /// <summary>Begins to read one slot that is likely to be wanted.</summary>
    [Kernel("read_swap_cache_async", "mm/swap_state.c")]
    public void ReadAhead(int slot, MemCgroup asking)
    {
        int read = 0;
        _ = Read(slot, asking, ref read, out _);
        if (read > 0)
        {
            _ = _machine.Disk.ReadDoneAt(read); // the disk is busy with it; nobody waits
        }
    }

    /// <summary>Waiting for a page that was swapped out not long ago is a memory stall (§6.7).</summary>
    [Kernel("folio_wait_bit_common", "mm/filemap.c")]
    private void WaitForRead(long doneNs)
    {
        TaskStruct? task = _machine.Current;
        bool nested = _machine.Psi.MemstallEnter(task);
        _machine.IoSchedule(Math.Max(doneNs - _machine.TimeNs, 0));
        _machine.Psi.MemstallLeave(task, nested);
    }

    [Kernel("__read_swap_cache_async", "mm/swap_state.c")]
    private int Read(int slot, MemCgroup asking, ref int read, out bool fresh)
    {
        fresh = false;
        if (!Map.IsUsed(slot) || Map[slot].Frame is >= 0 || Map[slot].Count == 0)
        {
            return Map.IsUsed(slot) ? Map[slot].Frame : -1;
        }
        Map[slot].Count++; // SWAP_HAS_CACHE: it is not freed while memory is sought for it
        int frame = NewPage(slot, asking);
        Map[slot].Count--;
        if (frame < 0 || Map[slot].HasCache)
        {
            DropUnwanted(slot, frame);
            return Map.IsUsed(slot) ? Map[slot].Frame : -1;
        }
        long shadow = Map[slot].Cache < 0 ? -Map[slot].Cache - 1 : -1;
        AddToCache(frame, slot);
        if (_rules.ChargesOnRead && _machine.MemswCounts)
        {
            Charges.Uncharge(slot); // it is charged as memory again
        }
        if (shadow >= 0)
        {
            _machine.Workingset.Refault(frame, shadow);
        }
        _frames.Flags(frame) |= PageFlags.Workingset;
        _machine.Lru.Add(frame);
        _machine.Vm.Add(VmItem.PswpIn, 1);
        _machine.Hierarchy.ById(_frames.Memcg(frame))?.Stats.Add(_machine.CurrentCpu, MemcgStat.PswpIn, 1);
        read++;
        fresh = true;
        return frame;
    }

    private int NewPage(int slot, MemCgroup asking)
    {
        int frame = _machine.AllocateSlow(PageFlags.Anon);
        if (frame < 0 || !_rules.ChargesOnRead)
        {
            return frame;
        }
        MemCgroup memcg = Charges.MemoryPayer(slot, asking);
        switch (_machine.Charge.Charge(memcg, Gfp.Kernel, 1))
        {
            case ChargeStatus.NoMem:
                _frames.Release(frame);
                return -1;
            case ChargeStatus.Charged when !memcg.IsRoot:
                _machine.Faults.CommitCharge(memcg, frame, isShared: false);
                break;
        }
        return frame;
    }

    /// <summary>Memory could not be had, or somebody else read the slot meanwhile; if nobody wants the slot any more it is free.</summary>
    private void DropUnwanted(int slot, int frame)
    {
        if (frame >= 0)
        {
            _machine.Faults.FreeAnon(_machine.CurrentCpu, frame);
        }
        if (Map[slot] is { Count: 0, HasCache: false })
        {
            FreeSlot(slot);
        }
    }

    /// <summary>To 5.7: a page that was read from swap is charged when it is mapped first. False = the charge failed.</summary>
    [Kernel("mem_cgroup_try_charge", "mm/memcontrol.c")]
    public bool TryChargeMapped(int frame, int slot, MemCgroup asking)
    {
        if (_rules.ChargesOnRead || _frames.Memcg(frame) != 0)
        {
            return true;
        }
        MemCgroup memcg = Charges.MemoryPayer(slot, asking);
        ChargeStatus status = _machine.Charge.Charge(memcg, Gfp.Kernel, 1);
        if (status == ChargeStatus.NoMem)
        {
            return false;
        }
        if (status != ChargeStatus.Charged || memcg.IsRoot)
        {
            return true;
        }
        if (_frames.IsFree(frame) || _frames.Memcg(frame) != 0 || Map[slot].Frame != frame)
        {
            _machine.Charge.Uncharge(memcg, 1); // the charge slept, and the page went or was charged by another
            return true;
        }
        PageFlags was = _frames.Flags(frame) & (PageFlags.Lru | PageFlags.Active);
        _machine.Lru.Remove(_machine.CurrentCpu, frame); // from the root's lists
        _machine.Faults.CommitCharge(memcg, frame, isShared: false);
        if ((was & PageFlags.Lru) != 0)
        {
            _frames.Flags(frame) |= was;
            _machine.Lru.Insert(_machine.CurrentCpu, frame);
        }
        CountCached(memcg, 1);
        if (_machine.MemswCounts)
        {
            Charges.Uncharge(slot);
        }
        return true;
    }
}
