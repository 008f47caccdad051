using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>A task's place in one hierarchy.</summary>
/// <param name="Hierarchy">The hierarchy's number; 0 is v2.</param>
/// <param name="Controllers">Controllers with commas, <c>name=systemd</c> for a named hierarchy, empty for v2.</param>
/// <param name="Path">Path below the mount, as shown in the reader's cgroup namespace (may begin with <c>/..</c>).</param>
public readonly record struct TaskCgroup(int Hierarchy, string Controllers, string Path)
{
    private const string Deleted = " (deleted)";

    /// <summary>True for the v2 line.</summary>
    public bool IsUnified => Hierarchy == 0 && Controllers.Length == 0;

    /// <summary>True when the kernel says that the cgroup was removed. (A cgroup may bear that in its name, too.)</summary>
    public bool IsDeleted => Path.EndsWith(Deleted, StringComparison.Ordinal);

    /// <summary>True when this hierarchy has that controller (or is named so: <c>name=systemd</c>).</summary>
    public bool Has(string controller)
    {
        foreach (Range part in Controllers.AsSpan().Split(','))
        {
            if (Controllers.AsSpan(part).SequenceEqual(controller))
                return controller.Length > 0;
        }
        return false;
    }
}

/// <summary>/proc/PID/cgroup: where a task is.</summary>
/// <param name="Rows">One line for each hierarchy, newest first.</param>
public sealed record TaskCgroups(ValueList<TaskCgroup> Rows) : IKernelText<TaskCgroups>
{
    /// <summary>Path in the v2 hierarchy; null when there is no such line.</summary>
    public string? UnifiedPath
    {
        get
        {
            foreach (TaskCgroup row in Rows)
            {
                if (row.IsUnified)
                    return row.Path;
            }
            return null;
        }
    }

    /// <summary>Path in the v1 hierarchy that has that controller; null when none has.</summary>
    public string? PathOf(string controller)
    {
        foreach (TaskCgroup row in Rows)
        {
            if (row.Has(controller))
                return row.Path;
        }
        return null;
    }

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out TaskCgroups? value, out ParseProblem problem)
    {
        KernelLines lines = new(text);
        value = lines.TryRows(ParseLine, out ValueList<TaskCgroup>? rows, out problem) ? new(rows) : null;
        return value is not null;
    }

    /// <inheritdoc/>
    public string Format()
    {
        StringBuilder text = new();
        foreach (TaskCgroup row in Rows)
            text.Append(row.Hierarchy).Append(':').Append(row.Controllers).Append(':').Append(row.Path).Append('\n');
        return text.ToString();
    }

    private static bool ParseLine(ReadOnlySpan<char> line, out TaskCgroup row, out string expected)
    {
        LineCursor cursor = new(line);
        ReadOnlySpan<char> controllers = default;
        bool ok = cursor.TakeInt(out int hierarchy) && cursor.Take(':') && cursor.TakeUntil(':', out controllers) && cursor.Rest.StartsWith("/");
        row = ok ? new(hierarchy, NamePool.Get(controllers), cursor.Rest.ToString()) : default;
        expected = "'hierarchy:controllers:/path'";
        return ok;
    }
}
