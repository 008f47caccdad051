using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>
/// Lines of words, for files that are looked at by a word or two: cgroup.controllers, loadavg, uptime, dentry-state, io.stat, /proc/PID/limits and their like.
/// </summary>
/// <param name="Lines">The lines without their newlines.</param>
public sealed record WordLines(ValueList<string> Lines) : IKernelText<WordLines>
{
    /// <summary>The words of a line, blanks and tabs between them; empty when there is no such line.</summary>
    public IReadOnlyList<string> Words(int line) => line < Lines.Count ? Lines[line].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>One word; null when it is not there.</summary>
    public string? this[int line, int word] => Words(line) is { } words && word < words.Count ? words[word] : null;

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out WordLines? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<string>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new();
        foreach (string line in Lines)
            text.Append(line).Append('\n');
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, [MaybeNullWhen(false)] out string row, out string expected)
    {
        row = line.ToString();
        expected = "a line without NUL";
        return !line.Contains('\0');
    }
}
