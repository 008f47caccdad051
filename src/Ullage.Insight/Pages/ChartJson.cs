using System.Text.Json;
using Ullage.Insight.Timelines;

namespace Ullage.Insight.Pages;

/// <summary>
/// The charts of a report as JSON, small: rows in time and in each series are differences from the value before, in the largest unit that loses nothing; null is a
/// gap. Shapes stand once. Angle brackets and quotes come out as escapes, so that the text may stand in a page.
/// </summary>
public static class ChartJson
{
    private const int MachineBuckets = 400;
    private const int FineScopes = 40;
    private const long MostBytes = 3_600_000;
    // How finely time is kept of the cgroups that are looked at, and of the many others: the finest that fits.
    private static readonly (int Fine, int Coarse)[] Grains = [(400, 48), (250, 32), (180, 24), (140, 16), (110, 12), (90, 8), (70, 6), (50, 4), (30, 2)];

    private static readonly ChartShape[] Shapes = [TimelineCharts.Memory, TimelineCharts.Machine, TimelineCharts.Pressure, TimelineCharts.Reclaim];

    /// <summary>Writes the charts of all runs.</summary>
    public static void Write(Stream stream, IReadOnlyList<ReportRun> runs, string? liveUrl)
    {
        foreach ((int fine, int coarse) in Grains)
        {
            using MemoryStream buffer = new();
            Write(buffer, runs, liveUrl, fine, coarse);
            if (buffer.Length <= MostBytes || (fine, coarse) == Grains[^1])
            {
                buffer.WriteTo(stream);
                return;
            }
        }
    }

    private static void Write(Stream stream, IReadOnlyList<ReportRun> runs, string? liveUrl, int fineBuckets, int coarseBuckets)
    {
        using Utf8JsonWriter json = new(stream); // the default encoder escapes < > & ' and all that is not ASCII
        json.WriteStartObject();
        json.WriteString("live", liveUrl);
        json.WriteString("default", runs.SelectMany(run => MostInteresting(run.Timeline.Cgroups)).Select(track => Html.Visible(track.Name)).FirstOrDefault(MachineTrack.ScopeName));
        WriteShapes(json);
        json.WriteStartArray("runs");
        foreach (ReportRun run in runs)
        {
            WriteRun(json, run, fineBuckets, coarseBuckets);
        }
        json.WriteEndArray();
        if (liveUrl is not null)
        {
            WriteTable(json, runs[0].Timeline.Cgroups);
        }
        json.WriteEndObject();
    }

