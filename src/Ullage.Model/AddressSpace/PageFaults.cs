using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Oom;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model.AddressSpace;

/// <summary>What an access to a page came to.</summary>
public enum FaultOutcome
{
    /// <summary>The access was made.</summary>
    Ok,
    /// <summary>The fault did not get memory; the task faults again.</summary>
    Retry,
    /// <summary>SIGKILL arrived: the access was not made.</summary>
    Killed,
    /// <summary>The task sleeps until its memory cgroup has room (§2.7); then it faults again.</summary>
    WaitForOom,
    /// <summary>SIGSEGV: nothing is mapped there, or not for this access.</summary>
    Segv,
    /// <summary>SIGBUS: the mapping goes beyond the end of what it maps, or its page is refused by overcommit.</summary>
    Bus,
}

/// <summary>How a fault went in the kernel.</summary>
internal enum VmFault
{
    /// <summary>The page is there.</summary>
    Done,
    /// <summary>VM_FAULT_OOM.</summary>
    OutOfMemory,
    /// <summary>VM_FAULT_SIGBUS.</summary>
    Bus,
    /// <summary>What the fault found is no longer so: it is looked at anew.</summary>
    Again,
}

/// <summary>Page faults of anonymous memory, private and shared, and of the program's image: tables, frames, charges, counters (§2.17).</summary>
[Kernel("handle_mm_fault", "mm/memory.c", Deviation = "4 KiB pages only; file mappings other than the program's image come with the page cache.")]
internal sealed partial class PageFaults
{
    /// <summary>Entry of the shared zero page: present, not writable, not counted.</summary>
    public const int ZeroPage = int.MinValue;

    /// <summary>Entry of a page of the program's image: present, not writable, counted as file.</summary>
    public const int ImagePage = int.MinValue + 1;

    private readonly Machine _machine;
    private readonly PageFrames _frames;
    private readonly int _anonFaultNs;
    private readonly int _accessNs;
    private readonly bool _anonCountsMapped;
    private int _anonVmas;

    public PageFaults(Machine machine)
    {
        _machine = machine;
        _frames = machine.Frames;
        _anonFaultNs = machine.Costs.AnonFaultNs;
        _accessNs = machine.Costs.AccessNs;
        _anonCountsMapped = machine.Era.Swap.AnonCountsMapped;
    }

    public PtePool Ptes { get; } = new();

    /// <summary>Page faults since boot (vmstat pgfault).</summary>
    public long Count { get; private set; }

    /// <summary>One access to one page.</summary>
    public FaultOutcome Touch(TaskStruct task, long page, bool write)
    {
        Mm mm = task.Mm!;
        if (mm.PteTableOf(page) is { } table)
        {
            int entry = Ptes.Entry(table.Table, (int)(page & 511));
            ref PteFlags flags = ref Ptes.Flags(table.Table, (int)(page & 511));
            if ((entry > 0 || (entry != 0 && !write && (flags & PteFlags.Swap) == 0)) && !(mm.TakesRightsAway && mm.FindCached(page)?.Allows(write) != true))
            {
                flags |= write ? PteFlags.Accessed | PteFlags.Dirty : PteFlags.Accessed;
                _machine.Spend(_accessNs);
                return FaultOutcome.Ok;
            }
        }
        return Fault(task, mm, page, write);
    }

