using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>The machine's files: /proc and /sys/fs/cgroup, as the kernel of its era shows them (§11).</summary>
internal sealed class ModelFiles : IKernelFiles, ICgroupIds
{
    private readonly Machine _machine;
    private readonly List<(string[] Mount, CgroupFs Files)> _cgroups = [];
    private readonly ProcFs _proc;

    public ModelFiles(Machine machine)
    {
        _machine = machine;
        Sysctls = new Sysctls(machine);
        foreach (Cgroups.CgroupHierarchy hierarchy in machine.Hierarchies)
        {
            CgroupFs files = new(machine, Sysctls, hierarchy);
            foreach (string name in hierarchy.MountNames)
            {
                _cgroups.Add((machine.Options.CgroupVersion == 1 ? ["sys", "fs", "cgroup", name] : ["sys", "fs", "cgroup"], files));
            }
        }
        _proc = new ProcFs(machine, Sysctls);
    }

    /// <summary>vm.* settings.</summary>
    public Sysctls Sysctls { get; }

    public KernelRead Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string[] parts = Split(path);
        if (CgroupsAt(parts, out int depth) is { } cgroups)
        {
            return cgroups.Read(parts.AsSpan(depth));
        }
        return IsProc(parts) ? _proc.Read(parts.AsSpan(1)) : KernelRead.Failed(IsAboveMount(parts) ? Errno.EISDIR : Errno.ENOENT);
    }

    /// <summary>Opens a file that exists, for reading and writing.</summary>
    public (Errno Errno, OpenFile? File) Open(string path, bool nonBlocking)
    {
        string[] parts = Split(path);
        (Errno errno, OpenFile? file) = CgroupsAt(parts, out int depth) is { } cgroups ? cgroups.Open(path, parts.AsSpan(depth), nonBlocking) : OpenOther(path, nonBlocking);
        if (file is not null)
        {
            _machine.Descriptors.Add(file.Descriptor, file);
        }
        return (errno, file);
    }

    private (Errno Errno, OpenFile? File) OpenOther(string path, bool nonBlocking)
    {
        Errno errno = Read(path).Errno;
        return errno == Errno.ENOENT ? (errno, null) : (Errno.None, new OpenFile(_machine, _machine.Descriptors.Next(), path) { NonBlocking = nonBlocking });
    }

    public Errno Write(string path, string text) => Write(path, text, nonBlocking: false);

    /// <summary>As <see cref="Write(string, string)"/>, through a descriptor with O_NONBLOCK or without.</summary>
    public Errno Write(string path, string text, bool nonBlocking)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(text);
        _machine.Spend(_machine.Costs.ControlWriteNs);
        string[] parts = Split(path);
        if (CgroupsAt(parts, out int depth) is { } cgroups)
        {
            return cgroups.Write(parts.AsSpan(depth), text, nonBlocking);
        }
        return IsProc(parts) ? _proc.Write(parts.AsSpan(1), text) : IsAboveMount(parts) ? Errno.EISDIR : Errno.ENOENT;
    }

    public KernelList List(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string[] parts = Split(path);
        if (CgroupsAt(parts, out int depth) is { } cgroups)
        {
            return cgroups.List(parts.AsSpan(depth));
        }
        if (IsProc(parts))
        {
            return _proc.List(parts.AsSpan(1));
        }
        if (parts.Length == 0)
        {
            return new KernelList(Errno.None, ["proc/", "sys/"]);
        }
        List<string> names = [];
        foreach ((string[] mount, _) in _cgroups)
        {
            if (parts.Length < mount.Length && IsPrefix(parts, mount) && !names.Contains(mount[parts.Length] + "/"))
            {
                names.Add(mount[parts.Length] + "/");
            }
        }
        return names.Count > 0 ? new KernelList(Errno.None, names) : KernelList.Failed(Errno.ENOENT);
    }

    /// <inheritdoc/>
    public ulong? CgroupId(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        string[] parts = Split(directory);
        return CgroupsAt(parts, out int depth)?.CgroupId(parts.AsSpan(depth));
    }

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The hierarchy that a path leads into, and how many of its parts lead there; null = none.</summary>
    private CgroupFs? CgroupsAt(string[] parts, out int depth)
    {
        foreach ((string[] mount, CgroupFs files) in _cgroups)
        {
            if (parts.Length >= mount.Length && IsPrefix(mount, parts))
            {
                depth = mount.Length;
                return files;
            }
        }
        depth = 0;
        return null;
    }

    private bool IsAboveMount(string[] parts)
    {
        foreach ((string[] mount, _) in _cgroups)
        {
            if (parts.Length < mount.Length && IsPrefix(parts, mount))
            {
                return true;
            }
        }
        return false;
    }

    private static bool IsProc(string[] parts) => parts.Length > 0 && parts[0] == "proc";

    private static bool IsPrefix(string[] prefix, string[] parts) => parts.AsSpan(0, prefix.Length).SequenceEqual(prefix);
}
