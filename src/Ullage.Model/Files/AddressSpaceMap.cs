using Ullage.Abi;
using Ullage.Abi.Units;

namespace Ullage.Model.Files;

/// <summary>One file's contents in memory. What is on which page is kept by <see cref="PageTree"/>.</summary>
[Kernel("struct address_space", "include/linux/fs.h")]
internal sealed class AddressSpaceMap(int number, string name)
{
    /// <summary>Its place in the page cache's list; what <c>PageFrames.Mapping</c> names.</summary>
    public int Number { get; } = number;

    /// <summary>The file's path, for people.</summary>
    public string Name { get; } = name;

    /// <summary>i_size.</summary>
    public long Bytes { get; set; }

    /// <summary>Pages that the file has.</summary>
    public long Pages => (Bytes + KernelConstants.PageSize - 1) >> KernelConstants.PageShift;

    /// <summary>Bytes that are on the disk or were written: a page beyond them is not read, it is zeroes.</summary>
    public long OnDisk { get; set; }

    /// <summary>Nodes by page number / 64: node + 1; 0 = none.</summary>
    public int[] Nodes { get; set; } = [];

    /// <summary>The entry of page 0 as long as there is no other one: it needs no node.</summary>
    public long Head { get; set; }

    /// <summary>The levels above the nodes, lowest first.</summary>
    public List<Dictionary<long, UpperNode>> Upper { get; } = [];

    /// <summary>Pages in memory (nrpages).</summary>
    public long Cached { get; set; }

    /// <summary>Shadow entries of reclaimed pages.</summary>
    public long Shadows { get; set; }

    /// <summary>Dirty pages.</summary>
    public long Dirty { get; set; }

    /// <summary>Pages being written.</summary>
    public long Writeback { get; set; }

    /// <summary>When it became dirty; meaningless while <see cref="Dirty"/> is 0.</summary>
    public long DirtiedNs { get; set; }

    /// <summary>It is on the list of dirty inodes.</summary>
    public bool OnDirtyList { get; set; }

    /// <summary>When the last write of its pages ends.</summary>
    public long WrittenNs { get; set; }

    /// <summary>Where the next writeback goes on (writeback_index).</summary>
    public long WritebackNext { get; set; }

    /// <summary>Open files and mappings of it.</summary>
    public int Users { get; set; }

    /// <summary>Its name is gone: the last user's end frees it.</summary>
    public bool Unlinked { get; set; }

    /// <summary>Mappings of it (i_mmap).</summary>
    public List<AddressSpace.FileMapping> Mappings { get; } = [];

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A node above the lowest level: it only counts what is below it.</summary>
internal struct UpperNode
{
    public int Children;
    public Slab.SlabObject Object;
}
