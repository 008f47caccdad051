using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Recording.Writing;

/// <summary>
/// The memory cgroups of a kernel, recorded. On a host descriptors are kept, a directory is listed again only when its link count or a file's ENODEV says that cgroups came
/// or went, and what was made again under a name is in the very sample in which the old one was found to be gone.
/// </summary>
internal sealed class RecordedTree : IDisposable
{
    private readonly IKernelFiles _files;
    private readonly CgroupMount _mount;
    private readonly RecordingWriter _writer;
    private readonly RecordedName[] _names;
    private readonly WantedFile[] _wanted;
    private readonly UnifiedPressure _pressure;
    private readonly DescriptorBudget _budget = new();
    private readonly ReadBuffer _buffer;
    private readonly List<string> _found = [];
    private readonly List<string> _parts = []; // directories of which a part is in this sample
    private RecordedCgroup? _root;

    public RecordedTree(IKernelFiles files, CgroupMounts mounts, CgroupMount mount, RecordingWriter writer, ReadBuffer buffer)
    {
        _files = files;
        _mount = mount;
        _writer = writer;
        _buffer = buffer;
        _names = mount.Version == 1 ? RecordedPaths.CgroupV1 : RecordedPaths.CgroupV2;
        _wanted = RecordedPaths.Wanted(_names);
        _pressure = new UnifiedPressure(files, mounts, wanted: null);
    }

    /// <summary>Cgroups in the last sample.</summary>
    public int Count { get; private set; }

    public void Sample(in Pass pass)
    {
        Count = 0;
        _parts.Clear();
        _root ??= OpenRoot();
        if (_root is not null && Read(_root, pass) != Given.Whole)
        {
            _root.Dispose();
            _root = null;
        }
    }

    public void Dispose()
    {
        _root?.Dispose();
        _root = null;
    }

    private RecordedCgroup? OpenRoot()
    {
        string directory = _mount.MountPoint;
        CgroupDirectory? opened = _files is HostFiles host ? HostDirectory.Open(host, directory, _wanted, _budget, out _)
            : _files.List(directory).Ok ? new PathDirectory(_files, directory, _wanted) : null;
        string path = _mount.Root.TrimEnd('/');
        return opened is null ? null : new RecordedCgroup(opened, directory, path, _names, _pressure.Of(path.Length > 0 ? path : "/", _budget));
    }

    private Given Read(RecordedCgroup cgroup, in Pass pass)
    {
        Given given = cgroup.Give(_writer, pass, _buffer);
        if (given != Given.Whole)
        {
            return given;
        }
        Count++;
        if (cgroup.Unsettled || cgroup.Directory.ChildrenMayHaveChanged())
        {
            Settle(cgroup);
        }
        if (ReadChildren(cgroup, pass))
        {
            Settle(cgroup); // others may have come in their places
            cgroup.Unsettled |= ReadChildren(cgroup, pass);
        }
        cgroup.Unsettled |= _parts.Count > 0;
        return Given.Whole;
    }

    // True when one that should be there was not.
    private bool ReadChildren(RecordedCgroup cgroup, in Pass pass)
    {
        bool lost = false;
        for (int i = 0; i < cgroup.Children.Count; i++)
        {
            RecordedCgroup child = cgroup.Children[i];
            if (child.Sample == pass.Number)
            {
                continue;
            }
            child.Sample = pass.Number;
            Given given = Read(child, pass);
            if (given == Given.Whole)
            {
                continue;
            }
            if (given == Given.Part)
            {
                _parts.Add(child.DirectoryPath);
            }
            lost = true;
            child.Dispose();
            cgroup.Children.RemoveAt(i--);
        }
        return lost;
    }

    /// <summary>Opens the cgroups that came, closes those that went.</summary>
    private void Settle(RecordedCgroup cgroup)
    {
        _found.Clear();
        if (cgroup.Directory.Children(_found, _buffer) != Errno.None)
        {
            return;
        }
        cgroup.Unsettled = false;
        if (_found.Count + cgroup.Children.Count == 0)
        {
            return;
        }
        _found.Sort(StringComparer.Ordinal);
        cgroup.Children = Settled(cgroup);
    }

    // Both lists are in the order of names.
    private List<RecordedCgroup> Settled(RecordedCgroup cgroup)
    {
        List<RecordedCgroup> before = cgroup.Children;
        List<RecordedCgroup> now = new(_found.Count);
        int at = 0;
        foreach (string name in _found)
        {
            for (; at < before.Count && string.CompareOrdinal(before[at].Name, name) < 0; at++)
            {
                before[at].Dispose();
            }
            bool known = at < before.Count && before[at].Name == name;
            if (known && !before[at].Directory.IsReplaced())
            {
                now.Add(before[at++]);
                continue;
            }
            if (known)
            {
                before[at++].Dispose();
            }
            if (Open(cgroup, name) is RecordedCgroup opened)
            {
                now.Add(opened);
            }
        }
        for (; at < before.Count; at++)
        {
            before[at].Dispose();
        }
        return now;
    }

    private RecordedCgroup? Open(RecordedCgroup parent, string name)
    {
        string directory = parent.DirectoryPath + "/" + name;
        if (_parts.Contains(directory))
        {
            return null; // the next sample has it whole
        }
        if (parent.Directory.Open(name, out Errno errno) is CgroupDirectory opened)
        {
            string path = parent.Path + "/" + name;
            return new RecordedCgroup(opened, directory, path, _names, _pressure.Of(path, _budget));
        }
        parent.Unsettled |= errno is Errno.EMFILE or Errno.ENFILE;
        return null;
    }
}
