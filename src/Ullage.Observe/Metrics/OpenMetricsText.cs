using System.Globalization;
using System.Text;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Metrics;

/// <summary>The two dialects of the text format.</summary>
public enum MetricsDialect
{
    /// <summary>OpenMetrics 1.0: families without <c>_total</c>, <c>unknown</c>, <c># EOF</c>.</summary>
    OpenMetrics,
    /// <summary>The Prometheus text format 0.0.4: <c>untyped</c>, no end mark.</summary>
    Prometheus,
}

/// <summary>
/// Writes samples as OpenMetrics text: one family after the other, a line for each cgroup (label <c>id</c> = its path). What is unavailable has no line; a limit that
/// is none is <c>+Inf</c>.
/// </summary>
public static class OpenMetricsText
{
    /// <summary>The content type of what is written.</summary>
    public static string ContentTypeOf(MetricsDialect dialect) => dialect == MetricsDialect.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The whole exposition, with its <c># EOF</c>.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="row">Only this cgroup; null = all.</param>
    /// <param name="host">Whether the machine's figures come along.</param>
    /// <param name="dialect">Which of the two text formats.</param>
    public static string Write(Sample sample, int? row = null, bool host = true, MetricsDialect dialect = MetricsDialect.OpenMetrics)
    {
        StringBuilder text = new(64 << 10);
        (int from, int to) = row is int only ? (only, only + 1) : (0, sample.Count);
        string[] labels = [.. Enumerable.Range(from, to - from).Select(at => $"id=\"{Escaped(sample[at].Path)}\"")];
        string? open = null;
        foreach (Field field in CgroupFields.List.All)
        {
            Metric metric = MetricNames.Of(field);
            for (int at = from; at < to; at++)
            {
                if (sample.TryGet(field, at, out long value))
                {
                    Family(text, ref open, metric, field.Help, dialect);
                    Line(text, metric, labels[at - from], field.Kind == FieldKind.Limit && value == Sample.Unlimited ? null : value);
                }
            }
        }
        Derived(text, ref open, sample, from, to, labels, dialect);
        foreach (Field field in host ? HostFields.List.All : [])
        {
            if (sample.TryGetHost(field, out long value))
            {
                Family(text, ref open, MetricNames.Of(field), field.Help, dialect);
                Line(text, MetricNames.Of(field), "", value);
            }
        }
        return text.Append(dialect == MetricsDialect.OpenMetrics ? "# EOF\n" : "").ToString();
    }

    private static void Derived(StringBuilder text, ref string? open, Sample sample, int from, int to, string[] labels, MetricsDialect dialect)
    {
        for (int at = from; at < to; at++)
        {
            if (UllageReading.WorkingSetOf(sample, at) is long set)
            {
                Family(text, ref open, MetricNames.WorkingSet, "usage without inactive page cache", dialect);
                Line(text, MetricNames.WorkingSet, labels[at - from], set);
            }
        }
        for (int at = from; at < to; at++)
        {
            if (UllageReading.Of(sample, at).Bytes is long ullage)
            {
                Family(text, ref open, MetricNames.Ullage, "what can still be taken before the OOM killer comes, to the bound that is met first", dialect);
                Line(text, MetricNames.Ullage, labels[at - from], ullage);
            }
        }
    }

    private static void Family(StringBuilder text, ref string? open, Metric metric, string help, MetricsDialect dialect)
    {
        if (open == metric.Family)
        {
            return;
        }
        open = metric.Family;
        string name = dialect == MetricsDialect.OpenMetrics ? metric.Family : metric.Name;
        string type = metric.Type switch
        {
            MetricType.Counter => "counter",
            MetricType.Gauge => "gauge",
            _ => dialect == MetricsDialect.OpenMetrics ? "unknown" : "untyped",
        };
        text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private static void Line(StringBuilder text, Metric metric, string label, long? value)
    {
        text.Append(metric.Name);
        if (label.Length + metric.Labels.Length > 0)
        {
            text.Append('{').Append(label).Append(label.Length > 0 && metric.Labels.Length > 0 ? "," : "").Append(metric.Labels).Append('}');
        }
        text.Append(' ');
        _ = value is not long number ? text.Append("+Inf")
            : metric.Divisor == 1 ? text.Append(CultureInfo.InvariantCulture, $"{number}")
            : text.Append(CultureInfo.InvariantCulture, $"{(decimal)number / metric.Divisor}");
        text.Append('\n');
    }

    private static string Escaped(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
