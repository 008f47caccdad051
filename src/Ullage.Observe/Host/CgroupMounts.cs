using System.Globalization;
using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Abi.Text;

namespace Ullage.Observe.Host;

/// <summary>How a host's cgroups are set up.</summary>
public enum CgroupMode
{
    /// <summary>No cgroup file system is mounted.</summary>
    None,
    /// <summary>Only v1 hierarchies.</summary>
    V1,
    /// <summary>Only the unified hierarchy.</summary>
    V2,
    /// <summary>v1 hierarchies and the unified one side by side.</summary>
    Hybrid,
}

/// <summary>One mount of a cgroup hierarchy.</summary>
/// <param name="Version">1 or 2.</param>
/// <param name="Root">Which cgroup of the hierarchy the mount shows at its top; <c>/</c> unless a bind mount or a cgroup namespace is in the way.</param>
/// <param name="MountPoint">The directory.</param>
/// <param name="Controllers">v1: its controllers, and <c>name=…</c>. v2: those that the top group offers.</param>
public sealed record CgroupMount(int Version, string Root, string MountPoint, IReadOnlyList<string> Controllers)
{
    /// <summary>The directory that shows a cgroup; null when the cgroup lies outside of what this mount shows.</summary>
    public string? DirectoryOf(string hierarchyPath)
    {
        string path = hierarchyPath.TrimEnd('/');
        string root = Root.TrimEnd('/');
        if (root.Length == 0)
        {
            return IsOutside(path) ? null : Join(MountPoint, path);
        }
        return path == root ? MountPoint : path.StartsWith(root + "/", StringComparison.Ordinal) ? Join(MountPoint, path[root.Length..]) : null;
    }

    /// <summary>The hierarchy path of a directory of this mount; null when the directory is elsewhere.</summary>
    public string? PathOf(string directory)
    {
        string normal = directory.Length > 1 ? directory.TrimEnd('/') : directory;
        string mount = MountPoint.TrimEnd('/');
        if (normal != mount && !normal.StartsWith(mount + "/", StringComparison.Ordinal))
        {
            return null;
        }
        string path = Root.TrimEnd('/') + normal[mount.Length..];
        return path.Length == 0 ? "/" : path;
    }

    /// <summary>A path that begins with <c>/..</c> lies outside the reader's cgroup namespace.</summary>
    private static bool IsOutside(string path) => path == "/.." || path.StartsWith("/../", StringComparison.Ordinal);

    private static string Join(string mountPoint, string rest) => mountPoint == "/" && rest.Length > 0 ? rest : mountPoint + rest;
}

/// <summary>A cgroup that was found: its hierarchy path and the directory that shows it.</summary>
public sealed record CgroupLocation(int Version, string Path, string Directory);

/// <summary>Where the memory controller of a kernel is, found from its own files; works on a live host, a snapshot, a recording and the model.</summary>
public sealed class CgroupMounts
{
    private readonly IKernelFiles _files;

    private CgroupMounts(IKernelFiles files, IReadOnlyList<CgroupMount> mounts)
    {
        _files = files;
        Mounts = mounts;
        Memory = Choose(mounts);
        Mode = ModeOf(mounts);
    }

    /// <summary>All cgroup mounts, in mountinfo's order.</summary>
    public IReadOnlyList<CgroupMount> Mounts { get; }

    /// <summary>v1, v2, hybrid or none.</summary>
    public CgroupMode Mode { get; }

    /// <summary>The mount with the memory controller; null when no mount has it: see <see cref="WhyNoMemory"/>.</summary>
    public CgroupMount? Memory { get; }

    /// <summary>Why there is no memory controller and what to do; empty when there is one.</summary>
    public string WhyNoMemory { get; private init; } = "";

    /// <summary>Looks at <c>/proc/self/mountinfo</c>, <c>/proc/cgroups</c> and <c>cgroup.controllers</c>.</summary>
    public static CgroupMounts Find(IKernelFiles files)
    {
        KernelRead mountinfo = files.Read("/proc/self/mountinfo");
        List<CgroupMount> mounts = [];
        foreach (string line in mountinfo.Ok ? mountinfo.Text.Split('\n') : [])
        {
            if (ParseMount(line) is CgroupMount mount)
            {
                mounts.Add(mount.Version == 2 ? mount with { Controllers = ControllersOf(files, mount.MountPoint) } : mount);
            }
        }
        if (!mountinfo.Ok)
        {
            mounts.AddRange(UsualMounts(files));
        }
        string why = Choose(mounts) is null ? Explain(files, mountinfo, mounts) : "";
        return new CgroupMounts(files, mounts) { WhyNoMemory = why };
    }

