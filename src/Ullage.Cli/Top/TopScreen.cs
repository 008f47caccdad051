using System.Globalization;
using System.Text;
using Ullage.Cli.Terminal;
using Ullage.Observe.Fields;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Cli.Top;

/// <summary>One line of a screen.</summary>
/// <param name="Text">No wider than the screen.</param>
/// <param name="Tone">Its colour.</param>
/// <param name="IsCursor">Shown in reverse.</param>
internal readonly record struct ScreenLine(string Text, Tone Tone = Tone.Plain, bool IsCursor = false);

/// <summary>Draws what <c>top</c> shows. Pure: the same view and reading give the same lines.</summary>
internal sealed class TopScreen(TopView view, Reading reading, ISampleSource source)
{
    private const int HeadLines = 5;
    private const int MinWidth = 40;
    private const double CloseToLimit = 0.05;
    private const long StalledCentiPercent = 1000;
    private const string Keys = "q quit  ? help  Enter story  / find  < > P M S sort  + - fold  z pause";

    /// <summary>All lines of the screen, exactly as many as it has.</summary>
    public IReadOnlyList<ScreenLine> Lines(int width, int height)
    {
        width = Math.Max(MinWidth, width);
        List<ScreenLine> lines = view.Mode switch
        {
            TopMode.Help => [.. TopHelp.Lines(width)],
            TopMode.Story => [.. new TopStory(reading, source).Lines(view.SelectedRow(reading), width)],
            _ => List(width, Math.Max(1, height - HeadLines - 1)),
        };
        while (lines.Count < height - 1)
        {
            lines.Add(new ScreenLine(""));
        }
        lines.RemoveRange(height - 1, lines.Count - (height - 1));
        lines.Add(Bottom());
        return [.. lines.Select(line => line with { Text = Cut(line.Text, width) })];
    }

    /// <summary>Every row, for output that is not a screen.</summary>
    public IReadOnlyList<ScreenLine> Whole(int width) => List(Math.Max(MinWidth, width), int.MaxValue);

    /// <summary>Killed, close to the limit, stalled, reclaiming: the first that holds.</summary>
    public static (char Mark, Tone Tone) MarkOf(Reading reading, int row)
    {
        Sample now = reading.Now;
        if (reading.Change(CgroupFields.OomKill, row) > 0)
        {
            return ('x', Tone.Magenta);
        }
        UllageReading ullage = UllageReading.Of(now, row);
        if (ullage.Bytes < CloseToLimit * ullage.Binding.LimitBytes)
        {
            return ('!', Tone.Red);
        }
        if (now.Value(CgroupFields.PressureFullAvg10, row) >= StalledCentiPercent)
        {
            return ('~', Tone.Red);
        }
        bool hit = reading.Change(now.Version == 1 ? CgroupFields.Failcnt : CgroupFields.EventsMax, row) > 0 || reading.Change(CgroupFields.EventsHigh, row) > 0;
        return hit ? ('*', Tone.Yellow) : (' ', Tone.Plain);
    }

    private List<ScreenLine> List(int width, int room)
    {
        IReadOnlyList<int> rows = view.Rows(reading);
        int cursor = view.CursorOf(reading, rows);
        Scroll(rows.Count, cursor, room);
        List<ScreenLine> lines = [new(Title(width)), new(Memory()), Stalls(), new(Groups(rows.Count)), new(Header(width), Tone.Dim)];
        for (int i = view.Offset; i < rows.Count && i - view.Offset < room; i++)
        {
            (char mark, Tone tone) = MarkOf(reading, rows[i]);
            lines.Add(new ScreenLine(RowText(rows[i], mark, width), tone, i == cursor && room != int.MaxValue));
        }
        return lines;
    }

    private void Scroll(int count, int cursor, int room)
    {
        if (room == int.MaxValue)
        {
            view.Offset = 0;
            return;
        }
        int offset = Math.Min(view.Offset, Math.Max(0, count - room));
        view.Offset = cursor < offset ? cursor : cursor >= offset + room ? cursor - room + 1 : offset;
    }

    private string Title(int width)
    {
        string left = $"ullage top  {source.Name}";
        string right = $"{(view.Paused ? "PAUSED  " : "")}{reading.Now.At.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  every {Seconds(view.Interval)}";
        int room = width - right.Length - 2;
        return Cut(left, room).PadRight(room + 2) + right;
    }

