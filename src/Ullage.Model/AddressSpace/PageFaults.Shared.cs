using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>Faults of shared anonymous memory. A page is charged to who touches it first, counts as page cache, and waits on the anonymous lists (§2.17).</summary>
internal sealed partial class PageFaults
{
    [Kernel("shmem_fault", "mm/shmem.c")]
    private VmFault SharedFault(TaskStruct task, Mm mm, ShmemObject shmem, long index, (PageTablePage Table, int Index) at, bool write)
    {
        if (index >= shmem.Pages)
        {
            return VmFault.Bus;
        }
        int found = shmem.EntryAt(index);
        int frame = found - 1;
        if (found <= 0)
        {
            VmFault fault = found < 0 ? SharedSwapIn(task, mm, shmem, index, out frame) : NewSharedPage(task, mm, shmem, index, out frame);
            if (fault != VmFault.Done)
            {
                return fault;
            }
        }
        if (_frames.MapCount(frame)++ == 1)
        {
            CountMapped(frame, 1);
        }
        Ptes.Entry(at.Table.Table, at.Index) = frame + 1;
        Ptes.Flags(at.Table.Table, at.Index) = write ? PteFlags.Accessed | PteFlags.Dirty : PteFlags.Accessed;
        at.Table.Present++;
        mm.ShmemPages++;
        mm.NoteRss();
        return VmFault.Done;
    }

    [Kernel("shmem_get_folio_gfp", "mm/shmem.c")]
    private VmFault NewSharedPage(TaskStruct task, Mm mm, ShmemObject shmem, long index, out int frame)
    {
        frame = -1;
        if (shmem.NoReserve && !_machine.Overcommit.TryCharge(task, mm, 1))
        {
            return VmFault.Bus;
        }
        frame = _frames.Allocate(PageFlags.Shmem);
        if (frame < 0 && (frame = _machine.AllocateSlow(PageFlags.Shmem)) < 0)
        {
            _machine.Overcommit.Uncharge(shmem.NoReserve ? 1 : 0);
            return VmFault.OutOfMemory;
        }
        MemCgroup memcg = MemcgOf(task, mm);
        switch (_machine.Charge.Charge(memcg, Gfp.Kernel, 1))
        {
            case ChargeStatus.NoMem:
                _frames.Release(frame);
                _machine.Overcommit.Uncharge(shmem.NoReserve ? 1 : 0);
                return VmFault.OutOfMemory;
            case ChargeStatus.Charged when !memcg.IsRoot:
                CommitCharge(memcg, frame, isShared: true);
                break;
        }
        AddShared(shmem, index, frame);
        _machine.Lru.Add(frame);
        return VmFault.Done;
    }

    private void AddShared(ShmemObject shmem, long index, int frame)
    {
        _frames.MapCount(frame) = 1; // the shared memory itself holds it
        _frames.Mapping(frame) = shmem.Id;
        _frames.Index(frame) = (int)index;
        shmem.Add(index, frame);
    }

    /// <summary>A page of shared memory comes back from swap. It keeps neither its slot nor its place in the swap cache.</summary>
    [Kernel("shmem_swapin_folio", "mm/shmem.c")]
    private VmFault SharedSwapIn(TaskStruct task, Mm mm, ShmemObject shmem, long index, out int frame)
    {
        int slot = PtePool.SlotOf(shmem.EntryAt(index));
        MemCgroup memcg = MemcgOf(task, mm);
        frame = _machine.Swap.Lookup(slot);
        if (frame < 0)
        {
            CountMajor(memcg);
            frame = _machine.Swap.ReadAround(slot, memcg);
        }
        if (shmem.EntryAt(index) != PtePool.SwapEntry(slot))
        {
            return VmFault.Again;
        }
        if (frame < 0 || !_machine.Swap.TryChargeMapped(frame, slot, memcg))
        {
            return VmFault.OutOfMemory;
        }
        if (shmem.EntryAt(index) != PtePool.SwapEntry(slot) || _machine.Swap.Map[slot].Frame != frame)
        {
            return VmFault.Again;
        }
        _machine.Swap.WaitOnWriteback(frame);
        if (shmem.EntryAt(index) != PtePool.SwapEntry(slot) || _machine.Swap.Map[slot].Frame != frame)
        {
            return VmFault.Again;
        }
        _machine.Swap.MoveToShared(frame, slot);
        ConvertUse(frame, PageFlags.Anon, PageFlags.Shmem);
        AddShared(shmem, index, frame);
        return VmFault.Done;
    }

    /// <summary>A page of shared memory goes to the swap cache: it belongs to no object any more and is anonymous until it is gone or back.</summary>
    internal void BecomeAnon(int frame)
    {
        ConvertUse(frame, PageFlags.Shmem, PageFlags.Anon);
        _frames.MapCount(frame) = 0;
        _frames.Mapping(frame) = 0;
    }

    private void ConvertUse(int frame, PageFlags from, PageFlags to)
    {
        MemCgroup? memcg = _machine.Hierarchy.ById(_frames.Memcg(frame));
        bool counts = memcg is { IsRoot: false };
        if (counts)
        {
            CountPage(_machine.CurrentCpu, memcg!, from == PageFlags.Shmem, -1);
        }
        ref PageFlags flags = ref _frames.Flags(frame);
        flags = (flags & ~from) | to;
        if (counts)
        {
            CountPage(_machine.CurrentCpu, memcg!, to == PageFlags.Shmem, 1);
        }
    }

    private void CountMapped(int frame, int change)
    {
        if (_machine.Hierarchy.ById(_frames.Memcg(frame)) is { IsRoot: false } memcg)
        {
            memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.FileMapped, change);
        }
    }

    private void UnmapShared(Mm mm, int frame)
    {
        mm.ShmemPages--;
        if (--_frames.MapCount(frame) == 1)
        {
            CountMapped(frame, -1);
        }
    }

    /// <summary>Nobody maps the shared memory any more: its pages and slots are freed, its promise is taken back.</summary>
    [Kernel("shmem_evict_inode", "mm/shmem.c")]
    internal void ReleaseShmem(ShmemObject shmem)
    {
        _machine.Overcommit.Uncharge(shmem.Committed);
        foreach (int[] chunk in shmem.Chunks)
        {
            foreach (int entry in chunk)
            {
                if (entry < 0)
                {
                    _machine.Swap.FreeAndCache(PtePool.SlotOf(entry));
                }
                else if (entry > 0 && --_frames.MapCount(entry - 1) == 0)
                {
                    FreeUnlessHeld(entry - 1);
                }
            }
        }
        _machine.Shared.Remove(shmem);
    }
}
