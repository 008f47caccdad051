using FsCheck;
using FsCheck.Fluent;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Scenarios;

/// <summary>Whatever a file holds, reading it gives a scenario or problems, and never throws.</summary>
public sealed class ScenarioReaderFuzzTests
{
    private static readonly string[] Snippets =
        ["{", "}", "[", "]", ":", "- ", "\n", "\t", "'", "\"", "*a", "&a ", "|", ">", "? ", "!!str ", "---", "...", "%", "@", "\0", "\uFEFF", "\ud800", "é", "{i}", "99999999999999999999", "-1", "~", "null", "<<: ", "  "];

    [Fact]
    public void ReadOfMutatedScenariosNeverThrows()
    {
        string[] good = [ScenarioReaderTests.Everything, .. BuiltInScenarios.Names.Select(name => BuiltInScenarios.Read(name)!)];
        Gen<string> gen =
            from yaml in Gen.Elements(good)
            from edits in Gen.ArrayOf(Gen.Choose(0, int.MaxValue), 12)
            from count in Gen.Choose(1, 4)
            select Mutate(yaml, edits, count);
        Prop.ForAll(gen.ToArbitrary(), yaml => Holds(yaml, [])).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    [Fact]
    public void ReadOfMutatedOverridesNeverThrows()
    {
        string[] good =
        [
            "machine.memory=4GiB", "cgroup.groups./000.memory.max=50M", "processes.0.do.0.grow.bytes=200M", "processes.perl.cgroup=/x", "expect.0={ dmesg: x }",
            "processes.0.do.23.repeat.do.1.repeat.times=4", "files./data/big=1", "collect=[/a]",
        ];
        Gen<string> gen =
            from argument in Gen.Elements(good)
            from edits in Gen.ArrayOf(Gen.Choose(0, int.MaxValue), 9)
            from count in Gen.Choose(0, 3)
            select Mutate(argument, edits, count);
        Prop.ForAll(gen.ToArbitrary(), argument => Holds(ScenarioReaderTests.Everything, [argument])).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    [Fact]
    public void ReadOfAnyTextNeverThrows() =>
        Prop.ForAll<string>(text => Holds(text ?? "", [text ?? ""])).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static bool Holds(string yaml, string[] overrides)
    {
        ScenarioReadResult result = ScenarioReader.Read(yaml, "s.yaml", overrides);
        return result.Ok == (result.Problems.Count == 0)
            && result.Problems.All(problem => problem.Message.Length > 0 && problem.ToString().IndexOfAny(['\n', '\r']) < 0);
    }

    private static string Mutate(string text, int[] edits, int count)
    {
        for (int edit = 0; edit < count; edit++)
        {
            int at = text.Length == 0 ? 0 : edits[edit * 3] % text.Length;
            int length = Math.Min(edits[(edit * 3) + 1] % 9, text.Length - at);
            int choice = edits[(edit * 3) + 2];
            string put = (choice % 4) switch
            {
                0 => "",
                1 => Snippets[choice / 4 % Snippets.Length],
                2 => text.Substring(at, length) + text.Substring(at, length),
                _ => Snippets[choice / 4 % Snippets.Length] + text.Substring(at, length),
            };
            text = text[..at] + put + text[(at + length)..];
        }

        return text;
    }
}
