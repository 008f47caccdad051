using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;
using Ullage.Model.Pressure;

namespace Ullage.Model.Kernfs;

/// <summary>The mounted cgroup hierarchy: directories are cgroups, files come from the tables beside this one.</summary>
[Kernel("cgroup_kf_syscall_ops", "kernel/cgroup/cgroup.c")]
internal sealed class CgroupFs
{
    private readonly Machine _machine;
    private readonly CgroupHierarchy _hierarchy;
    private readonly PressureFiles _pressure;
    private readonly Dictionary<string, ControlFile> _files = []; // looked up, never walked

    public CgroupFs(Machine machine, Sysctls sysctls, CgroupHierarchy hierarchy)
    {
        _machine = machine;
        _hierarchy = hierarchy;
        _pressure = new PressureFiles(machine);
        LimitWrites limits = new(machine);
        CoreFiles core = new(machine);
        V1LimitFiles v1Limits = new(machine, limits);
        if (machine.Options.CgroupVersion == 1)
        {
            if (hierarchy.HasMemory)
            {
                Add(v1Limits.Files());
                Add(new V1ControlFiles(machine, limits, sysctls).Files());
            }
            Add(new V1CoreFiles(core).Files());
        }
        else
        {
            Add(new V2MemoryFiles(machine, limits, v1Limits.UsageWithRoot).Files());
            Add(new V2CoreFiles(machine, core, new SubtreeControl(machine)).Files());
            Add(_pressure.Files());
        }
        Add(PidsFiles.Files());
    }

    private void Add(IEnumerable<ControlFile> files)
    {
        foreach (ControlFile file in files)
        {
            _files.Add(file.Name, file);
        }
    }

    public KernelRead Read(ReadOnlySpan<string> path)
    {
        Errno errno = Find(path, out Cgroup? cgroup, out string? name);
        if (errno != Errno.None)
        {
            return KernelRead.Failed(errno);
        }
        if (name is null)
        {
            return KernelRead.Failed(Errno.EISDIR);
        }
        if (!Has(cgroup!, name))
        {
            return KernelRead.Failed(Errno.ENOENT);
        }
        return Read(cgroup!, _files[name], null);
    }

    /// <summary>Reads a file, perhaps through a descriptor that was opened before.</summary>
    public static KernelRead Read(Cgroup cgroup, ControlFile file, OpenFile? held)
    {
        Errno refused = file.ReadErrnoOf?.Invoke(cgroup) ?? file.ReadErrno;
        if (refused != Errno.None)
        {
            return KernelRead.Failed(refused);
        }
        if (held is not null && file.ShowHeld is { } showHeld)
        {
            return KernelRead.Of(showHeld(cgroup, held));
        }
        return file.Show is { } show ? KernelRead.Of(show(cgroup)) : KernelRead.Failed(Errno.EINVAL);
    }

    /// <summary>Opens a file or directory.</summary>
    public (Errno Errno, OpenFile? File) Open(string path, ReadOnlySpan<string> parts, bool nonBlocking)
    {
        Errno errno = Find(parts, out Cgroup? cgroup, out string? name);
        if (errno != Errno.None || (name is not null && !Has(cgroup!, name)))
        {
            return (errno != Errno.None ? errno : Errno.ENOENT, null);
        }
        return (Errno.None, new OpenFile(_machine, _machine.Descriptors.Next(), path, this, cgroup, name is null ? null : _files[name]) { NonBlocking = nonBlocking });
    }

    public Errno Write(ReadOnlySpan<string> path, string text, bool nonBlocking)
    {
        Errno errno = Find(path, out Cgroup? cgroup, out string? name);
        if (errno != Errno.None)
        {
            return errno;
        }
        if (name is null)
        {
            return Errno.EISDIR;
        }
        if (!Has(cgroup!, name))
        {
            return Errno.EACCES; // cgroupfs creates no files (§11.2)
        }
        return Write(cgroup!, _files[name], text, null, nonBlocking);
    }