    /// <summary>The memory cgroup of a process, as <c>/proc/PID/cgroup</c> names it; null with the reason in <paramref name="why"/>.</summary>
    public string? CgroupOf(int pid, out string why) => CgroupOf(pid.ToString(CultureInfo.InvariantCulture), out why);

    /// <summary>Our own memory cgroup.</summary>
    public string? OwnCgroup(out string why) => CgroupOf("self", out why);

    /// <summary>
    /// Finds the cgroup that a person means: a hierarchy path (<c>/a/b</c>), a directory (<c>/sys/fs/cgroup/memory/a/b</c>) or a path without a slash in front,
    /// from the top or from our own group. Null with the reason in <paramref name="why"/>.
    /// </summary>
    public CgroupLocation? Resolve(string argument, out string why)
    {
        why = "";
        if (Memory is null)
        {
            why = WhyNoMemory;
            return null;
        }
        bool absolute = argument.StartsWith('/');
        string fromRoot = Normal(argument);
        if (absolute && Memory.PathOf(fromRoot) is string path)
        {
            return Existing(path, out why);
        }
        CgroupLocation? fromTop = Existing(Under(Memory.Root, fromRoot), out why);
        bool upwards = argument.Split('/')[0] == ".."; // from our own group, nothing is above the top
        if (absolute || (fromTop is not null && !upwards))
        {
            return fromTop;
        }
        CgroupLocation? fromOwn = OwnCgroup(out _) is string own ? Existing(Below(own, argument), out _) : null;
        why = fromOwn is null ? why : "";
        return fromOwn ?? fromTop;
    }

    /// <summary>Finds the memory cgroup of a process. Null with the reason in <paramref name="why"/>.</summary>
    public CgroupLocation? ResolvePid(int pid, out string why)
    {
        string? path = CgroupOf(pid, out why);
        return path is null ? null : Existing(path, out why);
    }

    private string? CgroupOf(string pid, out string why)
    {
        why = "";
        if (Memory is null)
        {
            why = WhyNoMemory;
            return null;
        }
        string file = $"/proc/{pid}/cgroup";
        KernelRead read = _files.Read(file);
        if (!read.Ok)
        {
            why = read.Errno == Errno.ENOENT
                ? $"there is no process {pid} ({file}: ENOENT): give the pid of one that runs"
                : $"{file}: {read.Errno}: run as root, or as the process's owner";
            return null;
        }
        if (!TaskCgroups.TryParse(read.Text, out TaskCgroups? task, out ParseProblem problem))
        {
            why = $"{file}: {problem}: this is not what a kernel writes; is the snapshot whole?";
            return null;
        }
        if ((Memory.Version == 2 ? task.UnifiedPath : task.PathOf("memory")) is string path)
        {
            return path;
        }
        why = $"{file} names no memory cgroup: the kernel was started without the memory controller, or it has moved to another hierarchy";
        return null;
    }

    private CgroupLocation? Existing(string path, out string why)
    {
        why = "";
        string normal = path.Length > 1 ? path.TrimEnd('/') : path;
        string? directory = Memory!.DirectoryOf(normal);
        if (directory is null)
        {
            why = $"cgroup {normal} is not visible here: {Memory.MountPoint} shows only {Memory.Root} and below (a cgroup namespace or a bind mount); look from the host";
            return null;
        }
        KernelList list = _files.List(directory);
        if (!list.Ok)
        {
            why = $"{directory}: {list.Errno}: there is no such cgroup; list them with: find {Memory.MountPoint} -type d";
            return null;
        }
        return new CgroupLocation(Memory.Version, normal, directory);
    }

    // A path seen from within a cgroup namespace may itself begin with /.. and mean it.
    private static string Below(string own, string argument) =>
        own.StartsWith("/..", StringComparison.Ordinal) ? own.TrimEnd('/') + Normal(argument) : Normal(own + "/" + argument);

