using System.Text.RegularExpressions;

namespace Ullage.Tidy.Rules;

/// <summary>Words that do not belong into the tree: markers of unfinished work, and traces of the place where a change was made.</summary>
internal static class Words
{
    // Written in pieces, so that this file does not find itself.
    private static readonly (Regex Word, string Advice)[] UnfinishedWords =
    [
        (Compile(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK|X" + @"XX)\b", RegexOptions.None), "finish it, or say in the documentation what is missing"),
        (Compile(@"\bNotImpl" + @"ementedException\b", RegexOptions.None), "finish it, or answer \"not supported by this version: OPERATION\""),
    ];

    private static readonly (Regex Word, string Advice)[] TraceWords =
    [
        (Compile(@"(?<![\w.$}])/wo" + @"rk/", RegexOptions.None), "a path of one computer: use one relative to the repository"),
        (Compile(@"(?<![\w.$}])/(home/[a-z]+|root)/\.", RegexOptions.None), "a path of one computer: use one relative to the repository"),
        (Compile(@"/tmp/bri" + @"ef|\bbri" + @"ef\.md\b|\bTIME" + @"BOX\b", RegexOptions.None), "a note of one day: say what holds for every reader"),
        (Compile(@"\bshared/(groundtruth|spec|design|seeds)\b", RegexOptions.None), "the repository stands alone: name a file of its own"),
        (Compile(@"\b(clau" + @"de|anthro" + @"pic|open" + @"ai|chat" + @"gpt|copi" + @"lot|gemi" + @"ni|sub-?ag" + @"ents?)\b", RegexOptions.IgnoreCase), "how a change was made is of no use to its reader"),
        (Compile(@"\b(as an a" + @"i|language mo" + @"del|ll" + @"ms?)\b", RegexOptions.IgnoreCase), "how a change was made is of no use to its reader"),
        (Compile(@"^(<<<<<" + @"<< |>>>>>" + @">> )", RegexOptions.None), "half of a merge: resolve it"),
    ];

    /// <summary>Markers in what is built: src, tests, bench, scenarios and scripts.</summary>
    public static IEnumerable<string> Unfinished(TextFile file)
        => file.Path.EndsWith(".md", StringComparison.Ordinal) ? [] : Find(file, UnfinishedWords);

    public static IEnumerable<string> Traces(TextFile file) => Find(file, TraceWords);

    private static IEnumerable<string> Find(TextFile file, (Regex Word, string Advice)[] words)
    {
        if (file.IsData)
        {
            yield break;
        }

        foreach ((Regex word, string advice) in words)
        {
            // One search over the whole text; lines only matter once something was found.
            if (!word.IsMatch(file.Text))
            {
                continue;
            }

            for (int i = 0; i < file.Lines.Count; i++)
            {
                if (word.Match(file.Lines[i]) is { Success: true } match)
                {
                    yield return $"{file.Path}:{i + 1}: \"{match.Value}\": {advice}";
                }
            }
        }
    }

    private static Regex Compile(string pattern, RegexOptions options)
        => new(pattern, options | RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
}
