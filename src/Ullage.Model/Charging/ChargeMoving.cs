using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Pages;

namespace Ullage.Model.Charging;

/// <summary>
/// Charges that follow a process into its new cgroup (§2.14, v1 to 6.12). When the first thread moves and owns the address space, every page in
/// its page tables that is charged to the old cgroup is counted, and that many pages are charged to the new one in advance: all at once, else
/// singly, with reclaim but without the OOM killer. After the move the tables are walked again and each page changes hands; then the old cgroup is
/// uncharged for all of them in one go. When the advance is used up before the walk is over, one page more is charged, and with it a batch:
/// a move of 8193 pages leaves 8193 + 31 pages of usage with a batch of 32, the rest in the stock (measured, E9).
/// </summary>
[Kernel("struct move_charge_struct", "mm/memcontrol.c", Deviation = "Runs to its end in one call: nobody allocates meanwhile, so nobody waits for it (§2.2 step 13).")]
internal sealed class ChargeMoving(Machine machine)
{
    private const ulong MoveAnon = 1;
    private const ulong MoveFile = 2;
    private const int Nothing = -1;

    private Mm? _mm; // null = nothing is being moved
    private MemCgroup? _from;
    private MemCgroup? _to;
    private ulong _flags;
    private int _precharge;
    private int _moved;
    private int _movedSwap;

    /// <summary>What was done last, in words; null = nothing.</summary>
    public string? Note { get; private set; }

    /// <summary>Charges room in the destination in advance. ENOMEM when it does not fit; then nothing is charged.</summary>
    [Kernel("mem_cgroup_precharge_mc", "mm/memcontrol.c")]
    public Errno Prepare(TaskStruct leader, MemCgroup from, MemCgroup to)
    {
        Invariant.Holds(_mm is null && _precharge == 0);
        Note = null;
        ulong flags = to.MoveChargeAtImmigrate & (MoveAnon | MoveFile);
        if (!to.IsV1 || flags == 0 || leader.Mm is not { } mm || mm.Owner != leader)
        {
            return Errno.None;
        }
        (_mm, _from, _to, _flags) = (mm, from, to, flags);
        int wanted = Count(mm);
        Errno errno = TryPrecharge(wanted);
        Note = errno == Errno.None
            ? FormattableString.Invariant($"{wanted} pages are charged to {to} in advance")
            : FormattableString.Invariant($"{wanted} pages of {from} do not fit into {to}: {_precharge} were charged and are given back");
        if (errno != Errno.None)
        {
            Clear();
        }
        return errno;
    }

    /// <summary>All at once, without reclaim; else one by one, with it.</summary>
    [Kernel("mem_cgroup_do_precharge", "mm/memcontrol.c")]
    private Errno TryPrecharge(int pages)
    {
        if (pages == 0)
        {
            return Errno.None;
        }
        if (machine.Charge.Charge(_to!, Gfp.NoWait | Gfp.Fs, pages) == ChargeStatus.Charged)
        {
            _precharge += pages;
            return Errno.None;
        }
        Gfp singly = machine.Era.Life.PrechargeRetries ? Gfp.Kernel : Gfp.Kernel | Gfp.NoRetry;
        for (; pages > 0; pages--)
        {
            switch (machine.Charge.Charge(_to!, singly, 1))
            {
                case ChargeStatus.NoMem:
                    return Errno.ENOMEM;
                case ChargeStatus.Bypass:
                    return Errno.EINTR;
            }
            _precharge++;
        }
        return Errno.None;
    }

    [Kernel("mem_cgroup_count_precharge", "mm/memcontrol.c")]
    private int Count(Mm mm)
    {
        int count = 0;
        foreach (long key in mm.TableKeysIn(1, 0, long.MaxValue))
        {
            for (int i = 0; i < PtePool.EntriesPerTable; i++)
            {
                count += Target(mm, key, i) != Nothing ? 1 : 0;
            }
        }
        return count;
    }

    /// <summary>What is behind a page table entry, if its charge is to be moved: a frame, a slot of the swap space as -(slot + 2); -1 = nothing.</summary>
    [Kernel("get_mctgt_type", "mm/memcontrol.c")]
    private int Target(Mm mm, long key, int index)
    {
        int table = mm.TablesOf(1)[key].Table;
        int entry = machine.Faults.Ptes.Entry(table, index);
        if ((machine.Faults.Ptes.Flags(table, index) & PteFlags.Swap) != 0)
        {
            return (_flags & MoveAnon) != 0 ? SlotTarget(PtePool.SlotOf(entry)) : Nothing;
        }
        if (entry == 0)
        {
            return (_flags & MoveFile) != 0 ? NotPresent(mm, (key << 9) + index) : Nothing;
        }
        if (entry is PageFaults.ZeroPage or PageFaults.ImagePage)
        {
            return Nothing;
        }
        int frame = Math.Abs(entry) - 1;
        bool isAnon = (machine.Frames.Flags(frame) & (PageFlags.Shmem | PageFlags.File)) == 0;
        return (_flags & (isAnon ? MoveAnon : MoveFile)) != 0 ? FrameTarget(frame) : Nothing;
    }

    private int FrameTarget(int frame) => machine.Frames.Memcg(frame) == _from!.Id ? frame : Nothing;

    /// <summary>A page in swap: as memory while it is in the swap cache, else as its slot, which only memory+swap accounting knows.</summary>
    [Kernel("mc_handle_swap_pte", "mm/memcontrol.c")]
    private int SlotTarget(int slot)
    {
        if (machine.Swap.Map[slot].Frame is var frame and >= 0 && machine.Frames.Memcg(frame) == _from!.Id)
        {
            return frame;
        }
        return machine.MemswCounts && machine.Swap.Map[slot].Memcg == _from!.Id ? -(slot + 2) : Nothing;
    }

