using System.Text;

namespace Ullage.Cli.Terminal;

/// <summary>
/// Left- or right-aligned columns without rules. A row that is wider than the terminal continues below its second column, so that nothing is cut off.
/// </summary>
internal sealed class TextTable(params IReadOnlyList<TextColumn> columns)
{
    private const string Gap = "  ";
    private readonly List<(IReadOnlyList<string> Cells, Tone Tone)> _rows = [];

    public int RowCount => _rows.Count;

    public void Add(Tone tone, params IReadOnlyList<string> cells) => _rows.Add((cells, tone));

    public IEnumerable<(string Line, Tone Tone)> Lines(int width)
    {
        int[] widths = Widths();
        foreach (string line in Layout([.. columns.Select(column => column.Title)], widths, width))
        {
            yield return (line, Tone.Dim);
        }
        foreach ((IReadOnlyList<string> cells, Tone tone) in _rows)
        {
            foreach (string line in Layout(cells, widths, width))
            {
                yield return (line, tone);
            }
        }
    }

    private int[] Widths()
    {
        int[] widths = [.. columns.Select(column => column.Title.Length)];
        foreach ((IReadOnlyList<string> cells, _) in _rows)
        {
            for (int i = 0; i < widths.Length; i++)
            {
                widths[i] = Math.Max(widths[i], cells[i].Length);
            }
        }
        return widths;
    }

    private List<string> Layout(IReadOnlyList<string> cells, int[] widths, int width)
    {
        int indent = Math.Min(widths[0] + Gap.Length, width / 3);
        List<string> lines = [];
        StringBuilder line = new();
        for (int i = 0; i < widths.Length; i++)
        {
            bool last = i == widths.Length - 1;
            string cell = last && !columns[i].Right ? cells[i] : Padded(cells[i], widths[i], columns[i].Right);
            if (line.Length > 0 && line.ToString().Trim().Length > 0)
            {
                if (line.Length + Gap.Length + cell.TrimEnd().Length > width)
                {
                    lines.AddRange(TextWrap.Lines(line.ToString().TrimEnd(), width, indent));
                    line.Clear().Append(' ', indent);
                    cell = cells[i];
                }
                else
                {
                    line.Append(Gap);
                }
            }
            line.Append(cell);
        }
        lines.AddRange(TextWrap.Lines(line.ToString().TrimEnd(), width, indent));
        return lines;
    }

    private static string Padded(string cell, int width, bool right) => right ? cell.PadLeft(width) : cell.PadRight(width);
}

/// <summary>A column of a <see cref="TextTable"/>.</summary>
internal sealed record TextColumn(string Title, bool Right = false);
