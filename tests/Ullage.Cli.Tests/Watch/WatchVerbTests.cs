using System.Text.Json;
using Ullage.Cli.Tests.Support;

namespace Ullage.Cli.Tests.Watch;

/// <summary>stat, pressure, slab and top from their command lines, on the model and on snapshots.</summary>
public sealed class WatchVerbTests
{
    private static string Shop => Path.Combine(Repository.Root, "tests", "data", "cli", "shop.yaml");

    private static string Snapshot(string name) => Path.Combine(Repository.Root, "tests", "data", "fixtures", name);

    private static async Task<(int Code, TestConsole Console)> RunAsync(params string[] args)
    {
        TestConsole console = new();
        int code = await UllageApp.RunAsync(args, console.Console, Wiring.Services, CancellationToken.None);
        return (code, console);
    }

    private static async Task<string> OutAsync(params string[] args)
    {
        (int code, TestConsole console) = await RunAsync(args);
        console.Error.ShouldBeEmpty();
        code.ShouldBe(0);
        return console.Out;
    }

    [Fact]
    public async Task StatOfALeakOnTheModelSeesItComeAndBeKilled() =>
        Golden.Match(await OutAsync("stat", "/batch", "1", "9", "--scenario", Shop), "stat-batch.txt");

    [Fact]
    public async Task PressureTellsTheKindOfStall() =>
        Golden.Match(await OutAsync("pressure", "/shop/db", "1", "7", "--scenario", Shop), "pressure-db.txt");

    [Fact]
    public async Task SlabShowsTheCachesOfACgroupAndHowTheyGrow() =>
        Golden.Match(await OutAsync("slab", "/000", "1", "3", "-n", "4", "--scenario", "kmem-limit"), "slab-000.txt");

    [Theory]
    [InlineData("stat", "/batch")]
    [InlineData("pressure", "/batch")]
    [InlineData("slab", "/batch")]
    public async Task MachineFormatsAreWhole(string verb, string cgroup)
    {
        using (JsonDocument json = JsonDocument.Parse(await OutAsync(verb, cgroup, "1", "2", "--scenario", Shop, "--format", "json")))
        {
            json.RootElement.GetArrayLength().ShouldBe(2);
            json.RootElement[0].GetProperty("schema").GetString().ShouldBe(verb == "stat" ? "ullage/sample/1" : $"ullage/{verb}/1");
        }
        string[] lines = (await OutAsync(verb, cgroup, "1", "2", "--scenario", Shop, "--format", "ndjson")).TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(2);
        lines.ShouldAllBe(line => JsonDocument.Parse(line).RootElement.ValueKind == JsonValueKind.Object);
        (_, TestConsole console) = await RunAsync(verb, cgroup, "1", "2", "--scenario", Shop, "--format", "csv");
        string[] rows = console.Out.TrimEnd('\n').Split('\n');
        rows.ShouldAllBe(row => row.Count(c => c == ',') == rows[0].Count(c => c == ','));
        (_, console) = await RunAsync(verb, cgroup, "1", "1", "--scenario", Shop, "--format", "openmetrics");
        OpenMetrics(console.Out);
    }

    [Fact]
    public async Task OpenMetricsHaveTheNamesOfCadvisor()
    {
        string text = await OutAsync("stat", "/batch", "1", "3", "--scenario", Shop, "--format", "openmetrics");
        string last = text.Split("# EOF\n")[2];
        last.ShouldContain("container_memory_usage_bytes{id=\"/batch\"} ");
        last.ShouldContain("container_spec_memory_limit_bytes{id=\"/batch\"} 67108864\n");
        last.ShouldContain("container_memory_failures_total{id=\"/batch\",failure_type=\"pgfault\",scope=\"hierarchy\"} ");
        last.ShouldContain("# TYPE container_pressure_memory_waiting_seconds counter\n");
        last.ShouldContain("ullage_cgroup_ullage_bytes{id=\"/batch\"} ");
    }

    [Fact]
    public async Task SlabOfASnapshotShowsTheMachinesCaches()
    {
        string text = await OutAsync("slab", "--root", Snapshot("5.4-v1/pressure"), "-n", "3");
        text.ShouldContain("cache                       size  change  objects   active  use objsize   slabs\n");
        text.ShouldContain("dentry");
        text.ShouldContain("more caches of");
        text.Split('\n').ShouldAllBe(line => line.Length <= 80);
    }

    [Fact]
    public async Task SlabOfACgroupWithoutCachesOfItsOwnSaysWhyAndShowsTheTotals()
    {
        string text = await OutAsync("slab", "/gt/work/web", "--root", Snapshot("6.1-v2/pressure"));
        text.ShouldContain("slab_reclaimable ");
        text.ShouldContain("- caches unavailable: /sys/fs/cgroup/gt/work/web/memory.kmem.slabinfo: ENOENT");
    }

    [Fact]
    public async Task PressureWithoutPsiSaysSoAndShowsTheRest()
    {
        string text = await OutAsync("pressure", "0.05", "2", "--root", Snapshot("4.15-v1/pressure"));
        text.ShouldContain("ENOENT: this kernel has no PSI");
        text.Split("- pressure unavailable").Length.ShouldBe(2);
        text.ShouldContain(" sys     -     -     -      0      0");
    }

    [Theory]
    [InlineData("pressure", "/nope", 3, "there is no such cgroup")]
    [InlineData("slab", "/nope", 3, "there is no such cgroup")]
    [InlineData("top", "/nope", 3, "there is no such cgroup")]
    [InlineData("pressure", "--kernel=5.4", 2, "give --scenario")]
    [InlineData("slab", "--sort=colour", 2, "--sort 'colour' is not known")]
    [InlineData("top", "--sort=colour", 2, "--sort 'colour' is not known")]
    [InlineData("pressure", "--scenario=nope", 2, "nope")]
    public async Task UsedWronglyTheySayWhatToDo(string verb, string argument, int expected, string message)
    {
        (int code, TestConsole console) = await RunAsync(verb, argument, "--root", Snapshot("6.1-v2/pressure"));
        code.ShouldBe(expected);
        console.Error.ShouldStartWith("ullage: ");
        console.Error.ShouldContain(message);
        console.Error.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task TopThatIsNotOnATerminalIsPlainText()
    {
        string text = await OutAsync("top", "1", "2", "--scenario", Shop, "--sort", "ullage");
        text.ShouldNotContain("\e");
        text.Split("ullage top  shop on model 6.12").Length.ShouldBe(3);
        text.ShouldContain(">ULLAGE");
    }

    private static void OpenMetrics(string text)
    {
        text.ShouldEndWith("# EOF\n");
        HashSet<string> families = [];
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                families.Add(line).ShouldBeTrue($"a family may come once: {line}");
            }
            else if (!line.StartsWith('#'))
            {
                line.ShouldMatch("^[a-z_A-Z0-9]+(\\{[^}]*\\})? [-+0-9.Infe]+$");
            }
        }
    }
}
