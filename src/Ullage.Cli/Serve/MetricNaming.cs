using System.Text;
using Ullage.Observe.Metrics;

namespace Ullage.Cli.Serve;

/// <summary>Whose names <c>/metrics</c> gives to figures of <c>/proc/meminfo</c>.</summary>
internal enum MetricNaming
{
    /// <summary>node_exporter's, which dashboards and alerts know: <c>node_memory_MemTotal_bytes</c>.</summary>
    NodeExporter,
    /// <summary>Snake case throughout, which <c>promtool check metrics</c> insists on: <c>ullage_host_mem_total_bytes</c>.</summary>
    Snake,
}

/// <summary>Gives an exposition the names that were asked for.</summary>
internal static class MetricNamings
{
    /// <summary>The words of the command line and of <c>?names=</c>; null = no such word.</summary>
    public static MetricNaming? Parse(string word) => word switch
    {
        "node_exporter" => MetricNaming.NodeExporter,
        "snake" => MetricNaming.Snake,
        _ => null,
    };

    /// <summary>The same figures, named otherwise.</summary>
    public static string Apply(string openMetrics, MetricNaming naming)
    {
        if (naming == MetricNaming.NodeExporter)
        {
            return openMetrics;
        }
        StringBuilder text = new(openMetrics.Length);
        foreach (string line in openMetrics.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int at = line.StartsWith("# ", StringComparison.Ordinal) ? line.IndexOf(' ', 2) + 1 : 0; // after TYPE or HELP
            int end = at < line.Length ? line.IndexOf(' ', at) : -1;
            _ = end > at && MetricNames.SnakeCase.TryGetValue(line[at..end], out string? snake)
                ? text.Append(line.AsSpan(0, at)).Append(snake).Append(line.AsSpan(end))
                : text.Append(line);
            text.Append('\n');
        }
        return text.ToString();
    }
}
