using System.Text.Json;
using Ullage.Abi.Units;
using Ullage.Cli.Stat;
using Ullage.Cli.Tests.Support;

namespace Ullage.Cli.Tests.Stat;

public sealed class StatTests
{
    private const long MiB = 1 << 20;

    private static StatSample Sample(int second) => new()
    {
        At = new DateTimeOffset(2026, 1, 2, 3, 4, second, TimeSpan.Zero),
        Version = 1,
        Cgroup = "/test1",
        UsageBytes = 40 * MiB,
        Limit = Limit.OfBytes(100 * MiB),
        UllageBytes = 60 * MiB,
        BindingCgroup = "/test1",
        BindingLimitBytes = 100 * MiB,
        AnonBytes = 39 * MiB,
        FileBytes = 0,
        KernelBytes = 300 * 1024,
        SwapBytes = null,
        Failcnt = 0,
        OomKills = 0,
        Unavailable = [new("swap", "no memory.memsw.usage_in_bytes (ENOENT): boot with swapaccount=1"), new("events", "not on v1")],
    };

    private static async Task<(int Code, TestConsole Console)> RunAsync(FakeSource source, TestConsole console, params string[] args)
    {
        CliServices services = new()
        {
            BuiltIns = () => [],
            BuiltInText = _ => null,
            ReadScenario = (_, _, _) => throw new InvalidOperationException(),
            Judge = (_, _, _) => [],
            Target = _ => null,
            Eras = () => [],
            ResultJson = _ => "",
            StatSource = request =>
            {
                source.Request = request;
                return source;
            },
        };
        int code = await UllageApp.RunAsync(["stat", .. args], console.Console, () => services, CancellationToken.None);
        return (code, console);
    }

    [Fact]
    public async Task StatShowsUsageEventsAndReasonsInEightyColumns()
    {
        StatSample ancestor = Sample(2) with { BindingCgroup = "/", BindingLimitBytes = 64 * MiB, UllageBytes = 2 * MiB };
        FakeSource source = new(Sample(0), Sample(1) with { Failcnt = 3 }, ancestor with { Failcnt = 3 }, ancestor with { Failcnt = 3, OomKills = 1 });
        (int code, TestConsole console) = await RunAsync(source, new TestConsole(), "/test1", "10ms", "4");
        code.ShouldBe(0);
        console.Error.ShouldBeEmpty();
        Golden.Match(console.Out, "stat-v1.txt");
        console.Out.Split('\n').ShouldAllBe(line => line.Length <= 80);
        source.Disposed.ShouldBeTrue();
    }

    [Fact]
    public async Task StatOnV2ShowsEventsInsteadOfFailcnt()
    {
        StatSample v2 = Sample(0) with
        {
            Version = 2, Failcnt = null, MaxEvents = 35, OomKills = 1, SwapBytes = 0, Unavailable = [],
            Limit = Limit.None, UllageBytes = 1500 * MiB, BindingCgroup = StatSample.Machine, BindingLimitBytes = null,
        };
        (_, TestConsole console) = await RunAsync(new FakeSource(v2), new TestConsole(), "/test1");
        Golden.Match(console.Out, "stat-v2.txt");
    }

    [Fact]
    public async Task StatVerboseGivesEveryReasonOnce()
    {
        (_, TestConsole console) = await RunAsync(new FakeSource(Sample(0), Sample(1)), new TestConsole(), "-p", "12", "-c", "2", "-i", "10ms", "-v");
        console.Out.Split("- swap unavailable: ").Length.ShouldBe(2);
        console.Out.Split("- events unavailable: ").Length.ShouldBe(2);
    }

    [Fact]
    public async Task StatOnATerminalRepeatsTheHeader()
    {
        FakeSource source = new([.. Enumerable.Range(0, 20).Select(Sample)]);
        (_, TestConsole console) = await RunAsync(source, new TestConsole(terminal: true, height: 12), "/test1", "10ms", "20");
        console.Out.Split("    time  usage").Length.ShouldBe(4);
    }

    [Fact]
    public async Task StatOfAGoneCgroupSaysSoAndIsFineWhenSomethingWasRead()
    {
        (int code, TestConsole console) = await RunAsync(new FakeSource(Sample(0)), new TestConsole(), "/test1", "10ms");
        code.ShouldBe(0);
        console.Out.TrimEnd().ShouldEndWith("\ncgroup /test1 is gone");
    }

