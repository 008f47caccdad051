using System.Diagnostics;
using System.Text.Json;
using Ullage.Cli.Tests.Support;

namespace Ullage.Cli.Tests.Stat;

/// <summary>stat, whole, on trees of files that real kernels gave.</summary>
public sealed class StatOnFilesTests
{
    private static string Fixture(string name) => Path.Combine(Repository.Root, "tests", "data", "observe", name);

    private static async Task<(int Code, TestConsole Console)> RunAsync(params string[] args)
    {
        TestConsole console = new();
        int code = await UllageApp.RunAsync(args, console.Console, Wiring.Services, CancellationToken.None);
        return (code, console);
    }

    [Theory]
    [InlineData("4.15-v1/pressure", "v1")]
    [InlineData("6.1-v2/pressure", "v2")]
    public async Task StatOfASnapshotFindsTheAncestorThatBinds(string fixture, string hierarchy)
    {
        (int code, TestConsole console) = await RunAsync("stat", "/gt/work/web", "--root", Fixture(fixture), "--format", "ndjson");
        console.Error.ShouldBeEmpty();
        code.ShouldBe(0);
        using JsonDocument json = JsonDocument.Parse(console.Out);
        json.RootElement.GetProperty("hierarchy").GetString().ShouldBe(hierarchy);
        JsonElement derived = json.RootElement.GetProperty("derived");
        derived.GetProperty("binding_cgroup").GetString().ShouldBe("/gt/work");
        derived.GetProperty("binding_limit").GetInt64().ShouldBe(256L << 20);
        string usageFile = hierarchy == "v1" ? "sys/fs/cgroup/memory/gt/work/memory.usage_in_bytes" : "sys/fs/cgroup/gt/work/memory.current";
        long used = long.Parse(File.ReadAllText(Path.Combine(Fixture(fixture), usageFile)), System.Globalization.CultureInfo.InvariantCulture);
        derived.GetProperty("room").GetInt64().ShouldBe((256L << 20) - used);
        derived.GetProperty("ullage").GetInt64().ShouldBeInRange((256L << 20) - used + 1, 256L << 20);
    }

    [Theory]
    [InlineData("/gt/work/web/../web")]
    [InlineData("//gt/work/.//web/")]
    public async Task StatOfAnotherSpellingFindsTheSameAncestor(string spelling)
    {
        (_, TestConsole plain) = await RunAsync("stat", "/gt/work/web", "--root", Fixture("6.1-v2/pressure"), "--format", "csv", "--quiet");
        (int code, TestConsole console) = await RunAsync("stat", spelling, "--root", Fixture("6.1-v2/pressure"), "--format", "csv", "--quiet");
        code.ShouldBe(0);
        console.Out.Split('\n')[1].Split(',')[1..].ShouldBe(plain.Out.Split('\n')[1].Split(',')[1..]);
        console.Out.ShouldContain(",/gt/work,");
    }

    [Fact]
    public async Task StatQuietGivesTheLinesAlone()
    {
        (int code, TestConsole console) = await RunAsync("stat", "/", "--root", Fixture("6.1-v2/pressure"), "--quiet");
        code.ShouldBe(0);
        console.Out.TrimEnd('\n').ShouldMatch("^[0-9]{2}:[0-9]{2}:[0-9]{2} [^\n]*$");
    }

    [Fact]
    public async Task DoctorAsJsonHasEveryCheckWithItsState()
    {
        (int code, TestConsole console) = await RunAsync("doctor", "--root", Fixture("6.1-v2/pressure"), "--format", "json");
        code.ShouldBe(0);
        using JsonDocument json = JsonDocument.Parse(console.Out);
        json.RootElement.GetProperty("schema").GetString().ShouldBe("ullage/doctor/1");
        JsonElement[] checks = [.. json.RootElement.GetProperty("checks").EnumerateArray()];
        checks.Length.ShouldBeGreaterThan(10);
        checks.ShouldAllBe(check => check.GetProperty("found").GetString()!.Length > 0);
        checks.Select(check => check.GetProperty("state").GetString()).ShouldBeSubsetOf(["ok", "limited", "missing"]);
    }

    [Fact]
    public async Task HangUpEndsStatLikeAnInterrupt()
    {
        using Process stat = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ullage.dll"), "stat", "/", "0.1", "--root", Fixture("6.1-v2/pressure")])
        {
            RedirectStandardOutput = true,
        })!;
        (await stat.StandardOutput.ReadLineAsync()).ShouldNotBeNull();
        using Process kill = Process.Start("kill", ["-HUP", stat.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await stat.StandardOutput.ReadToEndAsync();
        await stat.WaitForExitAsync();
        stat.ExitCode.ShouldBe(130);
    }

    [Fact]
    public async Task StatOfTheRootOfV2ShowsWhatItLacksAsUnavailable()
    {
        (int code, TestConsole console) = await RunAsync("stat", "/", "--root", Fixture("6.1-v2/pressure"));
        code.ShouldBe(0);
        console.Out.ShouldContain("- usage unavailable: /sys/fs/cgroup/memory.current: ENOENT");
        console.Out.Split('\n').ShouldAllBe(line => line.Length <= 80);
    }

    [Fact]
    public async Task StatOfACgroupThatIsNotThereNamesTheDirectory()
    {
        (int code, TestConsole console) = await RunAsync("stat", "/nope", "--root", Fixture("6.1-v2/pressure"));
        code.ShouldBe(3);
        console.Error.ShouldStartWith("ullage: /sys/fs/cgroup/nope: ENOENT");
    }

    [Theory]
    [InlineData("stat", "/")]
    [InlineData("doctor")]
    public async Task VerbsBelowAnEmptyRootHaveNoData(params string[] args)
    {
        string empty = Directory.CreateTempSubdirectory("ullage-cli-").FullName;
        try
        {
            (int code, TestConsole console) = await RunAsync([.. args, "--root", empty]);
            code.ShouldBe(3);
            console.Error.ShouldContain(empty);
            console.Out.ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(empty);
        }
    }

    [Fact]
    public async Task StatOfAProcessThatEndsSaysSo()
    {
        if (!File.Exists("/proc/self/cgroup"))
        {
            Console.WriteLine("skipped: this host has no /proc/self/cgroup");
            return;
        }
        using Process sleeper = Process.Start("sleep", "0.5");
        (int code, TestConsole console) = await RunAsync("stat", "-p", $"{sleeper.Id}", "-i", "100ms");
        if (code == 4)
        {
            Console.WriteLine("skipped: " + console.Error);
            return;
        }
        code.ShouldBe(0);
        console.Out.ShouldContain($"process {sleeper.Id} has ended; its cgroup was /");
    }

    [Fact]
    public async Task DoctorOfASnapshotExaminesIt()
    {
        (int code, TestConsole console) = await RunAsync("doctor", "--root", Fixture("4.15-v1/pressure"));
        code.ShouldBe(0);
        console.Out.ShouldContain("modelled as era 4.15");
        console.Out.Split('\n').ShouldAllBe(line => line.Length <= 80 || !line.TrimStart().Contains(' ', StringComparison.Ordinal));
    }
}
