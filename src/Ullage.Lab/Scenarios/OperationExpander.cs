namespace Ullage.Lab.Scenarios;

/// <summary>Turns repeats into the operations of their rounds, with the rounds put into their strings (<c>{i}</c>, <c>{j}</c>, <c>{k}</c>).</summary>
public static class OperationExpander
{
    /// <summary>
    /// The steps of a list with every repeat replaced by its rounds, to any depth. Lazy: a repeat of a million rounds costs nothing until it is
    /// walked. The lists of a <c>fork</c> and an <c>interleave</c> stay what they are, with the rounds around them put in.
    /// </summary>
    public static IEnumerable<Operation> Flatten(IEnumerable<Operation> operations)
    {
        foreach (Operation operation in operations)
        {
            if (operation is not RepeatOperation repeat)
            {
                yield return operation;
                continue;
            }

            foreach (Operation inner in Flatten(Expand(repeat)))
            {
                yield return inner;
            }
        }
    }

    /// <summary>All rounds of one repeat, one after another. Repeats inside it come out as they are, with this repeat's rounds put in.</summary>
    public static IEnumerable<Operation> Expand(RepeatOperation repeat)
    {
        for (int round = 1; round <= repeat.Times; round++)
        {
            foreach (Operation operation in repeat.Do)
            {
                yield return Substitute(operation, repeat.Depth, round);
            }

            if (round == int.MaxValue)
            {
                yield break;
            }
        }
    }

    /// <summary>One round of a repeat. <paramref name="round"/> counts from 1.</summary>
    public static IEnumerable<Operation> Round(RepeatOperation repeat, int round)
    {
        foreach (Operation operation in repeat.Do)
        {
            yield return Substitute(operation, repeat.Depth, round);
        }
    }

    /// <summary>The operation with one placeholder replaced in all its strings, and in those of the operations inside it.</summary>
    private static Operation Substitute(Operation operation, int depth, int round)
    {
        string In(string text) => Placeholder.Replace(text, depth, round);
        IReadOnlyList<Operation> InAll(IReadOnlyList<Operation> list) => [.. list.Select(inner => Substitute(inner, depth, round))];
        PatternSpec Of(PatternSpec pattern) => pattern.SeedOfDepth == depth ? pattern with { Seed = (ulong)round, SeedOfDepth = null } : pattern;
        return operation switch
        {
            ReadOperation o => o with { File = In(o.File), Pattern = Of(o.Pattern) },
            RepeatOperation o => o with
            {
                Do = InAll(o.Do), Times = o.TimesOfDepth == depth ? round : o.Times, TimesOfDepth = o.TimesOfDepth == depth ? null : o.TimesOfDepth,
            },
            InterleaveOperation o => o with { Of = InAll(o.Of) },
            ForkOperation o => o with { ChildName = In(o.ChildName), Cgroup = o.Cgroup is null ? null : In(o.Cgroup), Do = InAll(o.Do) },
            MmapOperation o => o with { Region = In(o.Region), File = o.File is null ? null : In(o.File) },
            TouchOperation o => o with { Region = In(o.Region), Pattern = Of(o.Pattern) },
            MunmapOperation o => o with { Region = In(o.Region) },
            MremapOperation o => o with { Region = In(o.Region) },
            MprotectOperation o => o with { Region = In(o.Region) },
            MadviseOperation o => o with { Region = In(o.Region) },
            MallocOperation o => o with { AllocationName = In(o.AllocationName) },
            FreeOperation o => o with { AllocationName = In(o.AllocationName) },
            _ => SubstituteInPaths(operation, In),
        };
    }

    private static Operation SubstituteInPaths(Operation operation, Func<string, string> put) => operation switch
    {
        WriteOperation o => o with { File = put(o.File) },
        StatMissingOperation o => o with { Directory = put(o.Directory), Prefix = put(o.Prefix) },
        CreateFilesOperation o => o with { Directory = put(o.Directory) },
        UnlinkFilesOperation o => o with { Directory = put(o.Directory) },
        ExecOperation o => o with { ProgramName = put(o.ProgramName) },
        EchoOperation o => o with { File = put(o.File), Value = put(o.Value) },
        MkdirOperation o => o with { Path = put(o.Path) },
        RmdirOperation o => o with { Path = put(o.Path) },
        MoveOperation o => o with { Process = put(o.Process), To = put(o.To) },
        KillOperation o => o with { Process = put(o.Process) },
        _ => operation, // no strings: grow, brk, sock, sleep, wait, pause, exit
    };
}
