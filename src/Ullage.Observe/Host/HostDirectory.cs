using System.Runtime.InteropServices;
using System.Text;
using Ullage.Abi;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Host;

/// <summary>How many descriptors may be kept: all but a reserve of what this process may open.</summary>
internal sealed unsafe class DescriptorBudget
{
    private const int NumberOfFiles = 7;
    private const int Reserve = 256;
    private int _left;

    internal DescriptorBudget() => _left = (int)Most() - Reserve;

    /// <summary>How many files this process may have open.</summary>
    internal static long Most()
    {
        ulong* limits = stackalloc ulong[2];
        ulong most = Libc.GetLimit(NumberOfFiles, limits) == 0 ? limits[0] : 1024;
        return (long)Math.Min(most, 1 << 20);
    }

    internal bool Take() => _left > 0 && --_left >= 0;

    internal void Return() => _left++;
}

/// <summary>
/// A cgroup's directory on a host. Descriptors of the directory and of its files are kept, so a file costs one pread(2), and a removed cgroup can never be taken for
/// its successor. Whether cgroups came or went shows in the directory's link count; one that went and another that came, in the first one's ENODEV.
/// </summary>
internal sealed unsafe class HostDirectory : CgroupDirectory
{
    private const int None = -1;
    private const int Tries = 64;
    private const uint LinksAndInode = 0x104;
    private const int EmptyPath = 0x1000;
    private readonly WantedFile[] _wanted;
    private readonly DescriptorBudget _budget;
    private readonly int[] _files;
    private readonly sbyte[] _untilNextTry;
    private readonly Errno[] _refused;
    private readonly int _fd;
    private readonly bool _live;
    private uint _links = uint.MaxValue;

    private HostDirectory(int fd, bool live, WantedFile[] wanted, DescriptorBudget budget)
    {
        _fd = fd;
        _live = live;
        _wanted = wanted;
        _budget = budget;
        _files = new int[wanted.Length];
        Array.Fill(_files, None);
        _untilNextTry = new sbyte[wanted.Length];
        _refused = new Errno[wanted.Length];
        Id = Stat(out ulong inode, out _) ? inode : null;
    }

    internal override ulong? Id { get; }

    internal static HostDirectory? Open(HostFiles files, string directory, WantedFile[] wanted, DescriptorBudget budget, out Errno errno)
    {
        int fd = Libc.Open(files.RealPath(directory), Libc.ReadOnly | Libc.CloseOnExec | Libc.DirectoryOnly, 0);
        errno = fd < 0 ? Libc.LastErrno : Errno.None;
        return Made(fd, IsCgroupFileSystem(fd), wanted, budget);
    }

