using System.Globalization;
using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Observe.Diagnosis;

/// <summary>Looks at what a host offers, and says what will not work and what to do about it.</summary>
public sealed partial class Doctor
{
    private readonly HostFiles _files;
    private readonly CgroupMounts _mounts;
    private readonly bool _isRoot;

    private Doctor(HostFiles files)
    {
        _files = files;
        _mounts = CgroupMounts.Find(files);
        _isRoot = Libc.EffectiveUserId() == 0;
    }

    /// <summary>All checks, in the order in which they should be read. On a snapshot tree, what only a running kernel can answer is reported as limited.</summary>
    public static IReadOnlyList<DoctorCheck> Examine(HostFiles files)
    {
        Doctor doctor = new(files);
        return
        [
            doctor.Kernel(), doctor.User(), doctor.Cgroups(), doctor.Controller(), doctor.Hierarchy(), doctor.CreateCgroup(), doctor.Dying(), doctor.Descriptors(),
            doctor.SwapAccounting(), doctor.Swap(), doctor.Swapping(), doctor.KernelMemory(), doctor.Pressure(), doctor.CgroupPressure(), doctor.KernelLog(), doctor.SlabInfo(),
            doctor.MultiGenLru(), doctor.HugePages(), doctor.Tracing(), doctor.Overcommit(), doctor.WhoElseKills(),
        ];
    }

    private DoctorCheck Kernel()
    {
        const string Name = "kernel";
        KernelRead read = _files.Read("/proc/sys/kernel/osrelease");
        string release = read.Text.Trim();
        if (!read.Ok && _files.Read("/proc/version") is { Ok: true } version && version.Text.Split(' ') is { Length: > 2 } words)
        {
            release = words[2];
        }
        if (release.Length == 0)
        {
            return new DoctorCheck(Name, DoctorState.Missing, $"/proc/sys/kernel/osrelease: {read.Errno}", "the release is unknown, and so is the era to compare with",
                "mount /proc, or give a whole snapshot with --root");
        }
        string? era = ModelledEras.Nearest(release, out bool exact);
        return era is null
            ? new DoctorCheck(Name, DoctorState.Limited, release, "older than every modelled era: the model may differ", "compare with --kernel 4.1")
            : new DoctorCheck(Name, DoctorState.Ok, exact ? $"{release}, modelled as era {era}" : $"{release}, nearest modelled era {era}");
    }

    private DoctorCheck User()
    {
        return !_files.IsLive ? new DoctorCheck("privileges", DoctorState.Limited, $"a snapshot ({_files.Root})", "nothing can be run or written", "leave out --root to examine this host")
            : _isRoot && !HasSysResource() ? new DoctorCheck("privileges", DoctorState.Limited, "root without CAP_SYS_RESOURCE (/proc/self/status: CapEff)",
                "a negative oom_score_adj in run --on host", "add the capability to the container, or run on the host itself")
            : _isRoot ? new DoctorCheck("privileges", DoctorState.Ok, "root")
            : new DoctorCheck("privileges", DoctorState.Limited, "not root", "run --on host, other users' processes, slabinfo, the kernel log", "sudo ullage …");
    }

    private bool HasSysResource()
    {
        const int SysResource = 24;
        foreach (string line in _files.Read("/proc/self/status").Text.Split('\n'))
        {
            if (line.StartsWith("CapEff:", StringComparison.Ordinal) &&
                ulong.TryParse(line.AsSpan(7).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong mask))
            {
                return ((mask >> SysResource) & 1) != 0;
            }
        }
        return true; // not shown: say nothing rather than something wrong
    }

    private DoctorCheck Cgroups()
    {
        string found = _mounts.Mode switch
        {
            CgroupMode.V1 => "cgroup v1",
            CgroupMode.V2 => "cgroup v2 (unified)",
            CgroupMode.Hybrid => "hybrid: v1 hierarchies beside cgroup v2",
            _ => "no cgroup file system in /proc/self/mountinfo",
        };
        return _mounts.Mode == CgroupMode.None
            ? new DoctorCheck("cgroups", DoctorState.Missing, found, "everything about cgroups", _mounts.WhyNoMemory)
            : new DoctorCheck("cgroups", DoctorState.Ok, found);
    }

