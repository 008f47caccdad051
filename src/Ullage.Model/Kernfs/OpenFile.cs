using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Kernfs;

/// <summary>
/// A file that somebody holds open: what one descriptor remembers. A control file's descriptor knows which changes it has read (poll),
/// a descriptor of memory.peak from when on it counts, and a descriptor's number is what cgroup.event_control asks for.
/// </summary>
[Kernel("struct kernfs_open_file", "include/linux/kernfs.h")]
public sealed class OpenFile
{
    private readonly Machine _machine;
    private readonly CgroupFs? _cgroups;
    private readonly MemCgroup? _memcg; // whose file it is: a controller that is switched off and on again makes new files
    private readonly FileChanges? _changes;
    private long _seen;

    internal OpenFile(Machine machine, int descriptor, string path, CgroupFs? cgroups = null, Cgroup? cgroup = null, ControlFile? file = null)
    {
        (_machine, Descriptor, Path, _cgroups, Cgroup, File) = (machine, descriptor, path, cgroups, cgroup, file);
        _memcg = file is { NeedsMemcg: true } ? cgroup!.OwnMemcg : null;
        _changes = cgroup is null ? null : file?.ChangesOf?.Invoke(cgroup);
        _seen = Notifications;
    }

    /// <summary>Its number. The whole machine has one table of descriptors.</summary>
    public int Descriptor { get; }

    /// <summary>Opened with O_NONBLOCK: where the era looks at that, a write sets memory.max or memory.high and reclaims nothing (6.15+, §2.9).</summary>
    public bool NonBlocking { get; internal init; }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The cgroup of a control file, also after it was removed; null for other files.</summary>
    internal Cgroup? Cgroup { get; }

    internal ControlFile? File { get; }

    /// <summary>What this descriptor has of a peak since it was reset; -1 = it shows the peak of all times.</summary>
    internal long Peak { get; set; } = -1;

    /// <summary>Change notifications that the file has had (poll's POLLPRI, inotify's modify); 0 where a file gives none.</summary>
    public long Notifications => _changes?.Told(_machine.TimeNs) ?? 0;

    /// <summary>What poll(2) answers: the file has changed since it was last read here.</summary>
    public bool HasChanged => Notifications != _seen;

    /// <summary>Reads the file from its beginning. ENODEV once its cgroup was removed, or the controller switched off.</summary>
    [Kernel("kernfs_fop_read_iter", "fs/kernfs/file.c")]
    public KernelRead Read()
    {
        _seen = Notifications;
        if (File is null)
        {
            return _machine.Files.Read(Path);
        }
        return IsGone ? KernelRead.Failed(Errno.ENODEV) : CgroupFs.Read(Cgroup!, File, this);
    }

    /// <summary>One write(2). ENODEV once its cgroup was removed, or the controller switched off.</summary>
    [Kernel("kernfs_fop_write_iter", "fs/kernfs/file.c")]
    public Errno Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (File is null)
        {
            return _machine.Files.Write(Path, text);
        }
        return IsGone ? Errno.ENODEV : _cgroups!.Write(Cgroup!, File, text, this, NonBlocking);
    }

    private bool IsGone => !Cgroup!.Online || Cgroup.OwnMemcg != (_memcg ?? Cgroup.OwnMemcg);

    /// <summary>Closes it: its number no longer means anything, and a peak that it had reset is forgotten.</summary>
    public void Close()
    {
        _memcg?.Forget(this);
        _machine.Descriptors.Close(Descriptor);
    }
}
