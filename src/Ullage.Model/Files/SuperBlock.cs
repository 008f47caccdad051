using Ullage.Abi;

namespace Ullage.Model.Files;

/// <summary>A mounted file system.</summary>
[Kernel("struct super_block", "include/linux/fs.h")]
internal sealed class SuperBlock(int index, string type, string mountPoint, bool keepsNegative)
{
    /// <summary>Its place in the machine's list.</summary>
    public int Index { get; } = index;

    /// <summary>Such as <c>ext4</c>.</summary>
    public string Type { get; } = type;

    /// <summary>Where it is mounted.</summary>
    public string MountPoint { get; } = mountPoint;

    /// <summary>
    /// A name that does not exist stays cached. Not so where looking it up costs nothing: a RAM file system drops it at once (simple_lookup sets
    /// d_delete), and so do /proc and /sys.
    /// </summary>
    public bool KeepsNegative { get; } = keepsNegative;

    /// <inheritdoc/>
    public override string ToString() => $"{Type} on {MountPoint}";
}
