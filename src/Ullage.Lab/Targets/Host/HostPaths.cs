using Ullage.Abi;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Host;

/// <summary>
/// Where a scenario's paths really are. Its cgroups live below a subtree of our own, its data files in a private directory; everything that people see
/// carries the scenario's names again.
/// </summary>
internal sealed class HostPaths
{
    private readonly HashSet<string> _privateDirectories = new(StringComparer.Ordinal);
    private readonly string _mount;

    /// <param name="scenario">Its version and files decide what is mapped.</param>
    /// <param name="subtreeDirectory">The directory of our subtree.</param>
    /// <param name="subtreePath">Its path in the hierarchy, as the kernel log prints it.</param>
    /// <param name="dataDirectory">The private directory for files.</param>
    internal HostPaths(Scenario scenario, string subtreeDirectory, string subtreePath, string dataDirectory)
    {
        SubtreeDirectory = subtreeDirectory;
        SubtreePath = subtreePath;
        DataDirectory = dataDirectory;
        _mount = MountOf(scenario.Cgroup.Version);
        foreach (FileSpec file in scenario.Files)
        {
            AddPrivateDirectory(Path.GetDirectoryName(file.Path) ?? "/");
        }
    }

    internal string SubtreeDirectory { get; }

    internal string SubtreePath { get; }

    internal string DataDirectory { get; }

    /// <summary>The place where scenarios expect the memory hierarchy.</summary>
    internal static string MountOf(int version) => version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";

    /// <summary>The directory of a cgroup, from its path in the scenario.</summary>
    internal string CgroupDirectory(string path) => path == "/" ? SubtreeDirectory : SubtreeDirectory + "/" + path.Trim('/');

    /// <summary>A file that is read or written by its scenario path: cgroup files are in our subtree, others are where they are.</summary>
    internal string File(string path)
    {
        string? cgroupFile = CgroupPart(path, _mount);
        return cgroupFile is null ? path : SubtreeDirectory + cgroupFile;
    }

    /// <summary>The part of a path after the scenario's memory hierarchy, with its slash; null when it is elsewhere.</summary>
    internal static string? CgroupPart(string path, string mount)
    {
        string normal = path.Length > 1 ? path.TrimEnd('/') : path;
        return normal == mount ? "" : normal.StartsWith(mount + "/", StringComparison.Ordinal) ? normal[mount.Length..] : null;
    }

    /// <summary>A data file or a directory of data files that the scenario makes.</summary>
    internal string Data(string path) => DataDirectory + "/" + path.Trim('/');

    /// <summary>Declares that the scenario makes files in a directory.</summary>
    internal void AddPrivateDirectory(string path) => _privateDirectories.Add("/" + path.Trim('/'));

    /// <summary>A path that is only looked at: ours if the scenario made it, else the host's.</summary>
    internal string Look(string path)
    {
        string normal = "/" + path.Trim('/');
        foreach (string directory in _privateDirectories)
        {
            if (normal == directory || (directory != "/" && normal.StartsWith(directory + "/", StringComparison.Ordinal)))
            {
                return Data(path);
            }
        }
        return normal;
    }

    /// <summary>Kernel text with the scenario's cgroup paths.</summary>
    internal string ToScenario(string text)
    {
        return text.Contains(SubtreePath, StringComparison.Ordinal)
            ? text.Replace(SubtreePath + "/", "/", StringComparison.Ordinal).Replace(SubtreePath, "/", StringComparison.Ordinal)
            : text;
    }
}

/// <summary>The host's files under the scenario's paths.</summary>
internal sealed class ScenarioFiles(IKernelFiles host, HostPaths paths) : IKernelFiles
{
    public KernelRead Read(string path) => host.Read(paths.File(path));

    public Errno Write(string path, string text) => host.Write(paths.File(path), text);

    public KernelList List(string path) => host.List(paths.File(path));
}
