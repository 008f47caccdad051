using System.Runtime.InteropServices;
using Ullage.Abi;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>Memory shared with workers: an anonymous file, mapped here with every page present, so that no worker is charged for it.</summary>
internal sealed unsafe class SharedFile : IDisposable
{
    private readonly nint _length;
    private byte* _address;

    internal SharedFile(string name, long length)
    {
        _length = (nint)((Math.Max(length, 1) + 4095) & ~4095L);
        Fd = Raise(Native.MemfdCreate(name, Native.MemfdCloseOnExec));
        if (Fd < 0 || Native.Truncate(Fd, _length) != 0)
        {
            throw Failed("memfd_create");
        }
        nint at = Native.Mmap(0, _length, Native.ProtRead | Native.ProtWrite, Native.MapShared | Native.MapPopulate, Fd, 0);
        if (at == -1)
        {
            throw Failed("mmap");
        }
        _address = (byte*)at;
    }

    internal int Fd { get; private set; }

    internal Span<byte> Bytes(long offset, int length) => new(_address + offset, length);

    internal long Read(long offset) => Volatile.Read(ref *(long*)(_address + offset));

    internal void Write(long offset, long value) => Volatile.Write(ref *(long*)(_address + offset), value);

    internal void Wake(long offset) => Native.Futex(Native.SysFutex, (int*)(_address + offset), Native.FutexWake, int.MaxValue, 0, 0, 0);

    /// <summary>The same file under a number that no worker's own descriptors use.</summary>
    internal static int Raise(int fd)
    {
        const int FirstFree = 10;
        if (fd is < 0 or >= FirstFree)
        {
            return fd;
        }
        int raised = Native.FileControl(fd, Native.DuplicateCloseOnExec, FirstFree);
        _ = Native.Close(fd);
        return raised;
    }

    public void Dispose()
    {
        if (_address != null)
        {
            _ = Native.Munmap((nint)_address, _length);
            _address = null;
        }
        if (Fd >= 0)
        {
            _ = Native.Close(Fd);
            Fd = -1;
        }
    }

    private TargetUnavailableException Failed(string call)
    {
        Errno errno = (Errno)Marshal.GetLastPInvokeError();
        Dispose();
        return new TargetUnavailableException($"{call} of {_length} bytes for the worker's memory failed with {errno}: free memory, or make the scenario smaller", 3);
    }
}
