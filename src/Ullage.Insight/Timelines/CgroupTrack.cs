using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>The charts of one cgroup.</summary>
public sealed class CgroupTrack : ScopeTrack
{
    private static readonly NamedNumbers V2Stat = new(
        "anon", "file", "kernel", "kernel_stack", "pagetables", "percpu", "shmem", "slab", "workingset_refault_anon", "workingset_refault_file", "workingset_refault", "pgscan", "pgsteal");
    private static readonly NamedNumbers V1Stat = new("total_cache", "total_rss", "total_shmem", "total_swap", "total_workingset_refault_anon", "total_workingset_refault_file");
    private static readonly NamedNumbers Events = new("max", "oom_kill");
    private static readonly NamedNumbers OomControl = new("oom_kill");

    private readonly string _directory;
    private readonly HeldFile _usage;
    private readonly HeldFile _limit;
    private readonly HeldFile _kernelUsage;
    private readonly HeldFile _kernelLimit;
    private readonly HeldFile _failcnt;
    private readonly HeldFile _high;
    private readonly HeldFile _swap;
    private readonly bool _v1;
    private readonly FileReader _stat;
    private readonly FileReader _events;
    private double _firstKills = double.NaN;

    internal CgroupTrack(string path, MemoryHierarchy hierarchy, int buckets)
        : base(path, TimelineCharts.Memory, buckets)
    {
        _directory = hierarchy.DirectoryOf(path);
        string directory = _directory + "/";
        _v1 = hierarchy.Version == 1;
        _usage = new HeldFile(directory + (_v1 ? "memory.usage_in_bytes" : "memory.current"));
        _limit = new HeldFile(directory + (_v1 ? "memory.limit_in_bytes" : "memory.max"));
        _kernelUsage = new HeldFile(directory + "memory.kmem.usage_in_bytes");
        _kernelLimit = new HeldFile(directory + "memory.kmem.limit_in_bytes");
        _failcnt = new HeldFile(directory + "memory.failcnt");
        _high = new HeldFile(directory + "memory.high");
        _swap = new HeldFile(directory + "memory.swap.current");
        PressureFile = new HeldFile(directory + "memory.pressure");
        _stat = _v1 ? new FileReader(directory + "memory.stat", V1Stat, 6) : new FileReader(directory + "memory.stat", V2Stat, 13);
        Slabs = _v1 ? new SlabLedger(directory + "memory.kmem.slabinfo") : null;
        _events = _v1 ? new FileReader(directory + "memory.oom_control", OomControl, 1) : new FileReader(directory + "memory.events", Events, 2);
    }

    /// <summary>The highest usage that was read, in bytes; NaN before the first reading.</summary>
    public double PeakBytes { get; private set; } = double.NaN;

    /// <summary>Usage at the last reading, in bytes.</summary>
    public double UsageBytes { get; private set; } = double.NaN;

    /// <summary>The limit at the last reading, in bytes; NaN = none.</summary>
    public double LimitBytes { get; private set; } = double.NaN;

    /// <summary>The smallest distance between usage and limit that was read, in bytes; NaN = no limit.</summary>
    public double LeastRoomBytes { get; private set; } = double.NaN;

    /// <summary>OOM kills while it was watched; NaN when this kernel does not tell.</summary>
    public double OomKills { get; private set; } = double.NaN;

    /// <summary>Refaults since the cgroup was made.</summary>
    public double Refaults { get; private set; }

    /// <summary>Its slab caches, where the kernel can tell (v1 up to 5.8); null on v2.</summary>
    public SlabLedger? Slabs { get; }

    /// <summary>Adds a usage that the kernel itself reported between two readings; what it is made of is taken from the reading before.</summary>
    public void AddReported(long tNs, double usageBytes)
    {
        IReadOnlyList<TimelineRow> rows = RowsOf(0).Rows();
        if (rows.Count == 0 || tNs < rows[^1].TNs)
        {
            return;
        }
        double[] values = [.. rows[^1].Values];
        values[4] = Math.Max(0, Or0(values[4]) + usageBytes - Or0(values[5]));
        values[5] = usageBytes;
        RowsOf(0).Add(tNs, values);
        PeakBytes = Math.Max(Or0(PeakBytes), usageBytes);
        LeastRoomBytes = double.IsNaN(LimitBytes) ? LeastRoomBytes : Math.Min(LeastRoomBytes, LimitBytes - usageBytes);
    }

    private protected override HeldFile PressureFile { get; }

    private protected override long? VersionOf(IKernelFiles files) => (files as IDirectoryVersions)?.DirectoryVersion(_directory);

    private protected override bool Read(IKernelFiles files, Span<double> memory, Span<double> reclaim)
    {
        double usage = SingleNumbers.Read(files, _usage);
        if (double.IsNaN(usage))
        {
            return false;
        }
        double[] stat = _stat.Read(files);
        double[] events = _events.Read(files);
        if (_v1)
        {
            ReadV1(files, stat, memory, reclaim);
        }
        else
        {
            ReadV2(files, stat, events, memory, reclaim);
        }
        memory[5] = usage;
        double known = Or0(memory[0]) + Or0(memory[1]) + Or0(memory[2]) + Or0(memory[3]);
        memory[4] = Math.Max(0, usage - known);
        Remember(usage, memory[9], events[^1], reclaim[2]);
        return true;
    }

    private void ReadV1(IKernelFiles files, double[] stat, Span<double> memory, Span<double> reclaim)
    {
        double kernel = SingleNumbers.Read(files, _kernelUsage);
        double kernelLimit = SingleNumbers.Read(files, _kernelLimit);
        memory[0] = kernel;
        memory[1] = stat[1];
        memory[2] = stat[2];
        memory[3] = stat[0] - Or0(stat[2]);
        memory[6] = stat[3];
        memory[7] = double.IsNaN(kernelLimit) ? double.NaN : kernel;
        memory[9] = SingleNumbers.Read(files, _limit);
        memory[10] = kernelLimit;
        reclaim[2] = Add(stat[4], stat[5]);
        reclaim[3] = SingleNumbers.Read(files, _failcnt);
    }

    private void ReadV2(IKernelFiles files, double[] stat, double[] events, Span<double> memory, Span<double> reclaim)
    {
        memory[0] = double.IsNaN(stat[2]) ? Add(Add(stat[7], stat[3]), Add(stat[4], stat[5])) : stat[2];
        memory[1] = stat[0];
        memory[2] = stat[6];
        memory[3] = stat[1] - Or0(stat[6]);
        memory[6] = SingleNumbers.Read(files, _swap);
        memory[8] = SingleNumbers.Read(files, _high);
        memory[9] = SingleNumbers.Read(files, _limit);
        reclaim[0] = stat[11];
        reclaim[1] = stat[12];
        reclaim[2] = Add(Add(stat[8], stat[9]), stat[10]);
        reclaim[3] = events[0];
    }

    private void Remember(double usage, double limit, double kills, double refaults)
    {
        UsageBytes = usage;
        LimitBytes = limit;
        PeakBytes = double.IsNaN(PeakBytes) ? usage : Math.Max(PeakBytes, usage);
        double room = limit - usage;
        LeastRoomBytes = double.IsNaN(room) ? LeastRoomBytes : double.IsNaN(LeastRoomBytes) ? room : Math.Min(LeastRoomBytes, room);
        _firstKills = double.IsNaN(_firstKills) ? kills : _firstKills;
        OomKills = kills - _firstKills;
        Refaults = Or0(refaults);
    }
}
