using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>cgroup.procs, cgroup.threads and tasks: one id on each line. 0 stands for a task the reader's pid namespace does not know.</summary>
/// <param name="Pids">The ids, in the kernel's order.</param>
public sealed record PidList(ValueList<int> Pids) : IKernelText<PidList>
{
    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out PidList? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<int>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Pids.Count * 8);
        foreach (int pid in Pids)
            text.Append(pid).Append('\n');
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, out int row, out string expected)
    {
        LineCursor cursor = new(line);
        expected = "a process id";
        return cursor.TakeInt(out row) && cursor.AtEnd;
    }
}
