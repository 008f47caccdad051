using Ullage.Abi;

namespace Ullage.Model.Files;

/// <summary>
/// Finds a dentry by directory and number. Numbers that follow each other have buckets that do so, which is kind to the host's caches: ten
/// million names in a row are ten million buckets in a row.
/// </summary>
[Kernel("dentry_hashtable", "fs/dcache.c", Deviation = "It grows; the kernel's has the size that boot gave it.")]
internal struct DentryHash(ChunkedArray<Dentry> dentries)
{
    private int[] _buckets = Filled(1 << 10);
    private int _count;

    private static int[] Filled(int size)
    {
        int[] buckets = new int[size];
        Array.Fill(buckets, -1);
        return buckets;
    }

    public readonly int Count => _count;

    private static uint Bucket(int directory, long number) => (uint)number + ((uint)directory * 0x9E3779B1u);

    [Kernel("__d_lookup", "fs/dcache.c")]
    public readonly int Find(int directory, long number)
    {
        int[] buckets = _buckets;
        int at = buckets[Bucket(directory, number) & (uint)(buckets.Length - 1)];
        while (at >= 0)
        {
            ref Dentry dentry = ref dentries[at];
            if (dentry.Number == number && dentry.Directory == directory)
            {
                return at;
            }
            at = dentry.Next;
        }
        return -1;
    }

    [Kernel("__d_rehash", "fs/dcache.c")]
    public void Add(int item)
    {
        if (_count == _buckets.Length)
        {
            Grow();
        }
        ref Dentry dentry = ref dentries[item];
        ref int bucket = ref _buckets[Bucket(dentry.Directory, dentry.Number) & (uint)(_buckets.Length - 1)];
        dentry.Next = bucket;
        bucket = item;
        _count++;
    }

    [Kernel("__d_drop", "fs/dcache.c")]
    public void Remove(int item)
    {
        ref Dentry dentry = ref dentries[item];
        ref int link = ref _buckets[Bucket(dentry.Directory, dentry.Number) & (uint)(_buckets.Length - 1)];
        while (link != item)
        {
            Invariant.Holds(link >= 0);
            link = ref dentries[link].Next;
        }
        link = dentry.Next;
        _count--;
    }

    private void Grow()
    {
        int[] old = _buckets;
        _buckets = Filled(old.Length * 2);
        foreach (int head in old)
        {
            for (int at = head, next; at >= 0; at = next)
            {
                ref Dentry dentry = ref dentries[at];
                next = dentry.Next;
                ref int bucket = ref _buckets[Bucket(dentry.Directory, dentry.Number) & (uint)(_buckets.Length - 1)];
                dentry.Next = bucket;
                bucket = at;
            }
        }
    }
}
