using Ullage.Abi;

namespace Ullage.Lab.Scenarios;

/// <summary>One experiment: a machine, its cgroups, processes that do things, what to watch, what to expect. Made by <c>ScenarioReader</c>.</summary>
public sealed record Scenario
{
    /// <summary>The scenario's name; names of results and recordings derive from it.</summary>
    public required string Name { get; init; }

    /// <summary>What the experiment shows, for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The era to model, such as <c>4.15</c>; null = the newest. The host target ignores it.</summary>
    public string? Kernel { get; init; }

    /// <summary>The modelled machine. The host target ignores it.</summary>
    public MachineSpec Machine { get; init; } = new();

    /// <summary>sysctl name (<c>vm.swappiness</c>) and value, in file order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Sysctl { get; init; } = [];

    /// <summary>Where each of <see cref="Sysctl"/> stands, as messages begin (<c>my.yaml:7:3: sysctl.vm.swappiness</c>); empty when no file was read.</summary>
    public IReadOnlyList<string> SysctlPlaces { get; init; } = [];

    /// <summary>The cgroups to create.</summary>
    public CgroupSpec Cgroup { get; init; } = new();

    /// <summary>Files that exist before the start and are not cached.</summary>
    public IReadOnlyList<FileSpec> Files { get; init; } = [];

    /// <summary>The processes, in file order.</summary>
    public IReadOnlyList<ProcessSpec> Processes { get; init; } = [];

    /// <summary>Kernel functions to make stack histograms of.</summary>
    public IReadOnlyList<string> Probes { get; init; } = [];

    /// <summary>Files to read at an interval; null = none.</summary>
    public SampleSpec? Sample { get; init; }

    /// <summary>Files to read once, at the end.</summary>
    public IReadOnlyList<string> Collect { get; init; } = [];

    /// <summary>End after this time even if processes still run; null = when every process has ended.</summary>
    public long? StopAfterNs { get; init; }

    /// <summary>What must hold at the end.</summary>
    public IReadOnlyList<Expectation> Expect { get; init; } = [];
}

/// <summary>The modelled machine (scenario.md, <c>machine</c>).</summary>
public sealed record MachineSpec
{
    /// <summary>RAM in bytes.</summary>
    public long MemoryBytes { get; init; } = 2L << 30;
    /// <summary>Online CPUs.</summary>
    public int Cpus { get; init; } = 2;
    /// <summary>Possible CPUs; null = as many as online.</summary>
    public int? PossibleCpus { get; init; }
    /// <summary>NUMA nodes.</summary>
    public int Nodes { get; init; } = 1;
    /// <summary>Swap in bytes.</summary>
    public long SwapBytes { get; init; }
    /// <summary>Timer ticks per second.</summary>
    public int Hz { get; init; } = 250;
    /// <summary>The disk below files and swap.</summary>
    public DiskSpec Disk { get; init; } = new();
}

/// <summary>The modelled disk.</summary>
public sealed record DiskSpec
{
    /// <summary>Time until a read begins to deliver, in nanoseconds.</summary>
    public long ReadLatencyNs { get; init; } = 100_000;
    /// <summary>Time until a write is taken, in nanoseconds.</summary>
    public long WriteLatencyNs { get; init; } = 100_000;
    /// <summary>Bytes per second.</summary>
    public long BandwidthBytesPerSecond { get; init; } = 500L << 20;
    /// <summary>Readahead window in bytes.</summary>
    public long ReadaheadBytes { get; init; } = 128 << 10;
}

/// <summary>The cgroup hierarchy of a scenario.</summary>
public sealed record CgroupSpec
{
    /// <summary>1 or 2.</summary>
    public int Version { get; init; } = 2;
    /// <summary>v2 mount option memory_recursiveprot (5.7+). The host target refuses it: mounts are the host's.</summary>
    public bool RecursiveProtection { get; init; }
    /// <summary>v2 mount option memory_localevents (5.2+). The host target refuses it: mounts are the host's.</summary>
    public bool LocalEvents { get; init; }
    /// <summary>v1, model only: what is mounted (<c>memory</c>, <c>memory,pids</c>, <c>name=systemd</c>), in this order; groups are made in the one with memory.</summary>
    public IReadOnlyList<string> Hierarchies { get; init; } = ["memory"];
    /// <summary>Groups in the order of creation.</summary>
    public IReadOnlyList<GroupSpec> Groups { get; init; } = [];
}

/// <summary>One cgroup to create.</summary>
public sealed record GroupSpec
{
    /// <summary>Its path in the memory hierarchy, such as <c>/a/b</c>.</summary>
    public required string Path { get; init; }
    /// <summary>Control files to write, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Writes { get; init; } = [];
    /// <summary>Where each of <see cref="Writes"/> stands, as messages begin (<c>my.yaml:9:7: cgroup.groups./a.memory.max</c>); empty when no file was read.</summary>
    public IReadOnlyList<string> WritePlaces { get; init; } = [];
    /// <summary>Slab objects already there, by cache (model only).</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Slabs { get; init; } = [];
}

