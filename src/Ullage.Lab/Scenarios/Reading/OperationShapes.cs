namespace Ullage.Lab.Scenarios.Reading;

/// <summary>The operations and their arguments (scenario.md, "Operations").</summary>
internal static class OperationShapes
{
    private static readonly string[] PatternKeys = ["pattern", "alpha", "passes", "count", "seed"];

    private static readonly (string Word, string? Short, string[] Keys)[] Table =
    [
        ("grow", "bytes", ["bytes", "chunk", "rate"]),
        ("mmap", null, ["region", "bytes", "kind", "file", "prot", "noreserve", "populate"]),
        ("touch", null, ["region", .. PatternKeys, "write"]),
        ("munmap", "region", ["region", "bytes"]),
        ("mremap", null, ["region", "bytes"]),
        ("mprotect", null, ["region", "prot"]),
        ("madvise", null, ["region", "advice"]),
        ("brk", "bytes", ["bytes"]),
        ("malloc", "bytes", ["bytes", "count", "touch", "name"]),
        ("free", "name", ["name"]),
        ("read", null, ["file", .. PatternKeys, "via", "advice"]),
        ("write", null, ["file", "bytes", .. PatternKeys, "fsync"]),
        ("stat_missing", null, ["dir", "count", "start", "prefix"]),
        ("create_files", null, ["dir", "count", "bytes"]),
        ("unlink_files", null, ["dir", "count"]),
        ("fork", null, ["name", "cgroup", "do"]),
        ("wait", null, []),
        ("repeat", null, ["times", "do"]),
        ("interleave", null, ["count", "of"]),
        ("exec", "name", ["name"]),
        ("sleep", "duration", ["duration"]),
        ("pause", null, []),
        ("echo", null, ["file", "value", "nonblock"]),
        ("sock", "bytes", ["bytes"]),
        ("mkdir", "path", ["path"]),
        ("rmdir", "path", ["path"]),
        ("move", null, ["process", "to", "thread"]),
        ("kill", null, ["process", "signal"]),
        ("exit", "status", ["status"]),
    ];

    /// <summary>One step of a process.</summary>
    public static readonly Shape Step = Make();

    /// <summary>A process's list.</summary>
    public static readonly Shape Steps = Shape.List(Step, "step");

    private static Shape Make()
    {
        Dictionary<string, Shape> shapes = new(StringComparer.Ordinal);
        Shape step = Shape.Operation([.. Table.Select(row => row.Word)], shapes);
        foreach ((string word, string? shortKey, string[] keys) in Table)
        {
            shapes[word] = Shape.Map(shortKey, [.. keys.Select(key => (key, key is "do" or "of" ? Shape.List(step, "step") : Shape.Value)),
                ("until", Shape.Value), ("expect_errno", Shape.Value)]);
        }

        return step;
    }
}
