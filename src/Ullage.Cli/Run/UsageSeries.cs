using System.Runtime.InteropServices;

namespace Ullage.Cli.Run;

/// <summary>One reading of a counter. All sizes are bytes; a null limit is no limit.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct UsagePoint(long TNs, long UsageBytes, long? LimitBytes);

/// <summary>One counter of one cgroup over the time of a run.</summary>
/// <param name="cgroup">The scenario's path of the cgroup.</param>
/// <param name="counter">The counter that is limited: <c>memory</c> or <c>kmem</c>.</param>
internal sealed class UsageSeries(string cgroup, string counter)
{
    // A run of any length keeps a few thousand points: when it is full, every second one goes and the pace halves.
    private const int Capacity = 4096;
    private readonly List<UsagePoint> _points = [];
    private long _everyNs;
    private long _highest;

    public string Cgroup { get; } = cgroup;
    public string Counter { get; } = counter;
    public IReadOnlyList<UsagePoint> Points => _points;

    /// <summary>The highest usage: the kernel's own figure when it is known, else the highest reading.</summary>
    public long PeakBytes => Math.Max(KernelPeakBytes ?? 0, _highest);

    /// <summary>What memory.peak or memory.max_usage_in_bytes said at the end; null when it was not read.</summary>
    public long? KernelPeakBytes { get; set; }

    /// <summary>What a peak is called: one that only readings saw may have been higher between two of them.</summary>
    public string PeakWord => KernelPeakBytes is null ? "sampled peak" : "peak";

    /// <summary>The limit that was in force last.</summary>
    public long? LimitBytes => _points.Count == 0 ? null : _points[^1].LimitBytes;

    /// <summary>The share of the limit that the peak took, 0 to 1 and a little more; 0 without a limit.</summary>
    public double PeakShare => LimitBytes is long limit and > 0 ? (double)PeakBytes / limit : 0;

    /// <summary>True when a point at this time is still wanted.</summary>
    public bool Wants(long tNs) => _points.Count == 0 || tNs - _points[^1].TNs >= _everyNs;

    public void Add(UsagePoint point)
    {
        _highest = Math.Max(_highest, point.UsageBytes);
        if (_points.Count >= Capacity)
        {
            Thin();
        }
        _points.Add(point);
    }

    private void Thin()
    {
        for (int i = 1; i <= _points.Count / 2; i++)
        {
            _points[i - 1] = _points[(2 * i) - 1];
        }
        _points.RemoveRange(_points.Count / 2, _points.Count - (_points.Count / 2));
        _everyNs = 2 * (_points[^1].TNs - _points[0].TNs) / Capacity;
    }
}
