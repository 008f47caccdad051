using Ullage.Abi.Text;

namespace Ullage.Abi.Files;

/// <summary>
/// Picks one named value out of a kernel text by path, for expectations in scenarios and for one-line displays.
/// Fields are the kernel's names: <c>oom_kill</c> in memory.events, <c>MemFree</c> in /proc/meminfo (kB, without the unit), <c>dentry.num_slabs</c>
/// in slabinfo, <c>memory.num_cgroups</c> in /proc/cgroups, <c>full.total</c> in pressure files, <c>total.N0</c> in numa_stat, <c>VmRSS</c> in
/// status, <c>memory</c> or <c>unified</c> in /proc/PID/cgroup (a path), <c>/dev/vdd.used</c> in /proc/swaps, <c>/sys/fs/cgroup.fstype</c> in
/// mountinfo, <c>0.DMA32.order3</c> in buddyinfo, <c>0.DMA32.min</c> in zoneinfo, <c>resident</c> in statm, <c>count</c> in lists of processes, <c>value</c> in files that hold one.
/// </summary>
public static class KernelFields
{
    /// <summary>The value of one field. See the other overload for the reason when the answer is false.</summary>
    public static bool TryGet(string path, string text, string? field, out string value) => TryGet(path, text, field, out value, out _);

    /// <summary>The value of one field.</summary>
    /// <param name="path">Path of the file, which tells what is in it.</param>
    /// <param name="text">All of the file.</param>
    /// <param name="field">The field; null for the whole text without blanks around it.</param>
    /// <param name="value">The value as text; empty when the answer is false.</param>
    /// <param name="problem">Empty, or why there is no such value: a file that does not parse, or the names there are.</param>
    public static bool TryGet(string path, string text, string? field, out string value, out string problem)
    {
        value = "";
        problem = "";
        if (field is null)
        {
            value = text.Trim();
            return true;
        }
        FieldAnswer answer = Look(KernelFileKinds.Of(path), text, field);
        if (answer.Problem.IsNone && answer.Value is not null)
        {
            value = answer.Value;
            return true;
        }
        problem = answer.Problem.IsNone
            ? $"{path} has no field '{field}': {Offer(answer.Names)}"
            : $"{path} is not in the kernel's shape, {answer.Problem}";
        return false;
    }

    private static FieldAnswer Look(KernelFileKind kind, string text, string field) => kind switch
    {
        KernelFileKind.FlatKeyed => Read<FlatKeyed>(text, field, FieldTables.FlatKeyed),
        KernelFileKind.SingleValue => Read<SingleValue>(text, field, FieldTables.SingleValue),
        KernelFileKind.MemInfo => Read<MemInfo>(text, field, FieldTables.MemInfo),
        KernelFileKind.ProcCgroups => Read<ProcCgroups>(text, field, FieldTables.ProcCgroups),
        KernelFileKind.TaskCgroups => Read<TaskCgroups>(text, field, FieldTables.TaskCgroups),
        KernelFileKind.Pressure => Read<PressureFile>(text, field, FieldTables.Pressure),
        KernelFileKind.ProcStatus => Read<ProcStatus>(text, field, FieldTables.ProcStatus),
        KernelFileKind.Statm => Read<Statm>(text, field, FieldTables.Statm),
        KernelFileKind.MountInfo => Read<MountInfo>(text, field, FieldTables.MountInfo),
        KernelFileKind.NumaStat => Read<NumaStat>(text, field, FieldTables.NumaStat),
        KernelFileKind.SlabInfo => Read<SlabInfo>(text, field, FieldTables.SlabInfo),
        KernelFileKind.PidList => Read<PidList>(text, field, FieldTables.PidList),
        KernelFileKind.BuddyInfo => Read<BuddyInfo>(text, field, FieldTables.BuddyInfo),
        KernelFileKind.ZoneInfo => Read<ZoneInfo>(text, field, FieldTables.ZoneInfo),
        KernelFileKind.Swaps => Read<SwapsFile>(text, field, FieldTables.Swaps),
        _ => new(field == "value" ? text.Trim() : null, ["value"], ParseProblem.None),
    };

    private static FieldAnswer Read<T>(string text, string field, Func<T, IEnumerable<KeyValuePair<string, string>>> fields)
        where T : class, IKernelText<T>
    {
        if (!T.TryParse(text, out T? file, out ParseProblem problem))
            return new(null, [], problem);
        List<string> names = [];
        foreach ((string name, string value) in fields(file))
        {
            if (name == field)
                return new(value, [], ParseProblem.None);
            names.Add(name);
        }
        return new(null, names, ParseProblem.None);
    }

    private static string Offer(IReadOnlyList<string> names)
    {
        const int Most = 12;
        return names.Count switch
        {
            0 => "the file is empty",
            <= Most => $"it has {string.Join(", ", names)}",
            _ => $"it has {string.Join(", ", names.Take(Most))} and {(names.Count - Most).ToString(CultureInfo.InvariantCulture)} more",
        };
    }

    private sealed record FieldAnswer(string? Value, IReadOnlyList<string> Names, ParseProblem Problem);
}
