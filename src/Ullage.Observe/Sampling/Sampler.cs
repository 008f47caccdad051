using System.Diagnostics;
using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Observe.Sampling;

/// <summary>
/// Reads one memory cgroup again and again. On a host every descriptor is kept and a sample allocates only itself; any other kernel (model, snapshot, recording)
/// is read by path. When the cgroup vanishes it says so and stays quiet.
/// </summary>
public sealed class Sampler : IDisposable
{
    private readonly IKernelFiles _files;
    private readonly CgroupLocation _cgroup;
    private readonly Func<long> _clock;
    private readonly ulong? _id;
    private readonly List<(string Path, LimitKind Kind, SampleFile Usage, SampleFile Limit)> _levels = [];
    private readonly SampleFile _stat;
    private readonly SampleFile _events;
    private readonly SampleFile _failcnt;
    private readonly SampleFile _kernel;
    private readonly SampleFile _swap;
    private readonly SampleFile _meminfo;

    /// <summary>Opens a cgroup.</summary>
    /// <param name="files">The kernel.</param>
    /// <param name="mounts">Where its cgroups are.</param>
    /// <param name="cgroup">The cgroup, as <see cref="CgroupMounts.Resolve"/> found it.</param>
    /// <param name="clock">Monotonic nanoseconds; null = this machine's.</param>
    public Sampler(IKernelFiles files, CgroupMounts mounts, CgroupLocation cgroup, Func<long>? clock = null)
    {
        _files = files;
        _cgroup = cgroup;
        _clock = clock ?? (() => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)));
        _id = (files as HostFiles)?.Inode(cgroup.Directory);
        bool v1 = cgroup.Version == 1;
        _stat = File("memory.stat");
        _events = File(v1 ? "memory.oom_control" : "memory.events");
        _failcnt = File("memory.failcnt");
        _kernel = File("memory.kmem.usage_in_bytes");
        _swap = File("memory.swap.current");
        _meminfo = new SampleFile(files, "/proc/meminfo");
        AddLevels(mounts.Memory);
    }

    /// <summary>The cgroup that is read.</summary>
    public CgroupLocation Cgroup => _cgroup;

    /// <summary>Reads everything once. Null when the cgroup is gone, with what was seen in <paramref name="gone"/>.</summary>
    public MemorySample? Read(out string gone)
    {
        gone = "";
        Errno errno = _stat.Read(out ReadOnlySpan<byte> stat);
        if (errno is Errno.ENODEV or Errno.ENOENT && !IsThere(errno, out gone))
        {
            return null;
        }
        bool v1 = _cgroup.Version == 1;
        Measured failed = errno == Errno.None ? default : _stat.Missing(errno);
        Measured anon = Stat(stat, failed, v1 ? "total_rss"u8 : "anon"u8, v1 ? "rss"u8 : default);
        Measured file = Stat(stat, failed, v1 ? "total_cache"u8 : "file"u8, v1 ? "cache"u8 : default);
        Measured kernel = v1 ? _kernel.Number() : KernelV2(stat, failed);
        Measured slab = v1 ? Measured.Missing("memory.stat of cgroup v1 does not count slab: see memory.kmem.slabinfo") : Stat(stat, failed, "slab"u8, default);
        Measured swap = v1 ? Stat(stat, failed, "total_swap"u8, "swap"u8) : _swap.Number();
        LevelSample[] levels = ReadLevels();
        (Measured max, Measured oom, Measured kills) = Events(v1);
        return new MemorySample
        {
            TimeNs = _clock(),
            Version = _cgroup.Version,
            Path = _cgroup.Path,
            CgroupId = _id,
            UsageBytes = levels[0].UsageBytes,
            LimitBytes = levels[0].LimitBytes,
            Failcnt = v1 ? _failcnt.Number() : Measured.Missing("cgroup v2 has no failcnt: see max of memory.events"),
            MaxEvents = max,
            OomEvents = oom,
            OomKills = kills,
            AnonBytes = anon,
            FileBytes = file,
            KernelBytes = kernel,
            SlabBytes = slab,
            SwapBytes = swap,
            Levels = levels,
            MachineAvailableBytes = MachineAvailable(),
        };
    }

    /// <summary>Closes all descriptors.</summary>
    public void Dispose()
    {
        foreach ((_, _, SampleFile usage, SampleFile limit) in _levels)
        {
            usage.Dispose();
            limit.Dispose();
        }
        foreach (SampleFile file in new[] { _stat, _events, _failcnt, _kernel, _swap, _meminfo })
        {
            file.Dispose();
        }
    }

    private SampleFile File(string name) => new(_files, _cgroup.Directory.TrimEnd('/') + "/" + name);

    private void AddLevels(CgroupMount? mount)
    {
        AddLevel(_cgroup.Path, _cgroup.Directory);
        string path = _cgroup.Path;
        while (mount is not null && path.Length > 1)
        {
            int slash = path.LastIndexOf('/');
            path = slash <= 0 ? "/" : path[..slash];
            // A v1 parent without use_hierarchy is not charged for its children, and so are none above it (spec §1.1); kernels from 5.11 on always have it.
            string? directory = mount.DirectoryOf(path);
            if (directory is null || (_cgroup.Version == 1 && _files.Read(directory + "/memory.use_hierarchy") is { Ok: true } read && read.Text.Trim() == "0"))
            {
                return;
            }
            AddLevel(path, directory);
        }
    }

    private void AddLevel(string path, string directory)
    {
        string prefix = directory.TrimEnd('/') + "/memory.";
        if (_cgroup.Version == 2)
        {
            _levels.Add((path, LimitKind.Memory, new SampleFile(_files, prefix + "current"), new SampleFile(_files, prefix + "max")));
            return;
        }
        _levels.Add((path, LimitKind.Memory, new SampleFile(_files, prefix + "usage_in_bytes"), new SampleFile(_files, prefix + "limit_in_bytes")));
        if (_files.Read(prefix + "memsw.limit_in_bytes").Ok)
        {
            _levels.Add((path, LimitKind.MemoryAndSwap, new SampleFile(_files, prefix + "memsw.usage_in_bytes"),
                new SampleFile(_files, prefix + "memsw.limit_in_bytes")));
        }
    }

    private LevelSample[] ReadLevels()
    {
        LevelSample[] levels = new LevelSample[_levels.Count];
        for (int i = 0; i < levels.Length; i++)
        {
            (string path, LimitKind kind, SampleFile usage, SampleFile limit) = _levels[i];
            levels[i] = new LevelSample(path, kind, usage.Number(), limit.Limit());
        }
        return levels;
    }

    private bool IsThere(Errno errno, out string gone)
    {
        KernelList list = _files.List(_cgroup.Directory);
        gone = list.Ok && errno != Errno.ENODEV ? "" : $"cgroup {_cgroup.Path} was removed ({_stat.Path}: {errno})";
        return gone.Length == 0;
    }

    private Measured Stat(ReadOnlySpan<byte> stat, Measured failed, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise)
    {
        if (failed.Why is not null)
        {
            return failed;
        }
        long? value = NamedValues.Find(stat, name) ?? (otherwise.IsEmpty ? null : NamedValues.Find(stat, otherwise));
        return value is long found ? Measured.Of(found)
            : Measured.Missing($"{_stat.Path} has no {System.Text.Encoding.ASCII.GetString(name)} on this kernel");
    }

    /// <summary>v2 before 5.18 gives only the parts; those it lacks count nothing there either.</summary>
    private Measured KernelV2(ReadOnlySpan<byte> stat, Measured failed)
    {
        if (failed.Why is not null || NamedValues.Find(stat, "kernel"u8) is not null || NamedValues.Find(stat, "slab"u8) is null)
        {
            return Stat(stat, failed, "kernel"u8, default);
        }
        return Measured.Of((NamedValues.Find(stat, "slab"u8) ?? 0) + (NamedValues.Find(stat, "kernel_stack"u8) ?? 0) +
            (NamedValues.Find(stat, "pagetables"u8) ?? 0) + (NamedValues.Find(stat, "percpu"u8) ?? 0));
    }

    private (Measured Max, Measured Oom, Measured Kills) Events(bool v1)
    {
        Errno errno = _events.Read(out ReadOnlySpan<byte> events);
        Measured failed = errno == Errno.None ? default : _events.Missing(errno);
        Measured Named(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name) => failed.Why is not null ? failed
            : NamedValues.Find(text, name) is long value ? Measured.Of(value)
            : Measured.Missing($"{_events.Path} has no {System.Text.Encoding.ASCII.GetString(name)} on this kernel");
        Measured notV1 = Measured.Missing("cgroup v1 has no memory.events: see failcnt");
        return v1 ? (notV1, notV1, Named(events, "oom_kill"u8)) : (Named(events, "max"u8), Named(events, "oom"u8), Named(events, "oom_kill"u8));
    }

    private Measured MachineAvailable()
    {
        Errno errno = _meminfo.Read(out ReadOnlySpan<byte> meminfo);
        return errno != Errno.None ? _meminfo.Missing(errno)
            : NamedValues.Find(meminfo, "MemAvailable"u8) is long kb ? Measured.Of(kb * 1024)
            : Measured.Missing("/proc/meminfo has no MemAvailable (kernels before 3.14)");
    }
}
