using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Slab;
using Ullage.Model.Tracing;

namespace Ullage.Model;

/// <summary>System calls on files that have data.</summary>
public sealed partial class Machine
{
    private const long AlignedPages = 512; // PMD_SIZE

    internal Disk Disk { get; }

    internal PageCache PageCache { get; }

    internal FileRmap FileRmap { get; }

    internal DirtyThrottle Dirtying { get; }

    /// <summary>Makes a file that exists when the story begins: all on the disk, nothing of it in memory.</summary>
    /// <returns>EEXIST when there is one, EINVAL for a negative length.</returns>
    public Errno CreateFile(string path, long bytes)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (bytes < 0)
        {
            return Errno.EINVAL;
        }
        if (PageCache.Lookup(path) is not null)
        {
            return Errno.EEXIST;
        }
        PageCache.Create(path, bytes);
        return Errno.None;
    }

    /// <summary>open(2) of a file with data. The path's dentries and inode are taken to be there.</summary>
    /// <param name="path">Its absolute path.</param>
    /// <param name="create">O_CREAT: an empty file is made where there is none.</param>
    /// <returns>ENOENT when there is no such file.</returns>
    [Kernel("do_sys_openat2", "fs/open.c", Deviation = "Neither the struct file nor the path's dentries and inode are allocated.")]
    public (Errno Errno, FileHandle? File) OpenData(string path, bool create = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        Spend(Costs.SyscallNs);
        AddressSpaceMap? map = PageCache.Lookup(path) ?? (create ? PageCache.Create(path, 0) : null);
        if (map is null)
        {
            return (Errno.ENOENT, null);
        }
        map.Users++;
        return (Errno.None, new FileHandle(map, (int)(Options.Disk.ReadaheadBytes >> KernelConstants.PageShift)));
    }

    /// <summary>close(2).</summary>
    public void CloseData(FileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        Spend(Costs.SyscallNs);
        if (!file.IsClosed)
        {
            file.IsClosed = true;
            PageCache.Put(file.Map);
        }
    }

    /// <summary>posix_fadvise(2) on the whole file.</summary>
    [Kernel("generic_fadvise", "mm/fadvise.c")]
    public void AdviseData(FileHandle file, FileAdvice advice)
    {
        ArgumentNullException.ThrowIfNull(file);
        Spend(Costs.SyscallNs);
        int window = (int)(Options.Disk.ReadaheadBytes >> KernelConstants.PageShift);
        file.IsRandom = advice == FileAdvice.Random;
        file.RaPages = advice switch { FileAdvice.Sequential => 2 * window, FileAdvice.Random => file.RaPages, _ => window };
    }

    /// <summary>posix_fadvise(2) with POSIX_FADV_DONTNEED on the whole file: what nobody uses and need not be written is dropped. Answers the pages dropped.</summary>
    public long DropData(FileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        Spend(Costs.SyscallNs);
        return PageCache.Invalidate(file.Map, 0, long.MaxValue - 1);
    }

    /// <summary>pread(2). Waits for the disk take time inside the call.</summary>
    /// <returns>The bytes read, fewer at the file's end; ENOMEM when a page could not be had, EINVAL for a negative offset or length.</returns>
    [Kernel("vfs_read", "fs/read_write.c")]
    public (Errno Errno, long Bytes) ReadData(TaskStruct task, FileHandle file, long offset, long bytes)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(file);
        if (offset < 0 || bytes < 0 || bytes > long.MaxValue - offset)
        {
            return (Errno.EINVAL, 0);
        }
        TaskStruct? outer = Current;
        Current = task;
        (Errno errno, long read) = PageCache.Read(file, offset, bytes);
        ReturnToUser(task);
        Current = outer;
        return (errno, read);
    }

    /// <summary>pwrite(2). The file grows if need be; the pages are dirty until the flusher has written them.</summary>
    /// <returns>The bytes written; ENOMEM when a page could not be had, EINVAL for a negative offset or length, EFBIG beyond 8 TiB.</returns>
    [Kernel("vfs_write", "fs/read_write.c")]
    public (Errno Errno, long Bytes) WriteData(TaskStruct task, FileHandle file, long offset, long bytes)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(file);
        const long largest = (long)int.MaxValue << KernelConstants.PageShift;
        if (offset < 0 || bytes < 0)
        {
            return (Errno.EINVAL, 0);
        }
        if (offset > largest || bytes > largest - offset)
        {
            return (Errno.EFBIG, 0);
        }
        TaskStruct? outer = Current;
        Current = task;
        (Errno errno, long written) = PageCache.Write(task, file, offset, bytes);
        ReturnToUser(task);
        Current = outer;
        return (errno, written);
    }

    private void ReturnToUser(TaskStruct task)
    {
        if (task.PagesOverHigh > 0)
        {
            High.HandleOverHigh(task);
        }
    }

    /// <summary>fsync(2).</summary>
    public void SyncData(FileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        Spend(Costs.SyscallNs);
        PageCache.Writeback.Sync(file.Map);
    }

    /// <summary>sync(2).</summary>
    public void SyncAllData()
    {
        Spend(Costs.SyscallNs);
        PageCache.Writeback.SyncAll();
    }

    /// <summary>ftruncate(2).</summary>
    /// <returns>EINVAL for a negative length.</returns>
    public Errno TruncateData(FileHandle file, long bytes)
    {
        ArgumentNullException.ThrowIfNull(file);
        Spend(Costs.SyscallNs);
        if (bytes < 0)
        {
            return Errno.EINVAL;
        }
        if (bytes < file.Map.Bytes)
        {
            PageCache.Truncate(file.Map, bytes);
        }
        file.Map.Bytes = bytes;
        return Errno.None;
    }

    /// <summary>unlink(2) of a file with data: its pages go with its last user.</summary>
    /// <returns>ENOENT when there is none.</returns>
    public Errno UnlinkData(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Spend(Costs.SyscallNs);
        if (PageCache.Lookup(path) is not { } map)
        {
            return Errno.ENOENT;
        }
        PageCache.Unlink(map);
        return Errno.None;
    }

    /// <summary>What mincore(2) says about a page of a file. An observer's question, so it takes no time.</summary>
    public bool IsCached(FileHandle file, long page)
    {
        ArgumentNullException.ThrowIfNull(file);
        return PageCache.IsResident(file.Map, page);
    }

    /// <summary>mmap(2) of a file.</summary>
    /// <param name="task">Whose address space.</param>
    /// <param name="file">The file; it stays in use by the mapping when it is closed.</param>
    /// <param name="bytes">How much, rounded up to pages.</param>
    /// <param name="flags">Protection, <see cref="VmaFlags.Shared"/>, <see cref="VmaFlags.NoReserve"/>; others are ignored.</param>
    /// <param name="offset">Where in the file, a multiple of the page size.</param>
    /// <returns>Its address, or an errno: EINVAL for no bytes or an odd offset, else ENOMEM.</returns>
    public (Errno Errno, long Address) MmapData(TaskStruct task, FileHandle file, long bytes, VmaFlags flags, long offset = 0)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(file);
        Spend(Costs.MmapNs);
        Path.Entry = KernelEntry.Mmap;
        if (bytes == 0 || offset < 0 || (offset & (KernelConstants.PageSize - 1)) != 0)
        {
            return (Errno.EINVAL, 0);
        }
        if (bytes < 0 || bytes > Mm.TaskSizePages << KernelConstants.PageShift || task.Mm is not { } mm)
        {
            return (Errno.ENOMEM, 0);
        }
        flags = (flags & (Protections | VmaFlags.Shared | VmaFlags.NoReserve)) | VmaFlags.File;
        long pages = PageCount(bytes);
        long start = FindFileGap(mm, pages, offset >> KernelConstants.PageShift);
        if (start < 0 || mm.Vmas.Count > Overcommit.MaxMapCount || !MapFileRegion(task, mm, new Vma(start, start + pages, flags) { File = file, PageOffset = offset >> KernelConstants.PageShift }))
        {
            return (Errno.ENOMEM, 0);
        }
        return (Errno.None, start << KernelConstants.PageShift);
    }

    /// <summary>From 5.18 mappings of 2 MiB and more lie so that huge pages would fit.</summary>
    [Kernel("thp_get_unmapped_area", "mm/huge_memory.c")]
    private long FindFileGap(Mm mm, long pages, long pageOffset)
    {
        if (!Era.Files.AlignsMappings || pages < AlignedPages)
        {
            return mm.FindGap(pages);
        }
        long start = mm.FindGap(pages + AlignedPages);
        return start < 0 ? mm.FindGap(pages) : start + ((pageOffset - start) & (AlignedPages - 1));
    }

    private bool MapFileRegion(TaskStruct task, Mm mm, Vma vma)
    {
        if (!MayExpand(mm, vma.Flags, vma.Pages))
        {
            return false;
        }
        long promised = IsAccountable(vma.Flags) ? vma.Pages : 0;
        if (promised > 0 && !Overcommit.TryCharge(task, mm, promised))
        {
            return false;
        }
        vma.Flags |= promised > 0 ? VmaFlags.Account : VmaFlags.None;
        if (!Slab.TryAllocate(Slab.Known.VmAreaStruct, task.Cgroup.Memcg, Gfp.Kernel, out SlabObject allocated))
        {
            Overcommit.Uncharge(promised);
            return false;
        }
        vma.Object = allocated;
        vma.File!.Map.Users++;
        mm.TakesRightsAway |= (vma.Flags & (VmaFlags.Shared | VmaFlags.Write)) == VmaFlags.Shared;
        mm.Insert(vma);
        return true;
    }
}
