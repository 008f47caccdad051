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
        (IEnumerable<KeyValuePair<string, string>>? fields, ParseProblem wrong) = Table(KernelFileKinds.Of(path), text);
        List<string> names = [];
        foreach ((string name, string found) in fields ?? [])
        {
            if (name == field)
            {
                value = found;
                return true;
            }
            names.Add(name);
        }
        problem = fields is not null
            ? $"{path} has no field '{field}': {Offer(names)}"
            : $"{path} is not in the kernel's shape, {wrong}";
        return false;
    }

    /// <summary>All fields of a file in its order, by the same names as <see cref="TryGet(string, string, string?, out string)"/>; empty when it is not in the kernel's shape.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> All(string path, string text) => [.. Table(KernelFileKinds.Of(path), text).Fields ?? []];

    private static (IEnumerable<KeyValuePair<string, string>>? Fields, ParseProblem Problem) Table(KernelFileKind kind, string text) => kind switch
    {
        KernelFileKind.FlatKeyed => Parse<FlatKeyed>(text, FieldTables.FlatKeyed),
        KernelFileKind.SingleValue => Parse<SingleValue>(text, FieldTables.SingleValue),
        KernelFileKind.MemInfo => Parse<MemInfo>(text, FieldTables.MemInfo),
        KernelFileKind.ProcCgroups => Parse<ProcCgroups>(text, FieldTables.ProcCgroups),
        KernelFileKind.TaskCgroups => Parse<TaskCgroups>(text, FieldTables.TaskCgroups),
        KernelFileKind.Pressure => Parse<PressureFile>(text, FieldTables.Pressure),
        KernelFileKind.ProcStatus => Parse<ProcStatus>(text, FieldTables.ProcStatus),
        KernelFileKind.Statm => Parse<Statm>(text, FieldTables.Statm),
        KernelFileKind.MountInfo => Parse<MountInfo>(text, FieldTables.MountInfo),
        KernelFileKind.NumaStat => Parse<NumaStat>(text, FieldTables.NumaStat),
        KernelFileKind.SlabInfo => Parse<SlabInfo>(text, FieldTables.SlabInfo),
        KernelFileKind.PidList => Parse<PidList>(text, FieldTables.PidList),
        KernelFileKind.BuddyInfo => Parse<BuddyInfo>(text, FieldTables.BuddyInfo),
        KernelFileKind.ZoneInfo => Parse<ZoneInfo>(text, FieldTables.ZoneInfo),
        KernelFileKind.Swaps => Parse<SwapsFile>(text, FieldTables.Swaps),
        _ => ([new("value", text.Trim())], ParseProblem.None),
    };

    private static (IEnumerable<KeyValuePair<string, string>>?, ParseProblem) Parse<T>(string text, Func<T, IEnumerable<KeyValuePair<string, string>>> fields)
        where T : class, IKernelText<T> =>
        T.TryParse(text, out T? file, out ParseProblem problem) ? (fields(file), problem) : (null, problem);

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
}