    /// <summary>The path without <c>.</c>, <c>..</c> and empty parts: the ancestors of a cgroup are found by its path, so there must be one spelling of it.</summary>
    private static string Normal(string path)
    {
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "." or ".."))
            {
                parts.Add(part);
            }
        }
        return "/" + string.Join('/', parts);
    }

    /// <summary>A person's path counts from what the mount shows.</summary>
    private static string Under(string root, string path)
    {
        string trimmed = root.TrimEnd('/');
        return trimmed.Length == 0 || path == trimmed || path.StartsWith(trimmed + "/", StringComparison.Ordinal) ? path : trimmed + path;
    }

    private static CgroupMount? Choose(IReadOnlyList<CgroupMount> mounts)
    {
        CgroupMount? chosen = null;
        foreach (CgroupMount mount in mounts)
        {
            // Of several mounts of the same hierarchy, the one that shows most is best; the first wins a tie.
            if (mount.Controllers.Contains("memory", StringComparer.Ordinal) && (chosen is null || (chosen.Root != "/" && mount.Root == "/")))
            {
                chosen = mount;
            }
        }
        return chosen;
    }

    private static CgroupMode ModeOf(IReadOnlyList<CgroupMount> mounts)
    {
        bool v1 = mounts.Any(mount => mount.Version == 1);
        bool v2 = mounts.Any(mount => mount.Version == 2);
        return v1 && v2 ? CgroupMode.Hybrid : v1 ? CgroupMode.V1 : v2 ? CgroupMode.V2 : CgroupMode.None;
    }

    /// <summary>Line by line: one mount that reads oddly must not hide the others.</summary>
    private static CgroupMount? ParseMount(string line)
    {
        if (!MountInfo.TryParse(line + "\n", out MountInfo? parsed, out _) || parsed.Entries.Count == 0)
        {
            return null;
        }
        MountInfoEntry entry = parsed.Entries[0];
        return entry.IsCgroup2 ? new CgroupMount(2, entry.Root, entry.MountPoint, [])
            : entry.FileSystem == "cgroup" ? new CgroupMount(1, entry.Root, entry.MountPoint, entry.SuperOptions.Split(','))
            : null;
    }

    /// <summary>Without mountinfo (a snapshot of cgroup files alone, the model): what lies where distributions mount it.</summary>
    private static IEnumerable<CgroupMount> UsualMounts(IKernelFiles files)
    {
        const string Top = "/sys/fs/cgroup";
        if (files.Read(Top + "/memory/memory.limit_in_bytes").Ok || files.Read(Top + "/memory/memory.stat").Ok)
        {
            yield return new CgroupMount(1, "/", Top + "/memory", ["memory"]);
        }
        else if (files.Read(Top + "/cgroup.controllers").Ok || files.Read(Top + "/memory.stat").Ok)
        {
            yield return new CgroupMount(2, "/", Top, ControllersOf(files, Top));
        }
    }

    private static string[] ControllersOf(IKernelFiles files, string mountPoint)
    {
        string top = mountPoint.TrimEnd('/');
        KernelRead read = files.Read(top + "/cgroup.controllers");
        // A snapshot may have been taken without that file.
        return read.Ok ? read.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : files.Read(top + "/memory.stat").Ok ? ["memory"] : [];
    }

    private static string Explain(IKernelFiles files, KernelRead mountinfo, List<CgroupMount> mounts)
    {
        if (!mountinfo.Ok)
        {
            return $"/proc/self/mountinfo: {mountinfo.Errno}: mount /proc, or give a snapshot tree with --root";
        }
        KernelRead cgroups = files.Read("/proc/cgroups");
        if (cgroups.Ok && ProcCgroups.TryParse(cgroups.Text, out ProcCgroups? table, out _) && table["memory"] is ProcCgroupsRow { Enabled: false })
        {
            return "the memory controller is switched off (/proc/cgroups: memory … 0): boot without cgroup_disable=memory, or with cgroup_enable=memory";
        }
        if (mounts.Count == 0)
        {
            return "no cgroup file system is mounted (/proc/self/mountinfo): mount -t cgroup2 none /sys/fs/cgroup";
        }
        CgroupMount? unified = mounts.FirstOrDefault(mount => mount.Version == 2);
        return unified is not null
            ? $"{unified.MountPoint}/cgroup.controllers does not list memory, and no v1 hierarchy has it: boot with cgroup_no_v1=memory, or enable it in the parent's cgroup.subtree_control"
            : "no mounted v1 hierarchy has the memory controller: mkdir /sys/fs/cgroup/memory; mount -t cgroup -o memory none /sys/fs/cgroup/memory";
    }
}
