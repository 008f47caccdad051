using System.Globalization;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Tests.Support;

/// <summary>Results and services for tests.</summary>
internal static class Canned
{
    public const string Yaml = """
        name: anon-oom
        description: A process takes 1 MiB after another.
        cgroup: { version: 1, groups: { /test1: { memory.limit_in_bytes: 100M } } }
        processes:
          - { name: grower, cgroup: /test1, do: [ { grow: { bytes: 200M } } ] }
        collect: [ /sys/fs/cgroup/memory/test1/memory.failcnt ]
        stop: { after: 60s }
        expect:
          - { process: grower, oom_killed: true }
          - { file: /sys/fs/cgroup/memory/test1/memory.failcnt, equals: 25 }
        """;

    /// <summary>The kernel log of a real run; process and cgroup are called as in <see cref="Yaml"/>.</summary>
    public static DmesgLine[] Log(string file)
    {
        string data = Path.Combine(Repository.Root, "tests", "data");
        string shared = Path.Combine(data, "fixtures", "dmesg", file);
        string text = File.ReadAllText(File.Exists(shared) ? shared : Path.Combine(data, "cli", file))
            .Replace("/gt/e3", "/test1", StringComparison.Ordinal).Replace("(wl)", "(grower)", StringComparison.Ordinal)
            .Replace("wl invoked", "grower invoked", StringComparison.Ordinal);
        string[] lines = text.TrimEnd('\n').Split('\n');
        double first = Seconds(lines[0]);
        return [.. lines.Select(line => new DmesgLine(2_500_000_000 + (long)((Seconds(line) - first) * 1e9), 4, line[(line.IndexOf(']') + 2)..]))];
    }

    public static RunResult Oom => new()
    {
        Scenario = "anon-oom",
        Target = "model",
        Kernel = "4.15",
        Seed = 1,
        Ended = "idle",
        VirtualNs = 2_520_000_000,
        WallMs = 12.5,
        Processes =
        [
            new ProcessResult
            {
                Name = "grower", Pid = 406, Cgroup = "/test1", State = "killed", Signal = "SIGKILL", OomKilled = true,
                Steps = [new StepResult { Op = "grow", Requested = 51200, Done = 25548, VirtualNs = 2_500_000_000 }],
            },
        ],
        Files = [new("/sys/fs/cgroup/memory/test1/memory.failcnt", "25\n")],
        UnavailableFiles = [new("/sys/fs/cgroup/memory/test1/memory.kmem.slabinfo", Errno.EIO)],
        Dmesg = Log("E3-4.15-v1-lim100M.txt"),
    };

    public static CliServices Services(ITarget target) => new()
    {
        BuiltIns = () => [("anon-oom", "A process takes 1 MiB after another."), ("charge-steps", "Limits and batches.")],
        BuiltInText = name => name == "anon-oom" ? Yaml : null,
        ReadScenario = Wiring.Services().ReadScenario,
        Judge = Wiring.Services().Judge,
        ResultJson = Wiring.Services().ResultJson,
        Eras = () => ["4.15", "6.18"],
        Target = name => name == "model" ? target : null,
    };

    public static async Task<(int Code, TestConsole Console)> RunAsync(ITarget target, params string[] args)
    {
        TestConsole console = new();
        int code = await UllageApp.RunAsync(args, console.Console, () => Services(target), CancellationToken.None);
        return (code, console);
    }

    private static double Seconds(string line) => double.Parse(line.AsSpan(1, line.IndexOf(']') - 1).Trim(), CultureInfo.InvariantCulture);
}
