using System.Runtime.CompilerServices;

namespace Ullage.Cli.Tests.Support;

/// <summary>Compares text with a file; <c>ULLAGE_UPDATE=1</c> rewrites the file, for review in the diff.</summary>
internal static class Golden
{
    public static void Match(string actual, string name, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Repository.Root, "tests", "Ullage.Cli.Tests", "Golden", name);
        if (Environment.GetEnvironmentVariable("ULLAGE_UPDATE") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }
        File.Exists(path).ShouldBeTrue($"{name} is missing: run the tests of {Path.GetFileName(caller)} with ULLAGE_UPDATE=1 and review it");
        actual.ShouldBe(File.ReadAllText(path), $"{name} differs: ULLAGE_UPDATE=1 rewrites it");
    }
}

/// <summary>Finds the repository from the test's directory.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Ullage.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }
        return directory ?? throw new InvalidOperationException("Ullage.slnx was not found above " + AppContext.BaseDirectory);
    }
}
