using System.Reflection;

namespace Ullage.Lab.Scenarios;

/// <summary>The scenarios that come with the program: the files of <c>scenarios/</c>, built in.</summary>
public static class BuiltInScenarios
{
    private const string Prefix = "scenarios/";
    private const string Suffix = ".yaml";

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = FindNames();

    /// <summary>The YAML text of a scenario; null when there is none of that name.</summary>
    public static string? Read(string name)
    {
        if (!Names.Contains(name, StringComparer.Ordinal))
        {
            return null;
        }

        using Stream stream = Resources.GetManifestResourceStream(Prefix + name + Suffix)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The name that was probably meant; null when none is near.</summary>
    public static string? NearestTo(string name) => Reading.Nearest.Of(name, Names);

    private static Assembly Resources => typeof(BuiltInScenarios).Assembly;

    private static string[] FindNames() =>
    [
        .. Resources.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Suffix.Length])
            .Order(StringComparer.Ordinal),
    ];
}
