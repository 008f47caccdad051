using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>What a kernel showed over time: the machine, its cgroups, its slab caches. Fed sample by sample from any kernel: model, host or recording.</summary>
public sealed class Timeline
{
    private readonly Dictionary<string, CgroupTrack> _byPath = new(StringComparer.Ordinal);
    private readonly List<CgroupTrack> _cgroups = [];
    private readonly int _cgroupBuckets;
    private long _pressureNs;

    /// <summary>Begins a timeline.</summary>
    /// <param name="hierarchy">Where the cgroups are; null = there are none.</param>
    /// <param name="buckets">How finely time is kept, for the machine and, while there are few, for each cgroup.</param>
    /// <param name="cgroupBuckets">The same for each cgroup.</param>
    public Timeline(MemoryHierarchy? hierarchy, int buckets = 1024, int cgroupBuckets = 1024)
    {
        Hierarchy = hierarchy;
        _cgroupBuckets = cgroupBuckets;
        Machine = new MachineTrack(buckets);
    }

    /// <summary>Where the cgroups are.</summary>
    public MemoryHierarchy? Hierarchy { get; }

    /// <summary>
    /// The least time between two readings of pressure files, in nanoseconds. Reading one makes the kernel collect, in whole ticks: a kernel that runs, real or modelled,
    /// must not be asked at every moment.
    /// </summary>
    public long PressureEveryNs { get; init; }

    /// <summary>The machine.</summary>
    public MachineTrack Machine { get; }

    /// <summary>Every cgroup that was ever there, in the order in which it was first seen.</summary>
    public IReadOnlyList<CgroupTrack> Cgroups => _cgroups;

    /// <summary>Slab caches of the machine.</summary>
    public SlabLedger Slabs { get; } = new("/proc/slabinfo");

    /// <summary>Samples that were taken.</summary>
    public int Samples { get; private set; }

    /// <summary>Time of the first sample, in nanoseconds.</summary>
    public long FirstNs { get; private set; }

    /// <summary>Time of the last sample, in nanoseconds.</summary>
    public long LastNs { get; private set; }

    /// <summary>Takes one sample.</summary>
    /// <param name="tNs">Time in nanoseconds, never less than before.</param>
    /// <param name="files">The kernel.</param>
    /// <param name="cgroups">The cgroups to read.</param>
    /// <param name="slabs">Whether to read slabinfo, which is long.</param>
    public void Sample(long tNs, IKernelFiles files, IReadOnlyList<string> cgroups, bool slabs = true)
    {
        FirstNs = Samples == 0 ? tNs : FirstNs;
        LastNs = tNs;
        Samples++;
        bool pressure = Samples == 1 || tNs - _pressureNs >= PressureEveryNs;
        _pressureNs = pressure ? tNs : _pressureNs;
        Machine.Sample(tNs, files, pressure);
        if (slabs)
        {
            Slabs.Sample(files);
        }
        foreach (string path in Hierarchy is null ? [] : cgroups)
        {
            CgroupTrack track = Track(path);
            track.Sample(tNs, files, pressure);
            if (slabs && track.Changed)
            {
                track.Slabs?.Sample(files);
            }
        }
    }

    private CgroupTrack Track(string path)
    {
        if (!_byPath.TryGetValue(path, out CgroupTrack? track))
        {
            track = new CgroupTrack(path, Hierarchy!, _cgroupBuckets);
            _byPath.Add(path, track);
            _cgroups.Add(track);
        }
        return track;
    }
}
