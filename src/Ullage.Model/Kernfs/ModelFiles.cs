using Ullage.Abi;

namespace Ullage.Model.Kernfs;

/// <summary>The machine's files: /proc and /sys/fs/cgroup, as the kernel of its era shows them (§11).</summary>
internal sealed class ModelFiles : IKernelFiles
{
    private readonly Machine _machine;
    private readonly string[] _mount;
    private readonly CgroupFs _cgroups;
    private readonly ProcFs _proc;

    public ModelFiles(Machine machine)
    {
        _machine = machine;
        _mount = machine.Options.CgroupVersion == 1 ? ["sys", "fs", "cgroup", "memory"] : ["sys", "fs", "cgroup"];
        Sysctls = new Sysctls(machine);
        _cgroups = new CgroupFs(machine, Sysctls);
        _proc = new ProcFs(machine, Sysctls);
    }

    /// <summary>vm.* settings.</summary>
    public Sysctls Sysctls { get; }

    public KernelRead Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string[] parts = Split(path);
        if (IsCgroup(parts))
        {
            return _cgroups.Read(parts.AsSpan(_mount.Length));
        }
        return IsProc(parts) ? _proc.Read(parts.AsSpan(1)) : KernelRead.Failed(IsAboveMount(parts) ? Errno.EISDIR : Errno.ENOENT);
    }

    /// <summary>Opens a file that exists, for reading and writing.</summary>
    public (Errno Errno, OpenFile? File) Open(string path)
    {
        string[] parts = Split(path);
        (Errno errno, OpenFile? file) = IsCgroup(parts) ? _cgroups.Open(path, parts.AsSpan(_mount.Length)) : OpenOther(path);
        if (file is not null)
        {
            _machine.Descriptors.Add(file.Descriptor, file);
        }
        return (errno, file);
    }

    private (Errno Errno, OpenFile? File) OpenOther(string path)
    {
        Errno errno = Read(path).Errno;
        return errno == Errno.ENOENT ? (errno, null) : (Errno.None, new OpenFile(_machine, _machine.Descriptors.Next(), path));
    }

    public Errno Write(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(text);
        _machine.Spend(_machine.Costs.ControlWriteNs);
        string[] parts = Split(path);
        if (IsCgroup(parts))
        {
            return _cgroups.Write(parts.AsSpan(_mount.Length), text);
        }
        return IsProc(parts) ? _proc.Write(parts.AsSpan(1), text) : IsAboveMount(parts) ? Errno.EISDIR : Errno.ENOENT;
    }

    public KernelList List(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string[] parts = Split(path);
        if (IsCgroup(parts))
        {
            return _cgroups.List(parts.AsSpan(_mount.Length));
        }
        if (IsProc(parts))
        {
            return _proc.List(parts.AsSpan(1));
        }
        if (parts.Length == 0)
        {
            return new KernelList(Errno.None, ["proc/", "sys/"]);
        }
        return IsAboveMount(parts) ? new KernelList(Errno.None, [_mount[parts.Length] + "/"]) : KernelList.Failed(Errno.ENOENT);
    }

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private bool IsCgroup(string[] parts) => parts.Length >= _mount.Length && IsPrefix(_mount, parts);

    private bool IsAboveMount(string[] parts) => parts.Length < _mount.Length && IsPrefix(parts, _mount);

    private static bool IsProc(string[] parts) => parts.Length > 0 && parts[0] == "proc";

    private static bool IsPrefix(string[] prefix, string[] parts) => parts.AsSpan(0, prefix.Length).SequenceEqual(prefix);
}
