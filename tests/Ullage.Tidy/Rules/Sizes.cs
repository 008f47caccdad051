using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ullage.Tidy.Rules;

/// <summary>
/// Files and methods stay small. What is larger than the aim stands in ratchet.txt with its size, which may shrink and never grow; what is
/// larger than the stop cannot stand there.
/// </summary>
internal static class Sizes
{
    public const int FileAim = 350;
    public const int FileStop = 700;
    public const int MethodAim = 40;
    public const int MethodStop = 70;

    /// <summary>Something with a size: <c>file path</c> or <c>method path Type.Member</c>.</summary>
    public sealed record Sized(string Key, int Lines, int Aim, int Stop);

    public static IEnumerable<string> Check(IEnumerable<SourceFile> files, string ratchet)
    {
        Dictionary<string, int> entries = Parse(ratchet);
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (Sized item in files.SelectMany(Measure))
        {
            bool listed = entries.TryGetValue(item.Key, out int allowed);
            if (listed)
            {
                seen.Add(item.Key);
            }

            if (Judge(item, listed ? allowed : null) is { } finding)
            {
                yield return finding;
            }
        }

        foreach (string gone in entries.Keys.Where(key => !seen.Contains(key)))
        {
            yield return $"ratchet.txt: \"{gone}\" is not there any more: remove the entry";
        }
    }

    private static string? Judge(Sized item, int? allowed) => item switch
    {
        _ when item.Lines > item.Stop => $"{item.Key} has {item.Lines} lines, over the stop of {item.Stop}: split it",
        _ when allowed is null && item.Lines > item.Aim
            => $"{item.Key} has {item.Lines} lines, over the aim of {item.Aim}: split it, or add to ratchet.txt: {item.Key} {item.Lines}",
        _ when allowed is null => null,
        _ when item.Lines > allowed => $"{item.Key} grew from {allowed} to {item.Lines} lines: what stands in ratchet.txt may only shrink",
        _ when item.Lines <= item.Aim => $"{item.Key} has {item.Lines} lines, within the aim: remove it from ratchet.txt",
        _ when item.Lines < allowed => $"{item.Key} shrank from {allowed} to {item.Lines} lines: write {item.Lines} in ratchet.txt",
        _ => null,
    };

    private static Dictionary<string, int> Parse(string ratchet)
    {
        Dictionary<string, int> entries = new(StringComparer.Ordinal);
        foreach (string line in ratchet.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith('#')))
        {
            int space = line.LastIndexOf(' ');
            entries.Add(line[..space], int.Parse(line[(space + 1)..], CultureInfo.InvariantCulture));
        }

        return entries;
    }

    private static IEnumerable<Sized> Measure(SourceFile file)
    {
        yield return new Sized($"file {file.Path}", file.LineCount, FileAim, FileStop);

        // Overloads share a name: the largest of them counts.
        IEnumerable<IGrouping<string, SyntaxNode>> methods = file.Unit.DescendantNodes()
            .Where(node => node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or PropertyDeclarationSyntax { ExpressionBody: not null })
            .GroupBy(SourceFile.FullName, StringComparer.Ordinal);
        foreach (IGrouping<string, SyntaxNode> same in methods)
        {
            yield return new Sized($"method {file.Path} {same.Key}", same.Max(node => LinesOf(file, node)), MethodAim, MethodStop);
        }

        GlobalStatementSyntax[] top = [.. file.Unit.Members.OfType<GlobalStatementSyntax>()];
        if (top.Length > 0)
        {
            yield return new Sized($"method {file.Path} top-level", file.LineOf(top[^1].Span.End) - file.LineOf(top[0]) + 1, MethodAim, MethodStop);
        }
    }

    private static int LinesOf(SourceFile file, SyntaxNode node)
    {
        SyntaxList<AttributeListSyntax> attributes = node switch
        {
            MemberDeclarationSyntax member => member.AttributeLists,
            AccessorDeclarationSyntax accessor => accessor.AttributeLists,
            _ => default,
        };
        int start = attributes.Count == 0 ? node.SpanStart : attributes[^1].GetLastToken().GetNextToken().SpanStart;
        return file.LineOf(node.Span.End) - file.LineOf(start) + 1;
    }
}
