using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Scenarios.Reading;

namespace Ullage.Lab.Results;

/// <summary>Judges an expectation about a file.</summary>
internal static class FileExpectation
{
    public static ExpectationResult Judge(Expectation expectation, RunResult result, Func<string, string?> readFile)
    {
        string path = expectation.File ?? "";
        Comparison comparison = expectation.Compare ?? new Comparison(ComparisonKind.Contains, "");
        string verb = comparison.Kind == ComparisonKind.EqualTo ? "equals " : "";
        string field = expectation.Field is null ? "" : $" field {expectation.Field}";
        string text = $"file {path}{field} {verb}{Comparing.Text(comparison)}";
        if (TextOf(path, result, readFile, out string why) is not string content)
        {
            return new ExpectationResult(text, false, why);
        }

        if (!KernelFields.TryGet(path, content, expectation.Field, out string found, out string problem))
        {
            return new ExpectationResult(text, false, content.Trim().Length == 0 ? "the file is empty" : Quote.Path(problem.Replace(path, "the file", StringComparison.Ordinal)));
        }

        bool ok = Comparing.Holds(comparison, found);
        bool notNumber = !ok && comparison.Kind is ComparisonKind.AtLeast or ComparisonKind.AtMost && Comparing.Number(found) is null;
        return new ExpectationResult(text, ok, Shown(found) + (notNumber ? ", which is not a number" : ""));
    }

    private static string? TextOf(string path, RunResult result, Func<string, string?> readFile, out string why)
    {
        why = "";
        foreach ((string collected, string content) in result.Files)
        {
            if (collected == path)
            {
                return content;
            }
        }

        foreach ((string missing, Errno errno) in result.UnavailableFiles)
        {
            if (missing == path)
            {
                why = $"file not collected: {errno}";
                return null;
            }
        }

        string? read = readFile(path);
        why = read is null ? "file not collected, and it cannot be read now: add it to collect" : "";
        return read;
    }

    private static string Shown(string found) => found.Trim().Length == 0 ? "the file is empty" : Quote.Plain(found.Trim());
}
