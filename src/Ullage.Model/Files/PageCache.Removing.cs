using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Charging;
using Ullage.Model.Pages;

namespace Ullage.Model.Files;

/// <summary>How pages leave: reclaimed, truncated, dropped.</summary>
internal sealed partial class PageCache
{
    private const PageFlags Busy = PageFlags.Dirty | PageFlags.Writeback | PageFlags.Locked;

    /// <summary>Some page table maps a page of a file.</summary>
    [Kernel("folio_mapped", "include/linux/mm.h")]
    public bool IsMapped(int frame) => _frames.MapCount(frame) > 1;

    /// <summary>
    /// Reclaim takes an isolated page out of its file, if nobody uses it: it leaves a shadow, is uncharged and freed. False = it stays.
    /// </summary>
    [Kernel("__remove_mapping", "mm/vmscan.c")]
    public bool RemoveMapping(int frame, MemCgroup? target)
    {
        if ((_frames.Flags(frame) & (Busy | PageFlags.InAddBatch)) != 0 || _frames.MapCount(frame) != 1 || frame == Held)
        {
            return false;
        }
        long shadow = _machine.Workingset.Eviction(frame, target);
        Remove(frame, ~shadow);
        return true;
    }

    /// <summary>The file ends there now: pages and shadows beyond are gone, written or not.</summary>
    [Kernel("truncate_inode_pages_range", "mm/truncate.c")]
    public void Truncate(AddressSpaceMap map, long bytes)
    {
        long first = (bytes + KernelConstants.PageSize - 1) >> KernelConstants.PageShift;
        long last = Math.Max(map.Pages - 1, 0);
        _machine.FileRmap.UnmapRange(map, first, last);
        _machine.Lru.Drain(_machine.CurrentCpu);
        _machine.Uncharges.Begin();
        for (long index = Tree.NextPage(map, first, last); index >= 0; index = Tree.NextPage(map, index + 1, last))
        {
            int frame = Find(map, index);
            if ((_frames.Flags(frame) & PageFlags.Writeback) != 0)
            {
                Writeback.WaitOn(frame);
            }
            if ((_frames.Flags(frame) & PageFlags.Locked) != 0 && !WaitUntilRead(map, index, frame))
            {
                continue;
            }
            _machine.Spend(_machine.Costs.UnmapPageNs);
            Remove(frame, 0);
        }
        Tree.ClearShadows(map, first, last);
        _machine.Uncharges.End();
        map.Bytes = bytes;
        map.OnDisk = Math.Min(map.OnDisk, bytes);
        Writeback.Forget(map);
    }

    /// <summary>Drops the pages of a range that nobody uses and that need not be written, and its shadows; answers how many pages. The others become inactive, unless they are mapped.</summary>
    [Kernel("invalidate_mapping_pages", "mm/truncate.c")]
    public long Invalidate(AddressSpaceMap map, long first, long last)
    {
        long dropped = 0;
        CompleteReads(_machine.TimeNs);
        _machine.Lru.Drain(_machine.CurrentCpu);
        _machine.Uncharges.Begin();
        for (long index = Tree.NextPage(map, first, last); index >= 0; index = Tree.NextPage(map, index + 1, last))
        {
            int frame = Find(map, index);
            if ((_frames.Flags(frame) & (Busy | PageFlags.InAddBatch)) == 0 && !IsMapped(frame))
            {
                Remove(frame, 0);
                dropped++;
            }
            else
            {
                _machine.Lru.DeactivateFile(frame); // reclaim may have it next, once it is written
            }
        }
        Tree.ClearShadows(map, first, Math.Min(last, Math.Max(map.Pages - 1, 0)));
        _machine.Uncharges.End();
        return dropped;
    }

    /// <summary>vm.drop_caches = 1.</summary>
    [Kernel("drop_pagecache_sb", "fs/drop_caches.c")]
    public void DropAll()
    {
        for (int cpu = 0; cpu < _machine.Options.Cpus; cpu++)
        {
            _machine.Lru.Drain(cpu);
        }
        foreach (AddressSpaceMap map in _maps)
        {
            Invalidate(map, 0, long.MaxValue - 1);
        }
    }

    /// <summary>Nodes without pages that a cgroup pays for.</summary>
    public long CountShadowNodes(MemCgroup memcg) => Tree.ShadowNodes?.Count(memcg) ?? 0;

    /// <summary>Reclaims the oldest nodes without pages that a cgroup pays for; answers how many.</summary>
    [Kernel("scan_shadow_nodes", "mm/workingset.c")]
    public long ReclaimShadowNodes(MemCgroup memcg, long most)
    {
        long reclaimed = 0;
        while (reclaimed < most && Tree.ReclaimShadowNode(memcg, _mapOf))
        {
            reclaimed++;
        }
        return reclaimed;
    }

    /// <summary>Wakes the flusher, for reclaim.</summary>
    public void WakeFlusher() => Writeback.WakeFlusher();

    /// <summary>Waits until a page is written, for reclaim.</summary>
    public void WaitOnWriteback(int frame) => Writeback.WaitOn(frame);

    /// <summary>Begins to write a dirty page, for kswapd; false = it cannot.</summary>
    public bool WritePage(int frame) => Writeback.WritePage(frame);

    /// <summary>Throws unless every file's pages are its own, counts agree, and shadows are only where no page is.</summary>
    internal void Verify()
    {
        long cached = 0;
        foreach (AddressSpaceMap map in _maps)
        {
            (long pages, long shadows) = Tree.Recount(map);
            Invariant.Holds(pages == map.Cached && shadows == map.Shadows, $"{map}: {map.Cached} pages, {map.Shadows} shadows = {pages}, {shadows} in its tree");
            VerifyPages(map);
            cached += pages;
        }
        long listed = 0;
        for (int frame = 0; frame < _frames.Managed; frame++)
        {
            listed += (_frames.Flags(frame) & PageFlags.File) != 0 ? 1 : 0;
        }
        Invariant.Holds(cached == listed, $"pages of files: {cached} = {listed} frames");
        Tree.ShadowNodes?.Verify();
    }

    private void VerifyPages(AddressSpaceMap map)
    {
        (long dirty, long writeback) = (0, 0);
        for (long index = Tree.NextPage(map, 0, long.MaxValue - 1); index >= 0; index = Tree.NextPage(map, index + 1, long.MaxValue - 1))
        {
            int frame = Find(map, index);
            PageFlags flags = _frames.Flags(frame);
            Invariant.Holds(_frames.Mapping(frame) == map.Number && _frames.Index(frame) == index && (flags & PageFlags.File) != 0, $"page {index} of {map}");
            Invariant.Holds(_frames.MapCount(frame) >= 1 && index < map.Pages);
            dirty += (flags & PageFlags.Dirty) != 0 ? 1 : 0;
            writeback += (flags & PageFlags.Writeback) != 0 ? 1 : 0;
            Invariant.Holds((flags & PageFlags.Locked) == 0 || _reads.DoneNsOf(map, index) >= 0, $"page {index} of {map} is locked although nobody reads it");
        }
        Invariant.Holds(dirty == map.Dirty && writeback == map.Writeback && (dirty == 0 || map.OnDirtyList), $"dirty pages of {map}");
    }
}
