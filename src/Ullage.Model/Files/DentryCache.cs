using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Slab;
using Ullage.Model.Tracing;

namespace Ullage.Model.Files;

/// <summary>
/// Cached names. Looking a name up caches it, also when it does not exist: a negative dentry, charged to the cgroup of the task that asked
/// (§4.8). An unused one waits on its file system's list for that cgroup until a shrinker takes it, oldest first; its memory comes back a
/// grace period later.
/// </summary>
[Kernel("dentry_cache", "fs/dcache.c", Deviation = "No mounts can be made; a file system of each kind is where a distribution has it.")]
internal sealed partial class DentryCache
{
    private readonly Machine _machine;
    private readonly MemCgroup _root;
    private readonly ChunkedArray<Dentry> _dentries = new();
    private readonly RcuCallbacks _rcu;
    private readonly MountTable _mounts;
    private readonly KmemCache _cache;
    private DentryHash _hash;
    private int _freeHead = -1;
    private int _fresh;

    public DentryCache(Machine machine)
    {
        _machine = machine;
        _root = machine.Hierarchy.Root.Memcg;
        _hash = new DentryHash(_dentries);
        Names = new DentryNames(machine);
        _rcu = new RcuCallbacks(machine, "dentry", Free);
        _mounts = new MountTable();
        _cache = machine.Slab.Known.Dentry;
        foreach (SuperBlock sb in _mounts.SuperBlocks)
        {
            Lru.Add(new ListLru(_root));
            machine.Inodes.Lru.Add(new ListLru(_root));
            machine.Shrinkers.Register(new SuperBlockShrinker(machine, sb));
        }
    }

    /// <summary>What they are called.</summary>
    public DentryNames Names { get; }

    /// <summary>Unused dentries by super block.</summary>
    public List<ListLru> Lru { get; } = [];

    /// <summary>Dentries that exist (dentry-state, first number).</summary>
    public long Live { get; private set; }

    /// <summary>Of them, those of names that do not exist.</summary>
    public long Negative { get; private set; }

    /// <summary>Evicted dentries that wait for a grace period.</summary>
    public int Waiting => _rcu.Waiting;

    /// <summary>vm.vfs_cache_pressure in percent.</summary>
    public long CachePressure { get; set; } = 100;

    public DiskDirectory Directory(string path) => _mounts.Directory(path);

    /// <summary>Who pays for an object: the cgroup on whose list it belongs.</summary>
    [Kernel("mem_cgroup_from_kmem", "mm/memcontrol.c")]
    public MemCgroup PayerOf(SlabObject slabObject) => _machine.Slab.PayerOf(slabObject) ?? _root;

    /// <summary>What stat(2) of a numbered name comes to: none, ENOENT, or ENOMEM.</summary>
    [Kernel("path_lookupat", "fs/namei.c")]
    public Errno Stat(TaskStruct task, DiskDirectory directory, long number)
    {
        if (directory.Dentry < 0 && !WalkTo(task, directory))
        {
            return Errno.ENOMEM;
        }
        int dentry = _hash.Find(directory.Id, number);
        if (dentry >= 0)
        {
            _machine.Spend(_machine.Costs.StatCachedNs);
            return StatCached(dentry);
        }
        directory.Pins++;
        dentry = Lookup(task, directory, number, KernelEntry.Lookup);
        Errno errno = dentry < 0 ? Errno.ENOMEM : _dentries[dentry].Inode < 0 ? Errno.ENOENT : Errno.None;
        Release(directory, dentry);
        _machine.Spend(_machine.Costs.StatMissNs);
        return errno;
    }

    /// <summary>A walk without references ends at a negative dentry and leaves no trace; a positive one is taken and released again.</summary>
    [Kernel("lookup_fast", "fs/namei.c")]
    private Errno StatCached(int item)
    {
        ref Dentry dentry = ref _dentries[item];
        if (dentry.Inode < 0)
        {
            return Errno.ENOENT;
        }
        dentry.Flags |= DentryFlags.Referenced;
        return Errno.None;
    }

