using System.Collections.Frozen;

namespace Ullage.Tidy;

/// <summary>The source tree under test, read once. Paths are relative to the root and use slashes.</summary>
internal static class Repository
{
    private static readonly FrozenSet<string> Skipped = FrozenSet.Create(
        StringComparer.Ordinal, "bin", "obj", ".build", ".git", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts", "StrykerOutput");

    private static readonly Lazy<IReadOnlyList<TextFile>> AllTexts = new(ReadTexts);
    private static readonly Lazy<IReadOnlyList<SourceFile>> AllSources = new(ReadSources);

    public static string Root { get; } = FindRoot();

    /// <summary>Every file but binary ones.</summary>
    public static IReadOnlyList<TextFile> Texts => AllTexts.Value;

    /// <summary>Every C# file of src, tests and benchmarks.</summary>
    public static IReadOnlyList<SourceFile> Sources => AllSources.Value;

    /// <summary>The C# files below a folder, such as <c>src/Ullage.Model</c>.</summary>
    public static IReadOnlyList<SourceFile> SourcesIn(string folder)
        => [.. Sources.Where(file => file.Path.StartsWith(folder + "/", StringComparison.Ordinal))];

    /// <summary>The text of a file of the tree.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ullage.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Ullage.slnx above {AppContext.BaseDirectory}: run the tests from a build inside the repository");
    }

    private static IReadOnlyList<TextFile> ReadTexts()
    {
        List<TextFile> found = [];
        Walk(new DirectoryInfo(Root), "", found);
        found.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return found;
    }

    private static void Walk(DirectoryInfo folder, string prefix, List<TextFile> found)
    {
        foreach (FileInfo file in folder.EnumerateFiles())
        {
            // A worktree's .git is a file; links point at files seen elsewhere.
            if (file.LinkTarget is null && file.Name != ".git" && TextFile.TryRead(file.FullName, prefix + file.Name) is { } text)
            {
                found.Add(text);
            }
        }

        foreach (DirectoryInfo child in folder.EnumerateDirectories())
        {
            if (child.LinkTarget is null && !Skipped.Contains(child.Name))
            {
                Walk(child, $"{prefix}{child.Name}/", found);
            }
        }
    }

    private static IReadOnlyList<SourceFile> ReadSources()
        => [.. Texts
            .Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal))
            .Where(file => file.Path.StartsWith("src/", StringComparison.Ordinal)
                || file.Path.StartsWith("tests/", StringComparison.Ordinal)
                || file.Path.StartsWith("benchmarks/", StringComparison.Ordinal))
            .Select(file => new SourceFile(file.Path, file.Text))];
}
