namespace Ullage.Insight.Timelines;

/// <summary>Turns counters into rates. A counter that goes back, or that was not there before, gives no rate: what happened in between cannot be told.</summary>
internal sealed class RateMeter(int count)
{
    private readonly double[] _before = [.. Enumerable.Repeat(double.NaN, count)];
    private long _beforeNs;

    /// <summary>Replaces counters by their growth per second since the last call.</summary>
    public void Apply(long tNs, Span<double> counters)
    {
        double seconds = (tNs - _beforeNs) / 1e9;
        for (int i = 0; i < counters.Length; i++)
        {
            double now = counters[i];
            counters[i] = seconds > 0 && now >= _before[i] ? (now - _before[i]) / seconds : double.NaN;
            _before[i] = now;
        }
        _beforeNs = tNs;
    }
}
