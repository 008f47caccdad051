using Ullage.Abi;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;

namespace Ullage.Observe.Sampling;

/// <summary>
/// Hybrid hosts: the memory controller is in a v1 hierarchy, which has no pressure files, but the unified hierarchy has them for every group, and whoever manages both (systemd)
/// puts the same processes into the same paths of both.
/// </summary>
internal sealed class UnifiedPressure
{
    private const string File = "memory.pressure";
    private readonly IKernelFiles _files;
    private readonly CgroupMount? _unified;

    internal UnifiedPressure(IKernelFiles files, CgroupMounts mounts, IReadOnlySet<Field>? wanted)
    {
        _files = files;
        Plan = Array.Find(FilePlan.For(CgroupFields.List, 2, wanted), plan => plan.Name == File);
        _unified = mounts.Memory is { Version: 1 } && Plan is not null ? mounts.Mounts.FirstOrDefault(mount => mount.Version == 2) : null;
    }

    /// <summary>How the file is read; null when nobody wants it.</summary>
    internal FilePlan? Plan { get; }

    /// <summary>The group of the same path; null when this is no hybrid host or there is none.</summary>
    internal PressureOfGroup? Of(string path, DescriptorBudget budget)
    {
        if (_unified?.DirectoryOf(path) is not string directory)
        {
            return null;
        }
        string file = directory.TrimEnd('/') + "/" + File;
        return _files.Read(file).Ok ? new PressureOfGroup(_files, file, budget) : null;
    }
}

/// <summary>One pressure file of the unified hierarchy.</summary>
internal sealed class PressureOfGroup : IDisposable
{
    private readonly IKernelFiles _files;
    private readonly string _path;
    private readonly DescriptorBudget _budget;
    private readonly KeptFile? _kept;

    internal PressureOfGroup(IKernelFiles files, string path, DescriptorBudget budget)
    {
        _files = files;
        _path = path;
        _budget = budget;
        _kept = files is HostFiles host && budget.Take() ? host.Keep(path) : null;
    }

    /// <summary>The file.</summary>
    internal string Path => _path;

    internal Errno Read(ReadBuffer buffer, out ReadOnlySpan<byte> bytes)
    {
        if (_kept is not null)
        {
            return _kept.Read(buffer, out bytes);
        }
        KernelRead read = _files.Read(_path);
        bytes = read.Bytes.Span;
        return read.Errno;
    }

    public void Dispose()
    {
        if (_kept is not null)
        {
            _kept.Dispose();
            _budget.Return();
        }
    }
}
