using System.Buffers;
using Ullage.Abi;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Host;

/// <summary>A file whose descriptor stays open and which is read from its beginning each time: about a tenth of the cost of opening it again.</summary>
public sealed class KeptFile : IDisposable
{
    private readonly string _path;
    private byte[] _buffer = [];
    private int _fd = -1;

    internal KeptFile(string path) => _path = path;

    /// <summary>
    /// Reads the whole file. The bytes are valid until the next read. After an error the descriptor is given up and the next read opens the path anew; a removed
    /// cgroup answers ENODEV through the descriptor and ENOENT by its path.
    /// </summary>
    public Errno Read(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        Errno errno = Open();
        if (errno != Errno.None)
        {
            return errno;
        }
        _buffer = _buffer.Length == 0 ? ArrayPool<byte>.Shared.Rent(4096) : _buffer;
        errno = HostFiles.ReadToEnd(_fd, ref _buffer, out int length, seekable: true);
        if (errno != Errno.None)
        {
            Forget();
            return errno;
        }
        bytes = _buffer.AsSpan(0, length);
        return Errno.None;
    }

    /// <summary>The same into a buffer that several files share.</summary>
    internal Errno Read(ReadBuffer buffer, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        Errno errno = Open();
        if (errno != Errno.None)
        {
            return errno;
        }
        errno = HostFiles.ReadToEnd(_fd, ref buffer.Bytes, out int length, seekable: true);
        if (errno != Errno.None)
        {
            Forget();
            return errno;
        }
        bytes = buffer.Bytes.AsSpan(0, length);
        return Errno.None;
    }

    /// <summary>The same into a buffer of the caller's, which many files can share; it grows as needed.</summary>
    public Errno Read(ref byte[] buffer, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        Errno errno = Open();
        if (errno != Errno.None)
        {
            return errno;
        }
        errno = HostFiles.ReadToEnd(_fd, ref buffer, out int length, seekable: true);
        if (errno != Errno.None)
        {
            Forget();
            return errno;
        }
        bytes = buffer.AsSpan(0, length);
        return Errno.None;
    }

    /// <summary>Closes the descriptor and returns the buffer.</summary>
    public void Dispose()
    {
        Forget();
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    private Errno Open()
    {
        if (_fd < 0)
        {
            _fd = Libc.Open(_path, Libc.ReadOnly | Libc.CloseOnExec, 0);
        }
        return _fd < 0 ? Libc.LastErrno : Errno.None;
    }

    private void Forget()
    {
        if (_fd >= 0)
        {
            _ = Libc.Close(_fd);
            _fd = -1;
        }
    }
}