    [Fact]
    public async Task StatOfAGoneCgroupWithNothingReadIsNoData()
    {
        (int code, TestConsole console) = await RunAsync(new FakeSource(), new TestConsole(), "/test1", "1");
        code.ShouldBe(3);
        console.Error.ShouldBe("ullage: cgroup /test1 is gone\n");
    }

    [Theory]
    [InlineData(new[] { "-p", "4473", "-c", "10" }, 4473, null, 10, 1000)]
    [InlineData(new[] { "-p", "4473", "2", "3" }, 4473, null, 3, 2000)]
    [InlineData(new[] { "/a", "0.5", "10" }, null, "/a", 10, 500)]
    [InlineData(new[] { "/a", "-i", "200ms", "--count", "2" }, null, "/a", 2, 200)]
    [InlineData(new[] { "/a" }, null, "/a", 1, 1000)]
    [InlineData(new[] { "/a", "5" }, null, "/a", null, 5000)]
    public async Task StatUnderstandsVmstatsAndMemcgstatsHabits(string[] args, int? pid, string? cgroup, int? count, int intervalMs)
    {
        FakeSource source = new();
        await RunAsync(source, new TestConsole(), args);
        source.Request!.Pid.ShouldBe(pid);
        source.Request.Cgroup.ShouldBe(cgroup);
        source.Request.Count.ShouldBe(count);
        source.Request.Interval.ShouldBe(TimeSpan.FromMilliseconds(intervalMs));
    }

    [Theory]
    [InlineData(new string[0], "stat needs a cgroup or a process")]
    [InlineData(new[] { "4473" }, "write 'ullage stat -p 4473'")]
    [InlineData(new[] { "-p", "bash" }, "-p 'bash' is not a positive number")]
    [InlineData(new[] { "/a", "soon" }, "delay 'soon' is not an interval")]
    [InlineData(new[] { "/a", "1", "0" }, "count '0' is not a positive number")]
    [InlineData(new[] { "-p", "1", "2", "3", "4" }, "'4' is one argument too many")]
    public async Task StatUsedWronglySaysWhatToDo(string[] args, string expected)
    {
        (int code, TestConsole console) = await RunAsync(new FakeSource(), new TestConsole(), args);
        code.ShouldBe(2);
        console.Error.ShouldContain(expected);
    }

    [Fact]
    public async Task StatJsonIsOneArrayOfNumbers()
    {
        (_, TestConsole console) = await RunAsync(new FakeSource(Sample(0), Sample(1)), new TestConsole(), "/test1", "10ms", "2", "--format", "json");
        using JsonDocument json = JsonDocument.Parse(console.Out);
        json.RootElement.GetArrayLength().ShouldBe(2);
        JsonElement first = json.RootElement[0];
        first.GetProperty("memory").GetProperty("usage").GetInt64().ShouldBe(40 * MiB);
        first.GetProperty("memory").GetProperty("swap").ValueKind.ShouldBe(JsonValueKind.Null);
        first.GetProperty("unavailable").GetProperty("swap").GetString()!.ShouldContain("ENOENT");
        first.GetProperty("derived").GetProperty("ullage").GetInt64().ShouldBe(60 * MiB);
    }

    [Fact]
    public async Task StatNdjsonAndCsvAreOneLineEach()
    {
        (_, TestConsole console) = await RunAsync(new FakeSource(Sample(0), Sample(1)), new TestConsole(), "/test1", "10ms", "2", "--format", "ndjson");
        console.Out.TrimEnd().Split('\n').Length.ShouldBe(2);
        (_, console) = await RunAsync(new FakeSource(Sample(0), Sample(1)), new TestConsole(), "/test1", "10ms", "2", "--format", "csv");
        string[] lines = console.Out.TrimEnd().Split('\n');
        lines.Length.ShouldBe(3);
        lines.ShouldAllBe(line => line.Split(',').Length == lines[0].Split(',').Length);
        lines[1].ShouldStartWith("2026-01-02T03:04:00.000Z,/test1,41943040,104857600,62914560,/test1,");
    }

    private sealed class FakeSource(params StatSample[] samples) : IStatSource
    {
        private int _next;

        public StatRequest? Request { get; set; }
        public bool Disposed { get; private set; }
        public bool IsLive => true;

        public StatSample? Read(out string gone)
        {
            gone = "cgroup /test1 is gone";
            return _next < samples.Length ? samples[_next++] : null;
        }

        public void Dispose() => Disposed = true;
    }
}
