namespace Ullage.Abi;

/// <summary>
/// A kernel that can tell a cgroup from a later one of the same path. Optional beside <see cref="IKernelFiles"/>: without it a path that never vanished between two
/// readings counts as the same cgroup.
/// </summary>
public interface ICgroupIds
{
    /// <summary>A number that no other cgroup of this kernel has or had, such as its directory's inode; null when there is none.</summary>
    /// <param name="directory">The directory that shows the cgroup, as a path of this kernel.</param>
    ulong? CgroupId(string directory);
}
