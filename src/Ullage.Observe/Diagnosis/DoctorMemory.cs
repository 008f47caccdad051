using System.Globalization;
using Ullage.Abi;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Diagnosis;

/// <summary>The checks about what cgroups tell, and about what else kills or swaps.</summary>
public sealed partial class Doctor
{
    private static readonly string[] OomDaemons = ["systemd-oomd", "earlyoom", "oomd", "nohang", "lmkd"];

    private DoctorCheck MultiGenLru()
    {
        const string Name = "LRU";
        const string Switch = "/sys/kernel/mm/lru_gen/enabled";
        KernelRead read = _files.Read(Switch);
        if (!read.Ok)
        {
            return new DoctorCheck(Name, DoctorState.Ok, $"classic: no multi-gen LRU in this kernel ({Switch}: {read.Errno}), as the model has it");
        }
        string value = read.Text.Trim();
        bool known = uint.TryParse(value.AsSpan(value.StartsWith("0x", StringComparison.Ordinal) ? 2 : 0), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint bits);
        if (known && (bits & 1) == 0)
        {
            return new DoctorCheck(Name, DoctorState.Ok, $"classic ({Switch} {value}: multi-gen LRU is built in and off), as the model has it");
        }
        string ttl = _files.Read("/sys/kernel/mm/lru_gen/min_ttl_ms").Text.Trim();
        string kills = ttl is "" or "0" ? "" : $"; min_ttl_ms is {ttl}: the OOM killer comes when what was used within that time does not fit";
        return new DoctorCheck(Name, DoctorState.Limited, $"multi-gen ({Switch} {value}{kills})",
            "the model has the classic LRU. Hit ratios of page cache agree within about 2 points; active and inactive sizes, how protection is shared out, and how much anonymous "
            + "memory is swapped beside page cache do not. Kernels have it since 6.1, off unless built otherwise: Debian 6.1 has it off, Debian 6.12 on",
            $"to compare with the model: echo n > {Switch}");
    }

    private DoctorCheck CgroupPressure()
    {
        const string Name = "pressure of cgroups";
        if (_mounts.Memory is not CgroupMount memory)
        {
            return new DoctorCheck(Name, DoctorState.Missing, "no memory controller");
        }
        if (memory.Version == 1)
        {
            string? unified = _mounts.Mounts.FirstOrDefault(mount => mount.Version == 2)?.MountPoint;
            return unified is not null && _files.Read(unified.TrimEnd('/') + "/memory.pressure").Ok
                ? new DoctorCheck(Name, DoctorState.Ok, $"from {unified}, for groups that have the same path there")
                : new DoctorCheck(Name, DoctorState.Missing, "cgroup v1 has no pressure files", "the PSI columns of top and pressure by cgroup: use those of the machine",
                "boot with systemd.unified_cgroup_hierarchy=1 for cgroup v2");
        }
        string file = OwnDirectory(memory) + "/memory.pressure";
        KernelRead read = _files.Read(file);
        KernelRead off = _files.Read(OwnDirectory(memory) + "/cgroup.pressure");
        return read.Ok ? new DoctorCheck(Name, DoctorState.Ok, file)
            : new DoctorCheck(Name, DoctorState.Missing, $"{file}: {read.Errno}", "the PSI columns of top and pressure by cgroup",
                off.Ok && off.Text.Trim() == "0" ? "echo 1 > cgroup.pressure there" : "needs Linux 4.20 with CONFIG_PSI; boot with psi=1");
    }

    private DoctorCheck KernelMemory()
    {
        const string Name = "kernel memory";
        if (_files.Read("/proc/cmdline").Text.Contains("nokmem", StringComparison.Ordinal))
        {
            return new DoctorCheck(Name, DoctorState.Limited, "cgroup.memory=nokmem on the kernel's command line", "kernel memory is charged to nobody: usage and ullage leave it out",
                "boot without cgroup.memory=nokmem");
        }
        if (_mounts.Memory is not { Version: 1 } memory)
        {
            return new DoctorCheck(Name, DoctorState.Ok, _mounts.Memory is null ? "no memory controller" : "counts against memory.max, told by kind in memory.stat");
        }
        string file = memory.MountPoint.TrimEnd('/') + "/memory.kmem.usage_in_bytes";
        Errno errno = _files.Read(file).Errno;
        return errno == Errno.None
            ? new DoctorCheck(Name, DoctorState.Ok, $"{file}; how much of it could shrink is not told, so ullage counts none")
            : new DoctorCheck(Name, DoctorState.Missing, $"{file}: {errno}", "the column kernel", "needs CONFIG_MEMCG_KMEM");
    }

