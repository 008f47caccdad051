using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One controller in /proc/cgroups.</summary>
/// <param name="Name">The controller, such as <c>memory</c>.</param>
/// <param name="Hierarchy">Number of the v1 hierarchy it is mounted in; 0 when in none or in v2.</param>
/// <param name="NumCgroups">Cgroups of that hierarchy, dying ones too.</param>
/// <param name="Enabled">False when switched off at boot.</param>
public readonly record struct ProcCgroupsRow(string Name, int Hierarchy, long NumCgroups, bool Enabled);

/// <summary>/proc/cgroups: which controllers this kernel has.</summary>
/// <param name="Rows">The controllers, in the kernel's order.</param>
public sealed record ProcCgroups(ValueList<ProcCgroupsRow> Rows) : IKernelText<ProcCgroups>
{
    private const string Header = "#subsys_name\thierarchy\tnum_cgroups\tenabled";

    /// <summary>The row of that controller; null when the kernel does not list it.</summary>
    public ProcCgroupsRow? this[string name]
    {
        get
        {
            foreach (ProcCgroupsRow row in Rows)
            {
                if (row.Name == name)
                    return row;
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out ProcCgroups? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryHeader(Header, out problem) && lines.TryRows(ParseLine, out ValueList<ProcCgroupsRow>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Header + "\n");
        foreach (ProcCgroupsRow row in Rows)
            text.Append(row.Name).Append('\t').Append(row.Hierarchy).Append('\t').Append(row.NumCgroups).Append(row.Enabled ? "\t1\n" : "\t0\n");
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, out ProcCgroupsRow row, out string expected)
    {
        LineCursor cursor = new(line);
        int hierarchy = 0;
        long count = 0;
        bool ok = cursor.TakeUntil('\t', out ReadOnlySpan<char> name) && !name.IsEmpty
            && cursor.TakeInt(out hierarchy) && cursor.Take('\t')
            && cursor.TakeLong(out count) && cursor.Take('\t')
            && cursor.Rest is "0" or "1";
        row = ok ? new(NamePool.Get(name), hierarchy, count, cursor.Rest is "1") : default;
        expected = "'name hierarchy num_cgroups enabled' between tabs";
        return ok;
    }
}