    /// <summary>The name is not cached: allocates its dentry and asks the file system. -1 = -ENOMEM.</summary>
    [Kernel("__lookup_slow", "fs/namei.c")]
    private int Lookup(TaskStruct task, DiskDirectory directory, long number, KernelEntry from)
    {
        MemCgroup memcg = task.Cgroup.Memcg;
        _machine.Path.Entry = from;
        int item = Allocate(directory, number, memcg);
        if (item < 0)
        {
            return -1;
        }
        if (directory.Files is { } files && files.Contains(number))
        {
            _machine.Path.Entry = KernelEntry.LookupInode;
            int inode = _machine.Inodes.Allocate(directory.SuperBlock, memcg);
            if (inode < 0)
            {
                Forget(item);
                return -1;
            }
            Negative--;
            _dentries[item].Inode = inode;
        }
        _hash.Add(item);
        return item;
    }

    /// <summary>A new negative dentry.</summary>
    [Kernel("__d_alloc", "fs/dcache.c")]
    private int Allocate(DiskDirectory directory, long number, MemCgroup memcg)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.DAlloc);
        }
        if (!_machine.Slab.TryAllocate(_cache, memcg, Gfp.Kernel, out SlabObject allocated))
        {
            return -1;
        }
        bool external = Names.IsExternal(number);
        SlabObject name = default;
        if (external && !Names.TryAllocate(memcg, number, out name))
        {
            _machine.Slab.Free(allocated);
            return -1;
        }
        int item = _freeHead;
        if (item >= 0)
        {
            _freeHead = _dentries[item].Next;
        }
        else
        {
            item = _fresh++;
            _dentries.Reserve(_fresh);
        }
        _dentries[item] = new Dentry { Number = number, Directory = directory.Id, Next = -1, Inode = -1, Flags = external ? DentryFlags.Live | DentryFlags.ExternalName : DentryFlags.Live, Object = allocated };
        if (external)
        {
            Names.Keep(item, name);
        }
        directory.CachedChildren++;
        Live++;
        Negative++;
        return item;
    }

    /// <summary>The path walk lets go of what it found, and of the directory.</summary>
    [Kernel("dput", "fs/dcache.c")]
    private void Release(DiskDirectory directory, int item)
    {
        if (item >= 0)
        {
            if (_dentries[item].Inode < 0 && !directory.SuperBlock.KeepsNegative)
            {
                _hash.Remove(item);
                Forget(item);
            }
            else
            {
                Retain(directory.SuperBlock, item);
            }
        }
        directory.Pins--;
        if (directory.Dentry >= 0 && !InUse(directory))
        {
            Retain(directory.SuperBlock, directory.Dentry);
        }
    }

    /// <summary>An unused dentry is kept: it joins the list, or gets another round on it.</summary>
    [Kernel("retain_dentry", "fs/dcache.c")]
    private void Retain(SuperBlock sb, int item)
    {
        ListLru lru = Lru[sb.Index];
        lru.Reserve(item + 1);
        ref Dentry dentry = ref _dentries[item];
        if (lru.Contains(item))
        {
            dentry.Flags |= DentryFlags.Referenced;
            return;
        }
        lru.Add(item, PayerOf(dentry.Object));
    }

    private static bool InUse(DiskDirectory directory) => directory.CachedChildren > 0 || directory.Pins > 0;

    /// <summary>Makes a directory's dentry, and those on the way to it. False = -ENOMEM.</summary>
    [Kernel("link_path_walk", "fs/namei.c")]
    private bool WalkTo(TaskStruct task, DiskDirectory directory)
    {
        if (directory.Dentry >= 0 || directory.IsMountPoint || !directory.SuperBlock.KeepsNegative)
        {
            return true; // a mount and a RAM file system hold their dentries
        }
        DiskDirectory parent = directory.Parent!;
        if (!WalkTo(task, parent))
        {
            return false;
        }
        parent.Pins++;
        bool found = LookupDirectory(task.Cgroup.Memcg, parent, directory);
        Release(parent, -1);
        return found;
    }

    private bool LookupDirectory(MemCgroup memcg, DiskDirectory parent, DiskDirectory directory)
    {
        _machine.Path.Entry = KernelEntry.Lookup;
        int item = Allocate(parent, 0, memcg);
        if (item < 0)
        {
            return false;
        }
        _machine.Path.Entry = KernelEntry.LookupInode;
        int inode = _machine.Inodes.Allocate(directory.SuperBlock, memcg);
        if (inode < 0)
        {
            Forget(item);
            return false;
        }
        Negative--;
        ref Dentry dentry = ref _dentries[item];
        dentry.Inode = inode;
        dentry.Flags |= DentryFlags.IsDirectory;
        dentry.Number = directory.Id;
        directory.Dentry = item;
        _machine.SpendAndRunDue(_machine.Costs.DirectoryLookupNs);
        return true;
    }

    /// <summary>
    /// Looks at up to <paramref name="toScan"/> of a cgroup's oldest unused dentries: those that were used again get another round, the others
    /// go. Answers how many went.
    /// </summary>
    [Kernel("prune_dcache_sb", "fs/dcache.c")]
    public long Prune(SuperBlock sb, MemCgroup memcg, long toScan)
    {
        ListLru lru = Lru[sb.Index];
        long freed = 0;
        for (toScan = Math.Min(toScan, lru.Count(memcg)); toScan > 0; toScan--)
        {
            freed += Isolate(lru, memcg, lru.Oldest(memcg)) ? 1 : 0;
        }
        _machine.SpendAndRunDue(freed * _machine.Costs.DentryEvictNs);
        return freed;
    }

    [Kernel("dentry_lru_isolate", "fs/dcache.c")]
    private bool Isolate(ListLru lru, MemCgroup memcg, int item)
    {
        ref Dentry dentry = ref _dentries[item];
        if ((dentry.Flags & DentryFlags.IsDirectory) != 0 && InUse(_mounts.ById((int)dentry.Number)))
        {
            lru.RemoveOldest(memcg); // in use again; it will be back
            return false;
        }
        if ((dentry.Flags & DentryFlags.Referenced) != 0)
        {
            dentry.Flags &= ~DentryFlags.Referenced;
            lru.Rotate(item);
            return false;
        }
        lru.RemoveOldest(memcg);
        Kill(item);
        return true;
    }

    /// <summary>Takes a dentry away, and its directory's if that was held by nothing else.</summary>
    [Kernel("__dentry_kill", "fs/dcache.c")]
    private void Kill(int item)
    {
        ref Dentry dentry = ref _dentries[item];
        DiskDirectory directory = _mounts.ById(dentry.Directory);
        if ((dentry.Flags & DentryFlags.IsDirectory) != 0)
        {
            _mounts.ById((int)dentry.Number).Dentry = -1;
        }
        else
        {
            _hash.Remove(item);
        }
        int inode = dentry.Inode;
        Forget(item);
        if (inode >= 0)
        {
            _machine.Inodes.Put(inode);
        }
        if (directory.Dentry >= 0 && !InUse(directory))
        {
            ListLru lru = Lru[directory.SuperBlock.Index];
            if (lru.Contains(directory.Dentry))
            {
                lru.Remove(directory.Dentry);
            }
            Kill(directory.Dentry);
        }
    }

    /// <summary>It can no longer be found; its memory is free after a grace period.</summary>
    [Kernel("dentry_free", "fs/dcache.c")]
    private void Forget(int item)
    {
        ref Dentry dentry = ref _dentries[item];
        Negative -= dentry.Inode < 0 ? 1 : 0;
        Live--;
        _mounts.ById(dentry.Directory).CachedChildren--;
        dentry.Flags &= DentryFlags.ExternalName;
        _rcu.Add(item);
    }

    [Kernel("__d_free", "fs/dcache.c")]
    private void Free(int item)
    {
        ref Dentry dentry = ref _dentries[item];
        _machine.Slab.Free(dentry.Object);
        if (dentry.Flags != DentryFlags.None)
        {
            Names.Free(item);
            dentry.Flags = DentryFlags.None;
        }
        dentry.Next = _freeHead;
        _freeHead = item;
    }
}
