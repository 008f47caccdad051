using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Model;

/// <summary>A scenario of chance: processes in a small machine that map, touch, fork, move, kill, and write limits.</summary>
internal sealed class RandomScenario(int seed, int version)
{
    private static readonly string[] Groups = ["/a", "/a/b", "/c"];

    private readonly Random _random = new(seed);

    public Scenario Make() => new()
    {
        Name = "random",
        Machine = new MachineSpec { MemoryBytes = 64L << 20, Cpus = _random.Next(1, 5) },
        Cgroup = new CgroupSpec { Version = version, Groups = [.. Groups.Select(Group)] },
        Processes = [.. Enumerable.Range(0, 3).Select(Process)],
        Sample = new SampleSpec(5_000_000, ["/proc/meminfo", Directory("/a") + "/memory.stat"]),
        Collect = [Directory("/a/b") + "/memory.stat", Directory("/c") + (version == 1 ? "/memory.failcnt" : "/memory.events")],
        StopAfterNs = 20_000_000_000,
    };

    private string Limit => version == 1 ? "memory.limit_in_bytes" : "memory.max";

    private string Directory(string group) => "/sys/fs/cgroup" + (version == 1 ? "/memory" : "") + group;

    private GroupSpec Group(string path) => new() { Path = path, Writes = _random.Next(3) == 0 ? [] : [new KeyValuePair<string, string>(Limit, Size(24 << 20))] };

    private string Size(int most) => _random.Next(1 << 16, most).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private ProcessSpec Process(int number)
    {
        string name = "p" + number;
        List<Operation> operations = [new MmapOperation("r0", 1 << 20), new MmapOperation("r1", 3 << 20)];
        operations.AddRange(List(0, name));
        return new ProcessSpec
        {
            Name = name, Cgroup = _random.Next(5) == 0 ? null : Leaf(), StartNs = _random.Next(0, 3_000_000), Count = _random.Next(1, 3),
            OomScoreAdj = _random.Next(4) == 0 ? _random.Next(-1000, 1001) : 0, Do = operations,
        };
    }

    private List<Operation> List(int depth, string name) => [.. Enumerable.Range(0, _random.Next(1, 7)).Select(_ => One(depth, name) with { UntilDone = _random.Next(3) > 0 })];

    private string Leaf() => Groups[_random.Next(1, 3)];

    private string Region() => "r" + _random.Next(2);

    private PatternSpec Pattern() => new()
    {
        Pattern = (AccessPattern)_random.Next(4), Passes = _random.Next(3) == 0 ? 2 : null, Count = _random.Next(2) == 0 ? _random.Next(0, 2000) : null,
    };

    private Operation One(int depth, string name) => _random.Next(depth > 1 ? 12 : 15) switch
    {
        0 => new GrowOperation(_random.Next(0, 30 << 20), _random.Next(1, 3 << 20), _random.Next(3) == 0 ? 100 << 20 : null),
        1 => new MmapOperation(Region(), _random.Next(0, 8 << 20)) { Protection = (MapProtection)(_random.Next(8) == 0 ? _random.Next(3) : 0) },
        2 or 3 => new TouchOperation(Region(), Pattern(), _random.Next(3) > 0),
        4 => new MunmapOperation(Region(), _random.Next(2) == 0 ? null : _random.Next(1, 4 << 20)),
        5 => new MadviseOperation(Region(), _random.Next(2) == 0 ? "dontneed" : "nohugepage"),
        6 => new SleepOperation(_random.Next(0, 5_000_000)),
        7 => new MoveOperation("self", Groups[_random.Next(3)], false),
        8 => new KillOperation("p" + _random.Next(3), _random.Next(3) == 0 ? "SIGTERM" : "SIGCHLD"),
        9 => new WaitOperation(),
        10 => _random.Next(6) == 0 ? new MprotectOperation(Region(), (MapProtection)_random.Next(3)) : new RmdirOperation("/c"),
        11 => new EchoOperation(Directory(Groups[_random.Next(3)]) + "/" + Limit, Size(40 << 20)),
        12 => new ForkOperation(name + "f", _random.Next(2) == 0 ? null : Leaf(), List(depth + 1, name + "f")),
        13 => new RepeatOperation(_random.Next(0, 4), List(depth + 1, name)),
        _ => new InterleaveOperation(_random.Next(0, 300), [new TouchOperation(Region(), Pattern(), true), new TouchOperation(Region(), Pattern(), false)]),
    };
}
