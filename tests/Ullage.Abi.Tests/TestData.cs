namespace Ullage.Abi.Tests;

/// <summary>Finds tests/data by walking up to the solution.</summary>
internal static class TestData
{
    public static string Root { get; } = Path.Combine(FindRepository(), "tests", "data");

    public static string Fixtures => Path.Combine(Root, "fixtures");

    /// <summary>Path as the kernel names it of every snapshot file, and the file.</summary>
    public static IEnumerable<(string KernelPath, string File)> Snapshots() => Snapshots(Fixtures);

    public static IEnumerable<(string KernelPath, string File)> Snapshots(string directory)
    {
        foreach (string file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string[] parts = Path.GetRelativePath(directory, file).Split('/');
            if (parts.Length > 3)
                yield return ("/" + string.Join('/', parts[2..]), file);
        }
    }

    public static string Fixture(string path) => File.ReadAllText(Path.Combine(Fixtures, path));

    private static string FindRepository()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Ullage.slnx")))
            directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("no Ullage.slnx above the tests: run them inside the repository");
    }
}
