using System.Diagnostics;
using System.Text.Json;
using Ullage.Recording.Reading;
using Xunit.Abstractions;

namespace Ullage.Report.Tests;

public sealed class RecordingVerbTests(ITestOutputHelper output)
{
    [Fact]
    public async Task RecordingOfARunIsDumpedReplayedReportedAndCompared()
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        (int code, string text, _) = await Ullages.RunAsync("dump", recording);
        code.ShouldBe(0);
        text.ShouldContain("oom.ullage: anon-oom on model");
        text.ShouldContain("Killed process");

        (code, text, string error) = await Ullages.RunAsync("dump", recording, "--at", "1s", "--file", "/sys/fs/cgroup/memory/test1/memory.limit_in_bytes");
        (code, text).ShouldBe((0, "104857600\n"), error);

        (code, text, error) = await Ullages.RunAsync("replay", recording, "--at", "1s", "--", "stat", "/test1", "-c", "3", "--format", "csv");
        code.ShouldBe(0, error);
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(4);

        string html = directory.File("oom.html");
        (code, _, error) = await Ullages.RunAsync("report", recording, "-o", html);
        code.ShouldBe(0, error);
        File.ReadAllText(html).ShouldContain("1 OOM kill in ");

        (code, text, error) = await Ullages.RunAsync("compare", recording, recording);
        code.ShouldBe(0, error);
        text.ShouldContain("agree: none of");
    }

    [Fact]
    public async Task RecordingOfARunIsExportedInAllForms()
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        (int code, string text, string error) = await Ullages.RunAsync("export", recording, "--format", "openmetrics", "--at", "2s");
        code.ShouldBe(0, error);
        text.ShouldContain("container_memory_usage_bytes{id=\"/test1\"} ");
        text.ShouldEndWith("# EOF\n");

        (code, text, error) = await Ullages.RunAsync("export", recording, "--format", "csv", "--cgroup", "/test1");
        code.ShouldBe(0, error);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBeGreaterThan(20);
        lines.Select(line => line.Split(',').Length).Distinct().Count().ShouldBe(1);

        (code, text, error) = await Ullages.RunAsync("export", recording, "--format", "trace");
        code.ShouldBe(0, error);
        using JsonDocument trace = JsonDocument.Parse(text);
        trace.RootElement.GetProperty("traceEvents").EnumerateArray().Select(each => each.GetProperty("ph").GetString()).Distinct().Order().ShouldBe(["C", "M", "i"]);
    }

    private static async Task<string> RecordedAsync(TempDirectory directory)
    {
        string recording = directory.File("oom.ullage");
        (await Ullages.RunAsync("run", "anon-oom", "-o", recording, "-i", "100ms")).Code.ShouldBe(0);
        return recording;
    }

    [Fact]
    public async Task HostIsRecordedAndItsFilesAreInIt()
    {
        using TempDirectory directory = new();
        string recording = directory.File("host.ullage");
        (int code, _, string error) = await Ullages.RunAsync("record", "-o", recording, "-i", "100ms", "-c", "5");
        code.ShouldBe(0, error);
        error.ShouldContain("5 samples of ");
        using RecordingReader reader = RecordingReader.Open(recording);
        reader.LostBytes.ShouldBe(0);
        int samples = 0;
        while (reader.MoveNext())
        {
            samples++;
            reader.Files.Read("/proc/meminfo").Text.ShouldStartWith("MemTotal:");
        }
        samples.ShouldBe(5);
    }

    [Fact]
    public async Task RecordStopsAtItsSizeLimit()
    {
        using TempDirectory directory = new();
        (int code, _, string error) = await Ullages.RunAsync("record", "-o", directory.File("host.ullage"), "-i", "100ms", "--max-size", "10K");
        code.ShouldBe(0, error);
        error.ShouldContain("stopped, because it reached the size of 10K");
    }

    [Fact]
    public async Task RecorderThatIsKilledLosesAtMostItsLastSample()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ullage.dll");
        if (!File.Exists(program))
        {
            output.WriteLine($"skipped: {program} is not there");
            return;
        }
        using TempDirectory directory = new();
        string recording = directory.File("host.ullage");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [program, "record", "-o", recording, "-i", "100ms"]) { RedirectStandardError = true })!;
        for (int wait = 0; wait < 300 && (!File.Exists(recording) || new FileInfo(recording).Length < 20_000); wait++)
        {
            await Task.Delay(100);
        }
        process.Kill(); // SIGKILL
        await process.WaitForExitAsync();
        using RecordingReader reader = RecordingReader.Open(recording);
        int samples = 0;
        while (reader.MoveNext())
        {
            samples++;
        }
        output.WriteLine($"{samples} samples, {reader.LostBytes} bytes lost");
        samples.ShouldBeGreaterThan(0);
        reader.TimeNs.ShouldBe(reader.LastNs);
    }

    [Fact]
    public async Task FullDiskIsSaidAndWhatWasWrittenIsSafe()
    {
        (int code, _, string error) = await Ullages.RunAsync("record", "-o", "/dev/full", "-i", "100ms", "-c", "5");
        code.ShouldBe(3);
        error.ShouldContain("cannot write /dev/full: ENOSPC (No space left on device)");
    }

    [Theory]
    [InlineData("dump", "/nowhere/x.ullage")]
    [InlineData("report", "/nowhere/x.ullage", "-o", "/dev/null")]
    [InlineData("export", "/nowhere/x.ullage")]
    [InlineData("replay", "/nowhere/x.ullage", "--", "stat", "/")]
    public async Task RecordingThatIsNotThereIsNamedWithItsErrno(params string[] args)
    {
        (int code, _, string error) = await Ullages.RunAsync(args);
        code.ShouldBe(3);
        error.ShouldStartWith("ullage: cannot read /nowhere/x.ullage: ENOENT (No such file or directory): ");
    }
}
