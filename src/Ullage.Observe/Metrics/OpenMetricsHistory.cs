using System.Globalization;
using System.Text;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Metrics;

/// <summary>
/// Writes many samples as one OpenMetrics text with timestamps. The format wants all of a family together, and in it all of a cgroup, in the order of time; samples come
/// the other way round. So they are gone through several times, each time for as many families as fit into a bounded amount of memory.
/// </summary>
public sealed class OpenMetricsHistory
{
    private const long UsualPoints = 8_000_000; // sixteen bytes each
    private readonly Func<SampleSelection, ISampleSource> _open;
    private readonly string? _cgroup;
    private readonly CancellationToken _cancel;
    private readonly long _mostPoints;

    /// <summary>Prepares.</summary>
    /// <param name="open">Begins at the first sample, each time it is called.</param>
    /// <param name="cgroup">Only this one, without the machine; null = all.</param>
    /// <param name="cancel">Ends the work with an exception.</param>
    /// <param name="mostPoints">Values that are held at a time; null = as many as is usual.</param>
    public OpenMetricsHistory(Func<SampleSelection, ISampleSource> open, string? cgroup, CancellationToken cancel, long? mostPoints = null)
    {
        _open = open;
        _cgroup = cgroup;
        _cancel = cancel;
        _mostPoints = mostPoints ?? UsualPoints;
    }

    private sealed record Column(Metric Metric, string Help, Field? Field, Func<Sample, int, long?> Value)
    {
        public bool IsOfHost => Field?.Scope == FieldScope.Host;

        public SortedDictionary<string, List<(long TimeMs, long Value)>> Points { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>Writes all, with <c># EOF</c> at the end.</summary>
    public void Write(TextWriter output)
    {
        int together = (int)Math.Clamp(_mostPoints / Math.Max(1, CountRows()), 1, int.MaxValue);
        string? open = null;
        foreach (Column[] columns in Columns(_cgroup is null).Chunk(together))
        {
            Collect(columns);
            foreach (Column column in columns)
            {
                Write(column, ref open, output);
            }
        }
        output.Write("# EOF\n");
    }

    private static IEnumerable<Column> Columns(bool host)
    {
        foreach (Field field in CgroupFields.List.All)
        {
            yield return new Column(MetricNames.Of(field), field.Help, field, (sample, row) => sample.Value(field, row));
        }
        yield return new Column(MetricNames.WorkingSet, MetricNames.WorkingSetHelp, null, (sample, row) => UllageReading.WorkingSetOf(sample, row));
        yield return new Column(MetricNames.Ullage, MetricNames.UllageHelp, null, (sample, row) => UllageReading.Of(sample, row).Bytes);
        foreach (Field field in host ? HostFields.List.All : [])
        {
            yield return new Column(MetricNames.Of(field), field.Help, field, (sample, _) => sample.HostValue(field));
        }
    }

    private SampleSelection Selection => _cgroup is null ? new SampleSelection() : new SampleSelection { Path = _cgroup, Depth = 0 };

    // How many values a family has at most.
    private long CountRows()
    {
        long rows = 0;
        using ISampleSource source = _open(Selection with { Fields = new HashSet<Field> { CgroupFields.Usage }, HostFields = new HashSet<Field>() });
        Sample sample = new();
        while (source.Next(sample, out _))
        {
            _cancel.ThrowIfCancellationRequested();
            rows += _cgroup is null ? Math.Max(1, sample.Count) : 1;
        }
        return rows;
    }

    private void Collect(Column[] columns)
    {
        // What is derived needs all fields.
        SampleSelection selection = Array.Exists(columns, column => column.Field is null) ? Selection : Selection with
        {
            Fields = columns.Where(column => !column.IsOfHost).Select(column => column.Field!).ToHashSet(),
            HostFields = columns.Where(column => column.IsOfHost).Select(column => column.Field!).ToHashSet(),
        };
        using ISampleSource source = _open(selection);
        Sample sample = new();
        long lastMs = long.MinValue;
        while (source.Next(sample, out _))
        {
            _cancel.ThrowIfCancellationRequested();
            long ms = sample.TimeNs / 1_000_000;
            if (ms == lastMs)
            {
                continue; // Prometheus counts in milliseconds, and takes one value for each
            }
            lastMs = ms;
            foreach (Column column in columns)
            {
                Take(column, sample, ms);
            }
        }
    }

    private void Take(Column column, Sample sample, long ms)
    {
        if (column.IsOfHost)
        {
            Add(column, "", ms, column.Value(sample, -1));
            return;
        }
        int only = _cgroup is null ? -1 : sample.RowOf(_cgroup);
        (int from, int to) = _cgroup is null ? (0, sample.Count) : (Math.Max(0, only), only + 1);
        for (int row = from; row < to; row++)
        {
            Add(column, sample[row].Path, ms, column.Value(sample, row));
        }
    }

    private static void Add(Column column, string path, long ms, long? value)
    {
        if (value is not long number)
        {
            return;
        }
        if (!column.Points.TryGetValue(path, out List<(long, long)>? points))
        {
            column.Points.Add(path, points = []);
        }
        points.Add((ms, number));
    }

    private static void Write(Column column, ref string? open, TextWriter output)
    {
        StringBuilder text = new();
        foreach ((string path, List<(long TimeMs, long Value)> points) in column.Points)
        {
            string label = path.Length == 0 ? "" : $"id=\"{OpenMetricsText.Escaped(path)}\"";
            foreach ((long timeMs, long value) in points)
            {
                OpenMetricsText.Family(text, ref open, column.Metric, column.Help);
                bool none = column.Field?.Kind == FieldKind.Limit && value == Sample.Unlimited;
                OpenMetricsText.Line(text, column.Metric, label, none ? null : value, string.Create(CultureInfo.InvariantCulture, $" {timeMs / 1000}.{timeMs % 1000:000}"));
            }
            output.Write(text);
            text.Clear();
        }
    }
}
