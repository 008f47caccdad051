using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Slab;
using Ullage.Model.Tracing;

namespace Ullage.Model.Files;

/// <summary>Files that come and go: their names and inodes. What they hold is the page cache's.</summary>
internal sealed partial class DentryCache
{
    /// <summary>open(2) with O_CREAT, and close(2): a name that does not exist becomes a file. None, or ENOMEM; a file that is there stays.</summary>
    [Kernel("lookup_open", "fs/namei.c", Deviation = "Blocks of the directory and journal entries take no memory.")]
    public Errno Create(TaskStruct task, DiskDirectory directory, long number)
    {
        MemCgroup memcg = task.Cgroup.Memcg;
        _machine.Path.Entry = KernelEntry.OpenFile;
        if (!_machine.Slab.TryAllocate(_machine.Slab.Known.File, memcg, Gfp.Kernel, out SlabObject file))
        {
            return Errno.ENOMEM;
        }
        Errno errno = directory.Dentry < 0 && !WalkTo(task, directory) ? Errno.ENOMEM : CreateIn(task, directory, number);
        _machine.Slab.Free(file); // closed at once
        _machine.Spend(_machine.Costs.CreateFileNs);
        return errno;
    }

    private Errno CreateIn(TaskStruct task, DiskDirectory directory, long number)
    {
        directory.Pins++;
        int item = _hash.Find(directory.Id, number);
        item = item >= 0 ? item : Lookup(task, directory, number, KernelEntry.Open);
        Errno errno = item < 0 || !TryMakeFile(task.Cgroup.Memcg, directory, item) ? Errno.ENOMEM : Errno.None;
        Release(directory, item);
        return errno;
    }

    /// <summary>A negative dentry gets an inode. False = -ENOMEM.</summary>
    [Kernel("ext4_create", "fs/ext4/namei.c")]
    private bool TryMakeFile(MemCgroup memcg, DiskDirectory directory, int item)
    {
        if (_dentries[item].Inode >= 0)
        {
            return true; // it exists
        }
        _machine.Path.Entry = KernelEntry.OpenInode;
        int inode = _machine.Inodes.Allocate(directory.SuperBlock, memcg);
        if (inode < 0)
        {
            return false;
        }
        (directory.Files ??= []).Add(_dentries[item].Number);
        _dentries[item].Inode = inode;
        Negative--;
        return true;
    }

    /// <summary>unlink(2): the inode goes at once, the name stays cached as one that does not exist. None, ENOENT or ENOMEM.</summary>
    [Kernel("do_unlinkat", "fs/namei.c")]
    public Errno Unlink(TaskStruct task, DiskDirectory directory, long number)
    {
        if (directory.Dentry < 0 && !WalkTo(task, directory))
        {
            return Errno.ENOMEM;
        }
        directory.Pins++;
        int item = _hash.Find(directory.Id, number);
        item = item >= 0 ? item : Lookup(task, directory, number, KernelEntry.Unlink);
        Errno errno = item < 0 ? Errno.ENOMEM : _dentries[item].Inode < 0 ? Errno.ENOENT : Errno.None;
        if (errno == Errno.None)
        {
            Delete(directory, item);
        }
        Release(directory, item);
        _machine.Spend(_machine.Costs.UnlinkFileNs);
        return errno;
    }

    [Kernel("d_delete", "fs/dcache.c")]
    private void Delete(DiskDirectory directory, int item)
    {
        int inode = _dentries[item].Inode;
        _dentries[item].Inode = -1;
        Negative++;
        directory.Files!.Remove(_dentries[item].Number);
        _machine.Inodes.Evict(inode);
    }

    /// <summary>A cgroup went offline: its unused dentries and inodes are its parent's.</summary>
    public void Offline(MemCgroup memcg)
    {
        foreach (ListLru lru in Lru)
        {
            lru.Offline(memcg);
        }
        _machine.Inodes.Offline(memcg);
    }

    /// <summary>Frees at once what waits for grace periods: for tests.</summary>
    public void Barrier()
    {
        _rcu.Barrier();
        _machine.Inodes.Barrier();
    }
}