    private string Memory()
    {
        Sample now = reading.Now;
        string swap = now.HostValue(HostFields.SwapTotal) is long total and > 0
            ? $"swap {Size(total - now.HostValue(HostFields.SwapFree))} of {Amounts.Size(total)}" : "no swap";
        return $"memory {Size(now.HostValue(HostFields.MemTotal))}: available {Size(now.HostValue(HostFields.MemAvailable))}, free {Size(now.HostValue(HostFields.MemFree))}, "
            + $"dirty {Size(now.HostValue(HostFields.Dirty))}, slab {Size(now.HostValue(HostFields.Slab))}; {swap}";
    }

    private ScreenLine Stalls()
    {
        Sample now = reading.Now;
        string some = TopColumn.Percent(now.HostValue(HostFields.MemorySomeAvg10));
        string full = TopColumn.Percent(now.HostValue(HostFields.MemoryFullAvg10));
        string text = $"stalls some {some} full {full} %  direct {Rate(HostFields.PgscanDirect)}/s  kswapd {Rate(HostFields.PgscanKswapd)}/s  "
            + $"refault {Rate(HostFields.WorkingsetRefaultFile)}/s  killed {reading.HostChange(HostFields.OomKill)?.ToString(CultureInfo.InvariantCulture) ?? "-"}";
        Tone tone = reading.HostChange(HostFields.OomKill) > 0 ? Tone.Magenta : now.HostValue(HostFields.MemoryFullAvg10) >= StalledCentiPercent ? Tone.Red : Tone.Plain;
        return new ScreenLine(text, tone);
    }

    private string Groups(int shown)
    {
        Sample now = reading.Now;
        if (now.Version == 0)
        {
            return $"no cgroups: {source.Mounts.WhyNoMemory}";
        }
        // v1 tells of removed groups only in sum; v2's topmost group has them all below it.
        long? dying = now.Version == 1 ? now.HostValue(HostFields.MemoryCgroups) - now.Count : now.Count > 0 ? now.Value(CgroupFields.DyingDescendants, 0) : null;
        string filter = view.Filter.Length > 0 ? $", {Amounts.Count(shown, "row")} for '{view.Filter}'" : "";
        string gone = dying is long known ? $", {Math.Max(0, known).ToString(CultureInfo.InvariantCulture)} dying" : "";
        return $"cgroup v{now.Version}: {Amounts.Count(now.Count, "group")}{gone}{filter}; sorted by {TopColumn.All[view.SortBy].Title}";
    }

    private string Header(int width)
    {
        StringBuilder header = new();
        foreach (TopColumn column in TopColumn.For(width))
        {
            bool sorted = TopColumn.All[view.SortBy] == column;
            header.Append((sorted ? ">" + column.Title : column.Title).PadLeft(column.Width));
        }
        return header.Append("   CGROUP").ToString();
    }

    private string RowText(int row, char mark, int width)
    {
        StringBuilder text = new();
        foreach (TopColumn column in TopColumn.For(width))
        {
            text.Append(column.Text(reading, row).PadLeft(column.Width));
        }
        text.Append(' ').Append(mark).Append(' ');
        CgroupEntry entry = reading.Now[row];
        bool parent = row + 1 < reading.Now.Count && reading.Now.ParentOf(row + 1) == row;
        text.Append(' ', Math.Min(entry.Depth, 8)).Append(!parent ? ' ' : view.IsFolded(entry) ? '+' : '-').Append(entry.Name);
        return Cut(text.ToString(), width);
    }

    private ScreenLine Bottom() => view.Mode switch
    {
        TopMode.AskFilter => new ScreenLine($"find in paths (empty = all, Esc = leave as it was): {view.Typed}_"),
        TopMode.AskDelay => new ScreenLine($"seconds between samples: {view.Typed}_"),
        TopMode.Help or TopMode.Story => new ScreenLine("q, Esc or Enter: back", Tone.Dim),
        _ => view.Notice.Length > 0 ? new ScreenLine(view.Notice, Tone.Yellow) : new ScreenLine(Keys, Tone.Dim),
    };

    private string Rate(Field field) => TopColumn.Rate(reading.HostRate(field));

    private static string Size(long? bytes) => TopColumn.Bytes(bytes);

    private static string Seconds(TimeSpan interval) => interval.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + "s";

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + ">";
}
