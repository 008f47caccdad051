namespace Ullage.Insight.Timelines;

/// <summary>Rows of one bucket, all their values in one array: a day of a thousand cgroups has millions of rows, which as objects of their own the garbage collector would visit again and again.</summary>
/// <param name="series">Values per row.</param>
internal sealed class RowList(int series)
{
    private long[] _times = [];
    private double[] _values = [];
    private bool[] _keep = [];

    public int Count { get; private set; }

    public long TimeOf(int row) => _times[row];

    public ReadOnlySpan<double> ValuesOf(int row) => _values.AsSpan(row * series, series);

    public TimelineRow this[int row] => new(_times[row], ValuesOf(row).ToArray());

    public void Clear() => Count = 0;

    public void Add(long tNs, ReadOnlySpan<double> values)
    {
        if (Count == _times.Length)
        {
            int room = Math.Max(2, Count * 2);
            Array.Resize(ref _times, room);
            Array.Resize(ref _values, room * series);
        }
        Count++;
        Set(Count - 1, tNs, values);
    }

    public void Set(int row, long tNs, ReadOnlySpan<double> values)
    {
        _times[row] = tNs;
        values.CopyTo(_values.AsSpan(row * series, series));
    }

    public void AddAll(RowList other)
    {
        for (int row = 0; row < other.Count; row++)
        {
            Add(other._times[row], other.ValuesOf(row));
        }
    }

    /// <summary>Keeps the rows in which a series is at its least or greatest, the first of each, and the last row: the next bucket continues from it, and a chart ends at it.</summary>
    public void Reduce()
    {
        if (_keep.Length < Count)
        {
            _keep = new bool[_times.Length];
        }
        _keep.AsSpan(0, Count).Clear();
        _keep[Count - 1] = true;
        for (int s = 0; s < series; s++)
        {
            Mark(s);
        }
        int kept = 0;
        for (int row = 0; row < Count; row++)
        {
            if (_keep[row])
            {
                if (kept < row)
                {
                    Set(kept, _times[row], ValuesOf(row));
                }
                kept++;
            }
        }
        Count = kept;
    }

    /// <summary>Gives back what is not used: nothing will be added.</summary>
    public void Close()
    {
        _keep = [];
        if (_times.Length > Count)
        {
            Array.Resize(ref _times, Count);
            Array.Resize(ref _values, Count * series);
        }
    }

    private void Mark(int s)
    {
        int least = -1;
        int greatest = -1;
        for (int row = 0; row < Count; row++)
        {
            double value = _values[(row * series) + s];
            if (double.IsNaN(value))
            {
                continue;
            }
            least = least < 0 || value < _values[(least * series) + s] ? row : least;
            greatest = greatest < 0 || value > _values[(greatest * series) + s] ? row : greatest;
        }
        if (least >= 0)
        {
            _keep[least] = true;
            _keep[greatest] = true;
        }
    }
}
