using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;

namespace Ullage.Model.Reclaim;

/// <summary>Scans one cgroup's lists: the active ones for pages that are idle now, the inactive ones for pages to free (§3.5, §3.6, §3.8).</summary>
[Kernel("shrink_lruvec", "mm/vmscan.c", Deviation = "Isolated pages are never too many: a scan is over before anybody else runs.")]
internal sealed class LruvecShrinker(Machine machine)
{
    private const int Cluster = ReclaimRun.Cluster;
    private const int Evictable = 4; // lists
    private const int File = 2; // the first file list

    private readonly VmscanRules _rules = machine.Era.Vmscan;
    private readonly PageFrames _frames = machine.Frames;
    private readonly ScanBalance _balance = new(machine);
    private readonly PageReclaim _pages = machine.PageReclaim;

    /// <summary>Scans a lruvec as far as the run's priority says.</summary>
    /// <returns>Pages that could have been scanned, for the share of shrinkers (to 4.15).</returns>
    public long Shrink(ReclaimRun run, Lruvec lruvec)
    {
        Span<long> left = stackalloc long[Evictable];
        Span<long> targets = stackalloc long[Evictable];
        long eligible = _balance.Count(run, lruvec, left);
        left.CopyTo(targets);
        bool inProportion = run is { IsGlobal: true, By: Reclaimer.Direct, Priority: ReclaimRun.FirstPriority };
        long reclaimed = 0;
        while (left[0] != 0 || left[3] != 0 || left[2] != 0)
        {
            for (int list = 0; list < Evictable; list++)
            {
                if (left[list] != 0)
                {
                    int scan = (int)Math.Min(left[list], Cluster);
                    left[list] -= scan;
                    reclaimed += ShrinkList(run, lruvec, (LruList)list, scan);
                }
            }
            if (reclaimed < run.Wanted || inProportion)
            {
                continue;
            }
            if (!CutLongerSide(left, targets))
            {
                break;
            }
            inProportion = _rules.AdjustsOnce;
        }
        machine.Swap.Submit(); // blk_finish_plug
        run.Reclaimed += reclaimed;
        if (machine.InactiveRatio.AnonNeedsAgeing(lruvec))
        {
            ShrinkActive(run, lruvec, LruList.ActiveAnon, Cluster);
        }
        return eligible;
    }

    /// <summary>Enough is reclaimed: the side with less left stops, the other goes on until it was scanned by the same share. False = nothing is left.</summary>
    private static bool CutLongerSide(Span<long> left, ReadOnlySpan<long> targets)
    {
        long file = left[2] + left[3];
        long anon = left[0] + left[1];
        if (file == 0 || anon == 0)
        {
            return false;
        }
        int shorter = file > anon ? 0 : File;
        long percent = (file > anon ? anon : file) * 100 / (targets[shorter] + targets[shorter + 1] + 1);
        left[shorter] = left[shorter + 1] = 0;
        for (int list = File - shorter; list < File - shorter + 2; list++)
        {
            long scanned = targets[list] - left[list];
            long now = targets[list] * (100 - percent) / 100;
            left[list] = now - Math.Min(now, scanned);
        }
        return true;
    }

    [Kernel("shrink_list", "mm/vmscan.c")]
    private long ShrinkList(ReclaimRun run, Lruvec lruvec, LruList list, int pages)
    {
        if (list is not (LruList.ActiveAnon or LruList.ActiveFile))
        {
            return ShrinkInactive(run, lruvec, list, pages);
        }
        bool isFile = list == LruList.ActiveFile;
        bool mayDeactivate = _rules.Inactive != InactiveRule.Target ? machine.InactiveRatio.IsLow(lruvec, isFile, inReclaim: true)
            : isFile ? run.MayDeactivateFile : run.MayDeactivateAnon;
        if (mayDeactivate)
        {
            ShrinkActive(run, lruvec, list, pages);
        }
        else
        {
            run.SkippedDeactivate = true;
        }
        return 0;
    }

    /// <summary>Takes pages from a list's tail; the oldest comes first.</summary>
    [Kernel("isolate_lru_folios", "mm/vmscan.c")]
    private int Isolate(Lruvec lruvec, LruList list, Span<int> taken)
    {
        int count = 0;
        int frame = lruvec.Tail(list);
        while (count < taken.Length && frame >= 0)
        {
            taken[count++] = frame;
            ref PageFlags flags = ref _frames.Flags(frame);
            flags = (flags & ~PageFlags.Lru) | PageFlags.InAddBatch; // held
            _frames.ZoneOf(frame).ListPages(list)--;
            frame = _frames.Previous(frame);
        }
        lruvec.CutTail(list, frame, count);
        if (count > 0)
        {
            machine.Lru.Count(machine.CurrentCpu, lruvec.Memcg, list, -count);
        }
        return count;
    }

