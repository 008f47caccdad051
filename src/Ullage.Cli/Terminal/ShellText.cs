namespace Ullage.Cli.Terminal;

/// <summary>Writes a command line so that a shell reads the same words again.</summary>
internal static class ShellText
{
    public static string Of(IEnumerable<string> words) => string.Join(' ', words.Select(Word));

    private static string Word(string word) =>
        word.Length > 0 && word.All(each => char.IsAsciiLetterOrDigit(each) || "-_./=:,@%+".Contains(each, StringComparison.Ordinal))
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