    [Kernel("do_user_addr_fault", "arch/x86/mm/fault.c")]
    private FaultOutcome Fault(TaskStruct task, Mm mm, long page, bool write)
    {
        Vma? vma = mm.FindCached(page) ?? ExpandStack(task, mm, page);
        if (vma is null || !vma.Allows(write))
        {
            return FaultOutcome.Segv;
        }
        Count++;
        MemcgOf(task, mm).Stats.Add(_machine.CurrentCpu, MemcgStat.PgFault, 1);
        _machine.Spend(_anonFaultNs);
        task.InUserFault = true;
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.HandleMmFault);
        }
        VmFault fault = HandleUntilDone(task, mm, vma, page, write);
        task.InUserFault = false;
        if (task.PagesOverHigh > 0)
        {
            _machine.High.HandleOverHigh(task);
        }
        if (fault == VmFault.OutOfMemory)
        {
            return OutOfMemory(task);
        }
        return task.FatalSignalPending || _machine.Panicked is not null ? FaultOutcome.Killed : fault == VmFault.Bus ? FaultOutcome.Bus : FaultOutcome.Ok;
    }

    [Kernel("get_mem_cgroup_from_mm", "mm/memcontrol.c")]
    private static MemCgroup MemcgOf(TaskStruct task, Mm mm) => (mm.Owner ?? task).Cgroup.Memcg;

    /// <summary>A fault that slept, and found afterwards that its page went elsewhere, is taken again.</summary>
    private VmFault HandleUntilDone(TaskStruct task, Mm mm, Vma vma, long page, bool write)
    {
        VmFault fault;
        do
        {
            fault = Handle(task, mm, vma, page, write);
        }
        while (fault == VmFault.Again && !task.FatalSignalPending && _machine.Panicked is null);
        return fault == VmFault.Again ? VmFault.Done : fault;
    }

    [Kernel("__handle_mm_fault", "mm/memory.c")]
    private VmFault Handle(TaskStruct task, Mm mm, Vma vma, long page, bool write)
    {
        MemCgroup memcg = MemcgOf(task, mm);
        PageTablePage? table = mm.PteTableOf(page) ?? AllocateTables(mm, memcg, page);
        if (table is null)
        {
            return VmFault.OutOfMemory;
        }
        if (vma.File is not null && IsFileFault(table, (int)(page & 511), write))
        {
            return FileFault(task, mm, vma, page, write, table);
        }
        if (vma.Shmem is { } shmem)
        {
            return SharedFault(task, mm, shmem, vma.PageOffset + page - vma.StartPage, (table, (int)(page & 511)), write);
        }
        if ((Ptes.Flags(table.Table, (int)(page & 511)) & PteFlags.Swap) != 0)
        {
            return SwapFault(task, mm, vma, page, write, table);
        }
        if (write && !vma.HasAnonVma && !PrepareAnonVma(vma, memcg))
        {
            return VmFault.OutOfMemory;
        }
        ref int entry = ref Ptes.Entry(table.Table, (int)(page & 511));
        if (!write)
        {
            Ptes.Flags(table.Table, (int)(page & 511)) = PteFlags.Accessed;
            entry = (vma.Flags & VmaFlags.File) != 0 ? ImagePage : ZeroPage;
            mm.FilePages += entry == ImagePage ? 1 : 0;
            table.Present++;
            mm.NoteRss();
            return VmFault.Done;
        }
        return WriteFault(mm, vma, memcg, page, table);
    }

    /// <summary>A write to a private page that is not there, or is but must not be written in place unless nobody else has it.</summary>
    [Kernel("do_wp_page", "mm/memory.c")]
    private VmFault WriteFault(Mm mm, Vma vma, MemCgroup memcg, long page, PageTablePage table)
    {
        ref int entry = ref Ptes.Entry(table.Table, (int)(page & 511));
        ref PteFlags flags = ref Ptes.Flags(table.Table, (int)(page & 511));
        if (entry is < 0 and not ZeroPage and not ImagePage && MayReuse(-entry - 1, flags))
        {
            entry = -entry;
            flags |= PteFlags.Accessed | PteFlags.Dirty;
            _machine.Rmap.SetAnon(mm, vma, page, entry - 1);
            return VmFault.Done;
        }
        return NewAnonPage(mm, vma, memcg, page, table);
    }

    [Kernel("do_anonymous_page", "mm/memory.c")]
    private VmFault NewAnonPage(Mm mm, Vma vma, MemCgroup memcg, long page, PageTablePage table)
    {
        (int entry, PteFlags swapped) = EntryAt(table, page);
        int frame = _frames.Allocate(PageFlags.Anon);
        if (frame < 0 && (frame = _machine.AllocateSlow(PageFlags.Anon, vma, page)) < 0)
        {
            return VmFault.OutOfMemory;
        }
        switch (_machine.Charge.Charge(memcg, Gfp.Kernel, 1))
        {
            case ChargeStatus.NoMem:
                _frames.Release(frame);
                return VmFault.OutOfMemory;
            case ChargeStatus.Charged when !memcg.IsRoot:
                CommitCharge(memcg, frame, isShared: false);
                break;
        }
        if (EntryAt(table, page) != (entry, swapped))
        {
            FreeAnon(_machine.CurrentCpu, frame); // reclaim took the page that was to be copied
            return VmFault.Again;
        }
        Map(mm, vma, table, page, frame);
        return VmFault.Done;
    }

    [Kernel("pte_same", "arch/x86/include/asm/pgtable.h")]
    private (int Entry, PteFlags Swapped) EntryAt(PageTablePage table, long page) =>
        (Ptes.Entry(table.Table, (int)(page & 511)), Ptes.Flags(table.Table, (int)(page & 511)) & PteFlags.Swap);

    [Kernel("mem_cgroup_commit_charge", "mm/memcontrol.c")]
    internal void CommitCharge(MemCgroup memcg, int frame, bool isShared)
    {
        int cpu = _machine.CurrentCpu;
        _frames.Memcg(frame) = (ushort)memcg.Id;
        memcg.References++;
        CountPage(cpu, memcg, isShared, 1);
        memcg.Stats.Add(cpu, MemcgStat.PgpgIn, 1);
        _machine.PageEvents.Add(memcg, cpu, 1);
    }

    /// <summary>An uncharged page no longer counts in its cgroup's statistics.</summary>
    [Kernel("mem_cgroup_charge_statistics", "mm/memcontrol.c")]
    internal void UncountPage(int frame, MemCgroup memcg)
    {
        CountPage(_machine.CurrentCpu, memcg, (_frames.Flags(frame) & PageFlags.Shmem) != 0, -1);
        memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.PgpgOut, 1);
    }

    private void CountPage(int cpu, MemCgroup memcg, bool isShared, int change)
    {
        if (isShared)
        {
            memcg.Stats.Add(cpu, MemcgStat.File, change);
            memcg.Stats.Add(cpu, MemcgStat.Shmem, change);
        }
        else if (!_anonCountsMapped)
        {
            memcg.Stats.Add(cpu, MemcgStat.Anon, change);
        }
    }

    private void Map(Mm mm, Vma? vma, PageTablePage table, long page, int frame)
    {
        ref int entry = ref Ptes.Entry(table.Table, (int)(page & 511));
        if (entry == 0)
        {
            table.Present++;
        }
        else if (entry == ImagePage)
        {
            mm.FilePages--;
        }
        else if (entry != ZeroPage)
        {
            Unmap(mm, -entry - 1, freesIdle: _machine.Era.Swap.CopyFreesIdleCache); // copied on write
        }
        entry = frame + 1;
        Ptes.Flags(table.Table, (int)(page & 511)) = PteFlags.Accessed | PteFlags.Dirty;
        _machine.Rmap.SetAnon(mm, vma, page, frame);
        AddRmap(frame);
        mm.AnonPages++;
        mm.NoteRss();
        _machine.Lru.Add(frame);
    }

    /// <summary>Allocates the missing levels, from the top (spec §2.17: charged with __GFP_ACCOUNT).</summary>
    private PageTablePage? AllocateTables(Mm mm, MemCgroup memcg, long page)
    {
        for (int level = mm.MissingLevel(page); level >= 1; level--)
        {
            if (mm.TablesOf(level).ContainsKey(page >> (9 * level)))
            {
                continue;
            }
            if (!TryAllocateTable(memcg, out PageTablePage table))
            {
                return null;
            }
            table.Table = level == 1 ? Ptes.Allocate() : -1;
            mm.AddTable(level, page, table);
        }
        return mm.PteTableOf(page);
    }

    [Kernel("pte_alloc_one", "arch/x86/mm/pgtable.c")]
    private bool TryAllocateTable(MemCgroup memcg, out PageTablePage table)
    {
        table = new PageTablePage(-1);
        bool charged = _machine.Era.Kmem.ChargesPageTables && _machine.Kmem.Accounts(memcg);
        if (charged && !_machine.Kmem.TryCharge(memcg, Gfp.KernelAccount, 1, MemcgStat.PageTables))
        {
            return false;
        }
        int frame = _machine.AllocateSlow(PageFlags.Kernel);
        if (frame < 0)
        {
            if (charged)
            {
                _machine.Kmem.Uncharge(memcg, 1, MemcgStat.PageTables);
            }
            return false;
        }
        _frames.Memcg(frame) = charged ? (ushort)memcg.Id : (ushort)0;
        table.Frame = frame;
        return true;
    }

    /// <summary>Frees a page-table page.</summary>
    internal void FreeTable(PageTablePage table)
    {
        MemCgroup? memcg = _machine.Hierarchy.ById(_frames.Memcg(table.Frame));
        _frames.Release(table.Frame);
        if (memcg is { IsRoot: false })
        {
            _machine.Kmem.Uncharge(memcg, 1, MemcgStat.PageTables);
        }
        if (table.Table >= 0)
        {
            Ptes.Release(table.Table);
        }
    }

    [Kernel("__anon_vma_prepare", "mm/rmap.c")]
    private bool PrepareAnonVma(Vma vma, MemCgroup memcg)
    {
        if (!_machine.Slab.TryAllocate(_machine.Slab.Known.AnonVmaChain, memcg, Gfp.Kernel, out Slab.SlabObject chain))
        {
            return false;
        }
        if (!_machine.Slab.TryAllocate(_machine.Slab.Known.AnonVma, memcg, Gfp.Kernel, out Slab.SlabObject anonVma))
        {
            _machine.Slab.Free(chain);
            return false;
        }
        (vma.ChainObject, vma.AnonVmaObject, vma.HasAnonVma, vma.AnonVmaId) = (chain, anonVma, true, ++_anonVmas);
        return true;
    }

    /// <summary>The fault ran out of memory (§8.1).</summary>
    [Kernel("pagefault_out_of_memory", "mm/oom_kill.c")]
    private FaultOutcome OutOfMemory(TaskStruct task)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.PagefaultOutOfMemory);
        }
        if (task.MemcgInOom is { } memcg)
        {
            task.MemcgInOom = null;
            FaultOutcome outcome = _machine.Oom.Synchronize(task, memcg);
            return _machine.Panicked is null ? outcome : FaultOutcome.Killed; // nothing returns from a panic
        }
        if (task.FatalSignalPending || _machine.Panicked is not null)
        {
            return FaultOutcome.Killed;
        }
        _machine.Oom.PageFaultOutOfMemory();
        return task.FatalSignalPending || _machine.Panicked is not null ? FaultOutcome.Killed : FaultOutcome.Retry;
    }

    /// <summary>One page table no longer maps a frame; the last one frees it, and its slot of the swap space, unless <paramref name="freesIdle"/> leaves it in the swap cache.</summary>
    [Kernel("folio_remove_rmap_pte", "mm/rmap.c")]
    internal void Unmap(Mm mm, int frame, bool freesIdle = true)
    {
        if ((_frames.Flags(frame) & PageFlags.Shmem) != 0)
        {
            UnmapShared(mm, frame);
            return;
        }
        if ((_frames.Flags(frame) & PageFlags.File) != 0)
        {
            UnmapFile(mm, frame);
            return;
        }
        mm.AnonPages--;
        RemoveRmap(frame);
        if (_frames.MapCount(frame) > 0)
        {
            return;
        }
        if ((_frames.Flags(frame) & PageFlags.SwapCache) == 0)
        {
            FreeUnlessHeld(frame);
        }
        else if (freesIdle)
        {
            _ = _machine.Swap.TryToFree(frame);
        }
    }

    /// <summary>Frees a page that nothing maps, unless a CPU's batch or a reclaimer still has it: those free it when they are done.</summary>
    [Kernel("folio_put", "include/linux/mm.h")]
    internal void FreeUnlessHeld(int frame)
    {
        if ((_frames.Flags(frame) & PageFlags.InAddBatch) == 0)
        {
            FreeAnon(_machine.CurrentCpu, frame);
        }
    }

    /// <summary>One more page table maps an anonymous page.</summary>
    private void AddRmap(int frame)
    {
        if (_frames.MapCount(frame)++ == 0)
        {
            CountMappedAnon(frame, 1);
        }
    }

    /// <summary>One less maps it.</summary>
    internal void RemoveRmap(int frame)
    {
        if (--_frames.MapCount(frame) == 0)
        {
            CountMappedAnon(frame, -1);
        }
    }

    private void CountMappedAnon(int frame, int change)
    {
        if (_anonCountsMapped && _machine.Hierarchy.ById(_frames.Memcg(frame)) is { IsRoot: false } memcg)
        {
            memcg.Stats.Add(_machine.CurrentCpu, MemcgStat.Anon, change);
        }
    }

    /// <summary>Frees a page of anonymous memory that nobody uses.</summary>
    [Kernel("__mem_cgroup_uncharge", "mm/memcontrol.c")]
    internal void FreeAnon(int cpu, int frame)
    {
        if ((_frames.Flags(frame) & (PageFlags.Anon | PageFlags.Shmem)) == 0)
        {
            _machine.PageCache.Free(cpu, frame); // it has left its file
            return;
        }
        _machine.Lru.Remove(cpu, frame);
        MemCgroup? memcg = _machine.Hierarchy.ById(_frames.Memcg(frame));
        if (memcg is { IsRoot: false })
        {
            UncountPage(frame, memcg);
        }
        _frames.Release(frame);
        if (memcg is { IsRoot: false })
        {
            _machine.Uncharges.Add(memcg);
        }
    }
}
