using System.Globalization;
using System.Text;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Metrics;

/// <summary>
/// Writes samples as OpenMetrics text: one family after the other, a line for each cgroup (label <c>id</c> = its path). What is unavailable has no line; a limit that
/// is none is <c>+Inf</c>.
/// </summary>
public static class OpenMetricsText
{
    /// <summary>The content type of what is written.</summary>
    public const string ContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// <summary>The whole exposition, with its <c># EOF</c>.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="row">Only this cgroup; null = all.</param>
    /// <param name="host">Whether the machine's figures come along.</param>
    public static string Write(Sample sample, int? row = null, bool host = true)
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
                    Family(text, ref open, metric, field.Help);
                    Line(text, metric, labels[at - from], field.Kind == FieldKind.Limit && value == Sample.Unlimited ? null : value);
                }
            }
        }
        Derived(text, ref open, sample, from, to, labels);
        foreach (Field field in host ? HostFields.List.All : [])
        {
            if (sample.TryGetHost(field, out long value))
            {
                Family(text, ref open, MetricNames.Of(field), field.Help);
                Line(text, MetricNames.Of(field), "", value);
            }
        }
        return text.Append("# EOF\n").ToString();
    }

    private static void Derived(StringBuilder text, ref string? open, Sample sample, int from, int to, string[] labels)
    {
        for (int at = from; at < to; at++)
        {
            if (UllageReading.WorkingSetOf(sample, at) is long set)
            {
                Family(text, ref open, MetricNames.WorkingSet, MetricNames.WorkingSetHelp);
                Line(text, MetricNames.WorkingSet, labels[at - from], set);
            }
        }
        for (int at = from; at < to; at++)
        {
            if (UllageReading.Of(sample, at).Bytes is long ullage)
            {
                Family(text, ref open, MetricNames.Ullage, MetricNames.UllageHelp);
                Line(text, MetricNames.Ullage, labels[at - from], ullage);
            }
        }
    }

    internal static void Family(StringBuilder text, ref string? open, Metric metric, string help)
    {
        if (open == metric.Family)
        {
            return;
        }
        open = metric.Family;
        string type = metric.Type switch { MetricType.Counter => "counter", MetricType.Gauge => "gauge", _ => "unknown" };
        text.Append("# TYPE ").Append(metric.Family).Append(' ').Append(type).Append('\n');
        text.Append("# HELP ").Append(metric.Family).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal)).Append('\n');
    }

    /// <summary>One value; null is no limit. The time, if any, comes with a blank before it.</summary>
    internal static void Line(StringBuilder text, Metric metric, string label, long? value, string time = "")
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
        text.Append(time).Append('\n');
    }

    internal static string Escaped(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
