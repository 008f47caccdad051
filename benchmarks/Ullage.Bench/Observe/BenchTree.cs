using System.Globalization;
using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Bench.Observe;

/// <summary>A tree of empty cgroups of this host's memory hierarchy, removed when it is disposed.</summary>
internal sealed class BenchTree : IDisposable
{
    private readonly HostFiles _host;
    private readonly string _directory;
    private readonly int _count;

    private BenchTree(HostFiles host, string directory, string path, int count)
    {
        _host = host;
        _directory = directory;
        Path = path;
        _count = count;
    }

    /// <summary>The hierarchy path of the top.</summary>
    public string Path { get; }

    /// <summary>Null with the reason when cgroups cannot be made here.</summary>
    public static BenchTree? Make(HostFiles host, CgroupMounts mounts, int count, out string why)
    {
        why = mounts.WhyNoMemory;
        if (mounts.Memory is not CgroupMount memory)
        {
            return null;
        }
        string name = string.Create(CultureInfo.InvariantCulture, $"ullage-bench-{Environment.ProcessId}");
        string directory = memory.MountPoint.TrimEnd('/') + "/" + name;
        Errno made = host.MakeDirectory(directory);
        if (made != Errno.None)
        {
            why = $"mkdir {directory}: {made}: run as root on a host whose memory hierarchy is writable";
            return null;
        }
        BenchTree tree = new(host, directory, "/" + name, count);
        if (memory.Version == 2)
        {
            host.Write(directory + "/cgroup.subtree_control", "+memory");
        }
        for (int i = 0; i < count; i++)
        {
            made = host.MakeDirectory(tree.Child(i));
            if (made != Errno.None)
            {
                why = $"mkdir {tree.Child(i)}: {made}";
                tree.Dispose();
                return null;
            }
        }
        return tree;
    }

    public void Dispose()
    {
        for (int i = 0; i < _count; i++)
        {
            _host.RemoveDirectory(Child(i));
        }
        _host.RemoveDirectory(_directory);
    }

    private string Child(int i) => string.Create(CultureInfo.InvariantCulture, $"{_directory}/g{i:0000}");
}
