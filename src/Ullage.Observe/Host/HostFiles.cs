using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Ullage.Abi;

namespace Ullage.Observe.Host;

/// <summary>
/// The files of this host, or of a snapshot tree of one. A snapshot is never written to.
/// </summary>
/// <param name="root">The directory that stands for <c>/</c>.</param>
public sealed unsafe class HostFiles(string root = "/") : IKernelFiles, ICgroupIds
{
    private const int DirectoryType = 4;
    private const int NameOffset = 19;
    private const int TypeOffset = 18;

    private readonly string _root = root.TrimEnd('/');

    /// <summary>The directory that stands for <c>/</c>; <c>/</c> itself for the running host.</summary>
    public string Root => _root.Length == 0 ? "/" : _root;

    /// <summary>True when these are the files of the running kernel, not of a snapshot.</summary>
    public bool IsLive => _root.Length == 0;

    /// <summary>The path on disk.</summary>
    public string RealPath(string path) => _root + path;

    /// <inheritdoc/>
    public KernelRead Read(string path)
    {
        int fd = Libc.Open(RealPath(path), Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (fd < 0)
        {
            return KernelRead.Failed(Libc.LastErrno);
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16 << 10);
        try
        {
            Errno errno = ReadToEnd(fd, ref buffer, out int length, seekable: false);
            return errno == Errno.None ? new KernelRead(Errno.None, buffer.AsMemory(0, length).ToArray()) : KernelRead.Failed(errno);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _ = Libc.Close(fd);
        }
    }

    /// <inheritdoc/>
    public Errno Write(string path, string text)
    {
        if (!IsLive)
        {
            return Errno.EROFS;
        }
        int fd = Libc.Open(path, Libc.WriteOnly | Libc.CloseOnExec, 0);
        if (fd < 0)
        {
            return Libc.LastErrno;
        }
        byte[] bytes = Encoding.UTF8.GetBytes(text + "\0");
        nint written;
        Errno errno;
        fixed (byte* first = bytes)
        {
            written = Libc.Write(fd, first, bytes.Length - 1);
            errno = Libc.LastErrno;
        }
        _ = Libc.Close(fd);
        return written >= 0 ? Errno.None : errno;
    }

    /// <inheritdoc/>
    public KernelList List(string path)
    {
        string real = RealPath(path);
        nint directory = Libc.OpenDirectory(real);
        if (directory == 0)
        {
            return KernelList.Failed(Libc.LastErrno);
        }
        List<string> names = [];
        for (byte* entry = Libc.ReadDirectory(directory); entry != null; entry = Libc.ReadDirectory(directory))
        {
            string name = Marshal.PtrToStringUTF8((nint)(entry + NameOffset)) ?? "";
            if (name is not ("." or ".."))
            {
                bool isDirectory = entry[TypeOffset] == DirectoryType || (entry[TypeOffset] is 0 or 10 && Directory.Exists(real + "/" + name));
                names.Add(isDirectory ? name + "/" : name);
            }
        }
        _ = Libc.CloseDirectory(directory);
        return new KernelList(Errno.None, names);
    }

    /// <summary>The inode number of a path, which tells one cgroup from a later one of the same name; null when it cannot be had.</summary>
    public ulong? Inode(string path)
    {
        const int CurrentDirectory = -100;
        const uint InodeMask = 0x100;
        const int InodeOffset = 32;
        byte* buffer = stackalloc byte[256];
        return Libc.Statx(CurrentDirectory, RealPath(path), 0, InodeMask, buffer) == 0 ? *(ulong*)(buffer + InodeOffset) : null;
    }

    /// <inheritdoc/>
    public ulong? CgroupId(string directory) => Inode(directory);

    /// <summary>Opens a file once, to be read again and again.</summary>
    public KeptFile Keep(string path) => new(RealPath(path));

    /// <summary>Makes a directory; a cgroup, on a cgroup file system.</summary>
    public Errno MakeDirectory(string path) => !IsLive ? Errno.EROFS : Libc.Mkdir(path, 0x1ED) == 0 ? Errno.None : Libc.LastErrno;

    /// <summary>Removes an empty directory or a cgroup without processes and children.</summary>
    public Errno RemoveDirectory(string path) => !IsLive ? Errno.EROFS : Libc.Rmdir(path) == 0 ? Errno.None : Libc.LastErrno;

    /// <summary>Reads to the end; the buffer grows as needed.</summary>
    internal static Errno ReadToEnd(int fd, ref byte[] buffer, out int length, bool seekable)
    {
        length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
            nint got;
            fixed (byte* at = &buffer[length])
            {
                got = seekable ? Libc.Pread(fd, at, buffer.Length - length, length) : Libc.Read(fd, at, buffer.Length - length);
            }
            if (got < 0)
            {
                if (Libc.LastErrno == Errno.EINTR)
                {
                    continue;
                }
                return Libc.LastErrno;
            }
            if (got == 0)
            {
                return Errno.None;
            }
            length += (int)got;
        }
    }
}
