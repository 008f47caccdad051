using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;
using Ullage.Model.Swap;

namespace Ullage.Model.Reclaim;

/// <summary>What became of a page that reclaim took from an inactive list.</summary>
internal enum PageFate
{
    /// <summary>Freed.</summary>
    Freed,
    /// <summary>Back to the inactive list.</summary>
    Keep,
    /// <summary>To the active list.</summary>
    Activate,
}

/// <summary>Counts of one batch of pages.</summary>
internal record struct BatchCounts
{
    public int Dirty;
    public int UnqueuedDirty;
    public int Congested;
    public int Writeback;
    public int Immediate;
    public int ActivatedAnon;
    public int ActivatedFile;
    public int PagedOut;
}

/// <summary>Tries to free one page: is it in use, can it be unmapped, must it be written first (§3.6)?</summary>
[Kernel("shrink_folio_list", "mm/vmscan.c", Deviation = "Nobody else ever holds a page's lock.")]
internal sealed class PageReclaim(Machine machine)
{
    private const PageFlags Plain = PageFlags.Unevictable | PageFlags.Writeback | PageFlags.Dirty | PageFlags.Anon | PageFlags.Shmem | PageFlags.SwapCache | PageFlags.Locked;

    private enum Reference
    {
        Activate,
        Keep,
        Reclaim,
        ReclaimClean,
    }

    private readonly VmscanRules _rules = machine.Era.Vmscan;
    private readonly PageFrames _frames = machine.Frames;

    public PageFate TryToFree(ReclaimRun run, int frame, ref BatchCounts counts)
    {
        ref PageFlags flags = ref _frames.Flags(frame);
        if ((flags & PageFlags.Locked) != 0)
        {
            return PageFate.Keep; // it is being read
        }
        run.Scanned++;
        if ((flags & Plain) == 0 && _frames.MapCount(frame) == 1)
        {
            flags &= ~PageFlags.Referenced; // clean, unmapped page cache: referenced once or not, it goes
            return Remove(run, frame);
        }
        return TryToFreeSlow(run, frame, ref flags, ref counts);
    }

    private PageFate TryToFreeSlow(ReclaimRun run, int frame, ref PageFlags flags, ref BatchCounts counts)
    {
        if ((flags & PageFlags.Unevictable) != 0)
        {
            return PageFate.Keep; // back to its own list
        }
        if (machine.Lru.IsUnused(frame, flags))
        {
            return PageFate.Keep; // putting it back frees it
        }
        bool isMapped = IsMapped(frame, flags);
        if (_rules.MappedCountsTwice && (isMapped || (flags & PageFlags.SwapCache) != 0))
        {
            run.Scanned++;
        }
        if (CheckWriteback(run, frame, ref flags, ref counts) is { } fate)
        {
            return fate;
        }
        Reference reference = CheckReferences(run, frame, isMapped, ref flags);
        return reference switch
        {
            Reference.Activate => Activate(frame, flags, ref counts),
            Reference.Keep => PageFate.Keep,
            _ => Evict(run, frame, reference, isMapped, ref flags, ref counts),
        };
    }

    internal bool IsMapped(int frame, PageFlags flags) => _frames.MapCount(frame) > ((flags & (PageFlags.Shmem | PageFlags.File)) != 0 ? 1 : 0); // the cache holds its page, too

    private static bool IsFileType(PageFlags flags) => !flags.IsSwapBacked();

    private static bool MayEnterFs(ReclaimRun run, PageFlags flags) =>
        (run.Gfp & Gfp.Fs) != 0 || ((flags & PageFlags.SwapCache) != 0 && (run.Gfp & Gfp.Blocking) != 0);

    /// <summary>Dirty pages of files, and those under writeback, are counted; pages under writeback are passed by, or waited for.</summary>
    [Kernel("folio_check_dirty_writeback", "mm/vmscan.c")]
    private PageFate? CheckWriteback(ReclaimRun run, int frame, ref PageFlags flags, ref BatchCounts counts)
    {
        if ((flags & (PageFlags.Dirty | PageFlags.Writeback)) == 0)
        {
            return null;
        }
        bool isFile = IsFileType(flags); // nobody but reclaim writes anonymous pages, so that they are no reason to wait for flushers
        bool inWriteback = (flags & PageFlags.Writeback) != 0;
        counts.Dirty += isFile ? 1 : 0;
        counts.UnqueuedDirty += isFile && !inWriteback ? 1 : 0;
        counts.Congested += isFile && inWriteback && (flags & PageFlags.Reclaim) != 0 ? 1 : 0;
        if (!inWriteback)
        {
            return null;
        }
        if (run.IsKswapd && (flags & PageFlags.Reclaim) != 0 && run.Node.IsInWriteback)
        {
            counts.Immediate++;
            return OutOfTheWay(frame, flags, ref counts);
        }
        if (IsThrottledOtherwise(run) || (flags & PageFlags.Reclaim) == 0 || !MayEnterFs(run, flags))
        {
            flags |= PageFlags.Reclaim;
            counts.Writeback++;
            return OutOfTheWay(frame, flags, ref counts);
        }
        machine.PageBackends.WaitOnWriteback(frame); // v1 has no other way to slow down who dirties too much
        return machine.Lru.IsUnused(frame, _frames.Flags(frame)) ? PageFate.Keep : null;
    }

    private PageFate OutOfTheWay(int frame, PageFlags flags, ref BatchCounts counts) =>
        _rules.DirtyActivates ? Activate(frame, flags, ref counts) : PageFate.Keep;

