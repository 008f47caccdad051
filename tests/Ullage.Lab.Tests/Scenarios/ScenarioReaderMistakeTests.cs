using System.Text;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Scenarios;

/// <summary>
/// Mistakes and exactly what is said about them. <c>mistakes.txt</c> holds cases: <c>=== title</c>, perhaps <c>--set …</c> lines, the YAML, then
/// <c>--&gt;</c> and the messages. <c>ULLAGE_UPDATE=1</c> rewrites the messages, for review in the diff.
/// </summary>
public sealed class ScenarioReaderMistakeTests
{
    private const string File = "tests/Ullage.Lab.Tests/Scenarios/mistakes.txt";

    [Fact]
    public void ReadTellsEveryMistakeExactly()
    {
        string golden = Repo.Read(File);
        StringBuilder actual = new();
        int cases = 0;
        foreach (string block in golden.Split("=== ").Skip(1))
        {
            cases++;
            string[] halves = block.Split("-->\n");
            actual.Append("=== ").Append(halves[0]).Append("-->\n").Append(Messages(halves[0])).Append('\n');
        }

        if (Environment.GetEnvironmentVariable("ULLAGE_UPDATE") == "1")
        {
            System.IO.File.WriteAllText(Path.Combine(Repo.Root, File), actual.ToString());
        }
        else
        {
            actual.ToString().ShouldBe(golden);
        }

        cases.ShouldBeGreaterThan(80);
    }

    [Fact]
    public void ReadTellsEveryMistakeOnOneLineInOrder()
    {
        foreach (string block in Repo.Read(File).Split("=== ").Skip(1))
        {
            IReadOnlyList<ScenarioProblem> problems = Read(block.Split("-->\n")[0]).Problems;
            problems.ShouldNotBeEmpty();
            problems.ShouldAllBe(problem => !problem.ToString().Contains('\n', StringComparison.Ordinal));
            problems.Select(problem => problem.Line).ShouldBeInOrder();
        }
    }

    private static string Messages(string input) => string.Concat(Read(input).Problems.Select(problem => problem + "\n"));

    private static ScenarioReadResult Read(string input)
    {
        string[] lines = input.Split('\n');
        List<string> overrides = [];
        int line = 1;
        for (; lines[line].StartsWith("--set ", StringComparison.Ordinal); line++)
        {
            overrides.Add(lines[line]["--set ".Length..]);
        }

        return ScenarioReader.Read(string.Join('\n', lines[line..]), "s.yaml", overrides);
    }
}
