using System.Text.Json;
using Ullage.Abi;

namespace Ullage.Lab.Results;

/// <summary>Reads schema <c>ullage/result/1</c>. Unknown keys are passed over, so that later versions may add some.</summary>
internal static class ResultJsonReader
{
    public static RunResult Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return ReadRoot(document.RootElement);
        }
        catch (JsonException error)
        {
            throw new FormatException($"not a result: the JSON is broken on line {error.LineNumber + 1}: write it again with --format json", error);
        }
        catch (InvalidOperationException error)
        {
            throw new FormatException("not a result: it holds a text that is not UTF-8: write it again with --format json", error);
        }
    }

    private static RunResult ReadRoot(JsonElement root)
    {
        string schema = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("schema", out JsonElement name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()!
            : "";
        if (schema != ResultJson.Schema)
        {
            throw new FormatException($"not a result: expected schema '{ResultJson.Schema}', found '{schema}': give a file that 'ullage run --format json' wrote");
        }

        List<KeyValuePair<string, Errno>> unavailable = ReadUnavailable(root);
        return new RunResult
        {
            Scenario = Text(root, "scenario"),
            Target = Text(root, "target"),
            Kernel = Text(root, "kernel"),
            Seed = Get(root, "seed", (JsonElement e, out ulong v) => e.TryGetUInt64(out v)),
            Ended = Text(root, "ended"),
            VirtualNs = Long(root, "virtual_ns"),
            WallMs = Get(root, "wall_ms", (JsonElement e, out double v) => e.TryGetDouble(out v)),
            Processes = List(root, "processes", ReadProcess),
            Files = Texts(root, "files"),
            UnavailableFiles = unavailable,
            Samples = List(root, "samples", e => new SampleResult(Long(e, "t_ns"), Texts(e, "files")) { Unavailable = ReadUnavailable(e) }),
            Dmesg = List(root, "dmesg", e => new DmesgLine(Long(e, "t_ns"), Int(e, "level"), Text(e, "text"))),
            Stacks = List(root, "stacks", e => new StackResult(Text(e, "probe"), Long(e, "count"), List(e, "frames", ReadText))),
            Expectations = List(root, "expectations", e => new ExpectationResult(Text(e, "text"), Bool(e, "ok"), Text(e, "actual"))),
            Notes = root.TryGetProperty("notes", out _) ? List(root, "notes", ReadText) : [],
        };
    }

    private static ProcessResult ReadProcess(JsonElement process) => new()
    {
        Name = Text(process, "name"),
        Pid = Int(process, "pid"),
        Cgroup = Text(process, "cgroup"),
        State = Text(process, "state"),
        ExitCode = Key(process, "exit_code").ValueKind == JsonValueKind.Null ? null : Int(process, "exit_code"),
        Signal = Key(process, "signal").ValueKind == JsonValueKind.Null ? null : Text(process, "signal"),
        OomKilled = Bool(process, "oom_killed"),
        Steps = List(process, "steps", ReadStep),
    };

    private static StepResult ReadStep(JsonElement step) => new()
    {
        Op = Text(step, "op"),
        Requested = Long(step, "requested"),
        Done = Long(step, "done"),
        Errno = Key(step, "errno").ValueKind == JsonValueKind.Null ? Errno.None : ErrnoOf(Text(step, "errno")),
        VirtualNs = Long(step, "virtual_ns"),
        Passes = step.TryGetProperty("passes", out _)
            ? List(step, "passes", e => new PassResult(Long(e, "hits"), Long(e, "misses"), Long(e, "read_bytes"), Long(e, "virtual_ns")))
            : null,
    };

    private static List<KeyValuePair<string, Errno>> ReadUnavailable(JsonElement root)
    {
        List<KeyValuePair<string, Errno>> files = [];
        if (root.TryGetProperty("unavailable", out JsonElement unavailable) && unavailable.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty file in unavailable.EnumerateObject())
            {
                files.Add(new(file.Name, ErrnoOf(ReadText(file.Value))));
            }
        }

        return files;
    }

    private static List<KeyValuePair<string, string>> Texts(JsonElement parent, string key)
    {
        JsonElement files = Key(parent, key);
        if (files.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(key, "an object", files);
        }

        List<KeyValuePair<string, string>> texts = [];
        foreach (JsonProperty file in files.EnumerateObject())
        {
            if (file.Value.ValueKind != JsonValueKind.Null)
            {
                texts.Add(new(file.Name, ReadText(file.Value)));
            }
        }

        return texts;
    }

    private static List<T> List<T>(JsonElement parent, string key, Func<JsonElement, T> read)
    {
        JsonElement list = Key(parent, key);
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(key, "a list", list);
        }

        List<T> items = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            items.Add(read(item));
        }

        return items;
    }

    private static JsonElement Key(JsonElement parent, string key)
    {
        if (parent.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(key, "an object around it", parent);
        }

        return parent.TryGetProperty(key, out JsonElement value) ? value : throw new FormatException($"not a result: key '{key}' is missing");
    }

    private static string Text(JsonElement parent, string key)
    {
        JsonElement value = Key(parent, key);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(key, "a text", value);
    }

    private static string ReadText(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong("files", "texts", value);

    private static long Long(JsonElement parent, string key) => Get(parent, key, (JsonElement e, out long v) => e.TryGetInt64(out v));

    private static int Int(JsonElement parent, string key) => Get(parent, key, (JsonElement e, out int v) => e.TryGetInt32(out v));

    private static bool Bool(JsonElement parent, string key)
    {
        JsonElement value = Key(parent, key);
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, "true or false", value);
    }

    private delegate bool TryGet<T>(JsonElement element, out T value);

    private static T Get<T>(JsonElement parent, string key, TryGet<T> tryGet)
    {
        JsonElement value = Key(parent, key);
        return value.ValueKind == JsonValueKind.Number && tryGet(value, out T number) ? number : throw Wrong(key, "a number in range", value);
    }

    private static Errno ErrnoOf(string name) =>
        Enum.TryParse(name, out Errno errno) ? errno : throw new FormatException($"not a result: unknown errno '{name}'");

    private static FormatException Wrong(string key, string expected, JsonElement found) =>
        new($"not a result: '{key}' must be {expected}, found {found.ValueKind.ToString().ToLowerInvariant()}");
}