    private static void WriteTable(Utf8JsonWriter json, IReadOnlyList<CgroupTrack> tracks)
    {
        json.WriteStartArray("cgroups");
        foreach (CgroupTrack track in tracks)
        {
            json.WriteStartObject();
            json.WriteString("name", Html.Visible(track.Name));
            json.WriteStartArray("cells");
            foreach (string cell in CgroupTable.Cells(track))
            {
                json.WriteStringValue(cell);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteShapes(Utf8JsonWriter json)
    {
        json.WriteStartArray("shapes");
        foreach (ChartShape shape in Shapes)
        {
            json.WriteStartObject();
            json.WriteString("key", shape.Key);
            json.WriteString("title", shape.Title);
            json.WriteString("unit", shape.Unit switch { SeriesUnit.Bytes => "bytes", SeriesUnit.Percent => "percent", _ => "rate" });
            json.WriteStartArray("series");
            foreach (SeriesShape series in shape.Series)
            {
                json.WriteStartObject();
                json.WriteString("key", series.Key);
                json.WriteString("label", series.Label);
                json.WriteString("role", series.Role switch { SeriesRole.Part => "part", SeriesRole.Limit => "limit", _ => "line" });
                json.WriteString("source", series.Source);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteRun(Utf8JsonWriter json, ReportRun run, int fineBuckets, int coarseBuckets)
    {
        bool many = run.Timeline.Cgroups.Count > FineScopes;
        HashSet<string> fine = [.. MostInteresting(run.Timeline.Cgroups).Select(track => track.Name)];
        json.WriteStartObject();
        json.WriteString("name", Html.Visible(run.Name));
        if (run.EpochNs is long epoch)
        {
            json.WriteNumber("epoch_ms", epoch / 1_000_000);
        }
        json.WriteNumber("end_us", run.Timeline.LastNs / 1000);
        json.WriteStartArray("scopes");
        WriteScope(json, run.Timeline.Machine, MachineBuckets);
        foreach (CgroupTrack track in run.Timeline.Cgroups)
        {
            WriteScope(json, track, many && !fine.Contains(track.Name) ? coarseBuckets : fineBuckets);
        }
        json.WriteEndArray();
        json.WriteStartArray("events");
        foreach (ReportEvent each in run.Events)
        {
            json.WriteStartObject();
            json.WriteNumber("us", each.TNs / 1000);
            json.WriteString("kind", each.Kind);
            json.WriteString("title", Html.Visible(each.Title));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    // Those that were killed, came close to their limit, thrash or are large: these are looked at.
    private static IEnumerable<CgroupTrack> MostInteresting(IReadOnlyList<CgroupTrack> tracks) => tracks
        .OrderByDescending(track => track.OomKills > 0 ? 1 : 0)
        .ThenByDescending(track => double.IsNaN(track.LimitBytes) || track.LimitBytes <= 0 ? 0 : Math.Min(1, track.PeakBytes / track.LimitBytes) > 0.95 ? 1 : 0)
        .ThenByDescending(track => double.IsNaN(track.PeakBytes) ? 0 : track.PeakBytes)
        .Take(FineScopes);

    private static void WriteScope(Utf8JsonWriter json, ScopeTrack track, int buckets)
    {
        json.WriteStartObject();
        json.WriteString("name", Html.Visible(track.Name));
        json.WriteStartArray("charts");
        for (int chart = 0; chart < track.Charts.Count; chart++)
        {
            WriteChart(json, track.Charts[chart], track.RowsOf(chart).Rows(buckets));
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteChart(Utf8JsonWriter json, ChartShape shape, IReadOnlyList<TimelineRow> rows)
    {
        json.WriteStartObject();
        json.WriteNumber("shape", Array.IndexOf(Shapes, shape));
        json.WriteStartArray("us");
        long before = 0;
        foreach (TimelineRow row in rows)
        {
            json.WriteNumberValue((row.TNs / 1000) - before);
            before = row.TNs / 1000;
        }
        json.WriteEndArray();
        json.WriteStartObject("data");
        for (int series = 0; series < shape.Series.Count; series++)
        {
            WriteSeries(json, shape, series, rows);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // A series that never changes is one number; one that was never there is absent.
    private static void WriteSeries(Utf8JsonWriter json, ChartShape shape, int series, IReadOnlyList<TimelineRow> rows)
    {
        double scale = ScaleOf(shape.Unit, series, rows);
        long?[] values = new long?[rows.Count];
        bool any = false;
        bool same = true;
        for (int i = 0; i < values.Length; i++)
        {
            double value = rows[i].Values[series];
            values[i] = double.IsNaN(value) ? null : (long)Math.Round(value / scale);
            any |= values[i] is not null;
            same &= values[i] == values[0];
        }
        if (!any)
        {
            return;
        }
        if (same)
        {
            json.WriteNumber(shape.Series[series].Key, Math.Round(values[0]!.Value * scale, 2));
            return;
        }
        json.WriteStartObject(shape.Series[series].Key);
        json.WriteNumber("scale", scale);
        json.WriteStartArray("d");
        WriteDifferences(json, values);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDifferences(Utf8JsonWriter json, long?[] values)
    {
        long before = 0;
        foreach (long? value in values)
        {
            if (value is long known)
            {
                json.WriteNumberValue(known - before);
                before = known;
            }
            else
            {
                json.WriteNullValue();
            }
        }
    }

    private static double ScaleOf(SeriesUnit unit, int series, IReadOnlyList<TimelineRow> rows)
    {
        if (unit != SeriesUnit.Bytes)
        {
            return unit == SeriesUnit.Percent ? 0.01 : 0.1;
        }
        foreach (double scale in (ReadOnlySpan<double>)[4096, 1024])
        {
            if (rows.All(row => double.IsNaN(row.Values[series]) || row.Values[series] % scale == 0))
            {
                return scale;
            }
        }
        return 1;
    }
}
