using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.AddressSpace;

/// <summary>Faults of shared anonymous memory. A page is charged to who touches it first, counts as page cache, and waits on the anonymous lists (§2.17).</summary>
internal sealed partial class PageFaults
{
    [Kernel("shmem_fault", "mm/shmem.c")]
    private VmFault SharedFault(TaskStruct task, Mm mm, ShmemObject shmem, long index, ref int entry, PageTablePage table)
    {
        if (index >= shmem.Pages)
        {
            return VmFault.Bus;
        }
        int frame = shmem.FrameAt(index);
        if (frame < 0)
        {
            VmFault fault = NewSharedPage(task, mm, shmem, index, out frame);
            if (fault != VmFault.Done)
            {
                return fault;
            }
        }
        if (_frames.MapCount(frame)++ == 1)
        {
            CountMapped(frame, 1);
        }
        entry = frame + 1;
        table.Present++;
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
        _frames.MapCount(frame) = 1; // the shared memory itself holds it
        shmem.Add(index, frame);
        _machine.Lru.Add(frame);
        return VmFault.Done;
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

    /// <summary>Nobody maps the shared memory any more: its pages are freed, its promise is taken back.</summary>
    [Kernel("shmem_evict_inode", "mm/shmem.c")]
    internal void ReleaseShmem(ShmemObject shmem)
    {
        _machine.Overcommit.Uncharge(shmem.Committed);
        foreach (int[] chunk in shmem.Chunks)
        {
            foreach (int entry in chunk)
            {
                if (entry > 0 && --_frames.MapCount(entry - 1) == 0 && (_frames.Flags(entry - 1) & PageFlags.InAddBatch) == 0)
                {
                    FreeAnon(_machine.CurrentCpu, entry - 1);
                }
            }
        }
    }
}
