using System.Text.Json;
using Ullage.Cli.Tests.Support;
using Ullage.Lab.Targets.Host;

namespace Ullage.Cli.Tests.Run;

public sealed class TraceVerbTests
{
    private static async Task<(int Code, TestConsole Console)> RunAsync(params string[] args)
    {
        TestConsole console = new();
        int code = await UllageApp.RunAsync(["trace", .. args], console.Console, Wiring.Services, CancellationToken.None);
        return (code, console);
    }

    [Fact]
    public async Task TextIsAsBpftracePrintsIt()
    {
        (int code, TestConsole console) = await RunAsync("psi_memstall_enter", "--kernel", "5.10", "--", "anon-oom");
        code.ShouldBe(0, console.Error);
        console.Out.ShouldStartWith("psi_memstall_enter: 35 calls from 1 stacks (anon-oom, kernel 5.10)\n@[\n    psi_memstall_enter\n    try_charge\n    mem_cgroup_charge\n");
        console.Out.ShouldEndWith("    asm_exc_page_fault\n]: 35\n");
    }

    [Fact]
    public async Task FoldedIsOutermostFirst()
    {
        (int code, TestConsole console) = await RunAsync("psi_memstall_enter", "--format", "folded", "--kernel", "6.12", "--", "anon-oom");
        code.ShouldBe(0);
        console.Out.ShouldStartWith("asm_exc_page_fault;exc_page_fault;");
        console.Out.ShouldEndWith(";try_charge_memcg;psi_memstall_enter 35\n");
    }

    [Fact]
    public async Task SpeedscopeSamplesNameFrames()
    {
        (int code, TestConsole console) = await RunAsync("psi_memstall_enter", "oom_kill_process", "--format", "speedscope", "--", "anon-oom");
        code.ShouldBe(0);
        using JsonDocument json = JsonDocument.Parse(console.Out);
        int frames = json.RootElement.GetProperty("shared").GetProperty("frames").GetArrayLength();
        JsonElement[] profiles = [.. json.RootElement.GetProperty("profiles").EnumerateArray()];
        profiles.Select(each => each.GetProperty("name").GetString()).ShouldBe(["oom_kill_process", "psi_memstall_enter"]);
        foreach (JsonElement profile in profiles)
        {
            profile.GetProperty("weights").EnumerateArray().Sum(weight => weight.GetInt64()).ShouldBe(profile.GetProperty("endValue").GetInt64());
            profile.GetProperty("samples").EnumerateArray().SelectMany(sample => sample.EnumerateArray()).ShouldAllBe(frame => frame.GetInt32() < frames);
        }
    }

    [Fact]
    public async Task HostWithoutTracingIsToldPlainly()
    {
        TestConsole console = new();
        CliServices services = Wiring.Services();
        CliServices without = new()
        {
            BuiltIns = services.BuiltIns, BuiltInText = services.BuiltInText, ReadScenario = services.ReadScenario, Judge = services.Judge, Target = services.Target,
            Eras = services.Eras, ResultJson = services.ResultJson, HostTracing = () => new TracingProblem("/sys/kernel/tracing is empty: mount it", 3),
        };
        int code = await UllageApp.RunAsync(["trace", "psi_memstall_enter", "--on", "host", "--", "anon-oom"], console.Console, () => without, CancellationToken.None);
        code.ShouldBe(3);
        console.Error.ShouldStartWith("ullage: --on host: /sys/kernel/tracing is empty: mount it; or, where bpftrace(8) works, bpftrace -e 'kprobe:FUNCTION { @[kstack] = count(); }'");
    }

    [Theory]
    [InlineData(2, "trace needs a function and a scenario", "psi_memstall_enter")]
    [InlineData(4, "has no function no_such_function to probe: use ", "no_such_function", "--", "anon-oom")]
    [InlineData(2, "did you mean 'folded'?", "psi_memstall_enter", "--format", "foldet", "--", "anon-oom")]
    [InlineData(2, "there is no scenario 'anon-omo'", "psi_memstall_enter", "--", "anon-omo")]
    public async Task MistakesSayWhatToDo(int expected, string message, params string[] args)
    {
        (int code, TestConsole console) = await RunAsync(args);
        code.ShouldBe(expected);
        console.Error.ShouldContain(message);
    }
}
