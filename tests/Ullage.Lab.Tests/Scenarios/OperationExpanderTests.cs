using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Scenarios;

public sealed class OperationExpanderTests
{
    [Fact]
    public void FlattenOfNestedRepeatsPutsTheRoundsIn()
    {
        RepeatOperation repeat = ReadRepeat("repeat: { times: 2, do: [ { mkdir: '/g{i}' }, { repeat: { times: 2, do: [ { exec: '{i}-{j}' }, { repeat: { times: 1, do: [ { exec: '{i}{j}{k}' } ] } } ] } } ] }");
        OperationExpander.Flatten([repeat]).Select(Show).ShouldBe(["/g1", "1-1", "111", "1-2", "121", "/g2", "2-1", "211", "2-2", "221"]);
    }

    [Fact]
    public void ExpandLeavesInnerRepeatsWithTheirOwnRound()
    {
        RepeatOperation repeat = ReadRepeat("repeat: { times: 1, do: [ { repeat: { times: 2, do: [ { exec: '{i}-{j}' } ] } } ] }");
        RepeatOperation inner = OperationExpander.Round(repeat, 7).Single().ShouldBeOfType<RepeatOperation>();
        inner.Do.Select(Show).ShouldBe(["7-{j}"]);
        OperationExpander.Expand(inner).Select(Show).ShouldBe(["7-1", "7-2"]);
    }

    [Fact]
    public void ExpandReachesIntoForkAndInterleave()
    {
        RepeatOperation repeat = ReadRepeat("repeat: { times: 1, do: [ { fork: { name: 'c{i}', cgroup: '/g{i}', do: [ { repeat: { times: 2, do: [ { exec: '{i}{j}' } ] } } ] } }, { interleave: { count: 1, of: [ { stat_missing: { dir: '/d{i}', count: 1 } } ] } }, { mkdir: '/g{i}' } ] }");
        Operation[] operations = [.. OperationExpander.Expand(repeat)];
        ForkOperation fork = operations[0].ShouldBeOfType<ForkOperation>();
        (fork.ChildName, fork.Cgroup).ShouldBe(("c1", "/g1"));
        OperationExpander.Flatten(fork.Do).Select(Show).ShouldBe(["11", "12"]);
        ((StatMissingOperation)((InterleaveOperation)operations[1]).Of[0]).Directory.ShouldBe("/d1");
    }

    [Fact]
    public void ExpandReachesEveryString()
    {
        string[] steps =
        [
            "mmap: { region: 'r{i}', bytes: 1, kind: file, file: '/f{i}', expect_errno: ENOENT }", "touch: { region: 'r{i}' }", "munmap: 'r{i}'", "mremap: { region: 'r{i}', bytes: 1 }",
            "mprotect: { region: 'r{i}', prot: r }", "madvise: { region: 'r{i}', advice: cold }", "malloc: { bytes: 1, name: 'm{i}' }", "free: 'm{i}'",
            "write: { file: '/f{i}', bytes: 1 }", "read: { file: '/f{i}' }", "stat_missing: { dir: '/f{i}', count: 1 }", "create_files: { dir: '/f{i}', count: 1 }",
            "unlink_files: { dir: '/f{i}', count: 1 }", "exec: 'x{i}'", "echo: { file: '/e{i}', value: 'v{i}' }", "mkdir: '/c{i}'", "rmdir: '/c{i}'",
            "fork: { name: 'k{i}', do: [] }", "move: { process: 'k{i}', to: '/c{i}' }", "kill: { process: 'k{i}', signal: KILL }",
        ];
        RepeatOperation repeat = ReadRepeat($"repeat: {{ times: 1, do: [ {string.Join(", ", steps.Select(s => "{ " + s + " }"))} ] }}");
        repeat.Do.Count.ShouldBe(steps.Length);
        foreach ((Operation before, Operation after) in repeat.Do.Zip(OperationExpander.Round(repeat, 42)))
        {
            before.ToString().ShouldContain("{i}");
            after.ToString().ShouldNotContain("{i}");
            if (before is not ForkOperation)
            {
                after.ToString().ShouldBe(before.ToString().Replace("{i}", "42", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void FlattenOfAHugeRepeatIsLazy()
    {
        RepeatOperation repeat = ReadRepeat("repeat: { times: 2147483647, do: [ { repeat: { times: 2147483647, do: [ { exec: '{i}-{j}' } ] } } ] }");
        OperationExpander.Flatten([repeat]).Take(3).Select(Show).ShouldBe(["1-1", "1-2", "1-3"]);
    }

    private static string Show(Operation operation) => operation switch
    {
        MkdirOperation mkdir => mkdir.Path,
        ExecOperation exec => exec.ProgramName,
        _ => operation.Name,
    };

    private static RepeatOperation ReadRepeat(string step)
    {
        ScenarioReadResult result = ScenarioReader.Read($"name: n\nprocesses: [ {{ name: p, do: [ {{ {step} }} ] }} ]\n", "s.yaml", []);
        result.Problems.ShouldBeEmpty();
        return result.Scenario!.Processes[0].Do[0].ShouldBeOfType<RepeatOperation>();
    }
}
