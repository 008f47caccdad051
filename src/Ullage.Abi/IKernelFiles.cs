using System.Text;

namespace Ullage.Abi;

/// <summary>
/// A kernel, seen as what it shows: files. A live host, the model, a snapshot directory and a recording all are one.
/// Paths are absolute and those of a usual mount: <c>/proc/meminfo</c>, <c>/sys/fs/cgroup/memory/a/memory.stat</c>.
/// Nothing here throws for what a kernel may answer: that is an <see cref="Errno"/>.
/// </summary>
public interface IKernelFiles
{
    /// <summary>Opens and reads a file to its end, as <c>cat</c> does.</summary>
    KernelRead Read(string path);

    /// <summary>Opens a file for writing and writes <paramref name="text"/> with one write(2). Answers what write(2) answered.</summary>
    Errno Write(string path, string text);

    /// <summary>Lists a directory. Names are in the order the kernel gives; directories end with <c>/</c>.</summary>
    KernelList List(string path);
}

/// <summary>What reading a file gave: its bytes, or the reason why there are none.</summary>
/// <param name="Errno"><see cref="Errno.None"/> when <paramref name="Bytes"/> is the whole file.</param>
/// <param name="Bytes">The file's bytes; empty after an error, and also for a file that is empty.</param>
public readonly record struct KernelRead(Errno Errno, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>True when the file was read to its end.</summary>
    public bool Ok => Errno == Errno.None;

    /// <summary>The bytes as text. Kernel files are ASCII but for names that users chose (UTF-8).</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>A file that was read whole.</summary>
    public static KernelRead Of(string text) => new(Errno.None, Encoding.UTF8.GetBytes(text));

    /// <summary>A file that could not be read.</summary>
    public static KernelRead Failed(Errno errno) => new(errno, default);
}

/// <summary>What listing a directory gave.</summary>
/// <param name="Errno"><see cref="Errno.None"/> when <paramref name="Names"/> is complete.</param>
/// <param name="Names">Entries without their path; a directory's name ends with <c>/</c>.</param>
public readonly record struct KernelList(Errno Errno, IReadOnlyList<string> Names)
{
    /// <summary>True when the directory was listed to its end.</summary>
    public bool Ok => Errno == Errno.None;

    /// <summary>A directory that could not be listed.</summary>
    public static KernelList Failed(Errno errno) => new(errno, []);
}