    private DoctorCheck Hierarchy()
    {
        const string Name = "hierarchy";
        if (_mounts.Memory is not { Version: 1 } memory)
        {
            return new DoctorCheck(Name, DoctorState.Ok, "charges go up to the root, as always with v2");
        }
        KernelRead read = _files.Read(memory.MountPoint.TrimEnd('/') + "/memory.use_hierarchy");
        return read.Ok && read.Text.Trim() == "0"
            ? new DoctorCheck(Name, DoctorState.Limited, "memory.use_hierarchy is 0 at the root", "limits of a parent do not bind its children, unless it has use_hierarchy itself",
                "echo 1 > memory.use_hierarchy before the first child is made (since 5.11 it is always 1)")
            : new DoctorCheck(Name, DoctorState.Ok, "memory.use_hierarchy is 1: limits of parents bind");
    }

    private DoctorCheck Dying()
    {
        const string Name = "dying cgroups";
        const long Many = 1000;
        using TreeSampler sampler = new(_files, _mounts, new SampleSelection
        {
            Fields = new HashSet<Field> { CgroupFields.DyingDescendants },
            HostFields = new HashSet<Field> { HostFields.MemoryCgroups },
        });
        Sample sample = new();
        sampler.Read(sample, 0, default);
        long? dying = sample.Version == 1 ? sample.HostValue(HostFields.MemoryCgroups) - sample.Count
            : sample.Count > 0 ? sample.Value(CgroupFields.DyingDescendants, 0) : null;
        if (dying is not long count || count < 0)
        {
            return new DoctorCheck(Name, DoctorState.Limited, "cannot be told from here", "removed cgroups that still hold memory");
        }
        string found = string.Create(CultureInfo.InvariantCulture, $"{count} removed and still holding memory, beside {sample.Count} that are there");
        return count < Many ? new DoctorCheck(Name, DoctorState.Ok, found)
            : new DoctorCheck(Name, DoctorState.Limited, found, "each takes per-CPU memory, and reading statistics and reclaim walk over all of them",
                "echo 3 > /proc/sys/vm/drop_caches frees those that only page cache and dentries keep");
    }

    private DoctorCheck Descriptors()
    {
        const string Name = "descriptors";
        const int EachCgroup = 13;
        long most = DescriptorBudget.Most();
        long enough = (most - 256) / EachCgroup;
        string found = string.Create(CultureInfo.InvariantCulture, $"{most} for this process: enough to keep the files of {enough} cgroups open");
        return enough >= 1000 ? new DoctorCheck(Name, DoctorState.Ok, found)
            : new DoctorCheck(Name, DoctorState.Limited, found, "beyond that files are opened for each sample, which takes about ten times as long", "ulimit -n 65536");
    }

    private DoctorCheck Swapping()
    {
        const string Name = "swapping";
        string swappiness = _files.Read("/proc/sys/vm/swappiness").Text.Trim();
        string zswap = _files.Read("/sys/module/zswap/parameters/enabled").Text.Trim();
        string found = $"vm.swappiness {(swappiness.Length > 0 ? swappiness : "unknown")}{(zswap == "Y" ? ", zswap on" : "")}";
        return swappiness == "0"
            ? new DoctorCheck(Name, DoctorState.Limited, found, "cgroups do not swap: a limit full of anonymous memory means the OOM killer, even with swap free", "sysctl vm.swappiness=60")
            : zswap == "Y" ? new DoctorCheck(Name, DoctorState.Limited, found, "swapped pages stay in memory, compressed, and count against the limit: swap frees less than ullage assumes")
            : new DoctorCheck(Name, DoctorState.Ok, found);
    }

    private DoctorCheck WhoElseKills()
    {
        const string Name = "other killers";
        string panic = _files.Read("/proc/sys/vm/panic_on_oom").Text.Trim();
        List<string> found = [];
        foreach (string entry in _files.List("/proc").Names)
        {
            if (char.IsAsciiDigit(entry[0]) && OomDaemons.Contains(_files.Read($"/proc/{entry.TrimEnd('/')}/comm").Text.Trim()))
            {
                found.Add(_files.Read($"/proc/{entry.TrimEnd('/')}/comm").Text.Trim());
            }
        }
        return panic is "1" or "2" ? new DoctorCheck(Name, DoctorState.Limited, $"vm.panic_on_oom is {panic}", "the machine panics instead of killing", "sysctl vm.panic_on_oom=0")
            : found.Count > 0 ? new DoctorCheck(Name, DoctorState.Limited, string.Join(", ", found.Distinct()), "it kills before the kernel does, and oom_kill does not count it: ullage does not know its rules",
                "look at its configuration and its log")
            : new DoctorCheck(Name, DoctorState.Ok, "no OOM daemon is running, and OOM does not panic");
    }
}
