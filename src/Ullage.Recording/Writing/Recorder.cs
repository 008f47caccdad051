using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Recording.Writing;

/// <summary>
/// Records a kernel: reads its files and writes them as samples. On a host descriptors are kept. Files that a cgroup does not have are asked for again once per block.
/// </summary>
public sealed class Recorder : IDisposable
{
    private const int MostDescriptors = 200_000;
    private const long PressureEveryNs = 99_000_000; // an interval of 100 ms is not always whole
    private readonly IKernelFiles _files;
    private readonly CgroupMounts _mounts;
    private readonly RecordingWriter _writer;
    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private readonly Group _machine;
    private readonly Group _machineSlow;
    private readonly Group _fixed;
    private readonly int _mostKept;
    private readonly Dictionary<string, KernelRead> _pressure = new(StringComparer.Ordinal);
    private long _pressureNs = long.MinValue / 2;
    private bool _readsPressure;
    private byte[] _buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(16 << 10); // grown ones come from the same pool
    private int _kept;
    private int _sample;

    private sealed class Group(IReadOnlyList<string> paths, IReadOnlyList<string> slow)
    {
        public IReadOnlyList<string> Paths { get; } = paths;
        public IReadOnlyList<string> Slow { get; } = slow;
        public KeptFile?[] Kept { get; } = new KeptFile?[paths.Count];
        public bool[] Missing { get; } = new bool[paths.Count + slow.Count];
        public KernelRead[] SlowReads { get; } = new KernelRead[slow.Count];
        public ulong? Id { get; set; }
        public int Seen { get; set; }
        public bool Fresh { get; set; } = true;
        public bool Gone { get; set; }
    }

    /// <summary>Begins; nothing is read yet.</summary>
    /// <param name="files">The kernel.</param>
    /// <param name="writer">Where to write; closed by whoever made it.</param>
    /// <param name="mounts">Where its cgroups are; null = found from the kernel's own files.</param>
    public Recorder(IKernelFiles files, RecordingWriter writer, CgroupMounts? mounts = null)
    {
        _files = files;
        _writer = writer;
        _mounts = mounts ?? CgroupMounts.Find(files);
        _machine = new Group(RecordedPaths.Machine, []);
        _machineSlow = new Group([], RecordedPaths.MachineSlow);
        _fixed = new Group(RecordedPaths.Fixed, []);
        _mostKept = (int)Math.Min(MostDescriptors, Math.Max(0, DescriptorLimit() - 256));
    }

    /// <summary>Cgroups in the last sample.</summary>
    public int Cgroups => _groups.Count;

    /// <summary>Takes one sample and writes it.</summary>
    /// <param name="timeNs">Its time on the recording's clock.</param>
    public void Sample(long timeNs)
    {
        bool again = _writer.BlockIsDue;
        bool slow = _sample % RecordedPaths.SlowEvery == 0;
        // Reading a pressure file makes the kernel collect, in whole ticks: it must not be asked at every moment.
        _readsPressure = timeNs - _pressureNs >= PressureEveryNs;
        _pressureNs = _readsPressure ? timeNs : _pressureNs;
        _writer.BeginSample();
        Read(_fixed, again, slow);
        Read(_machine, again, slow);
        Read(_machineSlow, again, slow);
        if (_mounts.Memory is CgroupMount mount)
        {
            foreach (string directory in RecordedPaths.Directories(_files, mount))
            {
                Group group = GroupOf(directory, mount.Version);
                if (group.Id is ulong id)
                {
                    _writer.CgroupId(directory, id);
                }
                Read(group, again, slow);
            }
        }
        Forget();
        _writer.EndSample(timeNs);
        _sample++;
    }

    /// <summary>Closes all descriptors.</summary>
    public void Dispose()
    {
        foreach (Group group in _groups.Values.Append(_machine).Append(_fixed))
        {
            Close(group);
        }
        _groups.Clear();
    }

