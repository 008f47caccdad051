using Ullage.Lab.Scenarios;
using Ullage.Model;

namespace Ullage.Lab.Validation;

/// <summary>
/// How fast the machine was on which a kernel read files (E4), by the times of those very experiments: the model takes no time from anywhere else. Most kernels ran on
/// emulated CPUs.
/// </summary>
/// <param name="Slowness">How many times longer its CPU needed for a cached page than the host's, whose costs the model has.</param>
/// <param name="CachedReadNs">What its CPU needed for a cached page, the question whether it is there included.</param>
public sealed record FileReadMachine(double Slowness, double CachedReadNs)
{
    /// <summary>What things cost on its CPU.</summary>
    public MachineCosts Costs { get; } = new MachineCosts().SlowedBy(Slowness);

    /// <summary>Measured from passes that met no miss.</summary>
    /// <param name="kernel">Experiments with one kernel.</param>
    /// <param name="all">Those with all kernels.</param>
    public static FileReadMachine Of(IReadOnlyList<MeasuredExperiment> kernel, IReadOnlyList<MeasuredExperiment> all)
    {
        double host = CachedRead([.. all.Where(IsHost)]) ?? 0;
        double here = CachedRead(kernel) ?? host;
        return new FileReadMachine(host > 0 ? here / host : 1, here);
    }

    /// <summary>It was measured on the host, not in a virtual machine.</summary>
    public static bool IsHost(MeasuredExperiment measured) => measured.RamBytes > 4L << 30;

    /// <summary>
    /// A random read takes what it took in the first pass of this very experiment, per miss, less the CPU's part. A window of readahead was there before the one
    /// before it was used up: the disks were files in the memory of a host, and the CPUs slow. The window is 128 KiB in the virtual machines and 8 MiB on the host.
    /// </summary>
    public DiskSpec DiskOf(MeasuredExperiment measured, int repetition) => new()
    {
        ReadLatencyNs = FileReadExperiment.IsByDraws(measured) ? Latency(measured.Repeats[repetition - 1]) : 0, WriteLatencyNs = 0,
        BandwidthBytesPerSecond = 1L << 50, ReadaheadBytes = IsHost(measured) ? 8 << 20 : 128 << 10,
    };

    private long Latency(IReadOnlyDictionary<string, long> kernel)
    {
        long misses = kernel["wl.misses.1"];
        double computing = (kernel["wl.hits.1"] + misses) * CachedReadNs;
        return Math.Max(0, (long)((kernel["wl.loop_ns.1"] - computing) / Math.Max(1, misses)));
    }

    /// <summary>The median of the passes in which all was cached; null where there is none.</summary>
    private static double? CachedRead(IReadOnlyList<MeasuredExperiment> experiments)
    {
        List<double> passes = [];
        foreach (IReadOnlyDictionary<string, long> kernel in experiments.Where(measured => measured.Case.EndsWith("-l110-seq3", StringComparison.Ordinal)).SelectMany(measured => measured.Repeats))
        {
            passes.AddRange(
                from pass in new[] { "2", "3" }
                where kernel["wl.misses." + pass] == 0
                select (double)kernel["wl.loop_ns." + pass] / kernel["wl.hits." + pass]);
        }
        passes.Sort();
        return passes.Count == 0 ? null : passes[passes.Count / 2];
    }
}