    private DoctorCheck Controller()
    {
        const string Name = "memory controller";
        if (_mounts.Memory is not CgroupMount memory)
        {
            return new DoctorCheck(Name, DoctorState.Missing, "not in any mounted hierarchy", "stat of cgroups, run --on host", _mounts.WhyNoMemory);
        }
        string found = $"cgroup v{memory.Version} at {memory.MountPoint}";
        return memory.Root == "/" ? new DoctorCheck(Name, DoctorState.Ok, found)
            : new DoctorCheck(Name, DoctorState.Limited, $"{found}, showing only {memory.Root}", "limits of ancestors above it cannot be seen", "look from the host, outside of the container");
    }

    private DoctorCheck CreateCgroup()
    {
        const string Name = "create a cgroup";
        const string Lost = "run --on host";
        if (!_files.IsLive || _mounts.Memory is not CgroupMount memory)
        {
            return new DoctorCheck(Name, DoctorState.Missing, _files.IsLive ? "no memory controller" : "not tried: a snapshot", Lost);
        }
        string directory = string.Create(CultureInfo.InvariantCulture,
            $"{memory.MountPoint.TrimEnd('/')}/ullage-doctor-{Environment.ProcessId}-{Random.Shared.Next():x8}");
        Errno made = _files.MakeDirectory(directory);
        if (made != Errno.None)
        {
            return new DoctorCheck(Name, DoctorState.Missing, $"mkdir {directory}: {made}", Lost,
                made == Errno.EROFS ? "the hierarchy is mounted read-only, as in most containers: run on the host" : "run as root");
        }
        string limit = memory.Version == 1 ? "memory.limit_in_bytes" : "memory.max";
        Errno limits = _files.Read(directory + "/" + limit).Errno;
        Errno removed = _files.RemoveDirectory(directory);
        return removed != Errno.None ? new DoctorCheck(Name, DoctorState.Limited, $"rmdir {directory}: {removed}", "it is still there", $"rmdir {directory}")
            : limits != Errno.None ? new DoctorCheck(Name, DoctorState.Limited, $"made, but without {limit} ({limits})", Lost,
                $"echo +memory > {memory.MountPoint}/cgroup.subtree_control")
            : new DoctorCheck(Name, DoctorState.Ok, $"made and removed one in {memory.MountPoint}");
    }

    private DoctorCheck SwapAccounting()
    {
        const string Name = "swap accounting";
        if (_mounts.Memory is not CgroupMount memory)
        {
            return new DoctorCheck(Name, DoctorState.Missing, "no memory controller");
        }
        string own = OwnDirectory(memory);
        string file = memory.Version == 1 ? memory.MountPoint.TrimEnd('/') + "/memory.memsw.limit_in_bytes" : own + "/memory.swap.max";
        Errno errno = _files.Read(file).Errno;
        if (errno == Errno.None)
        {
            return new DoctorCheck(Name, DoctorState.Ok, file);
        }
        return own.TrimEnd('/') == memory.MountPoint.TrimEnd('/') && memory.Version == 2
            ? new DoctorCheck(Name, DoctorState.Limited, $"{file}: {errno} (the root group never has it)", "not known from here", "look at a child group's memory.swap.max")
            : new DoctorCheck(Name, DoctorState.Missing, $"{file}: {errno}", "swap of cgroups, memsw limits", "boot with swapaccount=1");
    }

    private DoctorCheck Swap()
    {
        KernelRead swaps = _files.Read("/proc/swaps");
        if (!swaps.Ok)
        {
            return new DoctorCheck("swap", DoctorState.Missing, $"/proc/swaps: {swaps.Errno}", "swap devices are unknown");
        }
        int devices = swaps.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length - 1;
        return devices > 0 ? new DoctorCheck("swap", DoctorState.Ok, string.Create(CultureInfo.InvariantCulture, $"{devices} in /proc/swaps"))
            : new DoctorCheck("swap", DoctorState.Limited, "none in /proc/swaps", "anonymous memory cannot be reclaimed: a limit that it fills means the OOM killer", "");
    }

