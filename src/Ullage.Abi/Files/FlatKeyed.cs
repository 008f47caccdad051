using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One line <c>name value</c>.</summary>
/// <param name="Key">The kernel's name.</param>
/// <param name="Value">As printed. A counter that slipped below zero is printed as a number just under 2^64.</param>
public readonly record struct FlatKeyedEntry(string Key, ulong Value);

/// <summary>
/// Lines of <c>name value</c>: memory.stat, memory.events, memory.oom_control, cgroup.stat, cpu.stat, /proc/vmstat and their like.
/// Order and repeated names are kept.
/// </summary>
/// <param name="Entries">The lines, in their order. A file may be empty (a cgroup without that controller).</param>
public sealed record FlatKeyed(ValueList<FlatKeyedEntry> Entries) : IKernelText<FlatKeyed>
{
    /// <summary>The value of the first line with that name; null when the kernel has none. Wrapped counters come out negative.</summary>
    public long? this[string key]
    {
        get
        {
            foreach (FlatKeyedEntry entry in Entries)
            {
                if (entry.Key == key)
                    return unchecked((long)entry.Value);
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out FlatKeyed? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<FlatKeyedEntry>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Entries.Count * 24);
        foreach (FlatKeyedEntry entry in Entries)
            text.Append(entry.Key).Append(' ').Append(entry.Value).Append('\n');
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, out FlatKeyedEntry row, out string expected)
    {
        LineCursor cursor = new(line);
        ulong value = 0;
        bool ok = cursor.TakeUntil(' ', out ReadOnlySpan<char> key) && !key.IsEmpty && cursor.TakeUnsigned(out value) && cursor.AtEnd;
        row = ok ? new(NamePool.Get(key), value) : default;
        expected = "'name value'";
        return ok;
    }
}
