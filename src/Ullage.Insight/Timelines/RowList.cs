namespace Ullage.Insight.Timelines;

/// <summary>Rows of one bucket, all their values in one array: a day of a thousand cgroups has millions of rows, which as objects of their own the garbage collector would visit again and again.</summary>
/// <param name="series">Values per row.</param>
internal sealed class RowList(int series)
{
    private readonly int _width = series + 1; // the time, bit by bit, and the values
    private double[] _data = [];
    private bool[] _keep = [];

    public int Count { get; private set; }

    public long TimeOf(int row) => BitConverter.DoubleToInt64Bits(_data[row * _width]);

    public ReadOnlySpan<double> ValuesOf(int row) => _data.AsSpan((row * _width) + 1, series);

    public TimelineRow this[int row] => new(TimeOf(row), ValuesOf(row).ToArray());

    public void Clear() => Count = 0;

    public void Add(long tNs, ReadOnlySpan<double> values)
    {
        if ((Count + 1) * _width > _data.Length)
        {
            Array.Resize(ref _data, Math.Max(2, Count * 2) * _width);
        }
        Count++;
        Set(Count - 1, tNs, values);
    }

    public void Set(int row, long tNs, ReadOnlySpan<double> values)
    {
        _data[row * _width] = BitConverter.Int64BitsToDouble(tNs);
        values.CopyTo(_data.AsSpan((row * _width) + 1));
    }

    public void AddAll(RowList other)
    {
        int used = Count * _width;
        int more = other.Count * _width;
        if (used + more > _data.Length)
        {
            Array.Resize(ref _data, Math.Max(used + more, _data.Length * 2));
        }
        other._data.AsSpan(0, more).CopyTo(_data.AsSpan(used));
        Count += other.Count;
    }

    /// <summary>The same rows in no more memory than they need.</summary>
    public RowList Compact()
    {
        RowList compact = new(series) { _data = _data.AsSpan(0, Count * _width).ToArray(), Count = Count };
        return compact;
    }

    /// <summary>Keeps the rows in which a series is at its least or greatest, the first of each, and the last row: the next bucket continues from it, and a chart ends at it.</summary>
    public void Reduce()
    {
        if (_keep.Length < Count)
        {
            _keep = new bool[Count * 2];
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
                    _data.AsSpan(row * _width, _width).CopyTo(_data.AsSpan(kept * _width));
                }
                kept++;
            }
        }
        Count = kept;
    }

    private void Mark(int s)
    {
        int least = -1;
        int greatest = -1;
        for (int row = 0; row < Count; row++)
        {
            double value = _data[(row * _width) + 1 + s];
            if (double.IsNaN(value))
            {
                continue;
            }
            least = least < 0 || value < _data[(least * _width) + 1 + s] ? row : least;
            greatest = greatest < 0 || value > _data[(greatest * _width) + 1 + s] ? row : greatest;
        }
        if (least >= 0)
        {
            _keep[least] = true;
            _keep[greatest] = true;
        }
    }
}
