using System.Diagnostics;
using System.Text.Json;
using Ullage.Recording.Reading;
using Xunit.Abstractions;

namespace Ullage.Insight.Tests;

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
    [InlineData("stat /test1 -c 3", "/test1 (cgroup v1)", "ullage")]
    [InlineData("top -b -c 2", "ullage top", "test1")]
    [InlineData("pressure -c 3", "memory pressure of", "sys")]
    [InlineData("slab -c 1", "slab_unreclaimable", "objsize")]
    public async Task ReadingVerbsReplayARecording(string verb, params string[] shown)
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        (int code, string text, string error) = await Ullages.RunAsync(["replay", recording, "--at", "500ms", "--", .. verb.Split(' ')]);
        output.WriteLine(text + error);
        code.ShouldBe(0, error);
        shown.ShouldAllBe(each => text.Contains(each, StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task ReplayGivesTheFiguresThatTheRunHad()
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        (_, string file, _) = await Ullages.RunAsync("dump", recording, "--at", "1s", "--file", "/sys/fs/cgroup/memory/test1/memory.usage_in_bytes");
        (int code, string text, string error) = await Ullages.RunAsync("replay", recording, "--at", "1s", "--", "stat", "/test1", "-c", "1", "--format", "openmetrics");
        code.ShouldBe(0, error);
        text.ShouldContain("container_memory_usage_bytes{id=\"/test1\"} " + file);
        file.ShouldNotBe("0\n");
    }

    [Fact]
    public async Task RecordingsThatDifferAreComparedInWords()
    {
        using TempDirectory directory = new();
        string small = directory.File("small.ullage");
        string large = directory.File("large.ullage");
        (await Ullages.RunAsync("run", "anon-oom", "-o", small, "-i", "100ms", "--set", "cgroup.groups./test1.memory.limit_in_bytes=48M")).Code.ShouldBeInRange(0, 1);
        (await Ullages.RunAsync("run", "anon-oom", "-o", large, "-i", "100ms")).Code.ShouldBe(0);
        (int code, string text, string error) = await Ullages.RunAsync("compare", small, large);
        code.ShouldBe(1, error);
        Unwrapped(text).ShouldContain("differ more than their spread between small.ullage and large.ullage");
        (code, text, error) = await Ullages.RunAsync("compare", small, large, "--format", "json");
        code.ShouldBe(1, error);
        using JsonDocument json = JsonDocument.Parse(text);
        json.RootElement.GetProperty("comparisons")[0].GetProperty("counters").EnumerateArray().Count(each => each.GetProperty("beyond_spread").GetBoolean()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task RecordingsOfAHostAreComparedByTheirFigures()
    {
        using TempDirectory directory = new();
        string[] recordings = [directory.File("before.ullage"), directory.File("after.ullage")];
        for (int i = 0; i < recordings.Length; i++)
        {
            Directory.CreateDirectory(directory.File("proc"));
            File.WriteAllText(directory.File("proc/meminfo"), $"MemTotal:        8000000 kB\nMemFree:         {(i == 0 ? 6000000 : 1000000)} kB\nMemAvailable:    7000000 kB\n");
            (int made, _, string why) = await Ullages.RunAsync("record", "--root", directory.Path, "-o", recordings[i], "-i", "100ms", "-c", "3");
            made.ShouldBe(0, why);
        }
        (int code, string text, string error) = await Ullages.RunAsync("compare", recordings[0], recordings[1], "-v");
        output.WriteLine(text);
        code.ShouldBe(1, error);
        text.ShouldContain("1 of ");
        text.ShouldContain("MemFree");
        Unwrapped(text).ShouldContain("between before.ullage and after.ullage");
    }

    private static string Unwrapped(string text) => string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public async Task ReportOfThreeErasShowsEveryPair()
    {
        using TempDirectory directory = new();
        string html = directory.File("eras.html");
        (int code, string text, string error) = await Ullages.RunAsync("run", "anon-oom", "--kernel", "4.15,5.10,6.18", "--report", html, "--quiet");
        code.ShouldBeInRange(0, 1, error);
        string page = File.ReadAllText(html);
        foreach ((string first, string second) in new[] { ("4.15", "5.10"), ("4.15", "6.18"), ("5.10", "6.18") })
        {
            page.ShouldContain($">Differences of model {first} and model {second}</h2>");
            Unwrapped(text).ShouldContain($"model {first} and model {second}");
        }
        page.ShouldContain(" of 3 pairs differ in counters");
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

    [Theory]
    [InlineData("2", "there is no option '--nosuch': see 'ullage stat --help'", "stat", "--nosuch")]
    [InlineData("2", "there is no option '--nosuch': see 'ullage dump --help'", "dump", "--nosuch")]
    [InlineData("2", "there is no option '-x': see 'ullage top --help'", "top", "-x")]
    public async Task WordThatLooksLikeAnOptionIsNotTakenForACgroup(string code, string message, params string[] args)
    {
        (int ended, _, string error) = await Ullages.RunAsync(args);
        ended.ToString(System.Globalization.CultureInfo.InvariantCulture).ShouldBe(code);
        error.ShouldBe($"ullage: {message}\n");
    }

    [Fact]
    public async Task ReplaySaysOfACgroupThatItIsNotInTheRecordingAndTakesLongTimes()
    {
        using TempDirectory directory = new();
        string recording = await RecordedAsync(directory);
        (int code, _, string error) = await Ullages.RunAsync("replay", recording, "--", "stat", "/nosuch");
        code.ShouldBe(3);
        error.ShouldContain("cgroup /nosuch is not in the recording at 0.000s: ");
        (code, string text, error) = await Ullages.RunAsync("replay", recording, "--at", "36h", "--", "stat", "/test1", "--format", "csv");
        code.ShouldBe(0, error);
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2, "the last sample");
    }
}
