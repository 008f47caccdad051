using System.Text;
using Microsoft.Win32.SafeHandles;
using Ullage.Abi;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Tests.Terminal;

/// <summary>Standard output and standard error that cannot be written. /dev/full answers every write with ENOSPC.</summary>
public sealed class OutputFailureTests
{
    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("scenarios")]
    [InlineData("run", "anon-oom")]
    [InlineData("doctor")]
    public async Task OutputThatIsFullIsToldWithItsErrno(params string[] args)
    {
        using SafeFileHandle full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        StringWriter error = new();
        CliConsole console = new() { Out = Writer(full), Error = error };
        int code = await UllageApp.RunAsync(args, console, Wiring.Services, default);
        code.ShouldBe(3);
        error.ToString().ShouldBe("ullage: cannot write to standard output: ENOSPC (No space left on device): free some space, or send it elsewhere\n");
    }

    [Theory]
    [InlineData(2, "run", "nosuch")]
    [InlineData(2, "frobnicate")]
    [InlineData(0, "--version")]
    public async Task ErrorOutputThatIsFullLeavesTheExitCode(int expected, params string[] args)
    {
        using SafeFileHandle full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        CliConsole console = new() { Out = new StringWriter(), Error = Writer(full) };
        int code = await UllageApp.RunAsync(args, console, Wiring.Services, default);
        code.ShouldBe(expected);
    }

    [Fact]
    public async Task ReaderThatIsGoneIsNoFailure()
    {
        StringWriter error = new();
        CliConsole console = new() { Out = new GoneWriter(), Error = error };
        int code = await UllageApp.RunAsync(["scenarios"], console, Wiring.Services, default);
        code.ShouldBe(0);
        error.ToString().ShouldBeEmpty();
    }

    private static StreamWriter Writer(SafeFileHandle handle) =>
        new(new DescriptorStream((int)handle.DangerousGetHandle()), new UTF8Encoding(false)) { AutoFlush = true };

    private sealed class GoneWriter : StringWriter
    {
        public override void Write(string? value) => throw new OutputException(1, Errno.EPIPE);
    }
}
