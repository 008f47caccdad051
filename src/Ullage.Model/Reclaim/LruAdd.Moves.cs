using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>Moves between lists, which wait in per-CPU batches of their own (§3.3).</summary>
internal sealed partial class LruAdd
{
    private readonly PageBatch _activated;
    private readonly PageBatch _rotated;
    private readonly PageBatch _deactivated;
    private readonly PageBatch _lazyFreed;

    private int Waiting => _activated.Total + _rotated.Total + _deactivated.Total + _lazyFreed.Total;

    /// <summary>The page waits for a move and is held meanwhile, so that it cannot be reclaimed.</summary>
    internal bool IsHeld(int frame) =>
        Waiting > 0 && (_activated.Holds(frame) || _rotated.Holds(frame) || _deactivated.Holds(frame) || _lazyFreed.Holds(frame));

    /// <summary>
    /// A system call read or wrote the page: the first time it is marked referenced, the second time it becomes active, after that it is
    /// marked again so that it stays so (§3.3).
    /// </summary>
    [Kernel("folio_mark_accessed", "mm/swap.c")]
    public void MarkAccessed(int frame)
    {
        ref PageFlags flags = ref _frames.Flags(frame);
        if ((flags & PageFlags.Referenced) == 0)
        {
            flags |= PageFlags.Referenced;
        }
        else if ((flags & (PageFlags.Active | PageFlags.Unevictable)) == 0)
        {
            if ((flags & PageFlags.Lru) != 0)
            {
                Activate(frame);
            }
            else if ((flags & PageFlags.InAddBatch) != 0 && _added.Holds(_machine.CurrentCpu, frame))
            {
                flags |= PageFlags.Active; // it will join the active list
            }
            flags &= ~PageFlags.Referenced;
            _machine.Workingset.Activation(frame);
        }
    }

    /// <summary>Moves a page to the active list, once the CPU's batch is full.</summary>
    [Kernel("folio_activate", "mm/swap.c")]
    public void Activate(int frame)
    {
        int cpu = _machine.CurrentCpu;
        if ((_frames.Flags(frame) & (PageFlags.Lru | PageFlags.Active | PageFlags.Unevictable)) == PageFlags.Lru && _activated.Add(cpu, frame))
        {
            DrainActivated(cpu);
        }
    }

    /// <summary>A page that reclaim had written is clean now: it goes to where reclaim takes it next.</summary>
    [Kernel("folio_rotate_reclaimable", "mm/swap.c")]
    public void RotateReclaimable(int frame)
    {
        const PageFlags unfit = PageFlags.Locked | PageFlags.Dirty | PageFlags.Unevictable;
        PageFlags flags = _frames.Flags(frame);
        int cpu = _machine.CurrentCpu;
        if ((flags & (unfit | PageFlags.Lru)) == PageFlags.Lru && (_machine.Era.Vmscan.DirtyActivates || (flags & PageFlags.Active) == 0) && _rotated.Add(cpu, frame))
        {
            DrainRotated(cpu);
        }
    }

    /// <summary>A page that could not be dropped on request: it is the next candidate.</summary>
    [Kernel("deactivate_file_folio", "mm/swap.c")]
    public void DeactivateFile(int frame)
    {
        int cpu = _machine.CurrentCpu;
        if ((_frames.Flags(frame) & (PageFlags.Lru | PageFlags.Unevictable)) == PageFlags.Lru && _deactivated.Add(cpu, frame))
        {
            DrainDeactivated(cpu);
        }
    }

    /// <summary>MADV_FREE gives an anonymous page up: it will wait at the head of the inactive page cache, to be dropped unless it is written again.</summary>
    [Kernel("folio_mark_lazyfree", "mm/swap.c")]
    public void MarkLazyFree(int frame)
    {
        int cpu = _machine.CurrentCpu;
        if (MayBeLazyFreed(_frames.Flags(frame)) && _lazyFreed.Add(cpu, frame))
        {
            DrainLazyFreed(cpu);
        }
    }

    private static bool MayBeLazyFreed(PageFlags flags) =>
        (flags & (PageFlags.Lru | PageFlags.Anon | PageKinds.LazyFree | PageFlags.SwapCache | PageFlags.Unevictable)) == (PageFlags.Lru | PageFlags.Anon);