    internal override CgroupDirectory? Open(string child, out Errno errno)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(child + "\0"))
        {
            int fd = Libc.OpenAt(_fd, name, Libc.ReadOnly | Libc.CloseOnExec | Libc.DirectoryOnly, 0);
            errno = fd < 0 ? Libc.LastErrno : Errno.None;
            return Made(fd, _live, _wanted, _budget);
        }
    }

    internal override Errno Read(int file, ReadBuffer buffer, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (_files[file] == None && _untilNextTry[file] > 0)
        {
            _untilNextTry[file]--;
            return _refused[file];
        }
        int fd = _files[file] != None ? _files[file] : OpenFile(file);
        if (fd < 0)
        {
            return _refused[file];
        }
        Errno errno = _wanted[file].IsOneRecord ? ReadOneRecord(fd, buffer, out int length) : HostFiles.ReadToEnd(fd, ref buffer.Bytes, out length, seekable: true);
        if (_files[file] == None)
        {
            _ = Libc.Close(fd); // beyond the budget: opened for this once
        }
        else if (errno != Errno.None)
        {
            Forget(file);
        }
        if (errno != Errno.None)
        {
            Refuse(file, errno);
            return errno;
        }
        bytes = buffer.Bytes.AsSpan(0, length);
        return Errno.None;
    }

    internal override bool ChildrenMayHaveChanged() => !Stat(out _, out uint links) || links != _links;

    internal override Errno Children(List<string> names, ReadBuffer buffer)
    {
        const int RecordLength = 16;
        const int Type = 18;
        const int Name = 19;
        const byte IsDirectory = 4;
        _ = Stat(out _, out _links);
        _ = Libc.Seek(_fd, 0, 0);
        while (true)
        {
            fixed (byte* first = buffer.Bytes)
            {
                nint got = Libc.GetDirectoryEntries(_fd, first, buffer.Bytes.Length);
                if (got <= 0)
                {
                    return got < 0 ? Libc.LastErrno : Errno.None;
                }
                for (byte* entry = first; entry < first + got; entry += *(ushort*)(entry + RecordLength))
                {
                    bool dots = entry[Name] == '.' && (entry[Name + 1] == 0 || (entry[Name + 1] == '.' && entry[Name + 2] == 0));
                    if (entry[Type] == IsDirectory && !dots)
                    {
                        names.Add(Marshal.PtrToStringUTF8((nint)(entry + Name))!);
                    }
                }
            }
        }
    }

    internal override bool IsThere()
    {
        if (!_live)
        {
            return true; // a snapshot does not change
        }
        fixed (byte* name = "cgroup.procs\0"u8)
        {
            int fd = Libc.OpenAt(_fd, name, Libc.ReadOnly | Libc.CloseOnExec, 0);
            _ = fd >= 0 ? Libc.Close(fd) : 0;
            return fd >= 0 || Libc.LastErrno is Errno.EACCES or Errno.EPERM or Errno.EMFILE or Errno.ENFILE;
        }
    }

    public override void Dispose()
    {
        for (int file = 0; file < _files.Length; file++)
        {
            Forget(file);
        }
        _ = Libc.Close(_fd);
        _budget.Return();
    }

    /// <summary>A copy of such a file system, a snapshot, does not change.</summary>
    private static bool IsCgroupFileSystem(int fd)
    {
        const long CgroupMagic = 0x27e0eb;
        const long Cgroup2Magic = 0x63677270;
        long* buffer = stackalloc long[32];
        return fd >= 0 && Libc.FileSystemOf(fd, buffer) == 0 && buffer[0] is CgroupMagic or Cgroup2Magic;
    }

    private static HostDirectory? Made(int fd, bool live, WantedFile[] wanted, DescriptorBudget budget)
    {
        if (fd < 0)
        {
            return null;
        }
        _ = budget.Take();
        return new HostDirectory(fd, live, wanted, budget);
    }

    private static Errno ReadOneRecord(int fd, ReadBuffer buffer, out int length)
    {
        nint got;
        do
        {
            fixed (byte* first = buffer.Bytes)
            {
                got = Libc.Pread(fd, first, buffer.Bytes.Length, 0);
            }
        }
        while (got < 0 && Libc.LastErrno == Errno.EINTR);
        length = (int)got;
        return got < 0 ? Libc.LastErrno
            : got < buffer.Bytes.Length ? Errno.None
            : HostFiles.ReadToEnd(fd, ref buffer.Bytes, out length, seekable: true);
    }

    private int OpenFile(int file)
    {
        fixed (byte* name = _wanted[file].NameZ)
        {
            int fd = Libc.OpenAt(_fd, name, Libc.ReadOnly | Libc.CloseOnExec, 0);
            if (fd < 0)
            {
                Refuse(file, Libc.LastErrno);
            }
            else if (_budget.Take())
            {
                _files[file] = fd;
            }
            return fd;
        }
    }

    /// <summary>A file that is not there is looked for again now and then: a controller may be switched on later.</summary>
    private void Refuse(int file, Errno errno)
    {
        _refused[file] = errno;
        _untilNextTry[file] = Tries;
    }

    private void Forget(int file)
    {
        if (_files[file] != None)
        {
            _ = Libc.Close(_files[file]);
            _files[file] = None;
            _budget.Return();
        }
    }

    private bool Stat(out ulong inode, out uint links)
    {
        const int LinksOffset = 16;
        const int InodeOffset = 32;
        byte* buffer = stackalloc byte[256];
        byte nothing = 0;
        bool ok = Libc.StatxOf(_fd, &nothing, EmptyPath, LinksAndInode, buffer) == 0;
        links = ok ? *(uint*)(buffer + LinksOffset) : 0;
        inode = ok ? *(ulong*)(buffer + InodeOffset) : 0;
        return ok;
    }
}
