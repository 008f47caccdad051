using System.Buffers.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Observe.Host;

namespace Ullage.Observe.Sampling;

/// <summary>One file that is read again and again: by a kept descriptor on a host, by its path elsewhere.</summary>
internal sealed class SampleFile : IDisposable
{
    private readonly IKernelFiles _files;
    private readonly KeptFile? _kept;
    private Errno _explainedErrno;
    private string? _explanation;

    internal SampleFile(IKernelFiles files, string path)
    {
        _files = files;
        Path = path;
        _kept = (files as HostFiles)?.Keep(path);
    }

    internal string Path { get; }

    internal Errno Read(out ReadOnlySpan<byte> bytes)
    {
        if (_kept is not null)
        {
            return _kept.Read(out bytes);
        }
        KernelRead read = _files.Read(Path);
        bytes = read.Bytes.Span;
        return read.Errno;
    }

    /// <summary>A file of one number, or <c>max</c>.</summary>
    internal Measured Number()
    {
        Errno errno = Read(out ReadOnlySpan<byte> bytes);
        if (errno != Errno.None)
        {
            return Missing(errno);
        }
        ReadOnlySpan<byte> text = bytes.TrimEnd((byte)'\n');
        if (text.SequenceEqual("max"u8))
        {
            return Measured.Of(MemorySample.Unlimited);
        }
        return Utf8Parser.TryParse(text, out ulong value, out int used) && used == text.Length
            ? Measured.Of(value > long.MaxValue ? MemorySample.Unlimited : (long)value)
            : Measured.Missing($"{Path}: not a number: the file is not what this version expects");
    }

    /// <summary>A limit: v1 writes the largest page counter for none.</summary>
    internal Measured Limit()
    {
        Measured number = Number();
        return number.Value >= KernelConstants.UnlimitedBytes ? Measured.Of(MemorySample.Unlimited) : number;
    }

    /// <summary>The reason, made once per errno.</summary>
    internal Measured Missing(Errno errno)
    {
        if (_explanation is null || _explainedErrno != errno)
        {
            _explainedErrno = errno;
            _explanation = errno switch
            {
                Errno.ENOENT => $"{Path}: ENOENT: this kernel or this cgroup does not have the file",
                Errno.EACCES or Errno.EPERM => $"{Path}: {errno}: run as root, or as the cgroup's owner",
                Errno.ENODEV => $"{Path}: ENODEV: the cgroup was removed",
                Errno.EOPNOTSUPP => $"{Path}: EOPNOTSUPP: this kernel has the file and does not fill it",
                _ => $"{Path}: {errno}",
            };
        }
        return Measured.Missing(_explanation);
    }

    public void Dispose() => _kept?.Dispose();
}

/// <summary>Looks up names in files of lines <c>name value</c> (also <c>name: value kB</c>).</summary>
internal static class NamedValues
{
    /// <summary>The value of a name; null when it is not there or not a number.</summary>
    internal static long? Find(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (line.Length > name.Length && line.StartsWith(name) && line[name.Length] is (byte)' ' or (byte)':')
            {
                ReadOnlySpan<byte> rest = line[(name.Length + 1)..].TrimStart((byte)' ');
                return Utf8Parser.TryParse(rest, out long value, out _) ? value : null;
            }
        }
        return null;
    }
}