/// <summary>A file that exists before the start.</summary>
public sealed record FileSpec(string Path, long Bytes);

/// <summary>Files to read at an interval.</summary>
public sealed record SampleSpec(long EveryNs, IReadOnlyList<string> Files);

/// <summary>Resource limits of a process, in bytes; null = unlimited.</summary>
public sealed record RlimitSpec
{
    /// <summary>RLIMIT_AS.</summary>
    public long? As { get; init; }
    /// <summary>RLIMIT_DATA.</summary>
    public long? Data { get; init; }
    /// <summary>RLIMIT_STACK.</summary>
    public long? Stack { get; init; }
}

/// <summary>A process of a scenario.</summary>
public sealed record ProcessSpec
{
    /// <summary>Its name, which is also its comm.</summary>
    public required string Name { get; init; }
    /// <summary>The cgroup it enters after warming up; null = stays in the root.</summary>
    public string? Cgroup { get; init; }
    /// <summary>When it starts, in nanoseconds from the beginning.</summary>
    public long StartNs { get; init; }
    /// <summary>How many alike. With more than one, the names are <c>name-1</c>, <c>name-2</c>, ….</summary>
    public int Count { get; init; } = 1;
    /// <summary>How many threads it has, model only: all but the first sleep for ever.</summary>
    public int Threads { get; init; } = 1;
    /// <summary>Start again at this period; null = once.</summary>
    public long? EveryNs { get; init; }
    /// <summary>Its user id.</summary>
    public int Uid { get; init; }
    /// <summary>Its oom_score_adj, -1000 to 1000.</summary>
    public int OomScoreAdj { get; init; }
    /// <summary>Its resource limits.</summary>
    public RlimitSpec Rlimits { get; init; } = new();
    /// <summary>What it does, in order.</summary>
    public IReadOnlyList<Operation> Do { get; init; } = [];
}

/// <summary>Something that must hold at the end. Exactly one of <see cref="Process"/>, <see cref="File"/>, <see cref="Dmesg"/> is set.</summary>
public sealed record Expectation
{
    /// <summary>A process by name.</summary>
    public string? Process { get; init; }
    /// <summary>With <see cref="Process"/>: the index of one of its steps.</summary>
    public int? Step { get; init; }
    /// <summary>With <see cref="Process"/>: the errno of the step.</summary>
    public Errno? Errno { get; init; }
    /// <summary>With <see cref="Process"/>: whether the OOM killer killed it.</summary>
    public bool? OomKilled { get; init; }
    /// <summary>With <see cref="Process"/>: the signal that ended it, such as <c>SIGKILL</c>.</summary>
    public string? Signal { get; init; }
    /// <summary>With <see cref="Process"/>: its exit status.</summary>
    public int? ExitCode { get; init; }
    /// <summary>With <see cref="Process"/> and <see cref="Step"/>: compares the units done; see <see cref="Compare"/>.</summary>
    public bool Done { get; init; }
    /// <summary>A collected or readable file.</summary>
    public string? File { get; init; }
    /// <summary>With <see cref="File"/>: a field of it (<c>oom_kill</c>, <c>dentry.num_slabs</c>); null = the whole text.</summary>
    public string? Field { get; init; }
    /// <summary>A text that some kernel log line contains.</summary>
    public string? Dmesg { get; init; }
    /// <summary>With <see cref="Dmesg"/>: how many lines contain it; null = at least one.</summary>
    public int? Count { get; init; }
    /// <summary>The comparison with a value, where one applies.</summary>
    public Comparison? Compare { get; init; }
    /// <summary>Line of the scenario file, from 1.</summary>
    public int Line { get; init; }
    /// <summary>Where its subject stands, as messages begin (<c>my.yaml:12:5: expect.0.file</c>); empty when no file was read.</summary>
    public string Place { get; init; } = "";
}

/// <summary>A comparison of an expectation.</summary>
/// <param name="Kind">How to compare.</param>
/// <param name="Value">The text or number to compare with.</param>
public sealed record Comparison(ComparisonKind Kind, string Value);

/// <summary>Ways to compare.</summary>
public enum ComparisonKind
{
    /// <summary><c>equals</c>: the same text, or the same number.</summary>
    EqualTo,
    /// <summary><c>at_least</c>.</summary>
    AtLeast,
    /// <summary><c>at_most</c>.</summary>
    AtMost,
    /// <summary><c>contains</c>.</summary>
    Contains,
}
