using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Observe.Host;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Stat;

/// <summary>Samples of a cgroup of this host, or of a tree that looks like one. With a process, of the cgroup that it is in at that moment.</summary>
internal sealed class HostStatSource : IStatSource
{
    private readonly HostFiles _files;
    private readonly CgroupMounts _mounts;
    private readonly TimeProvider _time;
    private readonly int? _pid;
    private Sampler _sampler;

    private HostStatSource(HostFiles files, CgroupMounts mounts, CgroupLocation cgroup, int? pid, TimeProvider time)
    {
        _files = files;
        _mounts = mounts;
        _time = time;
        _pid = pid;
        _sampler = new Sampler(files, mounts, cgroup);
    }

    /// <summary>Finds the cgroup that is asked for; throws with the reason when there is none.</summary>
    public static HostStatSource Open(StatRequest request, TimeProvider time)
    {
        if (!Directory.Exists(request.Root))
        {
            throw CliException.NoData($"--root {request.Root}: {ErrnoNames.Describe(Errno.ENOENT)}: name a directory with proc and sys in it");
        }
        HostFiles files = new(request.Root);
        KernelRead mountinfo = files.Read("/proc/self/mountinfo");
        if (!mountinfo.Ok)
        {
            throw CliException.NoData($"{files.RealPath("/proc/self/mountinfo")}: {ErrnoNames.Describe(mountinfo.Errno)}: it says where the cgroups are mounted; mount proc there");
        }
        CgroupMounts mounts = CgroupMounts.Find(files);
        if (mounts.Memory is null)
        {
            throw new CliException(ExitCodes.FeatureAbsent, mounts.WhyNoMemory);
        }
        CgroupLocation? cgroup = request.Pid is int pid ? mounts.ResolvePid(pid, out string why) : mounts.Resolve(request.Cgroup!, out why);
        return cgroup is null ? throw CliException.NoData(why) : new HostStatSource(files, mounts, cgroup, request.Pid, time);
    }

    public StatSample? Read(out string gone)
    {
        if (!Follow(out gone) || _sampler.Read(out gone) is not MemorySample sample)
        {
            return null;
        }
        UllageReading ullage = UllageReading.Of(sample);
        return new StatSample
        {
            At = _time.GetLocalNow(),
            Version = sample.Version,
            Cgroup = sample.Path,
            UsageBytes = sample.UsageBytes.Value,
            Limit = LimitOf(sample.LimitBytes),
            UllageBytes = ullage.Bytes.Value,
            BindingCgroup = ullage.BindingPath,
            BindingIsMemsw = ullage.BindingKind == LimitKind.MemoryAndSwap,
            BindingLimitBytes = ullage.BindingLimitBytes,
            AnonBytes = sample.AnonBytes.Value,
            FileBytes = sample.FileBytes.Value,
            KernelBytes = sample.KernelBytes.Value,
            SwapBytes = sample.SwapBytes.Value,
            Failcnt = sample.Failcnt.Value,
            MaxEvents = sample.MaxEvents.Value,
            OomKills = sample.OomKills.Value,
            Unavailable = Reasons(sample, ullage),
        };
    }

    public void Dispose() => _sampler.Dispose();

    // The process may have ended, or moved to another cgroup.
    private bool Follow(out string gone)
    {
        gone = "";
        if (_pid is not int pid)
        {
            return true;
        }
        CgroupLocation? now = _mounts.ResolvePid(pid, out string why);
        if (now is null)
        {
            bool ended = _files.Read($"/proc/{pid}/cgroup").Errno is Errno.ENOENT or Errno.ESRCH;
            gone = ended ? $"process {pid} has ended; its cgroup was {_sampler.Cgroup.Path}" : why;
            return false;
        }
        if (now != _sampler.Cgroup)
        {
            _sampler.Dispose();
            _sampler = new Sampler(_files, _mounts, now);
        }
        return true;
    }

    private static Limit? LimitOf(Measured bytes) => bytes.Value switch
    {
        null => null,
        MemorySample.Unlimited => Limit.None,
        long value => Limit.OfBytes(value),
    };

    private static List<KeyValuePair<string, string>> Reasons(MemorySample sample, UllageReading ullage)
    {
        List<KeyValuePair<string, string>> reasons = [];
        Add("usage", sample.UsageBytes);
        Add("limit", sample.LimitBytes);
        Add("ullage", ullage.Bytes);
        Add("anon", sample.AnonBytes);
        Add("file", sample.FileBytes);
        Add("kernel", sample.KernelBytes);
        Add("swap", sample.SwapBytes);
        if (sample.Version == 1)
        {
            Add("failcnt", sample.Failcnt);
        }
        else
        {
            Add("max", sample.MaxEvents);
        }
        Add("oom_kill", sample.OomKills);
        foreach (string unread in ullage.Unread)
        {
            reasons.Add(new("ullage may be less", unread));
        }
        return reasons;

        void Add(string field, Measured figure)
        {
            if (figure.Value is null)
            {
                reasons.Add(new(field, figure.Why ?? "not given"));
            }
        }
    }
}