    private static long DescriptorLimit()
    {
        foreach (string line in File.Exists("/proc/self/limits") ? File.ReadAllLines("/proc/self/limits") : [])
        {
            if (line.StartsWith("Max open files", StringComparison.Ordinal))
            {
                string soft = line[14..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
                return long.TryParse(soft, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long limit) ? limit : MostDescriptors;
            }
        }
        return 1024;
    }

    // Asked at every sample: a cgroup that was removed and made again in between has the same path and none of the old descriptors.
    private Group GroupOf(string directory, int version)
    {
        ulong? id = (_files as ICgroupIds)?.CgroupId(directory);
        if (_groups.TryGetValue(directory, out Group? group) && (group.Gone || group.Id != id))
        {
            Close(group); // removed and made again
            ForgetPressure(group);
            group = null;
        }
        if (group is null)
        {
            string[] Paths(IReadOnlyList<string> names) => [.. names.Select(name => directory + "/" + name)];
            group = version == 1 ? new Group(Paths(RecordedPaths.CgroupV1), Paths(RecordedPaths.CgroupV1Slow)) : new Group(Paths(RecordedPaths.CgroupV2), Paths(RecordedPaths.CgroupV2Slow));
            group.Id = id;
            _groups[directory] = group;
        }
        group.Seen = _sample;
        return group;
    }

    private void Forget()
    {
        List<string>? gone = null;
        foreach ((string directory, Group group) in _groups)
        {
            if (group.Seen != _sample)
            {
                Close(group);
                ForgetPressure(group);
                (gone ??= []).Add(directory);
            }
        }
        foreach (string directory in gone ?? [])
        {
            _ = _groups.Remove(directory);
        }
    }

    private void Read(Group group, bool again, bool slow)
    {
        for (int i = 0; i < group.Paths.Count; i++)
        {
            if (again || !group.Missing[i])
            {
                group.Missing[i] = !ReadOne(group, i);
            }
        }
        for (int i = 0; i < group.Slow.Count; i++)
        {
            ReadSlow(group, i, slow || again || group.Fresh);
        }
        group.Fresh = false;
    }

    private bool ReadOne(Group group, int i)
    {
        bool pressure = group.Paths[i].EndsWith(".pressure", StringComparison.Ordinal) || group.Paths[i].StartsWith("/proc/pressure/", StringComparison.Ordinal);
        if (pressure && !_readsPressure && _pressure.TryGetValue(group.Paths[i], out KernelRead last))
        {
            return Give(group.Paths[i], last.Errno, last.Bytes.Span);
        }
        Errno errno;
        ReadOnlySpan<byte> bytes;
        KeptFile? kept = group.Kept[i];
        if (kept is null && _files is HostFiles host && _kept < _mostKept)
        {
            group.Kept[i] = kept = host.Keep(group.Paths[i]);
            _kept++;
        }
        if (kept is not null)
        {
            errno = kept.Read(ref _buffer, out bytes);
            group.Gone |= errno == Errno.ENODEV;
        }
        else
        {
            KernelRead read = _files.Read(group.Paths[i]);
            errno = read.Errno;
            bytes = read.Bytes.Span;
        }
        if (pressure)
        {
            _pressure[group.Paths[i]] = new KernelRead(errno, bytes.ToArray());
        }
        return Give(group.Paths[i], errno, bytes);
    }

    // Between two readings a slow file stays as it was; it must be given, or it would count as gone.
    private void ReadSlow(Group group, int i, bool now)
    {
        int missing = group.Paths.Count + i;
        if (now)
        {
            KernelRead read = _files.Read(group.Slow[i]);
            group.SlowReads[i] = read;
            group.Missing[missing] = !Give(group.Slow[i], read.Errno, read.Bytes.Span);
        }
        else if (!group.Missing[missing])
        {
            _ = Give(group.Slow[i], group.SlowReads[i].Errno, group.SlowReads[i].Bytes.Span);
        }
    }

    // ENODEV is what a kept descriptor of a removed cgroup answers.
    private bool Give(string path, Errno errno, ReadOnlySpan<byte> bytes)
    {
        if (errno is Errno.ENOENT or Errno.ENODEV)
        {
            return false;
        }
        _writer.File(path, errno, bytes);
        return true;
    }

    private void ForgetPressure(Group group)
    {
        foreach (string path in group.Paths)
        {
            _ = _pressure.Remove(path);
        }
    }

    private void Close(Group group)
    {
        for (int i = 0; i < group.Kept.Length; i++)
        {
            if (group.Kept[i] is KeptFile kept)
            {
                kept.Dispose();
                group.Kept[i] = null;
                _kept--;
            }
        }
    }
}
