using System.Globalization;
using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Scenarios.Reading;
using Ullage.Observe.Host;

namespace Ullage.Lab.Targets.Host;

/// <summary>The scenario's cgroups on this host: a subtree with a name of its own, in the root of the memory hierarchy or else below our own group.</summary>
internal sealed class HostCgroups
{
    /// <summary>Where processes go that name no cgroup, when the top of the subtree may hold none (v2).</summary>
    internal const string OutsideGroup = "/_root";

    private const int UsageError = 2;
    private const int NoPermission = 3;
    private const int NotThere = 4;

    private readonly HostFiles _host;
    private readonly CgroupMount _mount;
    private readonly CgroupMounts _mounts;
    private readonly string _name;
    private readonly string? _own;

    internal HostCgroups(HostFiles host, int version)
    {
        _host = host;
        Version = version;
        _mounts = CgroupMounts.Find(host);
        _mount = FindMount(_mounts, version);
        _name = string.Create(CultureInfo.InvariantCulture, $"ullage-{Environment.ProcessId}-{Random.Shared.Next():x8}");
        Directory = _mount.MountPoint.TrimEnd('/') + "/" + _name;
        HierarchyPath = _mount.Root.TrimEnd('/') + "/" + _name;
        _own = _mounts.Memory == _mount ? _mounts.OwnCgroup(out _) : null;
    }

    /// <summary>The subtree's name, which is also that of the private directory.</summary>
    internal string Name => _name;

    /// <summary>Where the subtree may come to be.</summary>
    internal IReadOnlyList<string> Candidates => OwnDirectory is string own ? [Directory, own + "/" + _name] : [Directory];

    private string? OwnDirectory => _own is null or "/" ? null : _mount.DirectoryOf(_own);

    internal int Version { get; }

    /// <summary>The directory of the subtree.</summary>
    internal string Directory { get; private set; }

    /// <summary>The subtree's path as the kernel log prints it.</summary>
    internal string HierarchyPath { get; private set; }

    /// <summary>Chooses where the subtree may be and makes its top. Until it returns, nothing has been made that the caller must remove.</summary>
    internal void MakeTop()
    {
        Errno errno = _host.MakeDirectory(Directory);
        string first = $"mkdir {Directory}: {errno}";
        if (errno is (Errno.EACCES or Errno.EPERM or Errno.EROFS) && BelowOwnGroup())
        {
            errno = _host.MakeDirectory(Directory);
            first += $", mkdir {Directory}: {errno}";
        }
        if (errno != Errno.None)
        {
            string remedy = errno is Errno.EACCES or Errno.EPERM ? "run as root (sudo ullage run … --on host)"
                : errno == Errno.EROFS ? $"the cgroup file system is mounted read-only, as in most containers: run on the host, or remount {_mount.MountPoint} rw"
                : "remove unused cgroups, or run on the model";
            throw new TargetUnavailableException($"{first}: {remedy}", NoPermission);
        }
    }

    /// <summary>Makes the scenario's groups and writes their control files.</summary>
    internal void MakeGroups(CgroupSpec spec)
    {
        if (Version == 2)
        {
            EnableMemory(Directory);
            Make(Directory + OutsideGroup);
        }
        foreach (GroupSpec group in spec.Groups)
        {
            string directory = Directory + "/" + group.Path.Trim('/');
            MakeWithParents(group.Path);
            for (int i = 0; i < group.Writes.Count; i++)
            {
                WriteControl(group.Path, directory + "/" + group.Writes[i].Key, group.Writes[i].Value, group.WritePlaces.ElementAtOrDefault(i));
            }
        }
    }

    /// <summary>Ends what is left in the subtree and removes it. False when something would not go.</summary>
    internal bool Remove()
    {
        for (int attempt = 0; attempt < 400; attempt++)
        {
            Errno errno = Remove(Directory);
            if (errno is Errno.None or Errno.ENOENT)
            {
                return true;
            }
            Thread.Sleep(5);
        }
        return false;
    }

    private Errno Remove(string directory)
    {
        KernelList list = _host.List(directory);
        if (!list.Ok)
        {
            return list.Errno;
        }
        foreach (string name in list.Names)
        {
            if (name.EndsWith('/'))
            {
                _ = Remove(directory + "/" + name.TrimEnd('/'));
            }
        }
        KillAll(directory);
        return _host.RemoveDirectory(directory);
    }