    /// <summary>Writes to a file, perhaps through a descriptor that was opened before.</summary>
    public Errno Write(Cgroup cgroup, ControlFile file, string text, OpenFile? held, bool nonBlocking)
    {
        if (_machine.Current is { Signal: { IsPrivileged: false } writer } && !file.WorldWritable && !(file.IsDelegated && cgroup.OwnerUid == writer.Uid))
        {
            return Errno.EACCES;
        }
        if (text.Length == 0 && _machine.Era.Cgroups.EmptyWriteIsNothing)
        {
            return Errno.None;
        }
        if (held is not null && file.WriteHeld is { } writeHeld)
        {
            return writeHeld(cgroup, held);
        }
        return (nonBlocking ? file.WriteNonBlocking ?? file.Write : file.Write) is { } write ? write(cgroup, text) : Errno.EINVAL;
    }

    public KernelList List(ReadOnlySpan<string> path)
    {
        Errno errno = Find(path, out Cgroup? cgroup, out string? name);
        if (errno != Errno.None || name is not null)
        {
            return KernelList.Failed(errno != Errno.None ? errno : Has(cgroup!, name!) ? Errno.ENOTDIR : Errno.ENOENT);
        }
        List<string> names = [.. Names(cgroup!)];
        foreach (Cgroup child in cgroup!.Children)
        {
            names.Add(child.Name);
        }
        KernfsName.Sort(names);
        return new KernelList(Errno.None, names.ConvertAll(each => cgroup.Child(each) is null ? each : each + "/"));
    }

    /// <summary>The number of the cgroup whose directory this is, which is not used again; null = no cgroup.</summary>
    public ulong? CgroupId(ReadOnlySpan<string> path) => Find(path, out Cgroup? cgroup, out string? name) == Errno.None && name is null ? cgroup!.Serial : null;

    /// <summary>Walks to the cgroup; <paramref name="name"/> is the last component when it is not a cgroup itself.</summary>
    private Errno Find(ReadOnlySpan<string> path, out Cgroup? cgroup, out string? name)
    {
        cgroup = _hierarchy.Root;
        name = null;
        for (int i = 0; i < path.Length; i++)
        {
            if (cgroup.Child(path[i]) is { } child)
            {
                cgroup = child;
                continue;
            }
            name = path[i];
            return i == path.Length - 1 ? Errno.None : Has(cgroup, name) ? Errno.ENOTDIR : Errno.ENOENT;
        }
        return Errno.None;
    }

    private bool Has(Cgroup cgroup, string name)
    {
        foreach (string each in Names(cgroup))
        {
            if (each == name)
            {
                return true;
            }
        }
        return false;
    }

    private IEnumerable<string> Names(Cgroup cgroup) => _machine.Options.CgroupVersion == 1 ? V1Names(cgroup) : V2Names(cgroup);

    private IReadOnlyList<string> PidsNames(Cgroup cgroup) => cgroup.OwnPids is null ? [] : _machine.Era.Life.PidsFiles;

    private IEnumerable<string> V1Names(Cgroup cgroup)
    {
        foreach (string name in V1CoreFiles.Names)
        {
            yield return name;
        }
        foreach (string name in cgroup.Parent is null ? V1CoreFiles.RootNames : [])
        {
            yield return name;
        }
        foreach (string name in PidsNames(cgroup))
        {
            yield return name;
        }
        foreach (string name in _hierarchy.HasMemory ? _machine.Era.Cgroups.V1Files : [])
        {
            if (_machine.Options.SwapAccounting || !name.StartsWith("memory.memsw.", StringComparison.Ordinal))
            {
                yield return name;
            }
        }
    }

    private IEnumerable<string> V2Names(Cgroup cgroup)
    {
        CgroupRules rules = _machine.Era.Cgroups;
        bool isRoot = cgroup.Parent is null;
        foreach (string name in rules.V2CoreFiles)
        {
            if (!isRoot || !V2CoreFiles.IsAbsentOnRoot(name))
            {
                yield return name;
            }
        }
        foreach (string name in PidsNames(cgroup))
        {
            yield return name;
        }
        foreach (string name in cgroup.OwnMemcg is null ? [] : isRoot ? rules.V2RootFiles : rules.V2Files)
        {
            yield return name;
        }
        foreach (string name in _pressure.CgroupNames(cgroup))
        {
            yield return name;
        }
    }
}
