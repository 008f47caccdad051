using Ullage.Abi;

namespace Ullage.Model.Files;

/// <summary>The file systems, and the directories that are known to exist in them.</summary>
[Kernel("struct mount", "fs/mount.h")]
internal sealed class MountTable
{
    private readonly List<DiskDirectory> _directories = [];
    private readonly Dictionary<string, DiskDirectory> _byPath = new(StringComparer.Ordinal);

    /// <summary>The file systems in the order of mounting.</summary>
    public IReadOnlyList<SuperBlock> SuperBlocks { get; } =
    [
        new(0, "ext4", "/", keepsNegative: true), new(1, "devtmpfs", "/dev", keepsNegative: false), new(2, "tmpfs", "/dev/shm", keepsNegative: false),
        new(3, "tmpfs", "/run", keepsNegative: false), new(4, "proc", "/proc", keepsNegative: false), new(5, "sysfs", "/sys", keepsNegative: false),
    ];

    public int Directories => _directories.Count;

    public DiskDirectory ById(int id) => _directories[id];

    /// <summary>The directory of an absolute path; it exists from now on.</summary>
    public DiskDirectory Directory(string path)
    {
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        DiskDirectory at = Add(null, "", "/");
        string full = "";
        foreach (string name in names)
        {
            full += "/" + name;
            at = Add(at, name, full);
        }
        return at;
    }

    private DiskDirectory Add(DiskDirectory? parent, string name, string path)
    {
        if (_byPath.TryGetValue(path, out DiskDirectory? known))
        {
            return known;
        }
        DiskDirectory made = new(_directories.Count, parent, name, MountedOn(path) ?? parent!.SuperBlock);
        _directories.Add(made);
        _byPath.Add(path, made);
        return made;
    }

    private SuperBlock? MountedOn(string path)
    {
        foreach (SuperBlock sb in SuperBlocks)
        {
            if (sb.MountPoint == path)
            {
                return sb;
            }
        }
        return null;
    }
}
