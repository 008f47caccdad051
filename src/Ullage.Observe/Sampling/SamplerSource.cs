using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Observe.Sampling;

/// <summary>Samples of any kernel that is now: this host, a snapshot tree. A snapshot gives one sample and ends.</summary>
public sealed class SamplerSource : ISampleSource
{
    private readonly TreeSampler _sampler;
    private readonly TimeProvider _time;
    private bool _given;

    /// <summary>Makes a source.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="files">The kernel.</param>
    /// <param name="mounts">Where its cgroups are.</param>
    /// <param name="selection">What to read; null = everything.</param>
    /// <param name="live">False for a snapshot.</param>
    /// <param name="time">The clock; null = this machine's.</param>
    public SamplerSource(string name, IKernelFiles files, CgroupMounts mounts, SampleSelection? selection = null, bool live = true, TimeProvider? time = null)
    {
        Name = name;
        Files = files;
        Mounts = mounts;
        IsLive = live;
        _time = time ?? TimeProvider.System;
        _sampler = new TreeSampler(files, mounts, selection);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool IsLive { get; }

    /// <inheritdoc/>
    public IKernelFiles Files { get; }

    /// <inheritdoc/>
    public CgroupMounts Mounts { get; }

    /// <inheritdoc/>
    public bool Next(Sample sample, out string end)
    {
        end = !IsLive && _given ? $"{Name} is one moment: there is nothing after it" : "";
        if (end.Length > 0)
        {
            return false;
        }
        _given = true;
        long ns = (long)(_time.GetTimestamp() * (1e9 / _time.TimestampFrequency));
        _sampler.Read(sample, ns, _time.GetLocalNow());
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _sampler.Dispose();
}
