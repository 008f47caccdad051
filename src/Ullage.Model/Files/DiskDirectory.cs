namespace Ullage.Model.Files;

/// <summary>
/// A directory that exists, cached or not. <see cref="Machine.Directory"/> gives it; the machine knows then that it is there. Looking something
/// up in it first looks up the directory itself, if its dentry was reclaimed.
/// </summary>
public sealed class DiskDirectory
{
    internal DiskDirectory(int id, DiskDirectory? parent, string name, SuperBlock superBlock)
    {
        Id = id;
        Parent = parent;
        Name = name;
        SuperBlock = superBlock;
    }

    /// <summary>Its directory; null for <c>/</c>.</summary>
    public DiskDirectory? Parent { get; }

    /// <summary>The last component of its path.</summary>
    public string Name { get; }

    internal int Id { get; }

    internal SuperBlock SuperBlock { get; }

    /// <summary>A mount point's dentry is held by its mount, as the root's is by the kernel.</summary>
    internal bool IsMountPoint => Parent is null || Parent.SuperBlock != SuperBlock;

    /// <summary>Its dentry; -1 when it is not cached. Mount points need none here: theirs was there before anybody was charged.</summary>
    internal int Dentry { get; set; } = -1;

    /// <summary>Cached dentries in it: while there are any its own dentry is in use.</summary>
    internal long CachedChildren { get; set; }

    /// <summary>System calls that are using it now.</summary>
    internal int Pins { get; set; }

    /// <summary>Numbered files that exist in it; null = none.</summary>
    internal HashSet<long>? Files { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Parent is null ? "/" : Parent.Parent is null ? "/" + Name : Parent + "/" + Name;
}
