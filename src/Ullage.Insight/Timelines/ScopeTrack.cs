using Ullage.Abi;

namespace Ullage.Insight.Timelines;

/// <summary>The charts of one cgroup, or of the machine, as they grow.</summary>
public abstract class ScopeTrack
{
    private const double MicrosecondsOfPercent = 1e4; // one per cent of a second
    private readonly RowBuckets[] _rows;
    private readonly RateMeter _pressureRates = new(2);
    private readonly RateMeter _reclaimRates = new(4);
    private readonly double[] _memory;
    private readonly double[] _pressure = new double[2];
    private readonly double[] _reclaim = new double[4];
    private long? _version;
    private bool _there;
    private bool _hasPressure;

    private protected ScopeTrack(string name, ChartShape memory, int buckets)
    {
        Name = name;
        Charts = [memory, TimelineCharts.Pressure, TimelineCharts.Reclaim];
        _memory = new double[memory.Series.Count];
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
        long? version = VersionOf(files);
        Changed = version is null || version != _version || (withPressure && !_hasPressure);
        if (Changed)
        {
            _version = version;
            ReadAll(files, withPressure);
        }
        if (!_there)
        {
            return;
        }
        LastNs = tNs;
        Span<double> reclaim = stackalloc double[4];
        _reclaim.CopyTo(reclaim);
        _reclaimRates.Apply(tNs, reclaim);
        _rows[0].Add(tNs, _memory);
        _rows[2].Add(tNs, reclaim);
        if (withPressure)
        {
            Span<double> pressure = stackalloc double[2];
            _pressure.CopyTo(pressure);
            _pressureRates.Apply(tNs, pressure);
            pressure[0] = Math.Min(100, pressure[0] / MicrosecondsOfPercent);
            pressure[1] = Math.Min(100, pressure[1] / MicrosecondsOfPercent);
            _rows[1].Add(tNs, pressure);
        }
    }

    /// <summary>False when the last reading was known to be equal to the one before, and no file was read for it.</summary>
    internal bool Changed { get; private set; }

    private protected abstract HeldFile PressureFile { get; }

    /// <summary>What tells that nothing changed since the last reading; null = nobody knows.</summary>
    private protected virtual long? VersionOf(IKernelFiles files) => null;

    /// <summary>Fills in what it finds; false when the thing is not there.</summary>
    private protected abstract bool Read(IKernelFiles files, Span<double> memory, Span<double> reclaim);

    private void ReadAll(IKernelFiles files, bool withPressure)
    {
        _memory.AsSpan().Fill(double.NaN);
        _reclaim.AsSpan().Fill(double.NaN);
        _there = Read(files, _memory, _reclaim);
        _hasPressure = withPressure;
        if (withPressure && _there)
        {
            (_pressure[0], _pressure[1]) = SingleNumbers.Pressure(files, PressureFile);
        }
    }

    private protected static double Or0(double value) => double.IsNaN(value) ? 0 : value;

    private protected static double Add(double a, double b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : a + b;
}
