using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Observe.Sampling;

/// <summary>Reads the machine's files: by kept descriptors on a host, by path elsewhere.</summary>
internal sealed class HostReader(IKernelFiles files, FilePlan[] plans) : IDisposable
{
    private readonly KeptFile[]? _kept = files is HostFiles host ? [.. plans.Select(plan => host.Keep(plan.Name))] : null;

    internal void Read(Sample sample, ReadBuffer buffer)
    {
        for (int i = 0; i < plans.Length; i++)
        {
            Errno errno;
            ReadOnlySpan<byte> bytes;
            if (_kept is not null)
            {
                errno = _kept[i].Read(buffer, out bytes);
            }
            else
            {
                KernelRead read = files.Read(plans[i].Name);
                errno = read.Errno;
                bytes = read.Bytes.Span;
            }
            plans[i].Put(errno, bytes, sample.HostValues, sample.HostAbsences);
        }
    }

    public void Dispose()
    {
        foreach (KeptFile file in _kept ?? [])
        {
            file.Dispose();
        }
    }
}
