using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Sampling;
using Ullage.Abi;

namespace Ullage.Observe.Tests;

/// <summary>Samples made by hand, and samples of a kernel.</summary>
internal static class Samples
{
    internal static Sample Of(IKernelFiles files, SampleSelection? selection = null)
    {
        using TreeSampler sampler = new(files, CgroupMounts.Find(files), selection);
        Sample sample = new();
        sampler.Read(sample, 1, DateTimeOffset.UnixEpoch);
        return sample;
    }

    /// <summary>A chain of cgroups from the root down, each with what is given.</summary>
    internal static Sample Chain(int version, long timeNs, params (string Path, ulong Id, (Field Field, long Value)[] Values)[] levels)
    {
        Sample sample = new();
        sample.Begin(version, timeNs, DateTimeOffset.UnixEpoch.AddTicks(timeNs / 100));
        foreach ((string path, ulong id, (Field Field, long Value)[] values) in levels)
        {
            int parent = sample.Count - 1;
            int row = sample.Add(new CgroupEntry(id, path, "/sys/fs/cgroup" + path, parent < 0 ? null : sample[parent], chargesParent: true), parent);
            foreach ((Field field, long value) in values)
            {
                sample.Set(field, row, value);
            }
        }
        return sample;
    }
}
