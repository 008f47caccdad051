namespace Ullage.Model.Pages;

/// <summary>Counts over all frames: for files that are read now and then, and for checks.</summary>
public sealed partial class PageFrames
{
    /// <summary>Counts frames by use. Looks at every frame that was ever used: for files that are read now and then.</summary>
    internal FrameUse CountUse() => CountUse(_zonelist);

    /// <summary>Counts a node's frames by use.</summary>
    internal FrameUse CountUse(MemoryNode node) => CountUse(node.Zones);

    private FrameUse CountUse(IReadOnlyList<Zone> zones)
    {
        FrameUse use = default;
        foreach (Zone zone in zones)
        {
            FrameUse more = CountUse(zone);
            use.Anon += more.Anon;
            use.ActiveAnon += more.ActiveAnon;
            use.InactiveAnon += more.InactiveAnon;
            use.Shmem += more.Shmem;
            use.Mapped += more.Mapped;
            use.Kernel += more.Kernel;
            use.File += more.File;
            use.FileMapped += more.FileMapped;
            use.Dirty += more.Dirty;
            use.Writeback += more.Writeback;
        }
        return use;
    }

    /// <summary>Counts a zone's frames by use.</summary>
    internal FrameUse CountUse(Zone zone)
    {
        FrameUse use = default;
        for (int frame = zone.FirstFrame; frame < zone.Fresh; frame++)
        {
            PageFlags flags = _flags[frame];
            if ((flags & PageFlags.File) != 0)
            {
                use.File++;
                use.FileMapped += _mapCount[frame] > 1 ? 1 : 0;
                use.Dirty += (flags & PageFlags.Dirty) != 0 ? 1 : 0;
                use.Writeback += (flags & PageFlags.Writeback) != 0 ? 1 : 0;
                continue;
            }
            if ((flags & (PageFlags.Anon | PageFlags.Shmem)) == 0)
            {
                use.Kernel += (flags & PageFlags.Kernel) != 0 ? 1 : 0;
                continue;
            }
            bool isShmem = (flags & PageFlags.Shmem) != 0;
            use.Anon += !isShmem && _mapCount[frame] > 0 ? 1 : 0;
            use.Shmem += isShmem ? 1 : 0;
            use.Mapped += isShmem && _mapCount[frame] > 1 ? 1 : 0;
            use.ActiveAnon += (flags & (PageFlags.Lru | PageFlags.Active | PageKinds.LazyFree)) == (PageFlags.Lru | PageFlags.Active) ? 1 : 0;
            use.InactiveAnon += (flags & (PageFlags.Lru | PageFlags.Active | PageKinds.LazyFree)) == PageFlags.Lru ? 1 : 0;
        }
        return use;
    }

    /// <summary>Counts charged frames per memory cgroup id: the ground that usage stands on.</summary>
    internal long[] CountCharged(int highestId)
    {
        long[] counts = new long[highestId + 1];
        for (int frame = 0; frame < _flags.Length; frame++)
        {
            if ((_flags[frame] & PageFlags.Allocated) != 0)
            {
                counts[_memcg[frame]]++;
            }
        }
        return counts;
    }

    /// <summary>Frames that have a flag. Looks at all of them: for checks.</summary>
    internal long CountFlag(PageFlags flag)
    {
        long count = 0;
        foreach (PageFlags flags in _flags)
        {
            count += (flags & flag) != 0 ? 1 : 0;
        }
        return count;
    }

    /// <summary>Counts charged anonymous frames that no page table maps, per memory cgroup id: in the swap cache, or about to be freed.</summary>
    internal long[] CountIdleAnon(int highestId)
    {
        long[] counts = new long[highestId + 1];
        for (int frame = 0; frame < _flags.Length; frame++)
        {
            if ((_flags[frame] & (PageFlags.Allocated | PageFlags.Anon)) == (PageFlags.Allocated | PageFlags.Anon) && _mapCount[frame] == 0)
            {
                counts[_memcg[frame]]++;
            }
        }
        return counts;
    }
}

/// <summary>Frames by use, machine-wide.</summary>
internal record struct FrameUse
{
    /// <summary>Anonymous.</summary>
    public long Anon;
    /// <summary>Shared anonymous memory.</summary>
    public long Shmem;
    /// <summary>Of <see cref="Shmem"/>, those that some page table maps.</summary>
    public long Mapped;
    /// <summary>Counted on an active list.</summary>
    public long ActiveAnon;
    /// <summary>Counted on an inactive list.</summary>
    public long InactiveAnon;
    /// <summary>Page tables, slabs.</summary>
    public long Kernel;
    /// <summary>Page cache of files.</summary>
    public long File;
    /// <summary>Of <see cref="File"/>, those that some page table maps.</summary>
    public long FileMapped;
    /// <summary>Of <see cref="File"/>, those that must be written.</summary>
    public long Dirty;
    /// <summary>Of <see cref="File"/>, those being written.</summary>
    public long Writeback;
}
