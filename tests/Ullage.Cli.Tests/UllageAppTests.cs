using Ullage.Cli.Tests.Support;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Tests;

public sealed class UllageAppTests
{
    [Fact]
    public async Task VersionNeedsNoServices()
    {
        TestConsole console = new();
        int code = await UllageApp.RunAsync(["--version"], console.Console, () => throw new InvalidOperationException("asked for services"), default);
        code.ShouldBe(0);
        console.Out.ShouldMatch(@"^ullage \d+\.\d+\.\d+\n$");
    }

    [Theory]
    [InlineData("explain", "'explain' is not in this version: ")]
    [InlineData("rnu", "there is no verb 'rnu': did you mean 'run'?")]
    [InlineData("scenario", "did you mean 'scenarios'?")]
    [InlineData("dcotor", "did you mean 'doctor'?")]
    [InlineData("frobnicate", "there is no verb 'frobnicate': 'ullage --help' lists them")]
    public async Task VerbThatIsNotThereIsAUsageErrorWithAHint(string verb, string expected)
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), verb);
        code.ShouldBe(2);
        console.Error.ShouldStartWith("ullage: ");
        console.Error.ShouldContain(expected);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    [InlineData("scenarios", "--help")]
    [InlineData("scenarios", "show", "--help")]
    [InlineData("stat", "-h")]
    [InlineData("doctor", "--help")]
    public async Task HelpEndsWithAnExampleOfThatVerb(params string[] args)
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), args);
        code.ShouldBe(0);
        string verb = args[0] == "--help" ? "run" : args[0];
        string[] lines = console.Out.TrimEnd().Split('\n');
        lines[^1].ShouldContain($"ullage {verb} ".TrimEnd());
        lines.ShouldContain(line => line.StartsWith("Example", StringComparison.Ordinal));
        lines.ShouldAllBe(line => line.Length <= 80);
    }

    [Theory]
    [InlineData(new[] { "help" }, new[] { "--help" })]
    [InlineData(new[] { "help", "run" }, new[] { "run", "--help" })]
    [InlineData(new[] { "help", "scenarios", "show" }, new[] { "scenarios", "show", "--help" })]
    public async Task HelpAsAVerbIsTheOption(string[] args, string[] same)
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), args);
        (_, TestConsole expected) = await Canned.RunAsync(new FakeTarget(Canned.Oom), same);
        code.ShouldBe(0);
        console.Out.ShouldBe(expected.Out);
        console.Out.ShouldContain("Example");
    }

    [Fact]
    public async Task HelpOfValidateHasItsOwnExamples()
    {
        (_, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "validate", "--help");
        console.Out.TrimEnd().ShouldEndWith("ullage validate --data tests/data/experiments --docs docs");
    }

    [Fact]
    public async Task ScenariosAsJsonHaveNameAndDescription()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "scenarios", "--format", "json");
        code.ShouldBe(0);
        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(console.Out);
        json.RootElement.GetProperty("schema").GetString().ShouldBe("ullage/scenarios/1");
        json.RootElement.GetProperty("scenarios")[0].GetProperty("name").GetString().ShouldBe("anon-oom");
    }

    [Fact]
    public async Task NoArgumentsShowHelpAsAUsageError()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom));
        code.ShouldBe(2);
        console.Out.ShouldBeEmpty();
        console.Error.ShouldContain("ullage run anon-oom");
    }

    [Fact]
    public async Task BugShowsNoStackTraceUnlessAskedFor()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new BrokenTarget(), "run", "anon-oom");
        code.ShouldBe(1);
        console.Error.ShouldBe("ullage: internal error: InvalidOperationException: counter below zero: please report, with -v for details\n");
        (_, console) = await Canned.RunAsync(new BrokenTarget(), "run", "anon-oom", "-v");
        console.Error.ShouldContain("   at ");
    }

    [Fact]
    public async Task ScenariosListsAndShows()
    {
        (int code, TestConsole console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "scenarios");
        code.ShouldBe(0);
        console.Out.ShouldContain("anon-oom      A process takes 1 MiB after another.\n");
        (code, console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "scenarios", "show", "anon-oom");
        code.ShouldBe(0);
        console.Out.ShouldBe(Canned.Yaml + "\n");
        (code, console) = await Canned.RunAsync(new FakeTarget(Canned.Oom), "scenarios", "show", "charge-step");
        code.ShouldBe(2);
        console.Error.ShouldContain("did you mean 'charge-steps'?");
    }

    private sealed class BrokenTarget : ITarget
    {
        public string Name => "model";

        public RunResult Run(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel) =>
            throw new InvalidOperationException("counter below zero");
    }
}
