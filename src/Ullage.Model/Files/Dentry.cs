using Ullage.Abi;
using Ullage.Model.Slab;

namespace Ullage.Model.Files;

/// <summary>States of a dentry that are remembered.</summary>
[Flags]
internal enum DentryFlags
{
    None = 0,
    /// <summary>The entry is taken.</summary>
    Live = 1 << 0,
    /// <summary>Used again while unused (DCACHE_REFERENCED): one more round on the list.</summary>
    Referenced = 1 << 1,
    /// <summary>A directory's own dentry: not found by number.</summary>
    IsDirectory = 1 << 2,
    /// <summary>Its name does not fit into it.</summary>
    ExternalName = 1 << 3,
}

/// <summary>One cached name. Names are numbers in a directory, so that ten million of them need no strings.</summary>
[Kernel("struct dentry", "include/linux/dcache.h")]
internal struct Dentry
{
    public long Number;
    public int Directory; // that it is in; of a directory's dentry: its own id
    public int Next; // in its bucket, or among the free entries
    public int Inode; // -1 = negative
    public DentryFlags Flags;
    public SlabObject Object;
}
