using Ullage.Cli.Tests.Support;

namespace Ullage.Cli.Tests;

public sealed class DoctorTests
{
    private static async Task<(int Code, TestConsole Console)> RunAsync(params DoctorLine[] lines)
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
            Doctor = _ => lines,
        };
        TestConsole console = new();
        int code = await UllageApp.RunAsync(["doctor"], console.Console, () => services, CancellationToken.None);
        return (code, console);
    }

    [Fact]
    public async Task DoctorMarksEveryCheckAndSaysWhatToDo()
    {
        (int code, TestConsole console) = await RunAsync(
            new DoctorLine(DoctorMark.Ok, "cgroup", "v1 at /sys/fs/cgroup/memory", ""),
            new DoctorLine(DoctorMark.Absent, "PSI", "/proc/pressure/memory: ENOENT", "boot with psi=1 to see stall times"),
            new DoctorLine(DoctorMark.Problem, "privileges", "uid 1000", "run as root to use --on host"));
        code.ShouldBe(0);
        string[] lines = console.Out.TrimEnd().Split('\n');
        lines[0].ShouldBe("ok  cgroup      v1 at /sys/fs/cgroup/memory");
        lines[1].ShouldBe("--  PSI         /proc/pressure/memory: ENOENT: boot with psi=1 to see stall");
        lines[3].ShouldBe("!!  privileges  uid 1000: run as root to use --on host");
        lines[^1].ShouldBe("3 checks: 1 ok, 1 absent (--), 1 problem (!!)");
    }

    [Fact]
    public async Task DoctorThatCanReadNothingIsNoData()
    {
        (int code, TestConsole console) = await RunAsync(new DoctorLine(DoctorMark.Problem, "proc", "/proc: ENOENT", "mount it"));
        code.ShouldBe(3);
        console.Error.ShouldStartWith("ullage: nothing could be read below /: ");
    }
}
