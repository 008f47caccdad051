using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One line of /proc/PID/status.</summary>
/// <param name="Name">The name before the colon.</param>
/// <param name="Text">What stands behind the tab, blanks and unit and all.</param>
public readonly record struct ProcStatusLine(string Name, string Text)
{
    /// <summary>A memory line as the kernel prints it: number in 8 columns, <c>kB</c>.</summary>
    public static ProcStatusLine Kb(string name, long kb) => new(name, string.Create(CultureInfo.InvariantCulture, $"{kb,8} kB"));

    /// <summary>A line with a plain number.</summary>
    public static ProcStatusLine Number(string name, long number) => new(name, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>The number of a line that holds just one, with or without <c>kB</c>; null for any other line.</summary>
    public long? Value
    {
        get
        {
            ReadOnlySpan<char> number = Text.AsSpan().TrimStart(' ');
            if (number.EndsWith(" kB"))
                number = number[..^3];
            return long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;
        }
    }
}

/// <summary>/proc/PID/status. A zombie and a kernel thread have no memory lines: those values are null.</summary>
/// <param name="Lines">The lines, in their order.</param>
public sealed record ProcStatus(ValueList<ProcStatusLine> Lines) : IKernelText<ProcStatus>
{
    /// <summary>What stands on that line, without blanks around it; null when there is no such line.</summary>
    public string? this[string name] => Find(name)?.Text.Trim();

    /// <summary>The command name (at most 15 characters; the kernel escapes newline and backslash).</summary>
    public string? Name => this["Name"];

    /// <summary>State letter: R, S, D, T, Z, X, I; null when absent.</summary>
    public char? State => this["State"] is { Length: > 0 } state ? state[0] : null;

    /// <summary>Thread id.</summary>
    public long? Pid => Number("Pid");

    /// <summary>Process id: that of the first thread.</summary>
    public long? Tgid => Number("Tgid");

    /// <summary>Parent's process id.</summary>
    public long? PPid => Number("PPid");

    /// <summary>Number of threads.</summary>
    public long? Threads => Number("Threads");

    /// <summary>Address space, in kB.</summary>
    public long? VmSizeKb => Number("VmSize");

    /// <summary>Largest <see cref="VmRssKb"/> so far, in kB.</summary>
    public long? VmHwmKb => Number("VmHWM");

    /// <summary>Resident memory, in kB.</summary>
    public long? VmRssKb => Number("VmRSS");

    /// <summary>Resident anonymous memory, in kB. Since 4.5.</summary>
    public long? RssAnonKb => Number("RssAnon");

    /// <summary>Resident file pages, in kB. Since 4.5.</summary>
    public long? RssFileKb => Number("RssFile");

    /// <summary>Resident shared memory, in kB. Since 4.5.</summary>
    public long? RssShmemKb => Number("RssShmem");

    /// <summary>Page tables, in kB.</summary>
    public long? VmPteKb => Number("VmPTE");

    /// <summary>Anonymous memory in swap, in kB.</summary>
    public long? VmSwapKb => Number("VmSwap");

    /// <summary>The number on that line; null when there is no such line or it does not hold one number.</summary>
    public long? Number(string name) => Find(name)?.Value;

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out ProcStatus? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<ProcStatusLine>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Lines.Count * 24);
        foreach (ProcStatusLine line in Lines)
            text.Append(line.Name).Append(":\t").Append(line.Text).Append('\n');
        return text.ToString();
    }

    private ProcStatusLine? Find(string name)
    {
        foreach (ProcStatusLine line in Lines)
        {
            if (line.Name == name)
                return line;
        }
        return null;
    }

    private static bool ParseLine(ReadOnlySpan<char> line, out ProcStatusLine row, out string expected)
    {
        LineCursor cursor = new(line);
        bool ok = cursor.TakeUntil(':', out ReadOnlySpan<char> name) && !name.IsEmpty && cursor.Take('\t');
        row = ok ? new(NamePool.Get(name), cursor.Rest.ToString()) : default;
        expected = "'Name:', a tab, and a text";
        return ok;
    }
}
