using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>The charts of one cgroup, or of the machine, as they grow.</summary>
public abstract class ScopeTrack
{
    private const double MicrosecondsOfPercent = 1e4; // one per cent of a second
    private readonly RowBuckets[] _rows;
    private readonly RateMeter _pressureRates = new(2);
    private readonly RateMeter _reclaimRates = new(4);

    private protected ScopeTrack(string name, ChartShape memory, int buckets)
    {
        Name = name;
        Charts = [memory, TimelineCharts.Pressure, TimelineCharts.Reclaim];
        _rows = [.. Charts.Select(chart => new RowBuckets(chart.Series.Count, buckets))];
    }

    /// <summary>The cgroup's path, or <c>machine</c>.</summary>
    public string Name { get; }

    /// <summary>The charts.</summary>
    public IReadOnlyList<ChartShape> Charts { get; }

    /// <summary>The rows of a chart.</summary>
    public RowBuckets RowsOf(int chart) => _rows[chart];

    /// <summary>Time of the last reading, in nanoseconds.</summary>
    public long LastNs { get; private set; }

    /// <summary>Takes one reading.</summary>
    internal void Sample(long tNs, IKernelFiles files, bool withPressure)
    {
        Span<double> memory = stackalloc double[Charts[0].Series.Count];
        memory.Fill(double.NaN);
        Span<double> pressure = stackalloc double[2];
        Span<double> reclaim = stackalloc double[4];
        reclaim.Fill(double.NaN);
        if (!Read(files, memory, reclaim))
        {
            return;
        }
        LastNs = tNs;
        _reclaimRates.Apply(tNs, reclaim);
        _rows[0].Add(tNs, memory);
        _rows[2].Add(tNs, reclaim);
        if (withPressure)
        {
            (pressure[0], pressure[1]) = SingleNumbers.Pressure(files, PressurePath);
            _pressureRates.Apply(tNs, pressure);
            pressure[0] = Math.Min(100, pressure[0] / MicrosecondsOfPercent);
            pressure[1] = Math.Min(100, pressure[1] / MicrosecondsOfPercent);
            _rows[1].Add(tNs, pressure);
        }
    }

    private protected abstract string PressurePath { get; }

    /// <summary>Fills in what it finds; false when the thing is not there.</summary>
    private protected abstract bool Read(IKernelFiles files, Span<double> memory, Span<double> reclaim);

    private protected static double Or0(double value) => double.IsNaN(value) ? 0 : value;

    private protected static double Add(double a, double b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : a + b;
}
