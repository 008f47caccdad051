using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>Where the memory hierarchy of a kernel is.</summary>
/// <param name="Version">1 or 2.</param>
/// <param name="Directory">Its mount point, such as <c>/sys/fs/cgroup</c>.</param>
public sealed record MemoryHierarchy(int Version, string Directory)
{
    private const int MostDepth = 32;

    /// <summary>Where scenarios expect it.</summary>
    public static MemoryHierarchy Usual(int version) => new(version, version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");

    /// <summary>The directory of a cgroup, without a slash at its end.</summary>
    public string DirectoryOf(string cgroup) => Directory.TrimEnd('/') + cgroup.TrimEnd('/');

    /// <summary>All cgroups below the top, parents first, by listing directories.</summary>
    public IReadOnlyList<string> Walk(IKernelFiles files)
    {
        List<string> found = [];
        Walk(files, "", found, 0);
        return found;
    }

    private void Walk(IKernelFiles files, string path, List<string> found, int depth)
    {
        KernelList list = files.List(DirectoryOf(path));
        if (!list.Ok || depth > MostDepth)
        {
            return;
        }
        foreach (string name in list.Names.Where(name => name.EndsWith('/')).Order(StringComparer.Ordinal))
        {
            string child = path + "/" + name.TrimEnd('/');
            found.Add(child);
            Walk(files, child, found, depth + 1);
        }
    }
}
