using System.Globalization;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>Rounds of <c>repeat</c>: <c>{i}</c> in any string is the round; inside another repeat its inner ones are <c>{j}</c> and <c>{k}</c>.</summary>
internal static class OperationText
{
    /// <summary>True when every round is the same code: nothing is named after the round, and no name or process is made.</summary>
    internal static bool CanLoop(IReadOnlyList<Operation> operations)
    {
        foreach (Operation operation in operations)
        {
            bool same = operation is GrowOperation or SleepOperation or EchoOperation or MkdirOperation or RmdirOperation or MoveOperation
                or MprotectOperation or MadviseOperation or BrkOperation;
            if (!same || NamesRound(operation))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The operations of one round.</summary>
    internal static List<Operation> Round(IReadOnlyList<Operation> operations, int round)
    {
        string number = round.ToString(CultureInfo.InvariantCulture);
        return Replace(operations, text => text.Replace("{i}", number, StringComparison.Ordinal), promoted: false);
    }

    private static List<Operation> Replace(IReadOnlyList<Operation> operations, Func<string, string> replace, bool promoted)
    {
        List<Operation> replaced = new(operations.Count);
        foreach (Operation operation in operations)
        {
            replaced.Add(Replace(operation, replace, promoted));
        }
        return replaced;
    }

    private static bool NamesRound(Operation operation)
    {
        bool named = false;
        _ = Replace(operation, text =>
        {
            named |= text.Contains("{i}", StringComparison.Ordinal) || text.Contains("{j}", StringComparison.Ordinal) || text.Contains("{k}", StringComparison.Ordinal);
            return text;
        }, promoted: true);
        return named;
    }

    private static Operation Replace(Operation operation, Func<string, string> replace, bool promoted) => operation switch
    {
        MmapOperation o => o with { Region = replace(o.Region), File = o.File is null ? null : replace(o.File) },
        TouchOperation o => o with { Region = replace(o.Region) },
        MunmapOperation o => o with { Region = replace(o.Region) },
        MremapOperation o => o with { Region = replace(o.Region) },
        MprotectOperation o => o with { Region = replace(o.Region) },
        MadviseOperation o => o with { Region = replace(o.Region) },
        ReadOperation o => o with { File = replace(o.File) },
        WriteOperation o => o with { File = replace(o.File) },
        StatMissingOperation o => o with { Directory = replace(o.Directory) },
        CreateFilesOperation o => o with { Directory = replace(o.Directory) },
        UnlinkFilesOperation o => o with { Directory = replace(o.Directory) },
        ForkOperation o => o with { ChildName = replace(o.ChildName), Cgroup = o.Cgroup is null ? null : replace(o.Cgroup), Do = Replace(o.Do, replace, promoted) },
        EchoOperation o => o with { File = replace(o.File), Value = replace(o.Value) },
        MkdirOperation o => o with { Path = replace(o.Path) },
        RmdirOperation o => o with { Path = replace(o.Path) },
        MoveOperation o => o with { Process = replace(o.Process), To = replace(o.To) },
        KillOperation o => o with { Process = replace(o.Process) },
        InterleaveOperation o => o with { Of = Replace(o.Of, replace, promoted) },
        // The rounds of an inner repeat are {j}, then {k}: once this level is replaced, they move up by one.
        RepeatOperation o => o with { Do = Replace(o.Do, promoted ? replace : text => Promote(replace(text)), promoted: true) },
        _ => operation,
    };

    private static string Promote(string text) => text.Replace("{j}", "{i}", StringComparison.Ordinal).Replace("{k}", "{j}", StringComparison.Ordinal);
}
