using System.Globalization;
using System.Text;
using System.Text.Json;
using Ullage.Observe.Fields;
using Ullage.Observe.Sampling;
using Ullage.Recording.Reading;

namespace Ullage.Cli.Recordings;

/// <summary>Writes the samples of a source as tables for other programs.</summary>
internal static class CsvExport
{
    /// <summary>One line per sample and cgroup, and one per sample for the machine, whose columns are others. An empty cell is unavailable, <c>max</c> is no limit.</summary>
    public static void Write(ISampleSource source, TextWriter output, string? cgroup, Func<long, string> time, CancellationToken cancel)
    {
        output.Write("time,cgroup," + string.Join(',', CgroupFields.List.All.Select(field => field.Name)) + "," + string.Join(',', HostFields.List.All.Select(field => "host." + field.Name)) + "\n");
        Sample sample = new();
        StringBuilder line = new();
        while (source.Next(sample, out _))
        {
            cancel.ThrowIfCancellationRequested();
            string at = time(sample.TimeNs);
            for (int row = 0; row < sample.Count; row++)
            {
                if (cgroup is null || sample[row].Path == cgroup)
                {
                    line.Clear().Append(at).Append(',').Append(Quoted(sample[row].Path));
                    foreach (Field field in CgroupFields.List.All)
                    {
                        line.Append(',').Append(sample.TryGet(field, row, out long value) ? Text(field, value) : "");
                    }
                    output.Write(line.Append(',', HostFields.List.Count).Append('\n'));
                }
            }
            if (cgroup is null)
            {
                line.Clear().Append(at).Append(",machine").Append(',', CgroupFields.List.Count);
                foreach (Field field in HostFields.List.All)
                {
                    line.Append(',').Append(sample.TryGetHost(field, out long value) ? Text(field, value) : "");
                }
                output.Write(line.Append('\n'));
            }
        }
    }

    private static string Text(Field field, long value) => field.Kind == FieldKind.Limit && value == Sample.Unlimited ? "max" : value.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}

/// <summary>Writes the samples of a source in Chrome's trace event format, which Perfetto reads: counters over time, and the kernel log as instants.</summary>
internal static class TraceExport
{
    private const double NsPerMicrosecond = 1000;
    private static readonly Field[] Kinds = [CgroupFields.Anon, CgroupFields.File, CgroupFields.Kernel];

    public static void Write(ISampleSource source, Stream output, string? cgroup, IReadOnlyList<RecordedEvent> events, CancellationToken cancel)
    {
        using Utf8JsonWriter json = new(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        Dictionary<ulong, int> processes = [];
        Sample sample = new();
        Sample before = new();
        Name(json, 0, "machine");
        while (source.Next(sample, out _))
        {
            cancel.ThrowIfCancellationRequested();
            Machine(json, sample);
            for (int row = 0; row < sample.Count; row++)
            {
                if (cgroup is null || sample[row].Path == cgroup)
                {
                    Cgroup(json, sample, row, processes);
                }
            }
            (sample, before) = (before, sample);
            json.Flush();
        }
        foreach (RecordedEvent each in events)
        {
            Begin(json, "i", each.Text, 0, each.TimeNs);
            json.WriteString("s", "g");
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Machine(Utf8JsonWriter json, Sample sample)
    {
        Begin(json, "C", "memory", 0, sample.TimeNs);
        Arguments(json, [("AnonPages", sample.HostValue(HostFields.AnonPages)), ("Cached", sample.HostValue(HostFields.Cached)), ("Slab", sample.HostValue(HostFields.Slab)), ("MemFree", sample.HostValue(HostFields.MemFree))]);
    }

    private static void Cgroup(Utf8JsonWriter json, Sample sample, int row, Dictionary<ulong, int> processes)
    {
        ulong id = sample[row].Id;
        if (!processes.TryGetValue(id, out int process))
        {
            process = processes.Count + 1;
            processes.Add(id, process);
            Name(json, process, sample[row].Path);
        }
        Begin(json, "C", "memory", process, sample.TimeNs);
        Arguments(json, Kinds.Select(field => (field.Name, sample.Value(field, row))));
        Begin(json, "C", "usage and limit", process, sample.TimeNs);
        long? limit = sample.Value(CgroupFields.Limit, row);
        Arguments(json, [("usage", sample.Value(CgroupFields.Usage, row)), ("limit", limit == Sample.Unlimited ? null : limit)]);
        if (sample.Value(CgroupFields.PressureSomeTotal, row) is long some)
        {
            Begin(json, "C", "pressure total (us)", process, sample.TimeNs);
            Arguments(json, [("some", some), ("full", sample.Value(CgroupFields.PressureFullTotal, row))]);
        }
    }

    private static void Name(Utf8JsonWriter json, int process, string name)
    {
        Begin(json, "M", "process_name", process, 0);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json, string phase, string name, int process, long timeNs)
    {
        json.WriteStartObject();
        json.WriteString("ph", phase);
        json.WriteString("name", name);
        json.WriteNumber("pid", process);
        json.WriteNumber("tid", 0);
        json.WriteNumber("ts", timeNs / NsPerMicrosecond);
    }

    private static void Arguments(Utf8JsonWriter json, IEnumerable<(string Name, long? Value)> values)
    {
        json.WriteStartObject("args");
        foreach ((string name, long? value) in values)
        {
            if (value is long number)
            {
                json.WriteNumber(name, number);
            }
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