    [Kernel("lru_lazyfree", "mm/swap.c")]
    private void DrainLazyFreed(int cpu)
    {
        foreach (int frame in _lazyFreed.Of(cpu))
        {
            ref PageFlags flags = ref _frames.Flags(frame);
            if (!MayBeLazyFreed(flags))
            {
                continue;
            }
            Lruvec lruvec = Move(cpu, frame, ref flags, (flags & ~(PageFlags.Active | PageFlags.Referenced)) | PageKinds.LazyFree, toTail: false);
            _machine.Vm.Add(VmItem.PgLazyFree, 1);
            lruvec.Memcg.Stats.Add(cpu, MemcgStat.PgLazyFree, 1);
            if (_countsRotations)
            {
                lruvec.NoteScan(1, 1, 0);
            }
        }
        _lazyFreed.Clear(cpu);
    }

    private void DrainMoves(int cpu)
    {
        DrainRotated(cpu);
        DrainDeactivated(cpu);
        DrainLazyFreed(cpu);
        DrainActivated(cpu);
    }

    [Kernel("__activate_page", "mm/swap.c")]
    private void DrainActivated(int cpu)
    {
        foreach (int frame in _activated.Of(cpu))
        {
            ref PageFlags flags = ref _frames.Flags(frame);
            if ((flags & (PageFlags.Lru | PageFlags.Active | PageFlags.Unevictable)) != PageFlags.Lru)
            {
                continue;
            }
            Lruvec lruvec = Move(cpu, frame, ref flags, flags | PageFlags.Active, toTail: false);
            _machine.Vm.Add(VmItem.PgActivate, 1);
            lruvec.Memcg.Stats.Add(cpu, MemcgStat.PgActivate, 1);
            if (_countsRotations)
            {
                lruvec.NoteScan(flags.IsSwapBacked() ? 0 : 1, 1, 1);
            }
        }
        _activated.Clear(cpu);
    }

    [Kernel("lru_move_tail", "mm/swap.c")]
    private void DrainRotated(int cpu)
    {
        foreach (int frame in _rotated.Of(cpu))
        {
            ref PageFlags flags = ref _frames.Flags(frame);
            if ((flags & (PageFlags.Lru | PageFlags.Unevictable)) == PageFlags.Lru)
            {
                Move(cpu, frame, ref flags, flags & ~PageFlags.Active, toTail: true);
                _machine.Vm.Add(VmItem.PgRotated, 1);
            }
        }
        _rotated.Clear(cpu);
    }

    [Kernel("lru_deactivate_file", "mm/swap.c")]
    private void DrainDeactivated(int cpu)
    {
        foreach (int frame in _deactivated.Of(cpu))
        {
            ref PageFlags flags = ref _frames.Flags(frame);
            if ((flags & (PageFlags.Lru | PageFlags.Unevictable)) != PageFlags.Lru || _frames.MapCount(frame) > 1) // the file's own is one: it is mapped
            {
                continue;
            }
            bool wasActive = (flags & PageFlags.Active) != 0;
            bool isBusy = (flags & (PageFlags.Writeback | PageFlags.Dirty)) != 0;
            PageFlags now = flags & ~(PageFlags.Active | PageFlags.Referenced) | (isBusy ? PageFlags.Reclaim : PageFlags.None);
            Lruvec lruvec = Move(cpu, frame, ref flags, now, toTail: !isBusy);
            _machine.Vm.Add(VmItem.PgRotated, isBusy ? 0 : 1);
            if (_countsRotations)
            {
                lruvec.NoteScan(1, 1, 0);
            }
            if (wasActive)
            {
                _machine.Vm.Add(VmItem.PgDeactivate, 1);
                lruvec.Memcg.Stats.Add(cpu, MemcgStat.PgDeactivate, 1);
            }
        }
        _deactivated.Clear(cpu);
    }

    private Lruvec Move(int cpu, int frame, ref PageFlags flags, PageFlags now, bool toTail)
    {
        Lruvec lruvec = LruvecOf(frame);
        LruList from = Lruvec.ListOf(flags);
        flags = now;
        LruList to = Lruvec.ListOf(flags);
        lruvec.Remove(frame, from);
        if (toTail)
        {
            lruvec.AddTail(frame, to);
        }
        else
        {
            lruvec.AddHead(frame, to);
        }
        if (from != to)
        {
            Zone zone = _frames.ZoneOf(frame);
            zone.ListPages(from)--;
            zone.ListPages(to)++;
            Count(cpu, lruvec.Memcg, from, -1);
            Count(cpu, lruvec.Memcg, to, 1);
        }
        return lruvec;
    }
}
