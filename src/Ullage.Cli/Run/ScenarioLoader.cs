using Ullage.Abi;
using Ullage.Cli.Verbs;
using Ullage.Lab.Scenarios;

namespace Ullage.Cli.Run;

/// <summary>Finds a scenario by its built-in name or its path, and reads it.</summary>
internal static class ScenarioLoader
{
    public static Scenario Load(string nameOrPath, IReadOnlyList<string> overrides, CliServices services)
    {
        (string text, string file) = Find(nameOrPath, services);
        LoadedScenario loaded = services.ReadScenario(text, file, overrides);
        return loaded.Scenario ?? throw new CliException(ExitCodes.Usage, loaded.Problems) { Bare = true };
    }

    // A built-in name wins over a file of the same name: `run anon-oom` means the same everywhere; `./anon-oom` is the file.
    private static (string Text, string File) Find(string nameOrPath, CliServices services)
    {
        if (!nameOrPath.Contains('/', StringComparison.Ordinal) && services.BuiltInText(nameOrPath) is string text)
        {
            return (text, $"{nameOrPath}.yaml");
        }
        if (Directory.Exists(nameOrPath))
        {
            throw CliException.Usage($"'{nameOrPath}' is a directory: name a scenario file in it");
        }
        if (!File.Exists(nameOrPath))
        {
            throw ScenariosVerb.Unknown(nameOrPath, services);
        }
        try
        {
            return (File.ReadAllText(nameOrPath), nameOrPath);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.NoData($"cannot read {nameOrPath}: {Describe(failure)}: check its permissions");
        }
    }

    /// <summary>The errno behind a failed file access.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        UnauthorizedAccessException => ErrnoNames.Describe(Errno.EACCES),
        DirectoryNotFoundException or FileNotFoundException => ErrnoNames.Describe(Errno.ENOENT),
        _ when (failure.HResult & 0xffff) is > 0 and < 134 and int number => ErrnoNames.Describe((Errno)number),
        _ => ErrnoNames.Describe(Errno.EIO),
    };
}
