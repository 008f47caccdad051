using Ullage.Abi;
using Ullage.Observe.Host;

namespace Ullage.Observe.Sampling;

/// <summary>
/// Gives samples, one after the other: of this host, of a snapshot, of a recording, of the model. Every verb that shows something reads one of these and cannot
/// tell which.
/// </summary>
public interface ISampleSource : IDisposable
{
    /// <summary>What it reads, for titles: <c>this host</c>, <c>recording web.ullage</c>, <c>model 6.18</c>.</summary>
    string Name { get; }

    /// <summary>True when the samples are of now and the caller waits between them; false when the next one is there at once.</summary>
    bool IsLive { get; }

    /// <summary>The files of that kernel, at the moment of the sample given last: for what samples do not hold (slabinfo, cgroup.procs, the kernel log).</summary>
    IKernelFiles Files { get; }

    /// <summary>How the cgroups of that kernel are mounted.</summary>
    CgroupMounts Mounts { get; }

    /// <summary>
    /// Fills <paramref name="sample"/> with the next moment. False when there is none: the recording or the scenario ended; <paramref name="end"/> says so in words
    /// for people, and the sample stays as it was.
    /// </summary>
    bool Next(Sample sample, out string end);
}
