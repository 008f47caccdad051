using Ullage.Abi;

namespace Ullage.Observe.Sampling;

/// <summary>The bytes of the file read last. One for all files of a sampler.</summary>
internal sealed class ReadBuffer
{
    internal byte[] Bytes = System.Buffers.ArrayPool<byte>.Shared.Rent(16 << 10);

    internal void Return()
    {
        System.Buffers.ArrayPool<byte>.Shared.Return(Bytes);
        Bytes = [];
    }
}

/// <summary>A cgroup's directory as a sampler reads it.</summary>
internal abstract class CgroupDirectory : IDisposable
{
    /// <summary>What tells the cgroup from others; null when these files have no such number.</summary>
    internal abstract ulong? Id { get; }

    /// <summary>Reads one of the wanted files. The bytes are valid until the next read.</summary>
    internal abstract Errno Read(int file, ReadBuffer buffer, out ReadOnlySpan<byte> bytes);

    /// <summary>Whether cgroups may have come or gone below since the last <see cref="Children"/>.</summary>
    internal abstract bool ChildrenMayHaveChanged();

    /// <summary>The names of the cgroups below; an errno when the directory is gone.</summary>
    internal abstract Errno Children(List<string> names, ReadBuffer buffer);

    /// <summary>Whether the directory itself is still there, after one of its files answered ENODEV or ENOENT.</summary>
    internal abstract bool IsThere();

    /// <summary>Whether another cgroup of this name was made since. Never where descriptors are kept: there the old one's files answer ENODEV.</summary>
    internal virtual bool IsReplaced() => false;

    /// <summary>Opens a cgroup below; null when it went away in the meantime.</summary>
    internal abstract CgroupDirectory? Open(string child, out Errno errno);

    public abstract void Dispose();
}

/// <summary>A directory that is read by path: of the model, a recording, or texts in memory.</summary>
internal sealed class PathDirectory(IKernelFiles files, string directory, WantedFile[] wanted) : CgroupDirectory
{
    private readonly string[] _paths = [.. wanted.Select(file => directory.TrimEnd('/') + "/" + file.Name)];

    internal override ulong? Id { get; } = (files as ICgroupIds)?.CgroupId(directory);

    internal override Errno Read(int file, ReadBuffer buffer, out ReadOnlySpan<byte> bytes)
    {
        KernelRead read = files.Read(_paths[file]);
        bytes = read.Bytes.Span;
        return read.Errno;
    }

    internal override bool ChildrenMayHaveChanged() => true;

    internal override Errno Children(List<string> names, ReadBuffer buffer)
    {
        KernelList list = files.List(directory);
        foreach (string name in list.Names)
        {
            if (name.EndsWith('/'))
            {
                names.Add(name[..^1]);
            }
        }
        return list.Errno;
    }

    internal override bool IsThere() => files.List(directory).Ok && !IsReplaced();

    internal override bool IsReplaced() => Id is not null && (files as ICgroupIds)?.CgroupId(directory) != Id;

    internal override CgroupDirectory? Open(string child, out Errno errno)
    {
        string path = directory.TrimEnd('/') + "/" + child;
        errno = files.List(path).Errno;
        return errno == Errno.None ? new PathDirectory(files, path, wanted) : null;
    }

    public override void Dispose()
    {
    }
}
