namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Reads the sections of a scenario.</summary>
internal sealed class SectionReader
{
    // No kernel can be read more often; a slip such as 1ns must not fill the memory.
    private const long FinestSampleNs = 1_000;

    private readonly Problems _problems;
    private readonly References _references;

    public SectionReader(Problems problems)
    {
        _problems = problems;
        _references = new References(problems);
    }

    public Scenario Read(MapReader root)
    {
        string name = root.RequiredText("name", "a name for the scenario");
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            root.Tell("name", $"{Quote.Text(name)} is not a name: files are named after it, so use letters, digits, '-', '_' and '.'");
        }

        MapReader? sysctl = root.Map("sysctl");
        Scenario scenario = new()
        {
            Name = name,
            Description = root.Text("description", "a text")?.Trim() ?? "",
            Kernel = Kernel(root),
            Machine = root.Map("machine") is MapReader machine ? Machine(machine) : new MachineSpec(),
            Sysctl = sysctl is null ? [] : Texts(sysctl),
            SysctlPlaces = sysctl is null ? [] : PlacesOf(sysctl),
            Cgroup = root.Map("cgroup") is MapReader cgroup ? Cgroup(cgroup) : new CgroupSpec(),
            Files = root.Map("files") is MapReader files ? Files(files) : [],
            StopAfterNs = root.Map("stop")?.RequiredTime("after", 1),
            Processes = new ProcessReader(_problems, _references).ReadList(root.List("processes", "processes"), "processes"),
            Probes = Strings(root, "probes", "kernel functions", absolute: false),
            Sample = root.Map("sample") is MapReader sample ? new SampleSpec(sample.RequiredTime("every", FinestSampleNs), Strings(sample, "files", "files", absolute: true)) : null,
            Collect = Strings(root, "collect", "files", absolute: true),
            Expect = new ExpectationReader(_problems, _references).ReadList(root.List("expect", "expectations"), "expect"),
        };
        JudgeEnd(scenario, root);
        _references.Judge();
        return scenario;
    }

    private static string? Kernel(MapReader root)
    {
        if (root.Text("kernel", "a kernel version, such as 4.15") is not string text)
        {
            return null;
        }

        string? kernel = ScenarioReader.KernelOf(text.Trim());
        if (kernel is null)
        {
            root.Tell("kernel", $"unknown kernel {Quote.Text(text)}: known are {string.Join(", ", Words.Kernels)}{NearestKernel.Advice(text, Words.Kernels)}");
        }

        return kernel;
    }

    private static MachineSpec Machine(MapReader map)
    {
        MachineSpec standard = new();
        int cpus = (int)(map.Whole("cpus", 1, 1024) ?? standard.Cpus);
        int? possible = (int?)map.Whole("possible_cpus", 1, 8192);
        if (possible < cpus)
        {
            map.Tell("possible_cpus", $"{possible} possible CPUs are fewer than the {cpus} online: raise it or leave it out");
        }

        return new MachineSpec
        {
            MemoryBytes = map.Size("memory", 1L << 24) ?? standard.MemoryBytes,
            Cpus = cpus,
            PossibleCpus = possible,
            Nodes = (int)(map.Whole("nodes", 1, 64) ?? standard.Nodes),
            SwapBytes = map.Size("swap") ?? standard.SwapBytes,
            Hz = map.Word("hz", [("100", 100), ("250", 250), ("300", 300), ("1000", 1000)]) ?? standard.Hz,
            Disk = map.Map("disk") is MapReader disk ? Disk(disk) : standard.Disk,
        };
    }

    private static DiskSpec Disk(MapReader map)
    {
        DiskSpec standard = new();
        return new DiskSpec
        {
            ReadLatencyNs = map.Time("read_latency") ?? standard.ReadLatencyNs,
            WriteLatencyNs = map.Time("write_latency") ?? standard.WriteLatencyNs,
            BandwidthBytesPerSecond = map.Rate("bandwidth") ?? standard.BandwidthBytesPerSecond,
            ReadaheadBytes = map.Size("readahead") ?? standard.ReadaheadBytes,
        };
    }

    private CgroupSpec Cgroup(MapReader map)
    {
        int version = (int)(map.Whole("version", 1, 2) ?? 2);
        List<GroupSpec> groups = [];
        if (map.Map("groups") is MapReader readers)
        {
            foreach (Entry entry in readers.Entries)
            {
                groups.Add(Group(readers, entry));
                _references.AddCgroup(entry.Key);
            }

            JudgeParents(readers);
        }

        List<string> hierarchies = Strings(map, "hierarchies", "hierarchies", absolute: false);
        if (hierarchies.Count > 0 && version == 2)
        {
            map.Tell("hierarchies", "version 2 has one hierarchy with all controllers: leave hierarchies out, or use version 1");
        }

        return new CgroupSpec
        {
            Version = version, Groups = groups, Hierarchies = hierarchies.Count > 0 ? hierarchies : new CgroupSpec().Hierarchies,
            RecursiveProtection = map.Bool("memory_recursiveprot") ?? false, LocalEvents = map.Bool("memory_localevents") ?? false,
        };
    }

    private void JudgeParents(MapReader groups)
    {
        HashSet<string> made = new(StringComparer.Ordinal);
        foreach (Entry entry in groups.Entries)
        {
            int slash = entry.Key.LastIndexOf('/');
            string parent = slash > 0 ? entry.Key[..slash] : "/";
            if (parent != "/" && CgroupPath.Judge(entry.Key) is null && !made.Contains(parent))
            {
                bool later = groups.Node(parent) is not null;
                string advice = later ? "groups are made in this order, so put the parent first" : $"add '{Quote.Plain(parent)}: {{}}' before it";
                _problems.Add(entry.Place, groups.Below(entry.Key), $"the parent {Quote.Text(parent)} does not exist yet: {advice}");
            }

            made.Add(entry.Key);
        }
    }

    private GroupSpec Group(MapReader groups, Entry entry)
    {
        string? wrong = entry.Key == "/" ? "'/' is the root, which is there already: name a cgroup below it, such as /work" : CgroupPath.Judge(entry.Key);
        if (wrong is not null)
        {
            _problems.Add(entry.Place, groups.Below(entry.Key), wrong);
        }

        if (entry.Value is ScalarNode { IsNothing: true } || MapReader.Of(_problems, entry.Value, groups.Below(entry.Key), ScenarioShape.Group, "control files with values in braces") is not MapReader map)
        {
            return new GroupSpec { Path = entry.Key };
        }

        List<KeyValuePair<string, long>> slabs = [];
        if (map.Map("slabs") is MapReader caches)
        {
            foreach (Entry cache in caches.Entries)
            {
                slabs.Add(new(cache.Key, caches.RequiredWhole(cache.Key, 0, int.MaxValue)));
            }
        }

        return new GroupSpec { Path = entry.Key, Writes = Texts(map, "slabs"), WritePlaces = PlacesOf(map, "slabs"), Slabs = slabs };
    }

    private List<FileSpec> Files(MapReader map)
    {
        List<FileSpec> files = [];
        foreach (Entry entry in map.Entries)
        {
            if (AbsolutePaths.Judge(entry.Key) is string message)
            {
                _problems.Add(entry.Place, map.Below(entry.Key), message);
            }

            files.Add(new FileSpec(entry.Key, map.RequiredSize(entry.Key)));
            _references.AddFile(entry.Key);
        }

        return files;
    }

    /// <summary>Names and texts that are written as they stand.</summary>
    private List<KeyValuePair<string, string>> Texts(MapReader map, string? except = null)
    {
        List<KeyValuePair<string, string>> texts = [];
        foreach (Entry entry in map.Entries.Where(entry => entry.Key != except))
        {
            if (entry.Key.Length == 0 || entry.Key.Contains('/', StringComparison.Ordinal))
            {
                _problems.Add(entry.Place, map.Below(entry.Key), $"{Quote.Text(entry.Key)} is not the name of a control file or sysctl: write it without '/', such as memory.max");
            }

            map.Require(entry.Key, "a value to write");
            texts.Add(new(entry.Key, map.Text(entry.Key, "a value to write") ?? ""));
        }

        return texts;
    }

    private List<string> PlacesOf(MapReader map, string? except = null) =>
        [.. map.Entries.Where(entry => entry.Key != except).Select(entry => _problems.Beginning(entry.Value.Place, map.Below(entry.Key)))];

    private List<string> Strings(MapReader map, string key, string what, bool absolute)
    {
        List<string> strings = [];
        IReadOnlyList<Node> items = map.List(key, what);
        for (int i = 0; i < items.Count; i++)
        {
            string path = $"{map.Below(key)}.{i}";
            if (items[i] is not ScalarNode { IsNothing: false } scalar)
            {
                _problems.Add(items[i].Place, path, $"expected one of the {what}, found {items[i].Kind}");
            }
            else if (absolute && AbsolutePaths.Judge(scalar.Text) is string message)
            {
                _problems.Add(scalar.Place, path, message);
            }
            else if (strings.Contains(scalar.Text, StringComparer.Ordinal))
            {
                _problems.Add(scalar.Place, path, $"{Quote.Text(scalar.Text)} is listed twice: remove one of them");
            }
            else
            {
                strings.Add(scalar.Text);
            }
        }

        return strings;
    }

    private static void JudgeEnd(Scenario scenario, MapReader root)
    {
        ProcessSpec? endless = scenario.Processes.FirstOrDefault(process => process.EveryNs is not null);
        if (endless is not null && scenario.StopAfterNs is null && !root.Has("stop"))
        {
            root.Problems.Add(root.PlaceOf("processes"), "stop", $"process {Quote.Text(endless.Name)} starts again and again, so this would never end: add 'stop: {{ after: 60s }}'");
        }
    }
}