    /// <summary>Somebody else slows down writers: the whole machine, and v2 from 4.2 on.</summary>
    [Kernel("writeback_throttling_sane", "mm/vmscan.c")]
    private bool IsThrottledOtherwise(ReclaimRun run) => run.IsGlobal || (!run.Target.IsV1 && !_rules.V2WaitsForWriteback);

    [Kernel("folio_check_references", "mm/vmscan.c")]
    private Reference CheckReferences(ReclaimRun run, int frame, bool isMapped, ref PageFlags flags)
    {
        bool isExecutable = false;
        int tables = isMapped ? machine.PageBackends.Referenced(frame, run.IsGlobal ? null : run.Target, out isExecutable) : 0;
        bool wasReferenced = (flags & PageFlags.Referenced) != 0;
        flags &= ~PageFlags.Referenced;
        bool isFile = IsFileType(flags);
        if (tables == 0)
        {
            return wasReferenced && isFile ? Reference.ReclaimClean : Reference.Reclaim;
        }
        if (!isFile && _rules.AnonReferenceActivates)
        {
            return Reference.Activate;
        }
        flags |= PageFlags.Referenced;
        return wasReferenced || tables > 1 || (isExecutable && isFile) ? Reference.Activate : Reference.Keep;
    }

    private PageFate Evict(ReclaimRun run, int frame, Reference reference, bool isMapped, ref PageFlags flags, ref BatchCounts counts)
    {
        if (flags.IsLazyFree())
        {
            return Discard(frame, isMapped, ref flags, ref counts);
        }
        if ((flags & (PageFlags.Anon | PageFlags.SwapCache)) == PageFlags.Anon)
        {
            if ((run.Gfp & Gfp.Blocking) == 0)
            {
                return PageFate.Keep;
            }
            if (!machine.PageBackends.AddToSwap(frame))
            {
                return Activate(frame, flags, ref counts);
            }
        }
        if (isMapped && !machine.PageBackends.TryToUnmap(frame))
        {
            return Activate(frame, flags, ref counts);
        }
        run.Unmapped += isMapped && (flags & PageFlags.File) != 0 ? 1 : 0; // of an anonymous page, its swapping out costs that, too
        if ((flags & PageFlags.Dirty) != 0 && WriteDirty(run, frame, reference, ref flags, ref counts) is { } fate)
        {
            return fate;
        }
        return Remove(run, frame);
    }

    /// <summary>A page that MADV_FREE gave up goes as it is. One that was written since is a page like others again, and in use.</summary>
    [Kernel("ttu_anon_folio", "mm/rmap.c")]
    private PageFate Discard(int frame, bool isMapped, ref PageFlags flags, ref BatchCounts counts)
    {
        if (isMapped && !machine.Rmap.TryToDiscard(frame))
        {
            flags &= ~PageKinds.LazyFree;
            return Activate(frame, flags, ref counts);
        }
        if (machine.Lru.IsHeld(frame))
        {
            return PageFate.Keep;
        }
        flags &= ~PageFlags.InAddBatch;
        machine.Vm.Add(VmItem.PgLazyFreed, 1);
        machine.Hierarchy.ById(_frames.Memcg(frame))?.Stats.Add(machine.CurrentCpu, MemcgStat.PgLazyFreed, 1);
        machine.Faults.FreeAnon(machine.CurrentCpu, frame);
        return PageFate.Freed;
    }

    /// <summary>A dirty page is written first. File pages only by kswapd, when it has seen nothing else; flushers do it better (§3.6).</summary>
    private PageFate? WriteDirty(ReclaimRun run, int frame, Reference reference, ref PageFlags flags, ref BatchCounts counts)
    {
        if (IsFileType(flags) && (!run.IsKswapd || (_rules.DirtyActivates && (flags & PageFlags.Reclaim) == 0) || !run.Node.IsDirty))
        {
            machine.Vm.Add(VmItem.VmscanImmediate, 1);
            flags |= PageFlags.Reclaim;
            return OutOfTheWay(frame, flags, ref counts);
        }
        if (reference == Reference.ReclaimClean || !MayEnterFs(run, flags) || !run.MayWrite)
        {
            return PageFate.Keep;
        }
        switch (machine.PageBackends.PageOut(frame))
        {
            case PageOutResult.Keep:
                return PageFate.Keep;
            case PageOutResult.Activate:
                return Activate(frame, flags, ref counts);
            case PageOutResult.Success:
                counts.PagedOut++;
                return (flags & (PageFlags.Writeback | PageFlags.Dirty)) != 0 ? PageFate.Keep : null;
            default:
                return null;
        }
    }

    private PageFate Activate(int frame, PageFlags flags, ref BatchCounts counts)
    {
        machine.PageBackends.DropSwapIfFull(frame);
        if (IsFileType(flags))
        {
            counts.ActivatedFile++;
        }
        else
        {
            counts.ActivatedAnon++;
        }
        return PageFate.Activate;
    }

    [Kernel("__remove_mapping", "mm/vmscan.c")]
    private PageFate Remove(ReclaimRun run, int frame)
    {
        if (machine.Lru.IsHeld(frame))
        {
            return PageFate.Keep; // a CPU's batch has a reference
        }
        _frames.Flags(frame) &= ~PageFlags.InAddBatch; // the last reference is reclaim's own
        if (machine.PageBackends.RemoveMapping(frame, run.IsGlobal ? null : run.Target))
        {
            return PageFate.Freed;
        }
        _frames.Flags(frame) |= PageFlags.InAddBatch;
        return PageFate.Keep;
    }
}