    private DoctorCheck Pressure() => Readable("PSI", "/proc/pressure/memory", "pressure figures",
        errno => errno == Errno.EOPNOTSUPP ? "boot with psi=1" : "needs Linux 4.20 with CONFIG_PSI; boot with psi=1");

    private DoctorCheck KernelLog()
    {
        const string Name = "kernel log";
        if (!_files.IsLive)
        {
            return new DoctorCheck(Name, DoctorState.Limited, "a snapshot has none");
        }
        int fd = Libc.Open("/dev/kmsg", Libc.ReadOnly | Libc.NonBlock | Libc.CloseOnExec, 0);
        if (fd < 0)
        {
            return new DoctorCheck(Name, DoctorState.Missing, $"/dev/kmsg: {Libc.LastErrno}", "OOM reports in results", "run as root, or sysctl kernel.dmesg_restrict=0");
        }
        _ = Libc.Close(fd);
        return new DoctorCheck(Name, DoctorState.Ok, "/dev/kmsg");
    }

    private DoctorCheck SlabInfo() => Readable("slabinfo", "/proc/slabinfo", "slab caches of the system",
        errno => errno == Errno.ENOENT ? "needs CONFIG_SLUB_DEBUG or a kernel with slabinfo" : "run as root");

    private DoctorCheck HugePages()
    {
        const string Name = "huge pages";
        KernelRead read = _files.Read("/sys/kernel/mm/transparent_hugepage/enabled");
        if (!read.Ok)
        {
            return new DoctorCheck(Name, DoctorState.Ok, $"none (/sys/kernel/mm/transparent_hugepage/enabled: {read.Errno})");
        }
        string value = read.Text.Trim();
        return value.Contains("[always]", StringComparison.Ordinal)
            ? new DoctorCheck(Name, DoctorState.Limited, value, "programs are charged 2 MiB at a time; workers of run --on host switch it off for themselves", "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
            : new DoctorCheck(Name, DoctorState.Ok, value);
    }

    private DoctorCheck Tracing()
    {
        const string Name = "tracefs";
        Errno first = Errno.ENOENT;
        foreach (string directory in new[] { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" })
        {
            KernelRead read = _files.Read(directory + "/available_tracers");
            if (read.Ok)
            {
                return new DoctorCheck(Name, DoctorState.Ok, directory);
            }
            first = directory == "/sys/kernel/tracing" ? read.Errno : first;
        }
        return new DoctorCheck(Name, DoctorState.Missing, $"/sys/kernel/tracing/available_tracers: {first}", "kernel stacks from this host",
            first is Errno.EACCES or Errno.EPERM ? "run as root"
            : _files.List("/sys/kernel/tracing").Ok ? "mount -t tracefs none /sys/kernel/tracing"
            : "this kernel was built without tracing (CONFIG_TRACING)");
    }

    private DoctorCheck Overcommit()
    {
        const string Name = "overcommit";
        KernelRead read = _files.Read("/proc/sys/vm/overcommit_memory");
        if (!read.Ok)
        {
            return new DoctorCheck(Name, DoctorState.Limited, $"/proc/sys/vm/overcommit_memory: {read.Errno}", "the mode is unknown");
        }
        string mode = read.Text.Trim();
        return mode switch
        {
            "2" => new DoctorCheck(Name, DoctorState.Limited, "2, never", "mmap and fork fail at CommitLimit, before any cgroup limit", "sysctl vm.overcommit_memory=0"),
            "1" => new DoctorCheck(Name, DoctorState.Ok, "1, always"),
            _ => new DoctorCheck(Name, DoctorState.Ok, $"{mode}, heuristic"),
        };
    }

    private DoctorCheck Readable(string name, string file, string lost, Func<Errno, string> remedy)
    {
        Errno errno = _files.Read(file).Errno;
        return errno == Errno.None ? new DoctorCheck(name, DoctorState.Ok, file) : new DoctorCheck(name, DoctorState.Missing, $"{file}: {errno}", lost, remedy(errno));
    }

    private string OwnDirectory(CgroupMount memory) =>
        (_mounts.OwnCgroup(out _) is string own ? memory.DirectoryOf(own) : null)?.TrimEnd('/') ?? memory.MountPoint.TrimEnd('/');
}