    /// <summary>A page that the mapping's file or shared memory has although this table does not map it.</summary>
    [Kernel("mc_handle_file_pte", "mm/memcontrol.c")]
    private int NotPresent(Mm mm, long page)
    {
        if (mm.FindCached(page) is not { } vma)
        {
            return Nothing;
        }
        long index = vma.PageOffset + page - vma.StartPage;
        if (vma.Shmem is { } shmem)
        {
            int entry = shmem.EntryAt(index);
            return entry > 0 ? FrameTarget(entry - 1) : entry < 0 ? SlotTarget(PtePool.SlotOf(entry)) : Nothing;
        }
        return vma.File is { } file && machine.PageCache.Find(file.Map, index) is var frame and >= 0 ? FrameTarget(frame) : Nothing;
    }

    /// <summary>Lets the charges follow, after the tasks have moved.</summary>
    [Kernel("mem_cgroup_move_charge", "mm/memcontrol.c")]
    public void Move()
    {
        if (_mm is not { } mm)
        {
            return;
        }
        for (int cpu = 0; cpu < machine.Options.Cpus; cpu++)
        {
            machine.Lru.Drain(cpu); // lru_add_drain_all
        }
        foreach (Vma vma in mm.Vmas)
        {
            foreach (long key in mm.TableKeysIn(1, vma.StartPage >> 9, (vma.EndPage - 1) >> 9))
            {
                if (!MoveRange(mm, key, Math.Max(vma.StartPage, key << 9), Math.Min(vma.EndPage, (key + 1) << 9)))
                {
                    Clear();
                    return;
                }
            }
        }
        Clear();
    }

    /// <summary>One table's part of one mapping. False = no more room: what was not reached stays charged where it is.</summary>
    [Kernel("mem_cgroup_move_charge_pte_range", "mm/memcontrol.c")]
    private bool MoveRange(Mm mm, long key, long page, long end)
    {
        for (; page < end; page++)
        {
            if (_precharge == 0 && TryPrecharge(1) != Errno.None)
            {
                return false;
            }
            int target = Target(mm, key, (int)(page & 511));
            if (target == Nothing)
            {
                continue;
            }
            if (target >= 0)
            {
                MoveAccount(target);
                _moved++;
            }
            else
            {
                machine.Swap.Charges.Move(-target - 2, _from!, _to!);
                _movedSwap++;
            }
            _precharge--;
            machine.Spend(machine.Costs.MoveChargeNs);
        }
        return true;
    }

    /// <summary>One page changes hands: off the old cgroup's list, statistics over, onto the new one's.</summary>
    [Kernel("mem_cgroup_move_account", "mm/memcontrol.c")]
    private void MoveAccount(int frame)
    {
        int cpu = machine.CurrentCpu;
        PageFlags flags = machine.Frames.Flags(frame);
        machine.Lru.Remove(cpu, frame);
        CountPage(cpu, _from!, frame, flags, -1);
        CountPage(cpu, _to!, frame, flags, 1);
        _from!.Stats.Add(cpu, MemcgStat.PgpgOut, 1);
        _to!.Stats.Add(cpu, MemcgStat.PgpgIn, 1);
        machine.Frames.Memcg(frame) = (ushort)_to!.Id;
        _to.References++;
        machine.PageEvents.Add(_to, cpu, 1);
        machine.PageEvents.Add(_from, cpu, 1);
        machine.Lru.PutBack(frame, flags);
    }

    private void CountPage(int cpu, MemCgroup memcg, int frame, PageFlags flags, int change)
    {
        if ((flags & (PageFlags.Shmem | PageFlags.File)) == 0)
        {
            bool counts = !machine.Era.Swap.AnonCountsMapped || machine.Frames.MapCount(frame) > 0;
            memcg.Stats.Add(cpu, MemcgStat.Anon, counts ? change : 0);
            return;
        }
        memcg.Stats.Add(cpu, MemcgStat.File, change);
        memcg.Stats.Add(cpu, MemcgStat.Shmem, (flags & PageFlags.Shmem) != 0 ? change : 0);
        memcg.Stats.Add(cpu, MemcgStat.FileMapped, machine.Frames.MapCount(frame) > 1 ? change : 0); // one more than its mappings
        if ((flags & PageFlags.File) != 0)
        {
            memcg.Stats.Add(cpu, MemcgStat.FileDirty, (flags & PageFlags.Dirty) != 0 ? change : 0);
            memcg.Stats.Add(cpu, MemcgStat.FileWriteback, (flags & PageFlags.Writeback) != 0 ? change : 0);
        }
    }

    /// <summary>Gives back what was charged in advance and not used, and uncharges the old cgroup for what has moved.</summary>
    [Kernel("mem_cgroup_clear_mc", "mm/memcontrol.c")]
    public void Clear()
    {
        if (_mm is null)
        {
            return;
        }
        (MemCgroup from, MemCgroup to, int moved, int left, int movedSwap) = (_from!, _to!, _moved, _precharge, _movedSwap);
        (_mm, _from, _to, _moved, _precharge, _movedSwap) = (null, null, null, 0, 0, 0);
        machine.Charge.Uncharge(to, left);
        machine.Charge.Uncharge(from, moved);
        if (movedSwap > 0)
        {
            from.Memsw.Uncharge(movedSwap);
            to.Memory.Uncharge(movedSwap); // both were charged in advance, but what is in swap is not in memory
            machine.Hierarchy.Put(from, movedSwap);
        }
        if (moved > 0)
        {
            Note = FormattableString.Invariant($"{moved} pages, {(long)moved * KernelConstants.PageSize} bytes, moved from {from} to {to}");
            machine.Hierarchy.Put(from, moved);
        }
    }
}