    private void KillAll(string directory)
    {
        KernelRead procs = _host.Read(directory + "/cgroup.procs");
        foreach (string line in procs.Ok ? procs.Text.Split('\n') : [])
        {
            if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 1)
            {
                _ = Native.Kill(pid, Native.SigKill);
            }
        }
    }

    private bool BelowOwnGroup()
    {
        if (OwnDirectory is not string directory)
        {
            return false;
        }
        Directory = directory + "/" + _name;
        HierarchyPath = _own!.TrimEnd('/') + "/" + _name;
        return true;
    }

    private void MakeWithParents(string path)
    {
        string directory = Directory;
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < names.Length; i++)
        {
            if (Version == 2 && i > 0)
            {
                EnableMemory(directory);
            }
            directory += "/" + names[i];
            if (i == names.Length - 1 || !_host.List(directory).Ok)
            {
                Make(directory);
            }
        }
    }

    private void Make(string directory)
    {
        Errno errno = _host.MakeDirectory(directory);
        if (errno is not (Errno.None or Errno.EEXIST))
        {
            throw new TargetUnavailableException($"mkdir {directory}: {errno}: the scenario's cgroup cannot be made here", NoPermission);
        }
    }

    private void EnableMemory(string directory)
    {
        string file = directory + "/cgroup.subtree_control";
        Errno errno = _host.Write(file, "+memory");
        if (errno != Errno.None)
        {
            string parent = Path.GetDirectoryName(directory) ?? _mount.MountPoint;
            throw new TargetUnavailableException($"{file}: +memory: {errno}: the memory controller is not given to this part of the tree; " +
                $"run: echo +memory > {parent}/cgroup.subtree_control", NoPermission);
        }
    }

    private void WriteControl(string path, string file, string value, string? place)
    {
        Errno errno = _host.Write(file, value);
        if (errno == Errno.None)
        {
            return;
        }
        string name = Path.GetFileName(file);
        string what = $"{place ?? $"cgroup {path}"}: {name} = {value}: {file}: {errno}";
        IReadOnlyList<string> there = _host.List(Path.GetDirectoryName(file)!).Names;
        if (!there.Contains(name, StringComparer.Ordinal))
        {
            string advice = Nearest.Of(name, there) is string nearest ? $"did you mean '{nearest}'?" : "take it out of the scenario, or run on the model";
            throw Failure($"{what}: this kernel does not have the file (memsw files need swap accounting: boot with swapaccount=1): {advice}", place, NotThere);
        }
        throw errno switch
        {
            Errno.EACCES or Errno.EPERM => Failure($"{what}: run as root", place, NoPermission),
            _ => Failure($"{what}: this kernel refuses the value; change it in the scenario", place, errno is Errno.EINVAL or Errno.ERANGE ? UsageError : NotThere),
        };
    }

    private static TargetUnavailableException Failure(string message, string? place, int exitCode) => new(message, exitCode) { NamesPlace = place is not null };

    private static CgroupMount FindMount(CgroupMounts mounts, int version)
    {
        CgroupMount? mount = mounts.Memory?.Version == version ? mounts.Memory : null;
        if (mount is not null)
        {
            return mount;
        }
        string elsewhere = mounts.Memory is CgroupMount other
            ? $"the memory controller is at {other.MountPoint} (cgroup v{other.Version}): write the scenario for cgroup version {other.Version}"
            : mounts.WhyNoMemory;
        CgroupMount? unified = mounts.Mounts.FirstOrDefault(candidate => candidate.Version == 2);
        string what = version == 1 ? "no v1 hierarchy in /proc/self/mountinfo has the memory controller (ENOENT)"
            : unified is not null ? $"{unified.MountPoint}/cgroup.controllers does not list memory (ENOENT)"
            : "no cgroup2 file system in /proc/self/mountinfo (ENOENT)";
        string remedy = mounts.Memory is not null && version == 2 ? ", or boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=memory" : "";
        throw new TargetUnavailableException($"the scenario needs the cgroup v{version} memory controller, and {what}; {elsewhere}{remedy}", NoPermission);
    }
}
