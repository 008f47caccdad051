using System.Reflection;
using System.Text;
using Ullage.Insight.Timelines;

namespace Ullage.Insight.Pages;

/// <summary>Writes a report as one HTML file that needs nothing else: styles, scripts and data are in it, and its own policy forbids it to fetch anything.</summary>
public static class HtmlPage
{
    private const int MostSlabs = 40;

    /// <summary>Writes the page.</summary>
    public static void Write(ReportPage page, TextWriter writer)
    {
        Html html = new(writer);
        Head(html, page);
        html.Raw("<body>\n<header>\n<div class=\"top\"><h1>").Text(page.Title).Raw("</h1><button id=\"theme\" class=\"theme\" type=\"button\">dark theme</button></div>\n");
        html.Raw($"<p id=\"verdict\" class=\"verdict{(page.Alarming ? " alarming" : "")}\">").Text(page.Verdict).Raw("</p>\n");
        Facts(html, page.Facts);
        html.Raw("</header>\n");
        Navigation(html, page);
        html.Raw("<main>\n");
        Charts(html);
        CgroupTable.Write(html, page.Runs);
        Events(html, page.Runs);
        Slabs(html, page.Runs);
        Stacks(html, page.Stacks);
        foreach (ReportTable table in page.Tables)
        {
            Table(html, table);
        }
        Texts(html, page);
        html.Raw("</main>\n<footer>").Text("Made by ullage. Everything is in this file: it can be sent, kept and opened without a network.").Raw("</footer>\n");
        Data(html, page);
        html.Raw("<script>").Raw(Asset("uPlot.iife.min.js")).Raw("</script>\n<script>").Raw(Asset("page.js")).Raw("</script>\n</body>\n</html>\n");
    }

    private static void Head(Html html, ReportPage page)
    {
        string connect = page.LiveUrl is null ? "" : "; connect-src 'self'";
        html.Raw("<!doctype html>\n<html lang=\"en\" data-theme=\"light\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Raw($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:{connect}\">\n")
            .Raw("<link rel=\"icon\" href=\"data:,\">\n<title>").Text(page.Title).Raw(" – ullage</title>\n<style>").Raw(Asset("uPlot.min.css")).Raw(Asset("page.css")).Raw("</style>\n</head>\n");
    }

    private static void Facts(Html html, IReadOnlyList<KeyValuePair<string, string>> facts)
    {
        html.Raw("<dl class=\"facts\">");
        foreach ((string name, string value) in facts)
        {
            html.Raw("<div>").Element("dt", name).Element("dd", value).Raw("</div>");
        }
        html.Raw("</dl>\n");
    }

    private static void Navigation(Html html, ReportPage page)
    {
        html.Raw("<nav aria-label=\"Sections\"><ul>");
        foreach ((string id, string title) in Sections(page))
        {
            html.Raw($"<li><a href=\"#{id}\">").Text(title).Raw("</a></li>");
        }
        html.Raw("</ul></nav>\n");
    }

    private static IEnumerable<(string Id, string Title)> Sections(ReportPage page)
    {
        yield return ("over-time", "Over time");
        yield return ("cgroups", "Cgroups");
        yield return ("events", "Events");
        yield return ("slabs", "Slab caches");
        if (page.Stacks.Count > 0)
        {
            yield return ("stacks", "Stacks");
        }
        foreach (ReportTable table in page.Tables)
        {
            yield return (IdOf(table.Title), table.Title);
        }
        foreach ((string title, string _) in page.Texts)
        {
            yield return (IdOf(title), title);
        }
        yield return ("command", "Command");
    }

