using System.Text;

namespace Ullage.Cli.Serve;

/// <summary>The older text format of Prometheus, for clients that do not ask for OpenMetrics: counters keep <c>_total</c> in their family's name, unknown is called untyped.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The same metrics as an OpenMetrics text.</summary>
    public static string Of(string openMetrics)
    {
        StringBuilder text = new(openMetrics.Length);
        string family = ""; // of the counter whose lines follow
        foreach (string line in openMetrics.Split('\n'))
        {
            string[] words = line.Split(' ', 4);
            if (words is ["#", "TYPE", string name, string type])
            {
                family = type == "counter" ? name : "";
                text.Append("# TYPE ").Append(name).Append(family.Length > 0 ? "_total" : "").Append(' ').Append(type == "unknown" ? "untyped" : type).Append('\n');
            }
            else if (words is ["#", "HELP", string helped, string help])
            {
                text.Append("# HELP ").Append(helped).Append(helped == family ? "_total" : "").Append(' ').Append(help).Append('\n');
            }
            else if (line.Length > 0 && line != "# EOF" && words[0] + (words.Length > 1 ? " " + words[1] : "") != "# UNIT")
            {
                text.Append(line).Append('\n');
            }
        }
        return text.ToString();
    }
}