    /// <summary>Looks at the oldest pages of an active list: those that programs run stay, all others become inactive (§3.5).</summary>
    [Kernel("shrink_active_list", "mm/vmscan.c")]
    public void ShrinkActive(ReclaimRun run, Lruvec lruvec, LruList list, int pages)
    {
        int cpu = machine.CurrentCpu;
        machine.Lru.Drain(cpu);
        Span<int> taken = stackalloc int[Cluster];
        taken = taken[..Isolate(lruvec, list, taken[..pages])];
        int type = (int)list >> 1;
        CountRefill(run, lruvec, cpu, taken.Length);
        int rotated = 0;
        int deactivated = 0;
        foreach (int frame in taken)
        {
            ref PageFlags flags = ref _frames.Flags(frame);
            bool isExecutable = false;
            bool isMapped = _pages.IsMapped(frame, flags);
            bool isReferenced = isMapped && machine.PageBackends.Referenced(frame, run.IsGlobal ? null : run.Target, out isExecutable) > 0;
            bool stays = isReferenced && isExecutable && type == 1;
            rotated += stays || (isReferenced && _rules.ReferencedCountAsRotated) ? 1 : 0;
            if (!stays)
            {
                flags = (flags & ~PageFlags.Active) | (_rules.MarksWorkingset ? PageFlags.Workingset : PageFlags.None);
                deactivated++;
            }
        }
        lruvec.NoteScan(type, taken.Length, rotated);
        if (_rules.RotationCosts && rotated > 0)
        {
            machine.LruCosts.Note(lruvec, type == 1, 0, rotated);
        }
        PutBackSplit(lruvec, taken, cpu);
        machine.Vm.Add(VmItem.PgDeactivate, deactivated);
        lruvec.Memcg.Stats.Add(cpu, MemcgStat.PgDeactivate, deactivated);
        run.ScannedInAll += taken.Length;
    }

    private void CountRefill(ReclaimRun run, Lruvec lruvec, int cpu, int pages)
    {
        if (run.IsGlobal || !_rules.RefillIsGlobalOnly)
        {
            CountGlobal(lruvec, VmItem.PgRefill, pages);
        }
        lruvec.Memcg.Stats.Add(cpu, MemcgStat.PgRefill, pages);
    }

    /// <summary>First those that stay active, then the others: each in its old order.</summary>
    private void PutBackSplit(Lruvec lruvec, ReadOnlySpan<int> taken, int cpu)
    {
        LruAdd.SizeChange change = new(machine.Lru, cpu);
        foreach (int frame in taken)
        {
            if ((_frames.Flags(frame) & PageFlags.Active) != 0)
            {
                PutBack(lruvec, frame, cpu, ref change);
            }
        }
        foreach (int frame in taken)
        {
            if ((_frames.Flags(frame) & (PageFlags.Active | PageFlags.Lru)) == 0)
            {
                PutBack(lruvec, frame, cpu, ref change);
            }
        }
        change.Flush();
    }

    /// <summary>Puts an isolated page on the list that its flags say, or frees it when its users went meanwhile.</summary>
    [Kernel("move_folios_to_lru", "mm/vmscan.c")]
    private void PutBack(Lruvec lruvec, int frame, int cpu, ref LruAdd.SizeChange change)
    {
        ref PageFlags flags = ref _frames.Flags(frame);
        flags &= ~PageFlags.InAddBatch;
        if (machine.Lru.IsUnused(frame, flags))
        {
            machine.Lru.FreeUnused(cpu, frame);
            return;
        }
        flags |= PageFlags.Lru;
        LruList list = Lruvec.ListOf(flags);
        lruvec.AddHead(frame, list);
        change.Add(lruvec, frame, list, 1);
        if ((flags & PageFlags.Active) != 0)
        {
            machine.Workingset.PutBackActive(lruvec);
        }
    }

