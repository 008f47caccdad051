namespace Ullage.Abi;

/// <summary>A kernel that knows when its files changed, as a recording does. Optional beside <see cref="IKernelFiles"/>: whoever reads many files again and again need not read those that stayed the same.</summary>
public interface IDirectoryVersions
{
    /// <summary>A number that is another one whenever a file directly in the directory has changed, come or gone; null when there is no such directory.</summary>
    /// <param name="directory">Without a slash at its end.</param>
    long? DirectoryVersion(string directory);
}
