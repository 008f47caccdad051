using System.Text;
using Ullage.Abi;
using Ullage.Abi.Files;

namespace Ullage.Observe.Host;

/// <summary>What came into the kernel log of this host since it was opened. It never waits.</summary>
public sealed unsafe class KernelLogReader : IDisposable
{
    private const int SeekEnd = 2;
    private const int RecordBytes = 16 << 10;
    private readonly byte[] _record = new byte[RecordBytes];
    private readonly int _fd;

    /// <summary>Opens <c>/dev/kmsg</c> at its end.</summary>
    public KernelLogReader()
    {
        _fd = Libc.Open("/dev/kmsg", Libc.ReadOnly | Libc.NonBlock | Libc.CloseOnExec, 0);
        if (_fd < 0)
        {
            Note = $"/dev/kmsg: {Libc.LastErrno}: no kernel log; run as root, or set kernel.dmesg_restrict=0";
            return;
        }
        _ = Libc.Seek(_fd, 0, SeekEnd);
    }

    /// <summary>Why there is no kernel log; null when there is one.</summary>
    public string? Note { get; }

    /// <summary>True when records were overwritten before they could be read.</summary>
    public bool Lost { get; private set; }

    /// <summary>The kernel's records since the last call, oldest first.</summary>
    public IReadOnlyList<KmsgRecord> Poll()
    {
        List<KmsgRecord> records = [];
        while (_fd >= 0)
        {
            nint length;
            Errno errno;
            fixed (byte* first = _record)
            {
                length = Libc.Read(_fd, first, _record.Length);
                errno = Libc.LastErrno;
            }
            if (length <= 0)
            {
                Lost |= errno == Errno.EPIPE;
                if (errno is Errno.EPIPE or Errno.EINTR)
                {
                    continue;
                }
                return records;
            }
            if (KmsgRecord.TryParse(Encoding.UTF8.GetString(_record, 0, (int)length), out KmsgRecord? record, out _) && record.Facility == 0)
            {
                records.Add(record);
            }
        }
        return records;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Libc.Close(_fd);
        }
    }
}
