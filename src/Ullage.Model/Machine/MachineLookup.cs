using Ullage.Abi;
using Ullage.Model.Files;
using Ullage.Model.Slab;

namespace Ullage.Model;

/// <summary>System calls on names, and shrinkers.</summary>
public sealed partial class Machine
{
    internal ShrinkerList Shrinkers { get; }

    internal InodeCache Inodes { get; }

    internal DentryCache Dcache { get; }

    /// <summary>
    /// The directory of an absolute path, which exists from now on. <c>/</c> is a disk file system (ext4); /dev, /dev/shm, /run, /proc and
    /// /sys are file systems that keep no names which do not exist.
    /// </summary>
    public DiskDirectory Directory(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Dcache.Directory(path);
    }

    /// <summary>
    /// Names are numbers. To those that begin with <paramref name="prefix"/> belong the numbers from the answer on, 2^48 of them; 0 for no prefix.
    /// A name that does not fit into its dentry, with all its digits, takes memory of its own.
    /// </summary>
    public long NamesWith(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return Dcache.Names.NumbersOf(prefix);
    }

    /// <summary>
    /// stat(2) of the name <paramref name="number"/> in a directory. The answer for a name that does not exist is ENOENT, or ENOMEM when there
    /// was no memory to find that out.
    /// </summary>
    [Kernel("vfs_statx", "fs/stat.c")]
    public Errno Stat(TaskStruct task, DiskDirectory directory, long number)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(directory);
        return Dcache.Stat(task, directory, number);
    }

    /// <summary>
    /// Creates the empty file <paramref name="number"/> in a directory of a disk file system: open(2) with O_CREAT, then close(2). The name and the
    /// inode are charged to the task's cgroup and stay cached. A file that is there is only opened.
    /// </summary>
    /// <returns>None, or ENOMEM.</returns>
    /// <exception cref="ArgumentException">The directory is on a RAM file system, whose files this version does not have.</exception>
    [Kernel("do_sys_openat2", "fs/open.c")]
    public Errno CreateFile(TaskStruct task, DiskDirectory directory, long number)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(directory);
        Check(directory.SuperBlock.KeepsNegative, $"{directory} is on a RAM file system: create files on a disk");
        return Dcache.Create(task, directory, number);
    }

    /// <summary>unlink(2) of such a file.</summary>
    /// <returns>None, ENOENT or ENOMEM.</returns>
    [Kernel("do_unlinkat", "fs/namei.c")]
    public Errno UnlinkFile(TaskStruct task, DiskDirectory directory, long number)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(directory);
        return Dcache.Unlink(task, directory, number);
    }

    /// <summary>
    /// Makes slab objects that a cgroup holds already when the story begins, counted as slabinfo counts them. Nobody ever frees them.
    /// </summary>
    /// <returns>ENOENT when this kernel has no cache of that name, ENOMEM when a limit or memory does not suffice.</returns>
    public Errno PlaceSlabs(Cgroups.Cgroup cgroup, string cache, long objects)
    {
        ArgumentNullException.ThrowIfNull(cgroup);
        if (Slab.Caches.FindByUse(cache) is not { } found)
        {
            return Errno.ENOENT;
        }
        return Slab.TryPlace(found, cgroup.Memcg, objects) ? Errno.None : Errno.ENOMEM;
    }

    /// <summary>Lets reclaim ask <paramref name="shrinker"/> for memory from now on (spec §4.8).</summary>
    [Kernel("register_shrinker", "mm/shrinker.c")]
    public void RegisterShrinker(IShrinker shrinker)
    {
        ArgumentNullException.ThrowIfNull(shrinker);
        Shrinkers.Register(shrinker);
    }

    /// <summary>Ends that; false when it was not registered.</summary>
    [Kernel("unregister_shrinker", "mm/shrinker.c")]
    public bool UnregisterShrinker(IShrinker shrinker)
    {
        ArgumentNullException.ThrowIfNull(shrinker);
        return Shrinkers.Unregister(shrinker);
    }
}
