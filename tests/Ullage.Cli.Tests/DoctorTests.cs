using Ullage.Cli.Tests.Support;
using Ullage.Observe.Diagnosis;

namespace Ullage.Cli.Tests;

public sealed class DoctorTests
{
    private static async Task<(int Code, TestConsole Console)> RunAsync(params DoctorCheck[] lines)
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
            new DoctorCheck("cgroups", DoctorState.Ok, "cgroup v1"),
            new DoctorCheck("PSI", DoctorState.Missing, "/proc/pressure/memory: ENOENT", "pressure figures", "boot with psi=1"),
            new DoctorCheck("privileges", DoctorState.Limited, "not root", "run --on host", "sudo ullage doctor"));
        code.ShouldBe(0);
        console.Out.ShouldBe("""
            ok  cgroups     cgroup v1
            !!  PSI         /proc/pressure/memory: ENOENT
                            affected: pressure figures; to do: boot with psi=1
            --  privileges  not root
                            affected: run --on host; to do: sudo ullage doctor

            3 checks: 1 ok, 1 limited (--), 1 missing (!!)

            """);
    }

    [Fact]
    public async Task DoctorThatCanReadNothingIsNoData()
    {
        (int code, TestConsole console) = await RunAsync();
        code.ShouldBe(3);
        console.Error.ShouldStartWith("ullage: there is no kernel to examine below /: ");
    }
}
