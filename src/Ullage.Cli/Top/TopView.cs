using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Top;

/// <summary>What the screen is showing.</summary>
internal enum TopMode
{
    List,
    Help,
    Story,
    /// <summary>A text to find is being typed.</summary>
    AskFilter,
    /// <summary>The seconds between samples are being typed.</summary>
    AskDelay,
}

/// <summary>How somebody looks at the cgroups: sorting, folding, finding, and where the cursor is. Knows nothing of terminals.</summary>
internal sealed class TopView
{
    private readonly HashSet<ulong> _folded = [];
    private readonly List<int> _rows = [];

    public TopMode Mode { get; set; }
    /// <summary>The place of the column to sort by in <see cref="TopColumn.All"/>.</summary>
    public int SortBy { get; set; }
    /// <summary>Only cgroups with this in their path, and those above them; empty = all.</summary>
    public string Filter { get; set; } = "";
    /// <summary>What is typed in the Ask modes.</summary>
    public string Typed { get; set; } = "";
    public bool Paused { get; set; }
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);
    /// <summary>The cgroup under the cursor.</summary>
    public ulong? Selected { get; set; }
    /// <summary>The first row shown.</summary>
    public int Offset { get; set; }
    /// <summary>A line for the bottom of the screen; empty = the keys.</summary>
    public string Notice { get; set; } = "";

    public bool IsFolded(CgroupEntry entry) => _folded.Contains(entry.Id);

    public void Fold(CgroupEntry entry, bool folded) => _ = folded ? _folded.Add(entry.Id) : _folded.Remove(entry.Id);

    /// <summary>The rows to show, in their order: a tree whose siblings are sorted.</summary>
    public IReadOnlyList<int> Rows(Reading reading)
    {
        Sample sample = reading.Now;
        List<int>[] children = ChildrenOf(sample, Matching(sample));
        _rows.Clear();
        if (children.Length > 0)
        {
            Func<Reading, int, double?> key = TopColumn.All[SortBy].Key;
            Walk(children, sample.Count, rows => rows.Sort((a, b) => Compare(key(reading, a), key(reading, b), sample[a].Path, sample[b].Path)), sample);
        }
        return _rows;
    }

    /// <summary>Moves the cursor.</summary>
    public void Move(Reading reading, int by)
    {
        IReadOnlyList<int> rows = Rows(reading);
        if (rows.Count > 0)
        {
            int at = Math.Clamp(CursorOf(reading, rows) + by, 0, rows.Count - 1);
            Selected = reading.Now[rows[at]].Id;
        }
    }

    /// <summary>The place of the cursor among the rows shown; the first when its cgroup is gone.</summary>
    public int CursorOf(Reading reading, IReadOnlyList<int> rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            if (reading.Now[rows[i]].Id == Selected)
            {
                return i;
            }
        }
        return 0;
    }

    /// <summary>The row of the sample that the cursor is on; -1 when there is none.</summary>
    public int SelectedRow(Reading reading)
    {
        IReadOnlyList<int> rows = Rows(reading);
        return rows.Count == 0 ? -1 : rows[CursorOf(reading, rows)];
    }

    private static int Compare(double? a, double? b, string nameA, string nameB)
    {
        int order = (b ?? double.NegativeInfinity).CompareTo(a ?? double.NegativeInfinity);
        return order != 0 ? order : string.CompareOrdinal(nameA, nameB);
    }

    private bool[] Matching(Sample sample)
    {
        bool[] shown = new bool[sample.Count];
        for (int row = sample.Count - 1; row >= 0; row--)
        {
            shown[row] |= Filter.Length == 0 || sample[row].Path.Contains(Filter, StringComparison.OrdinalIgnoreCase);
            if (shown[row] && sample.ParentOf(row) >= 0)
            {
                shown[sample.ParentOf(row)] = true;
            }
        }
        return shown;
    }

    // The last list is that of the topmost.
    private static List<int>[] ChildrenOf(Sample sample, bool[] shown)
    {
        List<int>[] children = new List<int>[sample.Count + 1];
        for (int row = 0; row < sample.Count; row++)
        {
            int parent = sample.ParentOf(row) < 0 ? sample.Count : sample.ParentOf(row);
            if (shown[row])
            {
                (children[parent] ??= []).Add(row);
            }
        }
        return children;
    }

    private void Walk(List<int>[] children, int of, Action<List<int>> sort, Sample sample)
    {
        if (children[of] is not List<int> rows)
        {
            return;
        }
        sort(rows);
        foreach (int row in rows)
        {
            _rows.Add(row);
            // Whoever looks for something wants to see it, folded or not.
            if (!IsFolded(sample[row]) || Filter.Length > 0)
            {
                Walk(children, row, sort, sample);
            }
        }
    }
}
