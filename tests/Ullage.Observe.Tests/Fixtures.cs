using System.Text;
using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Observe.Tests;

/// <summary>Snapshot trees in tests/data/observe, and kernels made of texts.</summary>
internal static class Fixtures
{
    internal static string Data { get; } = Path.Combine(Repository(), "tests", "data");

    internal static HostFiles Snapshot(string name) => new(Path.Combine(Data, "observe", name));

    private static string Repository()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Ullage.slnx")))
            {
                return directory.FullName;
            }
        }
        throw new InvalidOperationException("Ullage.slnx is in no directory above the tests");
    }
}

/// <summary>A kernel whose files are texts in memory; directories are whatever a file is in.</summary>
internal sealed class TextFiles : IKernelFiles
{
    internal Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, Errno> Errors { get; } = new(StringComparer.Ordinal);

    internal string this[string path]
    {
        set => Files[path] = value;
    }

    public KernelRead Read(string path) => Errors.TryGetValue(path, out Errno errno) ? KernelRead.Failed(errno)
        : Files.TryGetValue(path, out string? text) ? new KernelRead(Errno.None, Encoding.UTF8.GetBytes(text)) : KernelRead.Failed(Errno.ENOENT);

    public Errno Write(string path, string text) => Errno.EROFS;

    public KernelList List(string path)
    {
        string prefix = path.TrimEnd('/') + "/";
        List<string> names = [.. Files.Keys.Where(file => file.StartsWith(prefix, StringComparison.Ordinal)).Select(file => Entry(file[prefix.Length..])).Distinct()];
        return names.Count > 0 ? new KernelList(Errno.None, names) : KernelList.Failed(Errno.ENOENT);
    }

    private static string Entry(string rest) => rest.IndexOf('/', StringComparison.Ordinal) is int slash and >= 0 ? rest[..(slash + 1)] : rest;
}
