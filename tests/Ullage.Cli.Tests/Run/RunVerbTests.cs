using System.Text.Json;
using Ullage.Cli.Tests.Support;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Tests.Run;

public sealed class RunVerbTests
{
    [Fact]
    public async Task RunJsonWritesOneObjectAndNothingElse()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", "anon-oom", "--format", "json");
        code.ShouldBe(0);
        console.Error.ShouldBeEmpty();
        using JsonDocument json = JsonDocument.Parse(console.Out);
        json.RootElement.GetProperty("schema").GetString().ShouldBe("ullage/result/1");
        json.RootElement.GetProperty("processes")[0].GetProperty("steps")[0].GetProperty("done").GetInt64().ShouldBe(25548);
        json.RootElement.GetProperty("expectations").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task RunVerifySaysThatTwoRunsAreIdenticalAlthoughWallTimeDiffers()
    {
        FakeTarget target = new(Canned.Oom, Canned.Oom with { WallMs = 99 });
        (int code, TestConsole console) = await Canned.RunAsync(target, "run", "anon-oom", "--verify");
        code.ShouldBe(0);
        console.Out.ShouldEndWith("verify: two runs are identical\n");
    }

    [Fact]
    public async Task RunVerifyNamesTheFirstPathThatDiffers()
    {
        ProcessResult grower = Canned.Oom.Processes[0];
        RunResult other = Canned.Oom with { Processes = [grower with { Steps = [grower.Steps[0] with { Done = 25547 }] }] };
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom, other), "run", "anon-oom", "--verify", "--format", "json");
        code.ShouldBe(1);
        console.Error.ShouldBe("verify: two runs differ, first at processes[0].steps[0].done: 25548 and 25547\n");
        JsonDocument.Parse(console.Out).Dispose();
    }

    [Fact]
    public async Task RunPassesSeedAndKernelOn()
    {
        FakeTarget target = new(Canned.Oom);
        (int code, _) = await Canned.RunAsync(target, "run", "anon-oom", "--seed", "0x5eed", "--kernel", "6.18");
        code.ShouldBe(0);
        target.Options!.Seed.ShouldBe(0x5eedUL);
        target.Options.Kernel.ShouldBe("6.18");
    }

    [Fact]
    public async Task RunOutputWritesTheResultToAFile()
    {
        string file = Path.Combine(Path.GetTempPath(), $"ullage-cli-{Environment.ProcessId}.json");
        try
        {
            (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", "anon-oom", "-o", file);
            code.ShouldBe(0);
            console.Out.ShouldContain("kernel log");
            JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("scenario").GetString().ShouldBe("anon-oom");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task RunOutputThatCannotBeWrittenNamesFileAndErrno()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", "anon-oom", "-o", "/nowhere/at/all.json");
        code.ShouldBe(3);
        console.Error.ShouldStartWith("ullage: cannot write /nowhere/at/all.json: ENOENT (No such file or directory): ");
    }

    [Fact]
    public async Task RunOutputIsOpenedBeforeTheRun()
    {
        bool ran = false;
        FakeTarget target = new(Canned.Oom) { DuringRun = _ => ran = true };
        (int code, TestConsole console) = await Canned.RunAsync(target, "run", "anon-oom", "-o", Path.GetTempPath());
        code.ShouldBe(3);
        ran.ShouldBeFalse();
        console.Error.ShouldContain("EISDIR (Is a directory): give -o the name of a file in it");
    }

    [Fact]
    public async Task RunThatFailsLeavesTheOutputAsItWas()
    {
        string directory = Directory.CreateTempSubdirectory("ullage-cli-").FullName;
        try
        {
            string old = Path.Combine(directory, "old.json");
            string created = Path.Combine(directory, "new.json");
            File.WriteAllText(old, "{}");
            foreach (string file in new[] { old, created })
            {
                (int code, _) = await Canned.RunAsync(new UnavailableTarget("no", 4), "run", "anon-oom", "-o", file);
                code.ShouldBe(4);
            }
            File.ReadAllText(old).ShouldBe("{}");
            File.Exists(created).ShouldBeFalse();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task RunOnTheHostSaysOnceWhatItLeavesAside()
    {
        TestConsole console = new();
        CliServices services = Canned.Services(new FakeTarget(Canned.Oom));
        CliServices both = new()
        {
            BuiltIns = services.BuiltIns, Judge = services.Judge, ReadScenario = services.ReadScenario, ResultJson = services.ResultJson, Eras = services.Eras,
            BuiltInText = _ => "kernel: 4.15\nmachine: { cpus: 8 }\n" + Canned.Yaml,
            Target = _ => new FakeTarget(Canned.Oom),
        };
        await UllageApp.RunAsync(["run", "anon-oom", "--on", "host", "--seed", "3"], console.Console, () => both, default);
        console.Error.ShouldBe(
            "ullage: note: the host is what it is: machine and kernel of the scenario left aside\n"
            + "ullage: note: on the host, --seed decides only the access patterns of the scenario\n");
    }

    [Theory]
    [InlineData("huge", 2, "has more than 1M: no scenario is that long")]
    [InlineData("utf16", 2, "is UTF-16 text: save it as UTF-8")]
    [InlineData("latin", 2, "is not UTF-8 text (byte 7): save it as UTF-8")]
    [InlineData("nul", 2, ":1:8: here is a NUL character")]
    [InlineData("loop", 3, "ELOOP (Too many levels of symbolic links): its symbolic links lead in a circle")]
    [InlineData("/dev/zero", 2, "has more than 1M: no scenario is that long")]
    public async Task RunOfAFileThatIsNoScenarioSaysWhatItIs(string kind, int expected, string message)
    {
        string directory = Directory.CreateTempSubdirectory("ullage-cli-").FullName;
        try
        {
            string file = kind[0] == '/' ? kind : Path.Combine(directory, kind + ".yaml");
            switch (kind)
            {
                case "huge": File.WriteAllText(file, "name: x\n" + new string('#', 1 << 20)); break;
                case "utf16": File.WriteAllText(file, "name: x\n", System.Text.Encoding.Unicode); break;
                case "latin": File.WriteAllBytes(file, [.. "name: "u8, 0xe9, (byte)'\n']); break;
                case "nul": File.WriteAllText(file, "name: x\0\n"); break;
                case "loop": File.CreateSymbolicLink(file, file); break;
                default: break;
            }
            (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", file);
            console.Error.ShouldContain(message);
            code.ShouldBe(expected);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task RunOfAKernelThatIsNotModelledNamesTheNearest()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", "anon-oom", "--kernel", "4.4");
        code.ShouldBe(2);
        console.Error.ShouldContain("there is no model of kernel '4.4': use 4.15, 6.18; the nearest is 4.15");
    }

    [Fact]
    public async Task RunRefusedAtALineBeginsWithIt()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new UnavailableTarget("my.yaml:3:4: sysctl.x: no", 2, namesPlace: true), "run", "anon-oom");
        code.ShouldBe(2);
        console.Error.ShouldBe("my.yaml:3:4: sysctl.x: no\n");
    }

    [Fact]
    public async Task RunOfABrokenFileTellsEveryProblemWithFileAndLine()
    {
        string file = Path.Combine(Path.GetTempPath(), $"ullage-cli-broken-{Environment.ProcessId}.yaml");
        File.WriteAllText(file, "name: x\nprocesses:\n  - { name: a, do: [ { grwo: { bytes: 1M } } ] }\n  - { nam: b }\n");
        try
        {
            (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "run", file);
            code.ShouldBe(2);
            string[] lines = console.Error.TrimEnd('\n').Split('\n');
            lines.Length.ShouldBeGreaterThan(1);
            lines.ShouldAllBe(line => line.StartsWith(file + ":", StringComparison.Ordinal));
            lines[0].ShouldContain("grow");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(3, "cannot write /sys/fs/cgroup/memory/x: EACCES (Permission denied): run as root")]
    [InlineData(4, "memory controller absent: boot with cgroup_enable=memory")]
    public async Task RunOnATargetThatCannotTellsWhyAndPassesItsCode(int exitCode, string message)
    {
        (int code, TestConsole console) = await Canned.RunAsync(new UnavailableTarget(message, exitCode), "run", "anon-oom");
        code.ShouldBe(exitCode);
        console.Error.ShouldBe($"ullage: {message}\n");
        console.Out.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(new[] { "run", "anon-omo" }, "did you mean 'anon-oom'?")]
    [InlineData(new[] { "run" }, "SCENARIO")]
    [InlineData(new[] { "run", "anon-oom", "--kernal", "4.15" }, "did you mean '--kernel'?")]
    [InlineData(new[] { "run", "anon-oom", "--kernel", "4.16" }, "use 4.15, 6.18")]
    [InlineData(new[] { "run", "anon-oom", "--on", "hots" }, "did you mean 'host'?")]
    [InlineData(new[] { "run", "anon-oom", "--format", "xml" }, "use table, json")]
    [InlineData(new[] { "run", "anon-oom", "--seed", "x" }, "--seed 'x' is not a number")]
    [InlineData(new[] { "run", "anon-oom", "extra" }, "'extra' is one argument too many")]
    [InlineData(new[] { "run", "anon-oom", "--kernel", "4.15,6.18", "-o", "x.ullage" }, "a recording holds one run")]
    [InlineData(new[] { "run", "anon-oom", "--kernel", "4.15,6.18", "--verify" }, "--verify compares a run with itself")]
    [InlineData(new[] { "compare", "anon-oom" }, "compare needs two sides")]
    [InlineData(new[] { "record" }, "record needs a file to write")]
    [InlineData(new[] { "replay", "x.ullage" }, "replay needs a recording and a verb")]
    [InlineData(new[] { "replay", "x.ullage", "--", "run", "anon-oom" }, "'run' does not read samples: use stat")]
    [InlineData(new[] { "report", "x.ullage" }, "report needs a file to write")]
    [InlineData(new[] { "serve", "--listen", "here" }, "--listen 'here' is not an address")]
    [InlineData(new[] { "run", "anon-oom", "--on", "host", "--verify" }, "--verify needs the model")]
    [InlineData(new[] { "run", "anon-oom", "--set", "processes.grower.do.0.grow.bites=1" }, "did you mean 'bytes'?")]
    public async Task RunUsedWronglySaysWhatToDo(string[] args, string expected)
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), args);
        code.ShouldBe(2);
        console.Error.ShouldContain(expected);
        console.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1);
        console.Out.ShouldBeEmpty();
    }

    private sealed class UnavailableTarget(string message, int exitCode, bool namesPlace = false) : ITarget
    {
        public string Name => "model";

        public RunResult Run(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel) =>
            throw new TargetUnavailableException(message, exitCode) { NamesPlace = namesPlace };
    }
}
