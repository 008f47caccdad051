using System.Text.RegularExpressions;

namespace Ullage.Tidy.Rules;

/// <summary>Links lead somewhere; scenarios say what they show.</summary>
internal static partial class Documents
{
    /// <param name="file">A Markdown file.</param>
    /// <param name="exists">Answers whether a path of the tree is a file or folder.</param>
    public static IEnumerable<string> BrokenLinks(TextFile file, Func<string, bool> exists)
    {
        bool fenced = false;
        for (int i = 0; i < file.Lines.Count; i++)
        {
            string line = file.Lines[i];
            fenced ^= line.TrimStart().StartsWith("```", StringComparison.Ordinal);
            if (fenced)
            {
                continue;
            }

            foreach (string target in Link().Matches(line).Select(match => match.Groups["target"].Value))
            {
                string path = target.Split('#')[0];
                if (path.Length > 0 && !path.Contains(':', StringComparison.Ordinal) && !exists(Resolve(file.Path, path)))
                {
                    yield return $"{file.Path}:{i + 1}: the link to {target} leads nowhere: write the page, or take the link out";
                }
            }
        }
    }

    public static IEnumerable<string> Scenario(TextFile file)
    {
        string name = Path.GetFileNameWithoutExtension(file.Path);
        if (!file.Text.StartsWith("# ", StringComparison.Ordinal))
        {
            yield return $"{file.Path}:1: no comment at the top: say what the experiment shows";
        }

        if (!file.Lines.Any(line => line.TrimEnd() == $"name: {name}"))
        {
            yield return $"{file.Path}:1: the name is not that of the file: write name: {name}";
        }

        if (!file.Lines.Any(line => Description().IsMatch(line)))
        {
            yield return $"{file.Path}:1: no description: `ullage scenarios` shows it";
        }
    }

    private static string Resolve(string from, string path)
    {
        if (path.StartsWith('/'))
        {
            return path[1..];
        }

        List<string> parts = [.. from.Split('/')[..^1]];
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ""))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"\Adescription: *\S{1}.{9,}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Description();
}
