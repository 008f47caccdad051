using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Lab.Scenarios;

namespace Ullage.Cli.Run;

/// <summary>Reads usage and limit of a scenario's cgroup where the hierarchy shows them.</summary>
internal sealed class UsageGauge(int version, string cgroup)
{
    private readonly string _directory = (version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup") + cgroup.TrimEnd('/') + "/";

    public UsageSeries Memory { get; } = new(cgroup, "memory");

    /// <summary>v1 only: kernel memory, which may have a limit of its own.</summary>
    public UsageSeries Kmem { get; } = new(cgroup, "kmem");

    public static UsageGauge[] ForAll(Scenario scenario) =>
        [.. scenario.Cgroup.Groups.Select(group => new UsageGauge(scenario.Cgroup.Version, group.Path))];

    /// <summary>The counter to show: kernel memory when that alone is limited.</summary>
    public UsageSeries Shown => Memory.LimitBytes is null && Kmem.LimitBytes is not null ? Kmem : Memory;

    public void Read(long tNs, IKernelFiles files)
    {
        if (version == 1)
        {
            Read(tNs, files, Memory, "memory.usage_in_bytes", "memory.limit_in_bytes");
            Read(tNs, files, Kmem, "memory.kmem.usage_in_bytes", "memory.kmem.limit_in_bytes");
        }
        else
        {
            Read(tNs, files, Memory, "memory.current", "memory.max");
        }
    }

    /// <summary>The kernel's own peaks, as far as they can be read; null texts are files that were not.</summary>
    public void ReadPeaks(Func<string, string?> textOf)
    {
        Memory.KernelPeakBytes = Bytes(textOf(_directory + (version == 1 ? "memory.max_usage_in_bytes" : "memory.peak")));
        Kmem.KernelPeakBytes = version == 1 ? Bytes(textOf(_directory + "memory.kmem.max_usage_in_bytes")) : null;
    }

    private static long? Bytes(string? text) => text is not null && Limit.TryParse(text, out Limit peak) ? peak.Bytes : null;

    // What cannot be read leaves a gap: a cgroup that is not there yet, or no more.
    private void Read(long tNs, IKernelFiles files, UsageSeries series, string usageFile, string limitFile)
    {
        if (!series.Wants(tNs))
        {
            return;
        }
        KernelRead usage = files.Read(_directory + usageFile);
        KernelRead limit = files.Read(_directory + limitFile);
        if (usage.Ok && limit.Ok && Limit.TryParse(usage.Text, out Limit used) && Limit.TryParse(limit.Text, out Limit limited))
        {
            series.Add(new UsagePoint(tNs, used.Bytes ?? 0, limited.Bytes));
        }
    }
}
