namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Reads <c>processes</c>.</summary>
internal sealed class ProcessReader(Problems problems, References references)
{
    private readonly OperationReader _operations = new(problems, references);

    public IReadOnlyList<ProcessSpec> ReadList(IReadOnlyList<Node> items, string path)
    {
        List<ProcessSpec> processes = [];
        for (int i = 0; i < items.Count; i++)
        {
            if (MapReader.Of(problems, items[i], $"{path}.{i}", ScenarioShape.Process, "a process with keys such as name and do") is MapReader map)
            {
                processes.Add(Read(map));
            }
        }

        return processes;
    }

    private ProcessSpec Read(MapReader map)
    {
        string name = NewProcessName.Read(map);
        int count = (int)(map.Whole("count", 1, 100_000) ?? 1);
        string? cgroup = map.Has("cgroup") ? CgroupPath.Read(map, "cgroup") : null;
        if (cgroup is not null)
        {
            references.UseCgroup(map.PlaceOf("cgroup"), map.Below("cgroup"), cgroup);
        }

        IReadOnlyList<Node> steps = map.List("do", "operations");
        if (name.Length > 0 && !references.AddProcess(name, count, NewProcessName.FixedSteps(steps)))
        {
            map.Tell("name", $"another process is named {Quote.Text(name)}: choose another name");
        }

        JudgePlaceholders(map, name, cgroup);
        return new ProcessSpec
        {
            Name = name,
            Cgroup = cgroup,
            StartNs = map.Time("start") ?? 0,
            Count = count,
            Threads = (int)(map.Whole("threads", 1, 100_000) ?? 1),
            EveryNs = map.Time("every", 1),
            Uid = (int)(map.Whole("uid", 0, int.MaxValue) ?? 0),
            OomScoreAdj = (int)(map.Whole("oom_score_adj", -1000, 1000) ?? 0),
            Rlimits = map.Map("rlimits") is MapReader limits ? Rlimits(limits) : new RlimitSpec(),
            Do = _operations.ReadList(steps, map.Below("do"), new ProcessScope(), 0),
        };
    }

    private static void JudgePlaceholders(MapReader map, string name, string? cgroup)
    {
        foreach ((string key, string text) in new[] { ("name", name), ("cgroup", cgroup ?? "") })
        {
            if (Placeholder.IsIn(text))
            {
                map.Tell(key, "a placeholder has no meaning here: only steps inside a repeat have rounds");
            }
        }
    }

    private static RlimitSpec Rlimits(MapReader map) => new()
    {
        As = map.Size("as"),
        Data = map.Size("data"),
        Stack = map.Size("stack"),
    };
}