    private static void Charts(Html html)
    {
        html.Raw("<h2 id=\"over-time\">Over time</h2>\n<div class=\"tools\"><label>Show <select id=\"scope\"></select></label>")
            .Raw("<button id=\"reset\" type=\"button\">show all of the time</button><span id=\"state\" class=\"soft\"></span>")
            .Raw("<span class=\"soft\">Drag over a chart to zoom all of them; ▼ marks events.</span></div>\n")
            .Raw("<noscript><p>The charts are drawn by a script in this file; all tables and texts are here without it.</p></noscript>\n")
            .Raw("<div id=\"charts\" class=\"charts\"></div>\n<p id=\"say\" class=\"hidden\" aria-live=\"polite\"></p>\n");
    }

    private static void Events(Html html, IReadOnlyList<ReportRun> runs)
    {
        html.Raw("<h2 id=\"events\">Events</h2>\n");
        for (int run = 0; run < runs.Count; run++)
        {
            if (runs.Count > 1)
            {
                html.Element("h3", runs[run].Name);
            }
            if (runs[run].Events.Count == 0)
            {
                html.Element("p", "the kernel logged nothing", "class=\"note\"");
                continue;
            }
            html.Raw("<ol class=\"events\">\n");
            foreach (ReportEvent each in runs[run].Events)
            {
                html.Raw($"<li><details class=\"text\"><summary><span class=\"{(each.Kind is "oom" or "panic" ? each.Kind : "log")}\">").Text(TimeText.Of(each.TNs, runs[run].EpochNs))
                    .Text(": ").Text(each.Title).Raw("</span></summary><pre tabindex=\"0\">").Text(each.Text).Raw("</pre></details>")
                    .Raw(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"<button class=\"link\" type=\"button\" data-run=\"{run}\" data-us=\"{each.TNs / 1000}\">show in the charts</button></li>\n"));
            }
            html.Raw("</ol>\n");
        }
    }

    private static void Slabs(Html html, IReadOnlyList<ReportRun> runs)
    {
        html.Raw("<h2 id=\"slabs\">Slab caches</h2>\n");
        foreach (ReportRun run in runs)
        {
            foreach ((string owner, SlabLedger ledger) in Ledgers(run))
            {
                string title = runs.Count > 1 ? $"{owner}, {run.Name}" : owner;
                IReadOnlyList<SlabLine> lines = ledger.Lines;
                html.Element("h3", title);
                if (lines.Count == 0)
                {
                    html.Element("p", "unavailable: " + (ledger.Why ?? ledger.Path + " lists no cache"), "class=\"note\"");
                    continue;
                }
                SlabTable(html, title, lines);
            }
        }
    }

    // The machine always, cgroups where their kernel tells.
    private static IEnumerable<(string Owner, SlabLedger Ledger)> Ledgers(ReportRun run) => run.Timeline.Cgroups
        .Where(track => track.Slabs is { } slabs && slabs.Lines.Count > 0).Take(8).Select(track => (track.Name, track.Slabs!))
        .Prepend((MachineTrack.ScopeName, run.Timeline.Slabs));

    private static void SlabTable(Html html, string title, IReadOnlyList<SlabLine> lines)
    {
        long most = Math.Max(1, lines[0].PeakBytes);
        ReportTable table = new(title, ["Cache", "#Peak", "#At the end", "#Growth", "#Objects", "#Object size", "Share of the largest"], []);
        html.Raw("<div class=\"scroll tall\" tabindex=\"0\">");
        TableHead(html, table);
        foreach (SlabLine line in lines.Take(MostSlabs))
        {
            html.Raw("<tr>").Element("td", line.Name).Element("td", Sizes.Text(line.PeakBytes), "class=\"n\"").Element("td", Sizes.Text(line.LastBytes), "class=\"n\"")
                .Element("td", Sizes.Text(line.LastBytes - line.FirstBytes), "class=\"n\"")
                .Element("td", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{line.ActiveObjects} of {line.Objects}"), "class=\"n\"")
                .Element("td", Sizes.Text(line.ObjectBytes), "class=\"n\"")
                .Raw(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"<td><span class=\"bar\" style=\"width:{120.0 * line.PeakBytes / most:0.#}px\"></span></td></tr>\n"));
        }
        html.Raw("</tbody></table></div>\n");
        if (lines.Count > MostSlabs)
        {
            html.Element("p", $"{lines.Count - MostSlabs} smaller caches are left out", "class=\"note\"");
        }
    }

    private static void Stacks(Html html, IReadOnlyList<ReportStack> stacks)
    {
        if (stacks.Count == 0)
        {
            return;
        }
        html.Raw("<h2 id=\"stacks\">Stacks</h2>\n");
        foreach (IGrouping<string, ReportStack> function in stacks.GroupBy(stack => stack.Function, StringComparer.Ordinal))
        {
            html.Element("h3", $"{function.Key}: {function.Sum(stack => stack.Count)} calls");
            FlameGraph.Write(html, function.Key, [.. function]);
            html.Raw("<details><summary>as text</summary><pre tabindex=\"0\">");
            foreach (ReportStack stack in function.OrderByDescending(stack => stack.Count))
            {
                html.Text($"{stack.Count,8}  {string.Join(" < ", stack.Frames)}\n");
            }
            html.Raw("</pre></details>\n");
        }
    }

    private static void Table(Html html, ReportTable table)
    {
        html.Raw($"<h2 id=\"{IdOf(table.Title)}\">").Text(table.Title).Raw("</h2>\n");
        if (table.Note.Length > 0)
        {
            html.Element("p", table.Note, "class=\"note\"");
        }
        html.Raw("<div class=\"scroll\" tabindex=\"0\">");
        TableHead(html, table);
        foreach (ReportRow row in table.Rows)
        {
            html.Raw($"<tr class=\"{row.Tone}\">");
            for (int i = 0; i < row.Cells.Count; i++)
            {
                bool number = table.Columns[i].StartsWith('#');
                html.Element("td", row.Cells[i], number ? "class=\"n\"" : row.Cells[i].Length > 60 ? "class=\"wrap\"" : "");
            }
            html.Raw("</tr>\n");
        }
        html.Raw("</tbody></table></div>\n");
    }

    /// <summary>The beginning of a table, up to its first row.</summary>
    internal static void TableHead(Html html, ReportTable table)
    {
        html.Raw("<table class=\"data\"><caption class=\"hidden\">").Text(table.Title).Raw("</caption><thead><tr>");
        foreach (string column in table.Columns)
        {
            html.Element("th", column.TrimStart('#'), column.StartsWith('#') ? "scope=\"col\" class=\"n\"" : "scope=\"col\"");
        }
        html.Raw("</tr></thead>\n<tbody>\n");
    }

    private static void Texts(Html html, ReportPage page)
    {
        if (page.Notes.Count > 0)
        {
            html.Raw("<h2>Notes</h2>\n<ul>");
            foreach (string note in page.Notes)
            {
                html.Element("li", note);
            }
            html.Raw("</ul>\n");
        }
        foreach ((string title, string text) in page.Texts)
        {
            html.Raw($"<h2 id=\"{IdOf(title)}\">").Text(title).Raw("</h2>\n<pre tabindex=\"0\">").Text(text).Raw("</pre>\n");
        }
        html.Raw("<h2 id=\"command\">Command</h2>\n<pre class=\"command\" tabindex=\"0\">").Text(page.Command).Raw("</pre>\n");
    }

    private static void Data(Html html, ReportPage page)
    {
        using MemoryStream json = new();
        ChartJson.Write(json, page.Runs, page.LiveUrl);
        html.Raw("<script id=\"data\" type=\"application/json\">").Raw(Encoding.UTF8.GetString(json.ToArray())).Raw("</script>\n");
    }

    private static string IdOf(string title) => string.Concat(title.ToLowerInvariant().Select(each => char.IsAsciiLetterOrDigit(each) ? each : '-'));

    private static string Asset(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("assets/" + name) ?? throw new InvalidOperationException($"{name} is not in this build");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
