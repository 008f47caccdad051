using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Tests.Model;

namespace Ullage.Lab.Tests.Results;

/// <summary><c>expect_errno</c>: judged like an expectation, and no reason to stop.</summary>
public sealed class ExpectErrnoTests
{
    private const string Yaml = """
        name: t
        cgroup: { version: 1, groups: { /g: {} } }
        processes:
          - name: p
            do:
              - mkdir: /g/x
              - rmdir: /g/x
              - rmdir: { path: /g/x, expect_errno: ENOENT }
              - rmdir: { path: /g, expect_errno: EBUSY }
              - exit: 0
        """;

    [Fact]
    public void ExpectedErrnoIsJudgedAndTheListGoesOn()
    {
        Scenario scenario = ScenarioReader.Read(Yaml, "t.yaml", []).Scenario.ShouldNotBeNull();
        RunResult result = ModelRuns.Run(Yaml, "6.18");
        result.Processes.ShouldHaveSingleItem().ExitCode.ShouldBe(0);
        IReadOnlyList<ExpectationResult> judged = Expectations.Judge(scenario, result, _ => null);
        judged.Select(each => (each.Text, each.Ok)).ShouldBe([("process p step 2 errno ENOENT", true), ("process p step 3 errno EBUSY", false)]);
    }
}
