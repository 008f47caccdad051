using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Slab;

namespace Ullage.Model.Files;

/// <summary>Inodes in memory. One is used by its dentry; when that goes, the inode waits on its super block's list until it is pruned (§4.8).</summary>
[Kernel("struct inode", "include/linux/fs.h")]
internal sealed class InodeCache
{
    private readonly Machine _machine;
    private readonly ChunkedArray<Inode> _inodes = new();
    private readonly RcuCallbacks _rcu;
    private readonly KmemCache _cache;
    private int _freeHead = -1;
    private int _fresh;

    private struct Inode
    {
        public SlabObject Object;
        public int SuperBlock;
        public int NextFree;
        public bool Referenced;
    }

    public InodeCache(Machine machine)
    {
        _machine = machine;
        _rcu = new RcuCallbacks(machine, "inode", Free);
        _cache = machine.Slab.Cache("ext4_inode_cache");
    }

    /// <summary>Inodes that exist: in use or on a list.</summary>
    public long Live { get; private set; }

    /// <summary>Evicted inodes that wait for a grace period.</summary>
    public int Waiting => _rcu.Waiting;

    /// <summary>Unused inodes by super block.</summary>
    public List<ListLru> Lru { get; } = [];

    /// <summary>Allocates an inode for whoever looked the file up; -1 = -ENOMEM.</summary>
    [Kernel("alloc_inode", "fs/inode.c")]
    public int Allocate(SuperBlock sb, MemCgroup memcg)
    {
        if (!_machine.Slab.TryAllocate(_cache, memcg, Gfp.Kernel, out SlabObject allocated))
        {
            return -1;
        }
        int inode = _freeHead;
        if (inode >= 0)
        {
            _freeHead = _inodes[inode].NextFree;
        }
        else
        {
            inode = _fresh++;
            _inodes.Reserve(_fresh);
        }
        _inodes[inode] = new Inode { Object = allocated, SuperBlock = sb.Index, NextFree = -1 };
        Lru[sb.Index].Reserve(inode + 1);
        Live++;
        return inode;
    }

    /// <summary>Its last user went: it is kept, for now.</summary>
    [Kernel("iput_final", "fs/inode.c")]
    public void Put(int inode)
    {
        ListLru lru = Lru[_inodes[inode].SuperBlock];
        if (lru.Contains(inode))
        {
            _inodes[inode].Referenced = true;
            return;
        }
        lru.Add(inode, _machine.Dcache.PayerOf(_inodes[inode].Object));
    }

    /// <summary>Its file is gone: so is the inode.</summary>
    [Kernel("evict", "fs/inode.c")]
    public void Evict(int inode)
    {
        ListLru lru = Lru[_inodes[inode].SuperBlock];
        if (lru.Contains(inode))
        {
            lru.Remove(inode);
        }
        Live--;
        _rcu.Add(inode);
    }

    private void Free(int inode)
    {
        _machine.Slab.Free(_inodes[inode].Object);
        _inodes[inode].NextFree = _freeHead;
        _freeHead = inode;
    }

    /// <summary>Looks at the oldest unused inodes of a cgroup; answers how many went.</summary>
    [Kernel("prune_icache_sb", "fs/inode.c")]
    public long Prune(SuperBlock sb, MemCgroup memcg, long toScan)
    {
        ListLru lru = Lru[sb.Index];
        long freed = 0;
        for (toScan = Math.Min(toScan, lru.Count(memcg)); toScan > 0; toScan--)
        {
            int inode = lru.Oldest(memcg);
            if (_inodes[inode].Referenced)
            {
                _inodes[inode].Referenced = false;
                lru.Rotate(inode);
                continue;
            }
            Evict(inode);
            freed++;
        }
        return freed;
    }

    public void Barrier() => _rcu.Barrier();

    public void Verify()
    {
        foreach (ListLru lru in Lru)
        {
            lru.Verify();
            Invariant.Holds(lru.Total <= Live);
        }
    }

    public void Offline(MemCgroup memcg)
    {
        foreach (ListLru lru in Lru)
        {
            lru.Offline(memcg);
        }
    }
}
