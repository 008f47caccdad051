using System.Globalization;
using Ullage.Insight.Timelines;

namespace Ullage.Insight.Pages;

/// <summary>The tree of cgroups: what each used at most, what it may use, how close it came.</summary>
public static class CgroupTable
{
    private static readonly string[] Columns = ["Cgroup", "#Usage at the end", "#Peak", "#Limit", "#Least room", "#OOM kills"];

    internal static void Write(Html html, IReadOnlyList<ReportRun> runs)
    {
        html.Raw("<h2 id=\"cgroups\">Cgroups</h2>\n");
        foreach (ReportRun run in runs)
        {
            if (runs.Count > 1)
            {
                html.Element("h3", run.Name);
            }
            if (run.Timeline.Cgroups.Count == 0)
            {
                html.Element("p", "no memory cgroup was read", "class=\"note\"");
                continue;
            }
            html.Element("p", "Peaks and room are the extremes of what was read; \"room\" is limit − usage, before anything is reclaimed.", "class=\"note\"");
            html.Raw("<div class=\"scroll tall\" tabindex=\"0\">");
            HtmlPage.TableHead(html, new ReportTable("Cgroups", Columns, []));
            foreach (CgroupTrack track in run.Timeline.Cgroups.OrderBy(track => track.Name, StringComparer.Ordinal))
            {
                Row(html, track);
            }
            html.Raw("</tbody></table></div>\n");
        }
    }

    /// <summary>The figures of one cgroup, as its row shows them.</summary>
    public static IReadOnlyList<string> Cells(CgroupTrack track) =>
    [
        Sizes.Text(track.UsageBytes), Sizes.Text(track.PeakBytes), double.IsNaN(track.LimitBytes) ? "max" : Sizes.Text(track.LimitBytes), Sizes.Text(track.LeastRoomBytes),
        double.IsNaN(track.OomKills) ? "–" : track.OomKills.ToString("0", CultureInfo.InvariantCulture),
    ];

    private static void Row(Html html, CgroupTrack track)
    {
        bool close = track.LeastRoomBytes < 0.05 * track.LimitBytes;
        string tone = track.OomKills > 0 ? "magenta" : close ? "red" : "";
        string mark = track.OomKills > 0 ? " ✗ killed" : close ? " ! close to its limit" : "";
        int depth = track.Name.Count(each => each == '/') - 1;
        string name = depth <= 0 ? track.Name : track.Name[track.Name.LastIndexOf('/')..];
        html.Raw($"<tr class=\"{tone}\" ").Raw(Html.Attribute("data-cgroup", track.Name)).Raw(">")
            .Raw(string.Create(CultureInfo.InvariantCulture, $"<td style=\"padding-left:{Math.Max(0, depth) * 18}px\"><button class=\"link\" type=\"button\" "))
            .Raw(Html.Attribute("data-scope", track.Name)).Raw(" ").Raw(Html.Attribute("title", "show the charts of " + track.Name)).Raw(">").Text(name).Raw("</button>").Text(mark).Raw("</td>");
        foreach (string cell in Cells(track))
        {
            html.Element("td", cell, "class=\"n\"");
        }
        html.Raw("</tr>\n");
    }
}
