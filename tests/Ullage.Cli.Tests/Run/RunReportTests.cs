using Ullage.Cli.Tests.Support;
using Ullage.Lab.Results;

namespace Ullage.Cli.Tests.Run;

public sealed class RunReportTests
{
    [Theory]
    [InlineData(80, false, "run-80.txt")]
    [InlineData(40, false, "run-40.txt")]
    [InlineData(100, true, "run-100-utf8.txt")]
    public async Task RunOnAPipeIsPlainText(int width, bool utf8, string golden)
    {
        TestConsole console = new(width, utf8);
        int code = await UllageApp.RunAsync(["run", "anon-oom"], console.Console, () => Canned.Services(new FakeTarget(Canned.Oom)), default);
        code.ShouldBe(0);
        console.Error.ShouldBeEmpty();
        console.Out.ShouldNotContain('\e');
        Golden.Match(console.Out, golden);
    }

    [Fact]
    public async Task RunOnANarrowTerminalFitsItsWidth()
    {
        TestConsole console = new(40, terminal: true);
        await UllageApp.RunAsync(["run", "anon-oom"], console.Console, () => Canned.Services(new FakeTarget(Canned.Oom)), default);
        console.Out.Split('\n').ShouldAllBe(line => line.Length <= 40);
        console.Out.ShouldContain("...\n");
    }

    [Fact]
    public async Task RunShowsTheNotesOfTheTarget()
    {
        (_, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom with { Notes = ["/dev/kmsg: EPERM: no kernel log"] }), "run", "anon-oom");
        console.Out.ShouldContain("\nnotes\n/dev/kmsg: EPERM: no kernel log\n");
    }

    [Fact]
    public async Task RunVerboseShowsTheWholeLogAndFiles()
    {
        (_, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", "anon-oom", "-v");
        console.Out.ShouldContain("RIP: 0033:0x401993");
        console.Out.ShouldNotContain("left out");
    }

    [Fact]
    public async Task RunShortenedSaysHowManyLogLinesAreLeftOut()
    {
        (_, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", "anon-oom");
        int shown = console.Out.Split('\n').Count(line => line.StartsWith("[    2.", StringComparison.Ordinal));
        console.Out.ShouldContain($"({Canned.Oom.Dmesg.Count - shown} lines left out: -v shows all)");
    }

    [Fact]
    public async Task RunShowsAMessageThatComesAgainAndAgainOnce()
    {
        DmesgLine[] log =
        [
            .. Enumerable.Range(0, 10).SelectMany(i => new DmesgLine[] { new(i, 4, "SLUB: Unable to allocate"), new(i, 4, "  cache: dentry"), new(i, 4, "  node 0: slabs: 1") }),
            new(11, 4, "slab_out_of_memory: 7 callbacks suppressed"),
        ];
        (_, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom with { Dmesg = log }), "run", "anon-oom");
        console.Out.Split("SLUB: Unable").Length.ShouldBe(2);
        console.Out.ShouldContain("  ... these 3 lines 9 more times ...\n[    0.000000] slab_out_of_memory: 7 callbacks suppressed\n(27 lines left out: -v shows all)\n");
        (_, TestConsole whole) = await Canned.RunAsync(new FakeTarget(Canned.Oom with { Dmesg = log }), "run", "anon-oom", "-v");
        whole.Out.Split("SLUB: Unable").Length.ShouldBe(11);
    }

    [Fact]
    public async Task RunShowsOfALongFileWhatIsNotZero()
    {
        const string path = "/proc/vmstat";
        string text = string.Concat(Enumerable.Range(0, 20).Select(i => $"zero_{i} 0\n")) + string.Concat(Enumerable.Range(1, 10).Select(i => $"some_{i} {i}\n"));
        RunResult result = Canned.Oom with { Files = [new(path, text)] };
        (_, TestConsole console) = await Canned.RunAsync(new FakeTarget(result), "run", "anon-oom");
        console.Out.ShouldContain("/proc/vmstat:\n  some_1 1\n");
        console.Out.ShouldContain("  some_7 7\n  some_8 8\n  (22 lines left out: -v shows all)\n");
        console.Out.ShouldNotContain("zero_");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunUsesColourOnlyWhenAllowed(bool allowed)
    {
        TestConsole console = new(colour: true);
        string[] args = allowed ? ["run", "anon-oom"] : ["run", "anon-oom", "--no-color"];
        await UllageApp.RunAsync(args, console.Console, () => Canned.Services(new FakeTarget(Canned.Oom)), default);
        console.Out.Contains('\e').ShouldBe(allowed);
    }

    [Fact]
    public async Task RunQuietLeavesOnlyFailuresAndTheVerdict()
    {
        RunResult survivor = Canned.Oom with { Processes = [Canned.Oom.Processes[0] with { OomKilled = false, Signal = null, ExitCode = 0 }], Dmesg = [] };
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(survivor), "run", "anon-oom", "--quiet");
        code.ShouldBe(1);
        console.Out.ShouldStartWith("FAILED  ");
        console.Out.ShouldEndWith("1 of 2 expectations FAILED.\n");
        console.Out.ShouldNotContain("kernel log");
    }

    [Fact]
    public async Task RunCancelledShowsThePartialResultAndEndsWith130()
    {
        using CancellationTokenSource cancel = new();
        TestConsole console = new();
        FakeTarget target = new(Canned.Oom) { DuringRun = _ => cancel.Cancel() };
        int code = await UllageApp.RunAsync(["run", "anon-oom"], console.Console, () => Canned.Services(target), cancel.Token);
        code.ShouldBe(130);
        console.Out.ShouldContain("partial result");
        console.Out.ShouldContain("interrupted after 2.52s");
        console.Out.ShouldNotContain("expectation");
    }

    [Fact]
    public async Task RunOnATerminalDrawsProgressOnStandardErrorOnly()
    {
        TestConsole console = new(terminal: true, colour: true);
        FakeTarget target = new(Canned.Oom) { DuringRun = _ => SpinWait.SpinUntil(() => console.Error.Contains("98M of 100M", StringComparison.Ordinal), TimeSpan.FromSeconds(20)) };
        await UllageApp.RunAsync(["run", "anon-oom", "--format", "json"], console.Console, () => Canned.Services(target), default);
        console.Error.ShouldContain("anon-oom on model");
        console.Error.ShouldContain("98M of 100M");
        console.Out.ShouldStartWith("{");
    }
}