    /// <summary>Takes the oldest pages of an inactive list and frees what it can (§3.6).</summary>
    [Kernel("shrink_inactive_list", "mm/vmscan.c")]
    private long ShrinkInactive(ReclaimRun run, Lruvec lruvec, LruList list, int pages)
    {
        int cpu = machine.CurrentCpu;
        machine.Swap.Interrupt();
        machine.Lru.Drain(cpu);
        Span<int> taken = stackalloc int[Cluster];
        taken = taken[..Isolate(lruvec, list, taken[..pages])];
        int type = (int)list >> 1;
        lruvec.NoteScan(type, taken.Length, 0);
        Count(run, lruvec, cpu, type, taken.Length, VmItem.PgScanKswapd, MemcgStat.PgScanKswapd, VmItem.PgScanAnon);
        if (lruvec.Zone is { } zone && run.IsGlobal)
        {
            zone.PagesScanned += taken.Length;
        }
        if (taken.Length == 0)
        {
            return 0;
        }
        BatchCounts counts = default;
        int kept = FreeWhatCanBe(run, taken, ref counts);
        int freed = taken.Length - kept;
        Count(run, lruvec, cpu, type, freed, VmItem.PgStealKswapd, MemcgStat.PgStealKswapd, VmItem.PgStealAnon);
        Finish(lruvec, cpu, type, taken[..kept], ref counts);
        NoteRound(run, type, taken.Length, in counts);
        machine.LruCosts.Note(lruvec, type == 1, counts.PagedOut, kept);
        if (counts.UnqueuedDirty == taken.Length)
        {
            machine.PageBackends.WakeFlusher();
        }
        run.ScannedInAll += taken.Length;
        return freed;
    }

    /// <summary>Pages that survive are moved to the front of <paramref name="taken"/>; answers how many there are.</summary>
    private int FreeWhatCanBe(ReclaimRun run, Span<int> taken, ref BatchCounts counts)
    {
        int kept = 0;
        machine.Uncharges.Begin();
        for (int i = 0; i < taken.Length; i++)
        {
            int frame = taken[i];
            PageFate fate = _pages.TryToFree(run, frame, ref counts);
            if (fate == PageFate.Freed)
            {
                continue;
            }
            if (fate == PageFate.Activate)
            {
                _frames.Flags(frame) |= PageFlags.Active;
            }
            taken[kept++] = frame;
        }
        machine.Uncharges.End();
        return kept;
    }

    private void Finish(Lruvec lruvec, int cpu, int type, ReadOnlySpan<int> kept, ref BatchCounts counts)
    {
        int activated = counts.ActivatedAnon + counts.ActivatedFile;
        if (activated > 0)
        {
            machine.Vm.Add(VmItem.PgActivate, activated);
            lruvec.Memcg.Stats.Add(cpu, MemcgStat.PgActivate, activated);
            lruvec.NoteScan(type, 0, activated);
        }
        LruAdd.SizeChange change = new(machine.Lru, cpu);
        foreach (int frame in kept)
        {
            PutBack(lruvec, frame, cpu, ref change);
        }
        change.Flush();
    }

    private static void NoteRound(ReclaimRun run, int type, int taken, in BatchCounts counts)
    {
        ref RoundCounts round = ref run.Round;
        round.Taken += taken;
        round.FileTaken += type == 1 ? taken : 0;
        round.Dirty += counts.Dirty;
        round.UnqueuedDirty += counts.UnqueuedDirty;
        round.Congested += counts.Congested;
        round.Writeback += counts.Writeback;
        round.Immediate += counts.Immediate;
    }

    /// <summary>vmstat counts what is done for the whole machine; a cgroup's statistics count all that is done to it (§9.4).</summary>
    private void Count(ReclaimRun run, Lruvec lruvec, int cpu, int type, int pages, VmItem byWho, MemcgStat ofMemcg, VmItem byType)
    {
        int who = run.IsKswapd ? 0 : run.By == Reclaimer.Proactive && _rules.CountsProactive ? 2 : 1;
        if (run.IsGlobal)
        {
            CountGlobal(lruvec, byWho + who, pages);
        }
        if (_rules.CountsByType)
        {
            machine.Vm.Add(byType + type, pages);
        }
        lruvec.Memcg.Stats.Add(cpu, ofMemcg + who, pages);
    }

    private void CountGlobal(Lruvec lruvec, VmItem item, int pages)
    {
        machine.Vm.Add(item, pages);
        if (lruvec.Zone is { } zone)
        {
            zone.Reclaim(item) += pages;
        }
    }
}
