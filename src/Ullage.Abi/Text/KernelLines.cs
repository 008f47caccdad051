namespace Ullage.Abi.Text;

/// <summary>Reads one line. False, with what was expected, when the line is not in the kernel's shape.</summary>
internal delegate bool LineParser<T>(ReadOnlySpan<char> line, [MaybeNullWhen(false)] out T row, out string expected);

/// <summary>Walks over the lines of a kernel text. Every line must end with a newline: a text without one was cut short.</summary>
internal ref struct KernelLines(ReadOnlySpan<char> text)
{
    private ReadOnlySpan<char> _rest = text;

    /// <summary>The number of the line given last, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>True when nothing is left.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>The next line without its newline. False at the end, and before a line without a newline.</summary>
    public bool TryNext(out ReadOnlySpan<char> line)
    {
        int length = _rest.IndexOf('\n');
        line = length < 0 ? _rest : _rest[..length];
        if (length < 0)
            return false;
        Number++;
        _rest = _rest[(length + 1)..];
        return true;
    }

    /// <summary>After the last <see cref="TryNext"/>: no problem at the end of the text, a problem before an unfinished line.</summary>
    public readonly ParseProblem End() =>
        AtEnd ? ParseProblem.None : new(Number + 1, "the line has no newline at its end: the text was cut short");

    /// <summary>A problem in the line given last.</summary>
    public readonly ParseProblem Expected(string expected, ReadOnlySpan<char> found) => ParseProblem.Expected(Number, expected, found);

    /// <summary>Takes one line that must be exactly this.</summary>
    public bool TryHeader(string header, out ParseProblem problem)
    {
        problem = ParseProblem.None;
        if (TryNext(out ReadOnlySpan<char> line))
        {
            if (line.SequenceEqual(header))
                return true;
            problem = Expected($"'{header}'", line);
            return false;
        }
        problem = AtEnd ? new(Number + 1, $"the text ends where '{header}' should stand") : End();
        return false;
    }

    /// <summary>Reads all remaining lines as rows of one kind.</summary>
    public bool TryRows<T>(LineParser<T> parser, [NotNullWhen(true)] out ValueList<T>? rows, out ParseProblem problem)
    {
        List<T> list = new(_rest.Count('\n'));
        rows = null;
        while (TryNext(out ReadOnlySpan<char> line))
        {
            if (!parser(line, out T? row, out string expected))
            {
                problem = Expected(expected, line);
                return false;
            }
            list.Add(row);
        }
        problem = End();
        if (problem.IsNone)
            rows = new([.. list]);
        return problem.IsNone;
    }
}
