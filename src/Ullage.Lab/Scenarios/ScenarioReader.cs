using Ullage.Lab.Scenarios.Reading;

namespace Ullage.Lab.Scenarios;

/// <summary>Reads scenario files (docs/scenarios.md). Never throws for what a file may contain: all that is wrong comes back as problems.</summary>
public static class ScenarioReader
{
    /// <summary>The eras that <c>kernel</c> may name, oldest first.</summary>
    public static IReadOnlyList<string> Kernels => Words.Kernels;

    /// <summary>Reads a scenario.</summary>
    /// <param name="yaml">The file's text.</param>
    /// <param name="fileName">The file's name, for messages.</param>
    /// <param name="overrides">Arguments of <c>--set</c> (<c>machine.memory=4GiB</c>), applied in order before anything is judged.</param>
    public static ScenarioReadResult Read(string yaml, string fileName, IReadOnlyList<string> overrides)
    {
        Problems problems = new(fileName);
        int nul = yaml.IndexOf('\0', StringComparison.Ordinal);
        if (nul >= 0)
        {
            int line = yaml.AsSpan(0, nul).Count('\n') + 1;
            problems.Add(new Place(line, nul - (yaml.LastIndexOf('\n', nul) + 1) + 1), "", "here is a NUL character, so this is not a text file: write the scenario as UTF-8 text");
            return new ScenarioReadResult(null, problems.Sorted());
        }

        Scenario? scenario = null;
        if (NodeLoader.Load(yaml, problems) is Node root)
        {
            scenario = ReadRoot(root, overrides, problems);
        }

        return problems.Any ? new ScenarioReadResult(null, problems.Sorted()) : new ScenarioReadResult(scenario, []);
    }

    /// <summary>The era that a word names (<c>4.15</c>, <c>v4.15</c>); null when there is none of that name.</summary>
    public static string? KernelOf(string word)
    {
        string version = word.StartsWith('v') ? word[1..] : word;
        return Words.Kernels.Contains(version, StringComparer.Ordinal) ? version : null;
    }

    private static Scenario? ReadRoot(Node root, IReadOnlyList<string> overrides, Problems problems)
    {
        if (root is not MapNode map)
        {
            problems.Add(root.Place, "", root is ScalarNode { IsNothing: true }
                ? "the file is empty: a scenario needs at least 'name:'"
                : $"a scenario is a mapping that begins with 'name:', found {root.Kind}");
            return null;
        }

        foreach (string argument in overrides)
        {
            Overrides.Apply(map, argument, problems);
        }

        return new SectionReader(problems).Read(new MapReader(problems, map, "", ScenarioShape.Root));
    }
}
