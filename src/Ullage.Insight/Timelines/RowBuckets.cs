namespace Ullage.Insight.Timelines;

/// <summary>One row of readings that were taken together; <see cref="double.NaN"/> = not available.</summary>
/// <param name="TNs">Time in nanoseconds.</param>
/// <param name="Values">One value per series.</param>
public readonly record struct TimelineRow(long TNs, double[] Values);

/// <summary>
/// Rows over a time of any length in a bounded number of equal buckets. A bucket keeps those rows in which any of its series is at its least or greatest there: every
/// peak stays, at its own time, and every row that is shown was measured. When time runs past the last bucket, two become one.
/// </summary>
/// <param name="series">Values per row.</param>
/// <param name="capacity">Most buckets.</param>
public sealed class RowBuckets(int series, int capacity)
{
    private readonly List<List<TimelineRow>> _buckets = [];
    private long _startNs;
    private long _widthNs;

    /// <summary>Rows that are kept.</summary>
    public int Count => _buckets.Sum(bucket => bucket.Count);

    /// <summary>Adds a row; its time must not be before that of the last one.</summary>
    public void Add(long tNs, ReadOnlySpan<double> values)
    {
        if (_buckets.Count == 0)
        {
            _startNs = tNs;
            _widthNs = 1_000; // a microsecond: the finest that is shown
        }
        long index = (tNs - _startNs) / _widthNs;
        while (index >= capacity)
        {
            Halve();
            index = (tNs - _startNs) / _widthNs;
        }
        while (_buckets.Count <= index)
        {
            _buckets.Add([]);
        }
        List<TimelineRow> bucket = _buckets[(int)index];
        bucket.Add(new TimelineRow(tNs, values.ToArray()));
        if (bucket.Count > 2 * ((2 * series) + 2))
        {
            _buckets[(int)index] = Reduce(bucket);
        }
    }

    /// <summary>All kept rows in the order of time, with at most so many buckets. The first and the last row are always there.</summary>
    public IReadOnlyList<TimelineRow> Rows(int buckets = int.MaxValue)
    {
        int together = Math.Max(1, (_buckets.Count + buckets - 1) / Math.Max(1, buckets));
        List<TimelineRow> rows = [];
        TimelineRow? last = null;
        for (int i = 0; i < _buckets.Count; i += together)
        {
            List<TimelineRow> all = [];
            for (int j = i; j < Math.Min(i + together, _buckets.Count); j++)
            {
                all.AddRange(_buckets[j]);
            }
            if (all.Count > 0)
            {
                if (rows.Count == 0)
                {
                    rows.Add(all[0]);
                }
                last = all[^1];
                rows.AddRange(Reduce(all).Where(row => row.TNs > rows[^1].TNs));
            }
        }
        if (last is TimelineRow end && rows[^1].TNs < end.TNs)
        {
            rows.Add(end);
        }
        return rows;
    }

    private void Halve()
    {
        for (int i = 0; i < _buckets.Count; i += 2)
        {
            List<TimelineRow> pair = _buckets[i];
            if (i + 1 < _buckets.Count)
            {
                pair.AddRange(_buckets[i + 1]);
            }
            _buckets[i / 2] = pair.Count > (2 * series) + 2 ? Reduce(pair) : pair;
        }
        _buckets.RemoveRange((_buckets.Count + 1) / 2, _buckets.Count / 2);
        _widthNs *= 2;
    }

    // The last row stays as well: the next bucket continues from it, and a chart ends at it.
    private List<TimelineRow> Reduce(List<TimelineRow> rows)
    {
        bool[] keep = new bool[rows.Count];
        keep[^1] = true;
        for (int s = 0; s < series; s++)
        {
            int least = -1;
            int greatest = -1;
            for (int i = 0; i < rows.Count; i++)
            {
                double value = rows[i].Values[s];
                if (double.IsNaN(value))
                {
                    continue;
                }
                least = least < 0 || value < rows[least].Values[s] ? i : least;
                greatest = greatest < 0 || value > rows[greatest].Values[s] ? i : greatest;
            }
            if (least >= 0)
            {
                keep[least] = true;
                keep[greatest] = true;
            }
        }
        return [.. rows.Where((_, i) => keep[i])];
    }
}
