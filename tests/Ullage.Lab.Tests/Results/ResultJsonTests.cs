using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Lab.Results;

namespace Ullage.Lab.Tests.Results;

public sealed class ResultJsonTests
{
    internal static readonly RunResult Example = new()
    {
        Scenario = "kmem-limit",
        Target = "model",
        Kernel = "4.15",
        Seed = ulong.MaxValue,
        Ended = "idle",
        VirtualNs = 1234,
        WallMs = 12.5,
        Processes =
        [
            new ProcessResult
            {
                Name = "perl",
                Pid = 2014,
                Cgroup = "/000",
                State = "exited",
                ExitCode = 0,
                Steps =
                [
                    new StepResult { Op = "stat_missing", Requested = 1000000, Done = 535227, Errno = Errno.ENOMEM, VirtualNs = 1200 },
                    new StepResult { Op = "read", Requested = 2, Done = 2, VirtualNs = 7, Passes = [new PassResult(1, 1, 4096, 7)] },
                ],
            },
            new ProcessResult { Name = "b", Pid = 2015, State = "killed", Signal = "SIGKILL", OomKilled = true },
        ],
        Files = [new("/sys/fs/cgroup/memory/000/memory.kmem.failcnt", "2\n")],
        UnavailableFiles = [new("/proc/pressure/memory", Errno.ENOENT)],
        Samples = [new SampleResult(0, [new("/proc/meminfo", "MemTotal: \"1\" + <2> kB é\n")]) { Unavailable = [new("/proc/pressure/memory", Errno.ENOENT)] }],
        Notes = ["samples: none after 5 ns"],
        Dmesg = [new DmesgLine(1200, 4, "SLUB: Unable to allocate memory on node -1, gfp=0x14000c0(GFP_KERNEL)")],
        Stacks = [new StackResult("psi_memstall_enter", 141, ["psi_memstall_enter", "try_charge"])],
        Expectations = [new ExpectationResult("process perl step 0 errno ENOMEM", true, "ENOMEM")],
    };

    [Fact]
    public void WriteGivesExactlyTheDocumentedText()
    {
        string golden = Path.Combine(Repo.Root, "tests/Ullage.Lab.Tests/Results/example.json");
        if (Environment.GetEnvironmentVariable("ULLAGE_UPDATE") == "1")
        {
            File.WriteAllText(golden, Write(Example));
        }

        Write(Example).ShouldBe(File.ReadAllText(golden));
    }

    [Fact]
    public void WriteOfAnEmptyResultHasTheKeysInOrder()
    {
        using JsonDocument json = JsonDocument.Parse(Write(new RunResult { Scenario = "s", Target = "host", Kernel = "6.18.44", Ended = "stopped" }));
        json.RootElement.EnumerateObject().Select(p => p.Name).ShouldBe(
            ["schema", "scenario", "target", "kernel", "seed", "ended", "virtual_ns", "wall_ms", "processes", "files", "samples", "dmesg", "stacks", "expectations"]);
        Check(json.RootElement).ShouldBeEmpty();
    }

    [Fact]
    public void WriteHoldsTheSchema()
    {
        using JsonDocument json = JsonDocument.Parse(Write(Example));
        Check(json.RootElement).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("\"seed\": 18446744073709551615", "\"seed\": \"1\"")]
    [InlineData("\"target\": \"model\"", "\"target\": \"moon\"")]
    [InlineData("\"ended\"", "\"endet\"")]
    [InlineData("\"hits\": 1", "\"hits\": -1")]
    [InlineData("\"errno\": null", "\"errno\": 0")]
    [InlineData("\"ok\": true", "\"ok\": \"yes\"")]
    public void SchemaRefusesWhatItShould(string from, string to)
    {
        string text = Write(Example);
        text.ShouldContain(from);
        using JsonDocument json = JsonDocument.Parse(text.Replace(from, to, StringComparison.Ordinal));
        Check(json.RootElement).ShouldNotBeEmpty();
    }

    [Fact]
    public void ReadOfWhatWriteWroteGivesTheSame()
    {
        RunResult again = ResultJson.Read(Encoding.UTF8.GetBytes(Write(Example)));
        Write(again).ShouldBe(Write(Example));
        again.Processes[0].Steps[0].Errno.ShouldBe(Errno.ENOMEM);
        again.Processes[0].Steps[1].Errno.ShouldBe(Errno.None);
        again.Processes[0].Steps[0].Passes.ShouldBeNull();
        again.Processes[1].ExitCode.ShouldBeNull();
        again.Files.ShouldBe(Example.Files);
        again.UnavailableFiles.ShouldBe(Example.UnavailableFiles);
        again.Seed.ShouldBe(ulong.MaxValue);
    }

    [Fact]
    public void ReadOfAnyTextsGivesTheSame() =>
        Prop.ForAll<NonNull<string>, int, long>((text, pid, ns) =>
        {
            RunResult result = Example with { Scenario = text.Get, VirtualNs = ns, Dmesg = [new DmesgLine(ns, 4, text.Get)], Processes = [new ProcessResult { Name = text.Get, Pid = pid, State = "running" }] };
            byte[] json = Encoding.UTF8.GetBytes(Write(result));
            return Write(ResultJson.Read(json)) == Encoding.UTF8.GetString(json);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("", "not a result: the JSON is broken on line 1: write it again with --format json")]
    [InlineData("{\n  \"schema\": ", "not a result: the JSON is broken on line 2: write it again with --format json")]
    [InlineData("[]", "not a result: expected schema 'ullage/result/1', found '': give a file that 'ullage run --format json' wrote")]
    [InlineData("{\"schema\": \"other/1\"}", "not a result: expected schema 'ullage/result/1', found 'other/1': give a file that 'ullage run --format json' wrote")]
    [InlineData("{\"schema\": \"ullage/result/1\"}", "not a result: key 'scenario' is missing")]
    [InlineData("{\"schema\": \"ullage/result/1\", \"scenario\": 5}", "not a result: 'scenario' must be a text, found number")]
    public void ReadOfAnythingElseSaysWhatIsWrong(string json, string message) =>
        Should.Throw<FormatException>(() => ResultJson.Read(Encoding.UTF8.GetBytes(json))).Message.ShouldBe(message);

    [Fact]
    public void ReadOfACutResultNeverCrashes()
    {
        byte[] json = Encoding.UTF8.GetBytes(Write(Example));
        for (int length = 0; length < json.Length - 2; length++)
        {
            Should.Throw<FormatException>(() => ResultJson.Read(json.AsMemory(0, length)));
        }
    }

    private static string Write(RunResult result)
    {
        using MemoryStream stream = new();
        ResultJson.Write(result, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static List<string> Check(JsonElement value)
    {
        using JsonDocument schema = JsonDocument.Parse(Repo.Read("docs/result.schema.json"));
        SchemaChecker checker = new(schema.RootElement);
        checker.Check(value);
        return checker.Errors;
    }
}
