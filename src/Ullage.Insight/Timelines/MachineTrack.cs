using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>The charts of the whole machine.</summary>
public sealed class MachineTrack : ScopeTrack
{
    /// <summary>Its name beside the paths of cgroups.</summary>
    public const string ScopeName = "machine";

    private static readonly NamedNumbers MemInfo = new(
        "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree", "AnonPages", "Shmem", "Slab", "KernelStack", "PageTables", "Percpu");
    private static readonly NamedNumbers VmStat = new(
        "workingset_refault_anon", "workingset_refault_file", "workingset_refault", "pgsteal_kswapd", "pgsteal_direct", "pgscan_kswapd", "pgscan_direct");

    private readonly FileReader _meminfo = new("/proc/meminfo", MemInfo, 13);
    private readonly FileReader _vmstat = new("/proc/vmstat", VmStat, 7);

    internal MachineTrack(int buckets)
        : base(ScopeName, TimelineCharts.Machine, buckets)
    {
    }

    private protected override HeldFile PressureFile { get; } = new("/proc/pressure/memory");

    private protected override bool Read(IKernelFiles files, Span<double> memory, Span<double> reclaim)
    {
        const double Kilobyte = 1024;
        double[] info = _meminfo.Read(files);
        if (double.IsNaN(info[0]))
        {
            return false;
        }
        memory[0] = info[9] * Kilobyte;
        memory[1] = Add(Add(info[10], info[11]), info[12]) * Kilobyte;
        memory[2] = info[7] * Kilobyte;
        memory[3] = info[8] * Kilobyte;
        memory[4] = Math.Max(0, Add(info[4], info[3]) - Or0(info[8])) * Kilobyte;
        double known = Or0(memory[0]) + Or0(memory[1]) + Or0(memory[2]) + Or0(memory[3]) + Or0(memory[4]);
        memory[5] = Math.Max(0, ((info[0] - info[1]) * Kilobyte) - known);
        memory[6] = info[2] * Kilobyte;
        memory[7] = (info[5] - info[6]) * Kilobyte;
        memory[8] = info[0] * Kilobyte;
        double[] vm = _vmstat.Read(files);
        reclaim[0] = Add(vm[5], vm[6]);
        reclaim[1] = Add(vm[3], vm[4]);
        reclaim[2] = Add(Add(vm[0], vm[1]), vm[2]);
        return true;
    }
}
