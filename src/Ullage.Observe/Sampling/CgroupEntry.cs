namespace Ullage.Observe.Sampling;

/// <summary>
/// One cgroup during its life. Samples of the same cgroup hold the same entry or an equal <see cref="Id"/>; a cgroup that was removed and made again under its
/// name has another.
/// </summary>
public sealed class CgroupEntry
{
    /// <summary>An entry.</summary>
    /// <param name="id">What tells it from all others.</param>
    /// <param name="path">The hierarchy path, such as <c>/a/b</c>.</param>
    /// <param name="directory">The directory that shows it.</param>
    /// <param name="parent">The cgroup above it; null for the topmost that can be seen.</param>
    /// <param name="chargesParent">False when what is charged here does not count above (v1 without use_hierarchy).</param>
    public CgroupEntry(ulong id, string path, string directory, CgroupEntry? parent, bool chargesParent)
    {
        Id = id;
        Path = path;
        Directory = directory;
        Parent = parent;
        Depth = parent is null ? 0 : parent.Depth + 1;
        ChargesParent = parent is not null && chargesParent;
        Name = path.Length > 1 ? path[(path.LastIndexOf('/') + 1)..] : "/";
    }

    /// <summary>The inode of its directory where there is one, else a number made from its path and how often it was seen to come.</summary>
    public ulong Id { get; }
    /// <summary>The hierarchy path.</summary>
    public string Path { get; }
    /// <summary>The last part of the path; <c>/</c> for the root.</summary>
    public string Name { get; }
    /// <summary>The directory that shows it.</summary>
    public string Directory { get; }
    /// <summary>The cgroup above it; null for the topmost that can be seen.</summary>
    public CgroupEntry? Parent { get; }
    /// <summary>0 for the topmost that can be seen.</summary>
    public int Depth { get; }
    /// <summary>Whether what is charged here is charged to the cgroup above, too.</summary>
    public bool ChargesParent { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
