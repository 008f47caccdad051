using Ullage.Abi;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;

namespace Ullage.Recording.Writing;

/// <summary>The machine's files, recorded: by kept descriptors on a host, by path elsewhere.</summary>
internal sealed class RecordedMachine(IKernelFiles files, RecordingWriter writer, ReadBuffer buffer) : IDisposable
{
    private static readonly RecordedName[] Names = RecordedPaths.Machine;
    private readonly KeptFile[]? _kept = files is HostFiles host ? [.. Names.Select(each => host.Keep(each.Name))] : null;
    private readonly FileState?[] _states = new FileState?[Names.Length];
    private readonly bool[] _missing = new bool[Names.Length];

    public void Sample(in Pass pass)
    {
        for (int i = 0; i < Names.Length; i++)
        {
            if (!pass.Wants(Names[i].Pace))
            {
                writer.Same(_states[i]);
            }
            else if (!_missing[i] || pass.BeginsBlock)
            {
                Errno errno = Read(i, out ReadOnlySpan<byte> bytes);
                _missing[i] = errno == Errno.ENOENT;
                if (!_missing[i])
                {
                    writer.File(ref _states[i], Names[i].Name, errno, bytes);
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (KeptFile file in _kept ?? [])
        {
            file.Dispose();
        }
    }

    private Errno Read(int file, out ReadOnlySpan<byte> bytes)
    {
        if (_kept is not null)
        {
            return _kept[file].Read(buffer, out bytes);
        }
        KernelRead read = files.Read(Names[file].Name);
        bytes = read.Bytes.Span;
        return read.Errno;
    }
}
