using System.Runtime.InteropServices;
using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>One node's part.</summary>
/// <param name="Node">The node's number.</param>
/// <param name="Value">Pages in v1; bytes or a count in v2.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NumaValue(int Node, ulong Value);

/// <summary>One line of memory.numa_stat.</summary>
/// <param name="Name">Such as <c>hierarchical_file</c> (v1) or <c>inactive_anon</c> (v2).</param>
/// <param name="Total">Sum as the kernel prints it in v1 (counted apart from the parts, so it may differ); null in v2.</param>
/// <param name="Nodes">The nodes with memory.</param>
public sealed record NumaStatRow(string Name, ulong? Total, ValueList<NumaValue> Nodes)
{
    /// <summary>That node's value; null when the kernel does not list the node.</summary>
    public long? this[int node]
    {
        get
        {
            foreach (NumaValue value in Nodes)
            {
                if (value.Node == node)
                    return unchecked((long)value.Value);
            }
            return null;
        }
    }
}

/// <summary>memory.numa_stat: <c>file=5181 N0=5180</c> in pages (v1), <c>file N0=21217280</c> in bytes (v2) (§11.5).</summary>
/// <param name="Rows">The lines, in their order.</param>
public sealed record NumaStat(ValueList<NumaStatRow> Rows) : IKernelText<NumaStat>
{
    /// <summary>The line of that name; null when there is none.</summary>
    public NumaStatRow? this[string name]
    {
        get
        {
            foreach (NumaStatRow row in Rows)
            {
                if (row.Name == name)
                    return row;
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out NumaStat? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<NumaStatRow>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new(Rows.Count * 24);
        foreach (NumaStatRow row in Rows)
        {
            text.Append(row.Name);
            if (row.Total is ulong total)
                text.Append('=').Append(total);
            foreach (NumaValue node in row.Nodes)
                text.Append(" N").Append(node.Node).Append('=').Append(node.Value);
            text.Append('\n');
        }
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, [NotNullWhen(true)] out NumaStatRow? row, out string expected)
    {
        expected = "'name=total N0=number' or 'name N0=number'";
        row = null;
        int length = line.IndexOfAny('=', ' ');
        length = length < 0 ? line.Length : length;
        LineCursor cursor = new(line[length..]);
        ulong total = 0;
        bool hasTotal = cursor.Take('=');
        bool ok = length > 0 && (!hasTotal || cursor.TakeUnsigned(out total));
        List<NumaValue> nodes = [];
        while (ok && !cursor.AtEnd)
        {
            ulong number = 0;
            ok = cursor.Take(" N") & cursor.TakeInt(out int node) && cursor.Take('=') && cursor.TakeUnsigned(out number);
            nodes.Add(new(node, number));
        }
        if (ok)
            row = new(NamePool.Get(line[..length]), hasTotal ? total : null, ValueList.From(nodes));
        return row is not null;
    }
}
