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
    private readonly List<RowList> _buckets = []; // the last one is the one that grows
    private readonly RowList _growing = new(series);
    private readonly RowList _pair = new(series);
    private readonly RowList _empty = new(series);
    private readonly double[] _least = new double[series]; // of the last bucket
    private readonly double[] _greatest = new double[series];
    private bool _lastStays;
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
            Watch(_growing);
            index = (tNs - _startNs) / _widthNs;
        }
        if (_buckets.Count <= index)
        {
            if (_buckets.Count > 0)
            {
                _buckets[^1] = _growing.Compact();
            }
            while (_buckets.Count < index)
            {
                _buckets.Add(_empty);
            }
            _growing.Clear();
            _buckets.Add(_growing);
            Watch(_growing);
        }
        Put(tNs, values, _growing);
    }

    /// <summary>All kept rows in the order of time, with at most so many buckets. The first and the last row are always there.</summary>
    public IReadOnlyList<TimelineRow> Rows(int buckets = int.MaxValue)
    {
        int together = Math.Max(1, (_buckets.Count + buckets - 1) / Math.Max(1, buckets));
        List<TimelineRow> rows = [];
        RowList all = new(series);
        TimelineRow? last = null;
        for (int i = 0; i < _buckets.Count; i += together)
        {
            all.Clear();
            for (int j = i; j < Math.Min(i + together, _buckets.Count); j++)
            {
                all.AddAll(_buckets[j]);
            }
            if (all.Count > 0)
            {
                if (rows.Count == 0)
                {
                    rows.Add(all[0]);
                }
                last = all[all.Count - 1];
                all.Reduce();
                for (int row = 0; row < all.Count; row++)
                {
                    if (all.TimeOf(row) > rows[^1].TNs)
                    {
                        rows.Add(all[row]);
                    }
                }
            }
        }
        if (last is TimelineRow end && rows[^1].TNs < end.TNs)
        {
            rows.Add(end);
        }
        return rows;
    }

    // A row that is neither the first, nor at the least or greatest so far, stays only as long as it is the last: the next one takes its place.
    private void Put(long tNs, ReadOnlySpan<double> values, RowList bucket)
    {
        bool stays = Widen(values) || bucket.Count == 0;
        if (bucket.Count > 0 && !_lastStays)
        {
            bucket.Set(bucket.Count - 1, tNs, values);
        }
        else
        {
            bucket.Add(tNs, values);
        }
        _lastStays = stays;
        if (bucket.Count > 2 * ((2 * series) + 2))
        {
            bucket.Reduce();
        }
    }

    // Begins to follow a bucket, which may have rows.
    private void Watch(RowList bucket)
    {
        _least.AsSpan().Fill(double.NaN);
        _greatest.AsSpan().Fill(double.NaN);
        _lastStays = true;
        for (int row = 0; row < bucket.Count; row++)
        {
            _lastStays = Widen(bucket.ValuesOf(row)) || row == 0;
        }
    }

    private bool Widen(ReadOnlySpan<double> values)
    {
        bool wider = false;
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            if (!(value >= _least[i]) && !double.IsNaN(value))
            {
                _least[i] = value;
                wider = true;
            }
            if (!(value <= _greatest[i]) && !double.IsNaN(value))
            {
                _greatest[i] = value;
                wider = true;
            }
        }
        return wider;
    }

    private void Halve()
    {
        int last = (_buckets.Count - 1) / 2;
        for (int i = 0; i <= last; i++)
        {
            RowList first = _buckets[2 * i];
            RowList second = (2 * i) + 1 < _buckets.Count ? _buckets[(2 * i) + 1] : _empty;
            if (i < last && second.Count == 0)
            {
                _buckets[i] = first;
                continue;
            }
            _pair.Clear();
            _pair.AddAll(first);
            _pair.AddAll(second);
            if (_pair.Count > (2 * series) + 2)
            {
                _pair.Reduce();
            }
            _buckets[i] = i < last ? _pair.Compact() : _growing;
        }
        _growing.Clear();
        _growing.AddAll(_pair);
        _buckets.RemoveRange(last + 1, _buckets.Count - last - 1);
        _widthNs *= 2;
    }
}
