using System.Text;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Run;

/// <summary>A counter against its limit over time, as text: filled columns below a line at the limit.</summary>
internal sealed class UsageChart(int width, bool utf8, int height = 10)
{
    private const string Eighths = " ▁▂▃▄▅▆▇█";
    private const double CloseToLimit = 0.95;
    private const int MinPlot = 20;
    private const int MaxPlot = 90;

    /// <summary>The lines of the chart; none when there is nothing to draw.</summary>
    /// <param name="series">The counter.</param>
    /// <param name="endNs">The time at the right edge; the last reading holds until then.</param>
    /// <param name="marks">Times to mark below, such as kills.</param>
    public IEnumerable<(string Line, Tone Tone)> Lines(UsageSeries series, long endNs, IReadOnlyList<long> marks)
    {
        if (series.Points.Count == 0)
        {
            yield break;
        }
        if (series.PeakBytes == 0)
        {
            foreach (string line in TextWrap.Lines($"{Title(series, long.MaxValue)}: nothing was charged while it was watched", width, 2))
            {
                yield return (line, Tone.Dim);
            }
            yield break;
        }
        long end = Math.Max(1, Math.Max(endNs, series.Points[^1].TNs));
        long top = Top(series);
        int labels = Math.Max(4, Math.Max(Amounts.Size(top).Length, Amounts.Size(top / 2).Length));
        int plot = Math.Clamp(width - labels - 4, MinPlot, MaxPlot);
        double[] columns = Columns(series, end, plot);
        foreach (string line in TextWrap.Lines(Title(series, top), width, 2))
        {
            yield return (line, Tone.Plain);
        }
        for (int row = height; row >= 1; row--)
        {
            string label = row == height ? Amounts.Size(top) : row == height / 2 ? Amounts.Size(top / 2) : "";
            string line = $"{label.PadLeft(labels)} {(utf8 ? '┤' : '|')}{Row(columns, row, top, LimitRow(series, top))}";
            yield return (line.TrimEnd(), RowTone(series, row, top));
        }
        yield return ($"{"0".PadLeft(labels)} {(utf8 ? '└' : '+')}{new string(utf8 ? '─' : '-', plot)}", Tone.Plain);
        if (marks.Count > 0)
        {
            yield return (MarkLine(marks, end, plot, labels), Tone.Magenta);
        }
        yield return (TimeLine(end, plot, labels), Tone.Plain);
    }

    // A limit far above the usage would press the curve flat: then the scale follows the usage.
    private static long Top(UsageSeries series)
    {
        long peak = Math.Max(series.PeakBytes, 4096);
        return series.LimitBytes is long limit && limit <= 4 * peak ? Math.Max(limit, peak) : peak;
    }

    private static string Title(UsageSeries series, long top)
    {
        string counter = series.Counter == "memory" ? "usage" : series.Counter + " usage";
        return series.LimitBytes switch
        {
            null => $"{counter} of {series.Cgroup} (no limit)",
            long limit when limit > top => $"{counter} of {series.Cgroup} (the limit of {Amounts.Size(limit)} is above the chart)",
            long limit => $"{counter} of {series.Cgroup} against its limit of {Amounts.Size(limit)}",
        };
    }

    // Highest reading within the column's time; where there is none, the last one before holds.
    private static double[] Columns(UsageSeries series, long end, int plot)
    {
        double[] columns = new double[plot];
        int next = 0;
        double held = 0;
        for (int column = 0; column < plot; column++)
        {
            double until = (double)end * (column + 1) / plot;
            double highest = next > 0 ? held : 0;
            bool first = true;
            while (next < series.Points.Count && (series.Points[next].TNs < until || column == plot - 1))
            {
                held = series.Points[next++].UsageBytes;
                highest = first ? held : Math.Max(highest, held);
                first = false;
            }
            columns[column] = highest;
        }
        return columns;
    }

    private int LimitRow(UsageSeries series, long top) =>
        series.LimitBytes is long limit && limit <= top ? Math.Max(1, (int)Math.Ceiling((double)limit / top * height)) : 0;

    private string Row(double[] columns, int row, long top, int limitRow)
    {
        StringBuilder line = new(columns.Length);
        foreach (double bytes in columns)
        {
            double fill = Math.Clamp((bytes / top * height) - (row - 1), 0, 1);
            line.Append(fill == 0 && row == limitRow ? (utf8 ? '┄' : '-') : Cell(fill));
        }
        return line.ToString();
    }

    private char Cell(double fill) =>
        utf8 ? Eighths[(int)Math.Round(fill * 8)] : fill >= 0.75 ? '#' : fill >= 0.25 ? ':' : fill > 0 ? '.' : ' ';

    private Tone RowTone(UsageSeries series, int row, long top) =>
        series.LimitBytes is long limit && (double)row / height * top > CloseToLimit * limit ? Tone.Red : Tone.Plain;

    private static string MarkLine(IReadOnlyList<long> marks, long end, int plot, int labels)
    {
        char[] line = new string(' ', plot).ToCharArray();
        foreach (long mark in marks)
        {
            line[(int)Math.Clamp((double)mark / end * plot, 0, plot - 1)] = 'x';
        }
        string text = new(line);
        const string Legend = "x = OOM kill";
        int first = text.IndexOf('x');
        int last = text.LastIndexOf('x');
        string drawn = text.TrimEnd();
        if (first > Legend.Length + 1)
        {
            drawn = drawn.Remove(first - Legend.Length - 2, Legend.Length).Insert(first - Legend.Length - 2, Legend);
        }
        else if (plot - last > Legend.Length + 2)
        {
            drawn += "  " + Legend;
        }
        return new string(' ', labels + 2) + drawn;
    }

    private static string TimeLine(long end, int plot, int labels)
    {
        string middle = Amounts.Time(end / 2);
        string right = Amounts.Time(end);
        string line = ("0s".PadRight((plot / 2) - (middle.Length / 2)) + middle).PadRight(plot - right.Length) + right;
        return new string(' ', labels + 2) + line;
    }
}
