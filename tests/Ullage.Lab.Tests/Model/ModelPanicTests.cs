using System.Text.Json;
using Ullage.Lab.Results;

namespace Ullage.Lab.Tests.Model;

/// <summary>Runs that end with the modelled kernel.</summary>
public sealed class ModelPanicTests
{
    private const string Yaml = """
        name: panics
        machine: { memory: 64MiB }
        sysctl: { vm.panic_on_oom: 1, vm.overcommit_memory: 1 }
        processes:
          - name: waits
            do:
              - pause
          - name: leak
            start: 1s
            do:
              - grow: 100M
              - sleep: 1s
        collect: [/proc/meminfo]
        """;

    [Theory, MemberData(nameof(ModelRuns.Eras), MemberType = typeof(ModelRuns))]
    public void PanicEndsTheRunAtOnceWithEverythingAsItWas(string era)
    {
        (RunResult result, Ullage.Model.Machine machine) = ModelRuns.RunAndKeep(Yaml, era);
        result.Ended.ShouldBe("panic");
        machine.Panicked.ShouldBe("Out of memory: system-wide panic_on_oom is enabled");
        result.Dmesg[^1].Text.ShouldBe("Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled");
        result.VirtualNs.ShouldBeGreaterThanOrEqualTo(result.Dmesg[^1].TNs);
        result.VirtualNs.ShouldBeLessThan(1_500_000_000);
        result.Processes.Select(process => (process.State, process.OomKilled)).ShouldAllBe(each => each.State == "running" && !each.OomKilled);
        result.Process("leak").Steps.Count.ShouldBe(1);
        result.Files.ShouldHaveSingleItem();
    }

    [Fact]
    public void PanicIsInTheResultsSchema()
    {
        using JsonDocument json = JsonDocument.Parse(ModelRuns.Json(ModelRuns.Run(Yaml)));
        json.RootElement.GetProperty("ended").GetString().ShouldBe("panic");
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repo.Root, "docs", "result.schema.json")));
        Results.SchemaChecker checker = new(schema.RootElement);
        checker.Check(json.RootElement);
        checker.Errors.ShouldBeEmpty();
    }
}
