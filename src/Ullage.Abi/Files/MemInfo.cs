using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One line of /proc/meminfo.</summary>
/// <param name="Name">The name without its colon, such as <c>Active(anon)</c>.</param>
/// <param name="Number">The number in its column.</param>
/// <param name="InKb">Whether <c>kB</c> (1024 bytes) stands behind it.</param>
public readonly record struct MemInfoEntry(string Name, PaddedNumber Number, bool InKb)
{
    private const int NameWidth = 16;
    private const int ValueWidth = 8;

    /// <summary>A line in kB with the kernel's usual columns: name in 16, number in 8.</summary>
    public static MemInfoEntry Kb(string name, ulong kb) => Of(name, kb, inKb: true);

    /// <summary>A line without unit (huge page counts) with the kernel's usual columns.</summary>
    public static MemInfoEntry Count(string name, ulong count) => Of(name, count, inKb: false);

    private static MemInfoEntry Of(string name, ulong value, bool inKb)
    {
        // Names that do not fit (HardwareCorrupted) take their room from the number's column.
        int afterColon = NameWidth - name.Length - 1;
        int digits = Math.Max(ValueWidth, new PaddedNumber(value, 0).Width);
        return new(name, new(value, afterColon >= 0 ? afterColon + digits : afterColon + ValueWidth), inKb);
    }
}

/// <summary>/proc/meminfo.</summary>
/// <param name="Entries">The lines, in their order.</param>
public sealed record MemInfo(ValueList<MemInfoEntry> Entries) : IKernelText<MemInfo>
{
    /// <summary>The number of that line as printed (kB where the line says so); null when this kernel has no such line.</summary>
    public long? this[string name]
    {
        get
        {
            foreach (MemInfoEntry entry in Entries)
            {
                if (entry.Name == name)
                    return unchecked((long)entry.Number.Value);
            }
            return null;
        }
    }

    /// <summary>MemTotal: memory the kernel manages, in kB.</summary>
    public long? TotalKb => this["MemTotal"];

    /// <summary>MemFree: memory nobody uses, in kB.</summary>
    public long? FreeKb => this["MemFree"];

    /// <summary>MemAvailable: memory the kernel guesses it can give without swapping, in kB.</summary>
    public long? AvailableKb => this["MemAvailable"];

    /// <summary>Cached: page cache without buffers and swap cache, in kB.</summary>
    public long? CachedKb => this["Cached"];

    /// <summary>AnonPages: mapped anonymous memory, in kB.</summary>
    public long? AnonKb => this["AnonPages"];

    /// <summary>SwapTotal, in kB.</summary>
    public long? SwapTotalKb => this["SwapTotal"];

    /// <summary>SwapFree, in kB.</summary>
    public long? SwapFreeKb => this["SwapFree"];

    /// <summary>CommitLimit: what may be promised in overcommit mode 2, in kB.</summary>
    public long? CommitLimitKb => this["CommitLimit"];

    /// <summary>Committed_AS: what has been promised, in kB.</summary>
    public long? CommittedKb => this["Committed_AS"];

    /// <summary>Percpu: memory of per-CPU data, dying cgroups' too, in kB. Since 4.20.</summary>
    public long? PercpuKb => this["Percpu"];

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out MemInfo? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<MemInfoEntry>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Entries.Count * 28);
        foreach (MemInfoEntry entry in Entries)
            text.Append(entry.Name).Append(':').Append(entry.Number.ToString()).Append(entry.InKb ? " kB\n" : "\n");
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, out MemInfoEntry row, out string expected)
    {
        LineCursor cursor = new(line);
        PaddedNumber number = default;
        bool ok = cursor.TakeUntil(':', out ReadOnlySpan<char> name) && !name.IsEmpty && cursor.TakePadded(out number);
        bool inKb = ok && cursor.Take(" kB");
        ok = ok && cursor.AtEnd;
        row = ok ? new(NamePool.Get(name), number, inKb) : default;
        expected = "'Name: number kB'";
        return ok;
    }
}
