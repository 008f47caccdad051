using System.Globalization;
using System.Text.Json;
using Ullage.Abi;
using Ullage.Model;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>Experiment E14: every value written to every control file, its errno and what reads back; and a list of operations on cgroups.</summary>
public static class WriteExperiment
{
    /// <summary>The counter of values that answered and read back as measured.</summary>
    public const string Values = "values written and read back alike";

    /// <summary>The counter of operations that answered as measured.</summary>
    public const string Operations = "operations answered alike";

    /// <summary>Measured operations that are not repeated, by their name, and why. There are none among the values written to files.</summary>
    public static IReadOnlyList<(string Name, string Reason)> Exceptions { get; } =
    [
        ("rename cgroup", "rename(2), no write to a control file: the model has no call that renames a cgroup"),
        ("rename back", "rename(2), no write to a control file: the model has no call that renames a cgroup"),
        ("unlink control file", "unlink(2), no write to a control file: the model unlinks files of a disk, but offers no such call on cgroupfs"),
        ("symlink", "symlink(2), no write to a control file: the model has no links"),
        ("cgroup.procs write pid0plus", "a write, but the text that was written is not in the data, only a name for it"),
        ("usage after", "a number that was noted, no operation: it tells how full the CPU's stock happened to be"),
        ("usage before reclaim", "a number that was noted, no operation: it tells how full the CPU's stock happened to be"),
        ("usage after high", "a number that was noted, no operation: it tells how full the CPU's stock happened to be"),
    ];

    /// <summary>Plays all measurements below a directory.</summary>
    public static IReadOnlyList<FidelityFigure> Compare(string directory)
    {
        List<FidelityFigure> figures = [];
        foreach (string file in Directory.GetFiles(directory, "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
            figures.AddRange(Compare(json.RootElement, Path.GetFileNameWithoutExtension(file)));
        }
        return figures;
    }

    private static FidelityFigure[] Compare(JsonElement data, string name)
    {
        string kernel = data.GetProperty("kernel").GetString()!;
        int version = name.EndsWith("v2", StringComparison.Ordinal) ? 2 : 1;
        MeasuredExperiment measured = new("E14-" + name + "-writes", kernel, data.GetProperty("uname").GetString()!, version, "writes", 0, 0, 2, [new Dictionary<string, long>()]);
        (long tried, IReadOnlyList<string> wrong) = PlayValues(data, kernel, version);
        (long played, IReadOnlyList<string> differ) = PlayOperations(data, kernel, version);
        FidelityFigure Figure(string counter, long total, long bad) => new(measured, counter, total - bad, [total], FidelityRule.Exact, 0, 0);
        return [Figure(Values, tried, wrong.Count), Figure(Operations, played, differ.Count)];
    }

    /// <summary>Writes every measured value to a file of a fresh cgroup. Answers how many, and what was not as measured.</summary>
    public static (long Tried, IReadOnlyList<string> Wrong) PlayValues(JsonElement data, string kernel, int version)
    {
        string[] values = [.. data.GetProperty("values").EnumerateArray().Select(value => value.GetString()!)];
        List<string> wrong = [];
        long tried = 0;
        foreach (JsonElement group in data.GetProperty("groups").EnumerateArray())
        {
            string[] results = [.. group.GetProperty("results").EnumerateArray().Select(result => result.GetString()!)];
            foreach (string file in group.GetProperty("files").EnumerateArray().Select(file => file.GetString()!))
            {
                for (int i = 0; i < results.Length; i++, tried++)
                {
                    string ours = WriteFresh(kernel, version, file, values[i]);
                    if (ours != results[i])
                    {
                        wrong.Add($"{file} <- '{values[i]}': measured {results[i]}, ours {ours}");
                    }
                }
            }
        }
        return (tried, wrong);
    }

    /// <summary>On 4.15 and 5.4 swap was not accounted.</summary>
    internal static Machine Boot(string kernel, int version) => Machine.Boot(new MachineOptions
    {
        Era = KernelEras.Find(kernel)!, CgroupVersion = version, SwapAccounting = version == 2 || kernel == "5.10",
    });

    private static string WriteFresh(string kernel, int version, string file, string value)
    {
        Machine machine = Boot(kernel, version);
        if (version == 2)
        {
            machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
        }
        machine.Hierarchy.Mkdir("/e14");
        string path = machine.CgroupDirectory(machine.Hierarchy.Find("/e14")!) + "/" + file;
        Errno errno = machine.Files.Write(path, value);
        if (errno != Errno.None)
        {
            return "!" + errno;
        }
        KernelRead read = machine.Files.Read(path);
        return read.Ok ? read.Text.TrimEnd('\n') : "ERR:" + read.Errno;
    }

    /// <summary>Plays every measured operation that is no exception. Answers how many, and what was not as measured.</summary>
    public static (long Tried, IReadOnlyList<string> Wrong) PlayOperations(JsonElement data, string kernel, int version)
    {
        List<string> wrong = [];
        long tried = 0;
        IReadOnlyDictionary<string, Func<WriteStage, string>> known = version == 1 ? WriteOperations.V1 : WriteOperations.V2;
        foreach (JsonProperty operation in data.GetProperty("ops").EnumerateObject())
        {
            if (Exceptions.Any(exception => exception.Name == operation.Name))
            {
                continue;
            }
            tried++;
            string expected = Text(operation.Value);
            string ours = known.TryGetValue(operation.Name, out Func<WriteStage, string>? play) ? play(new WriteStage(kernel, version)) : "not played";
            if (ours != expected)
            {
                wrong.Add($"{operation.Name}: measured {expected}, ours {ours}");
            }
        }
        return (tried, wrong);
    }

    /// <summary>A measured answer as text: lists by blanks, true and false as such; what the tool that measured calls ENOTSUP is EOPNOTSUPP.</summary>
    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(' ', value.EnumerateArray().Select(Text)).TrimEnd(),
        JsonValueKind.String => value.GetString() == "ENOTSUP" ? "EOPNOTSUPP" : value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetInt64().ToString(CultureInfo.InvariantCulture),
    };
}
