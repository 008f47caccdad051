using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>A file that is read at every sample, held where the kernel lets it be.</summary>
internal sealed class HeldFile(string path)
{
    private IFileHandle? _handle;

    public string Path => path;

    public KernelRead Read(IKernelFiles files)
    {
        if (_handle is { IsCurrent: true })
        {
            return _handle.Read();
        }
        _handle = (files as IFileHandles)?.Handle(path);
        return _handle is not null ? _handle.Read() : files.Read(path);
    }
}
