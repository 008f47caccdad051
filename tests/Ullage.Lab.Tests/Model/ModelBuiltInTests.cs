using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;
using Ullage.Lab.Targets.Model;
using Ullage.Model;

namespace Ullage.Lab.Tests.Model;

/// <summary>The built-in scenarios hold what they promise, on every era that can run them.</summary>
public sealed class ModelBuiltInTests
{
    public static IEnumerable<object[]> All =>
        BuiltInScenarios.Names.SelectMany(name => ModelRuns.Eras.Select(era => new[] { name, era[0] })).Where(each => IsPromised((string)each[0], (string)each[1]));

    /// <summary>Scenarios of the life of cgroups name the kernels that they are about; CgroupLifeExperimentTests looks at all.</summary>
    private static bool IsPromised(string name, string era) => name switch
    {
        "migrate-threads" => era != "4.1",
        "migrate-refused" => era is not ("4.1" or "6.18"),
        "move-charge" => era is not ("6.1" or "6.12" or "6.18"),
        "dying-cgroups" => era is "4.15" or "4.19",
        "page-lru" => era is not ("4.1" or "4.15" or "4.19" or "5.3" or "5.4"), // memory.stat named its counters otherwise
        "protection-siblings" => era is not ("4.1" or "4.15" or "4.19" or "5.3" or "5.4"), // siblings shared otherwise before 5.7 (§1.6)
        "cpuset-oom" => era is not ("4.1" or "4.15" or "4.19" or "5.3" or "5.4"), // no cpusets on v2, then no memory.numa_stat there
        "global-pressure" => era != "4.1", // vmstat counted by zone
        _ => !name.StartsWith("dying-cgroups-", StringComparison.Ordinal), // seven days have a test of their own
    };

    [Theory, MemberData(nameof(All))]
    public void ExpectationsHold(string name, string era)
    {
        ScenarioReadResult read = ScenarioReader.Read(BuiltInScenarios.Read(name)!, name, []);
        read.Problems.ShouldBeEmpty();
        Machine? machine = null;
        if ((name == "oom-group" && era is ("4.1" or "4.15")) || (name == "high-throttle" && era == "4.1")
            || (name == "swap-limits" && era is ("4.1" or "4.15" or "4.19" or "5.3" or "5.4")))
        {
            Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(read.Scenario!, new ModelTarget(), era)).ExitCode.ShouldBe(4);
            return;
        }
        if (IsRefusedWithoutPressure(read.Scenario!, era))
        {
            return;
        }
        bool otherPromise = (name == "kmem-limit" && era != "4.15") || (name == "kmem-limit-today" && era != "5.10");
        RunResult result = ModelRuns.Run(read.Scenario!, new ModelTarget { OnBooted = booted => machine = booted }, era);
        IReadOnlyList<ExpectationResult> judged = Expectations.Judge(read.Scenario!, result, path => machine!.Files.Read(path) is { Ok: true } file ? file.Text : null);
        if (otherPromise)
        {
            machine!.Verify(); // what a limit on kernel memory does is this kernel's own (§2.13); see KmemExperimentTests and KmemLimitTests
            return;
        }
        if (name == "psi-two-cpus" && era is "5.3")
        {
            judged.Any(each => !each.Ok).ShouldBeTrue(); // memory.high does not sleep: the scenario says so
            return;
        }
        if (name == "anon-oom" && era == "4.1")
        {
            judged = [.. judged.Where(each => each.Text != "process leak step 0 done at most 25550")]; // 4.1 charges no page tables
            result.Process("leak").Steps[0].Done.ShouldBe(25599);
        }
        if (name == "high-throttle" && era is ("4.15" or "4.19" or "5.3"))
        {
            result.Process("grower").Steps[0].Done.ShouldBe(38400); // nobody sleeps before 5.4
            return;
        }
        judged.Where(each => !each.Ok).Select(each => $"{each.Text}: {each.Actual}").ShouldBeEmpty();
        machine!.Verify();
    }

    /// <summary>What expects pressure is refused by kernels that have none.</summary>
    private static bool IsRefusedWithoutPressure(Scenario scenario, string era)
    {
        if (!scenario.Name.StartsWith("psi-", StringComparison.Ordinal) || era is not ("4.1" or "4.15" or "4.19"))
        {
            return false;
        }
        TargetUnavailableException refused = Should.Throw<TargetUnavailableException>(() => ModelRuns.Run(scenario, new ModelTarget(), era));
        refused.ExitCode.ShouldBe(4);
        refused.Message.ShouldContain($"kernel {era} has no pressure stall information, which came with 4.20: choose a kernel from 5.3 on");
        return true;
    }
}
