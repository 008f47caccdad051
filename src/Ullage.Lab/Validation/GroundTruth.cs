using System.Globalization;
using System.Text.Json;
using Ullage.Abi;
using Ullage.Abi.Files;

namespace Ullage.Lab.Validation;

/// <summary>One measured experiment: what was run on which kernel, and what every repetition gave.</summary>
/// <param name="Id">Its id, such as <c>E3-4.15-v1-lim100M</c>.</param>
/// <param name="Kernel">The kernel's label, such as <c>4.15</c>.</param>
/// <param name="Release">The measured kernel's release.</param>
/// <param name="CgroupVersion">1 or 2.</param>
/// <param name="Case">The last part of the id, such as <c>lim100M</c>.</param>
/// <param name="LimitBytes">The first limit that the file names; 0 = none.</param>
/// <param name="RamBytes">The machine's RAM.</param>
/// <param name="Cpus">The machine's CPUs.</param>
/// <param name="Repeats">Values by name, one dictionary per repetition.</param>
public sealed record MeasuredExperiment(
    string Id, string Kernel, string Release, int CgroupVersion, string Case, long LimitBytes, long RamBytes, int Cpus,
    IReadOnlyList<IReadOnlyDictionary<string, long>> Repeats)
{
    /// <summary>Which LRU the kernel used: <c>classic</c>, or <c>mglru(…)</c>; empty where the file does not say.</summary>
    public string Lru { get; init; } = "";

    /// <summary>The workload's arguments, such as <c>pattern=zipf</c>.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    /// <summary>Length of the workload's file; 0 = it has none.</summary>
    public long FileBytes { get; init; }
}

/// <summary>Reads the files of measured experiments.</summary>
public static class GroundTruth
{
    /// <summary>All experiments below a directory whose id begins with <paramref name="prefix"/>, by id.</summary>
    /// <exception cref="DirectoryNotFoundException">The directory does not exist.</exception>
    public static IReadOnlyList<MeasuredExperiment> Read(string directory, string prefix)
    {
        List<MeasuredExperiment> experiments = [];
        foreach (string file in Directory.GetFiles(directory, prefix + "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
            experiments.Add(Read(json.RootElement));
        }
        return experiments;
    }

    private static MeasuredExperiment Read(JsonElement root)
    {
        string id = root.GetProperty("id").GetString()!;
        string version = root.GetProperty("cgroup_version").GetString()!;
        JsonElement limits = root.GetProperty("limits");
        long limit = limits.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.Number).Select(property => property.Value.GetInt64()).FirstOrDefault();
        return new MeasuredExperiment(
            id, root.GetProperty("kernel").GetString()!, root.GetProperty("uname_r").GetString()!, version == "v2" ? 2 : 1,
            id[(id.IndexOf(version + "-", StringComparison.Ordinal) + version.Length + 1)..], limit,
            root.GetProperty("ram_bytes").GetInt64(), root.GetProperty("cpus").GetInt32(),
            [.. root.GetProperty("repeats").EnumerateArray().Select(ReadRepeat)])
        {
            Lru = root.TryGetProperty("lru", out JsonElement lru) ? lru.GetString() ?? "" : "",
            Arguments = ReadArguments(root),
            FileBytes = root.TryGetProperty("workload", out JsonElement workload) && workload.TryGetProperty("file_bytes", out JsonElement bytes) ? bytes.GetInt64() : 0,
        };
    }

    private static Dictionary<string, string> ReadArguments(JsonElement root)
    {
        Dictionary<string, string> arguments = new(StringComparer.Ordinal);
        if (root.TryGetProperty("workload", out JsonElement workload) && workload.ValueKind == JsonValueKind.Object
            && workload.TryGetProperty("args", out JsonElement args) && args.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement arg in args.EnumerateArray())
            {
                if (arg.ValueKind == JsonValueKind.String && arg.GetString()!.Split('=', 2) is [string name, string value])
                {
                    arguments[name] = value;
                }
            }
        }
        return arguments;
    }

    private static Dictionary<string, long> ReadRepeat(JsonElement repeat)
    {
        Dictionary<string, long> values = new(StringComparer.Ordinal);
        foreach (JsonProperty property in repeat.EnumerateObject())
        {
            if (property.Name == "second_run") // it has the same files, of another process
            {
                continue;
            }
            Flatten("", property, values);
        }
        return values;
    }

    /// <summary>Names are joined by dots; <c>cgroup_after</c> is left out of them: <c>memory.events.max</c>.</summary>
    private static void Flatten(string prefix, JsonProperty property, Dictionary<string, long> values)
    {
        string name = property.Name == "cgroup_after" ? "" : prefix.Length == 0 ? property.Name : prefix + "." + property.Name;
        if (property is { Name: "kmem_slabinfo", Value.ValueKind: JsonValueKind.Array })
        {
            AddSlabs(property.Value, values);
        }
        else if (property is { Name: "hits" or "misses" or "loop_ns" or "loop_read_bytes", Value.ValueKind: JsonValueKind.Array })
        {
            int pass = 0;
            foreach (JsonElement element in property.Value.EnumerateArray())
            {
                values[string.Create(CultureInfo.InvariantCulture, $"{name}.{++pass}")] = element.GetInt64();
            }
        }
        else if (property is { Name: "proc_cgroups_memory", Value.ValueKind: JsonValueKind.Array })
        {
            values[prefix + ".num_cgroups"] = long.Parse(property.Value[2].GetString()!, CultureInfo.InvariantCulture); // a line of /proc/cgroups
        }
        else if (property.Value.ValueKind == JsonValueKind.String && ErrnoNames.TryParse(property.Value.GetString()!, out Errno errno))
        {
            values[name] = (long)errno;
        }
        else if (property.Value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty inner in property.Value.EnumerateObject())
            {
                Flatten(name, inner, values);
            }
        }
        else if (property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt64(out long number))
        {
            values[name] = number;
        }
        else if (property.Value.ValueKind == JsonValueKind.String
            && long.TryParse(property.Value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out long text))
        {
            values[name] = text;
        }
    }

    /// <summary>Lines of memory.kmem.slabinfo: <c>kmem_slabinfo.dentry.num_slabs</c>.</summary>
    private static void AddSlabs(JsonElement lines, Dictionary<string, long> values)
    {
        string text = string.Concat(lines.EnumerateArray().Select(line => line.GetString() + "\n"));
        if (!SlabInfo.TryParse(text, out SlabInfo? slabs, out _))
        {
            return;
        }
        foreach (SlabInfoRow row in slabs.Rows)
        {
            values[$"kmem_slabinfo.{row.Name}.num_slabs"] = row.NumSlabs;
            values[$"kmem_slabinfo.{row.Name}.active_objs"] = row.ActiveObjs;
        }
    }
}
