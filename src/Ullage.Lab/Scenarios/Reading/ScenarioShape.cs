namespace Ullage.Lab.Scenarios.Reading;

/// <summary>The keys of a scenario file (scenario.md).</summary>
internal static class ScenarioShape
{
    private static readonly Shape V = Shape.Value;

    public static readonly Shape Disk = Shape.Map(("read_latency", V), ("write_latency", V), ("bandwidth", V), ("readahead", V));

    public static readonly Shape Machine = Shape.Map(
        ("memory", V), ("cpus", V), ("possible_cpus", V), ("nodes", V), ("swap", V), ("hz", V), ("disk", Disk));

    public static readonly Shape Group = Shape.Free(V, null, ("slabs", Shape.Free(V)));

    public static readonly Shape Cgroup = Shape.Map(("version", V), ("memory_recursiveprot", V), ("memory_localevents", V), ("hierarchies", Shape.List(V, "hierarchy")), ("groups", Shape.Free(Group, "cgroup")));

    public static readonly Shape Process = Shape.Map(
        ("name", V), ("cgroup", V), ("start", V), ("count", V), ("threads", V), ("every", V), ("uid", V), ("oom_score_adj", V),
        ("rlimits", Shape.Map(("as", V), ("data", V), ("stack", V))), ("do", OperationShapes.Steps));

    public static readonly Shape Expectation = Shape.Map(
        ("process", V), ("step", V), ("errno", V), ("done", V), ("oom_killed", V), ("signal", V), ("exit_code", V),
        ("file", V), ("field", V), ("equals", V), ("at_least", V), ("at_most", V), ("contains", V), ("dmesg", V), ("count", V));

    public static readonly Shape Root = Shape.Map(
        ("name", V), ("description", V), ("kernel", V), ("machine", Machine), ("sysctl", Shape.Free(V)), ("cgroup", Cgroup),
        ("files", Shape.Free(V, "file")), ("processes", Shape.List(Process, "process")), ("probes", Shape.List(V, "probe")),
        ("sample", Shape.Map(("every", V), ("files", Shape.List(V, "file")))), ("collect", Shape.List(V, "file")),
        ("stop", Shape.Map(("after", V))), ("expect", Shape.List(Expectation, "expectation")));
}
