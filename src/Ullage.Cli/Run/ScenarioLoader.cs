using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Cli.Terminal;
using Ullage.Cli.Verbs;
using Ullage.Lab.Scenarios;

namespace Ullage.Cli.Run;

/// <summary>Finds a scenario by its built-in name or its path, and reads it.</summary>
internal static class ScenarioLoader
{
    private const int MostBytes = 1 << 20;

    public static Scenario Load(string nameOrPath, IReadOnlyList<string> overrides, CliServices services) => LoadText(nameOrPath, overrides, services).Scenario;

    /// <summary>The scenario and its text as it was read, without what <c>--set</c> changed.</summary>
    public static (Scenario Scenario, string Text) LoadText(string nameOrPath, IReadOnlyList<string> overrides, CliServices services)
    {
        (string text, string file) = Find(nameOrPath, services);
        LoadedScenario loaded = services.ReadScenario(text, file, overrides);
        return loaded.Scenario is Scenario scenario ? (scenario, text) : throw new CliException(ExitCodes.Usage, loaded.Problems) { Bare = true };
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
            return (Decode(ReadBounded(nameOrPath), nameOrPath), nameOrPath);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.NoData($"cannot read {nameOrPath}: {Describe(failure)}: {Remedy(failure)}");
        }
    }

    // Not by the file's size: a pipe or a device has none, and may have no end.
    private static byte[] ReadBounded(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] bytes = new byte[MostBytes + 1];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= MostBytes
            ? bytes[..length]
            : throw CliException.Usage($"'{path}' has more than {Amounts.Size(MostBytes)}: no scenario is that long; name a scenario file");
    }

    private static string Decode(byte[] bytes, string path)
    {
        if (bytes is [0xff, 0xfe, ..] or [0xfe, 0xff, ..])
        {
            throw CliException.Usage($"'{path}' is UTF-16 text: save it as UTF-8");
        }
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.TrimStart('\ufeff');
        }
        catch (DecoderFallbackException wrong)
        {
            throw CliException.Usage(string.Create(CultureInfo.InvariantCulture, $"'{path}' is not UTF-8 text (byte {wrong.Index + 1}): save it as UTF-8"));
        }
    }

    private static string Remedy(Exception failure) => (Errno)(failure.HResult & 0xffff) switch
    {
        Errno.ELOOP => "its symbolic links lead in a circle; name the file itself",
        Errno.EIO => "the device fails; copy the file elsewhere",
        _ => "check its permissions",
    };

    /// <summary>The errno behind a failed file access.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        UnauthorizedAccessException => ErrnoNames.Describe(Errno.EACCES),
        DirectoryNotFoundException or FileNotFoundException => ErrnoNames.Describe(Errno.ENOENT),
        _ when (failure.HResult & 0xffff) is > 0 and < 134 and int number => ErrnoNames.Describe((Errno)number),
        _ => ErrnoNames.Describe(Errno.EIO),
    };
}
