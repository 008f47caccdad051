using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Eras;

namespace Ullage.Model.Swap;

/// <summary>
/// Who pays for what is in swap (§2.11). v1 counts memory and swap together: a page that is swapped out keeps its charge there and leaves only the memory counter.
/// v2 counts swap alone, from the moment a slot is taken for a page until the slot is given back. A slot remembers its cgroup, and keeps it in memory.
/// </summary>
[Kernel("struct swap_cgroup", "mm/swap_cgroup.c")]
internal sealed class SwapCharges(Machine machine, SwapMap map)
{
    private readonly SwapRules _rules = machine.Era.Swap;
    private readonly bool _v2 = machine.Options.CgroupVersion == 2;

    private bool CountsV2 => _v2 && _rules.V2Counter && machine.Options.SwapAccounting;

    /// <summary>v2: charges a slot that was taken for a page of <paramref name="memcg"/>; false = swap.max does not allow it.</summary>
    [Kernel("mem_cgroup_try_charge_swap", "mm/memcontrol.c")]
    public bool TryCharge(MemCgroup? memcg, int slot)
    {
        if (!CountsV2 || memcg is null or { IsRoot: true })
        {
            return true;
        }
        MemCgroup payer = Payer(memcg);
        if (!payer.IsRoot && payer.Swap.TryCharge(1) is not null)
        {
            if (_rules.Events)
            {
                payer.RaiseEvent(MemcgEvent.SwapMax);
                payer.RaiseEvent(MemcgEvent.SwapFail);
            }
            return false;
        }
        Record(slot, payer);
        return true;
    }

    /// <summary>v2: there was no slot for a page.</summary>
    public void NoteNoSlot(MemCgroup? memcg)
    {
        if (CountsV2 && _rules.Events && memcg is { IsRoot: false })
        {
            memcg.RaiseEvent(MemcgEvent.SwapFail);
        }
    }

    /// <summary>v1: a page leaves memory; its charge stays in memory+swap. The page is charged to nobody any more.</summary>
    [Kernel("mem_cgroup_swapout", "mm/memcontrol.c")]
    public void SwapOut(int frame, int slot)
    {
        ref ushort id = ref machine.Frames.Memcg(frame);
        if (!machine.MemswCounts || machine.Hierarchy.ById(id) is not { IsRoot: false } memcg)
        {
            return;
        }
        MemCgroup payer = Payer(memcg);
        if (payer != memcg)
        {
            payer.Memsw.Charge(payer.IsRoot ? 0 : 1);
            memcg.Memsw.Uncharge(1);
        }
        Record(slot, payer);
        machine.Faults.UncountPage(frame, memcg);
        id = 0;
        memcg.Memory.Uncharge(1);
        machine.Oom.Recover(memcg);
        machine.PageEvents.Add(memcg, machine.CurrentCpu, 1);
        machine.Hierarchy.Put(memcg, 1);
    }

    private void Record(int slot, MemCgroup payer)
    {
        Invariant.Holds(map[slot].Memcg == 0);
        if (payer.IsRoot)
        {
            return;
        }
        map[slot].Memcg = (ushort)payer.Id;
        payer.SwapEntries++;
        payer.References++;
        payer.Stats.Add(machine.CurrentCpu, MemcgStat.Swap, 1);
    }

    /// <summary>v1: a slot's owner moves with its process (§2.14). The counters are the mover's affair.</summary>
    [Kernel("mem_cgroup_move_swap_account", "mm/memcontrol.c")]
    public void Move(int slot, MemCgroup from, MemCgroup to)
    {
        Invariant.Holds(map[slot].Memcg == from.Id);
        map[slot].Memcg = (ushort)to.Id;
        from.SwapEntries--;
        to.SwapEntries++;
        to.References++;
        from.Stats.Add(machine.CurrentCpu, MemcgStat.Swap, -1);
        to.Stats.Add(machine.CurrentCpu, MemcgStat.Swap, 1);
    }

    /// <summary>Takes the charge of a slot back: it is free, or (v1) its page was charged again as memory.</summary>
    [Kernel("mem_cgroup_uncharge_swap", "mm/memcontrol.c")]
    public void Uncharge(int slot)
    {
        ref ushort id = ref map[slot].Memcg;
        if (machine.Hierarchy.ById(id) is not { IsRoot: false } memcg || id == 0)
        {
            return;
        }
        id = 0;
        (_v2 ? memcg.Swap : memcg.Memsw).Uncharge(1);
        memcg.SwapEntries--;
        memcg.Stats.Add(machine.CurrentCpu, MemcgStat.Swap, -1);
        if (!_v2)
        {
            machine.Oom.Recover(memcg);
        }
        machine.Hierarchy.Put(memcg, 1);
    }

    /// <summary>Who is charged for a page that comes back: the one that the slot remembers while it lives, else the one that asks.</summary>
    [Kernel("mem_cgroup_swapin_charge_folio", "mm/memcontrol.c")]
    public MemCgroup MemoryPayer(int slot, MemCgroup asking) =>
        map[slot].Memcg is var id && id != 0 && machine.Hierarchy.ById(id) is { Online: true } memcg ? memcg : asking;

    /// <summary>A removed cgroup pays on while it has other pages in swap; else its nearest ancestor does that lives.</summary>
    [Kernel("mem_cgroup_private_id_get_online", "mm/memcontrol.c")]
    private MemCgroup Payer(MemCgroup memcg)
    {
        while (_rules.OfflineChargesAncestor && memcg is { Online: false, SwapEntries: 0, Parent: { } parent })
        {
            memcg = parent;
        }
        return memcg;
    }

    /// <summary>Slots that a cgroup could get: free ones, and on v2 no more than swap.max leaves at any level.</summary>
    [Kernel("mem_cgroup_get_nr_swap_pages", "mm/memcontrol.c")]
    public long FreePages(MemCgroup? memcg)
    {
        long free = map.Free;
        for (MemCgroup? m = CountsV2 ? memcg : null; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            free = Math.Min(free, m.Swap.Max - m.Swap.Usage);
        }
        return Math.Max(free, 0);
    }

    /// <summary>Swap is half full, for the machine or (v2) for the cgroup of a page: slots are not kept for clean pages.</summary>
    [Kernel("mem_cgroup_swap_full", "mm/memcontrol.c")]
    public bool IsFullFor(int frame)
    {
        if (map.IsFull)
        {
            return true;
        }
        for (MemCgroup? m = CountsV2 ? machine.Hierarchy.ById(machine.Frames.Memcg(frame)) : null; m is { IsRoot: false }; m = m.HierarchyParent)
        {
            long most = _rules.FullByHigh ? Math.Min(m.Swap.Max, m.SwapHigh) : m.Swap.Max;
            if (most < KernelConstants.PageCounterMax && m.Swap.Usage * 2 >= most)
            {
                return true;
            }
        }
        return false;
    }
}
