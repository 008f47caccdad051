using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Compare;

/// <summary>
/// What the figures of a recording were over its time: for gauges the range in which they lay in eight samples of ten, for counters the same of their growth per second.
/// </summary>
internal static class RecordingCounters
{
    private const int MostValues = 4096;

    /// <summary>Ranges by cgroup and field, in the order in which they were first seen.</summary>
    public static IReadOnlyList<(string Place, string Field, CounterRange Range)> Of(RecordingReader recording, CancellationToken cancel)
    {
        using RecordingSource source = new(recording);
        Dictionary<(string, string), List<decimal>> values = [];
        List<(string Place, string Field)> order = [];
        Reading reading = new();
        int stride = 1;
        for (int sample = 0; reading.Advance(source, out _); sample++)
        {
            cancel.ThrowIfCancellationRequested();
            if (sample % stride != 0)
            {
                continue;
            }
            for (int row = 0; row < reading.Now.Count; row++)
            {
                foreach (Field field in CgroupFields.List.All)
                {
                    Add(values, order, reading.Now[row].Path, field, Figure(field, reading.Now.Value(field, row), reading.Rate(field, row)));
                }
            }
            foreach (Field field in HostFields.List.All)
            {
                Add(values, order, "machine", field, Figure(field, reading.Now.HostValue(field), reading.HostRate(field)));
            }
            stride = sample / MostValues + 1;
        }
        return [.. order.Select(key => (key.Place, key.Field, Range(values[key])))];
    }

    private static decimal? Figure(Field field, long? value, double? rate) => field.Kind switch
    {
        FieldKind.Counter => rate is double known && double.IsFinite(known) ? Math.Round((decimal)known, 2) : null,
        FieldKind.Limit when value == Observe.Sampling.Sample.Unlimited => null,
        _ => value,
    };

    private static void Add(Dictionary<(string, string), List<decimal>> values, List<(string, string)> order, string place, Field field, decimal? figure)
    {
        if (figure is not decimal known)
        {
            return;
        }
        string name = field.Kind == FieldKind.Counter ? field.Name + " per second" : field.Name;
        if (!values.TryGetValue((place, name), out List<decimal>? list))
        {
            values[(place, name)] = list = [];
            order.Add((place, name));
        }
        list.Add(known);
    }

    private static CounterRange Range(List<decimal> values)
    {
        values.Sort();
        int tail = values.Count / 10;
        return new CounterRange(values[tail], values[^(tail + 1)]);
    }
}
