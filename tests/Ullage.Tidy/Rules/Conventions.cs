using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ullage.Tidy.Rules;

/// <summary>Small rules that keep one hand visible in the whole tree (docs/style.md).</summary>
internal static class Conventions
{
    /// <summary>The parser must understand every file: what it skips no other rule sees.</summary>
    public static IEnumerable<string> Syntax(SourceFile file)
        => file.Tree.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(diagnostic => diagnostic.ToString());

    /// <summary>
    /// Namespaces are file-scoped and equal the project and its folders. A folder named after the type at its heart, such as Machine/Machine.cs,
    /// shares the namespace of its parent: a namespace and a type of one name get in each other's way.
    /// </summary>
    public static IEnumerable<string> Namespaces(IReadOnlyCollection<SourceFile> files)
    {
        HashSet<string> paths = [.. files.Select(file => file.Path)];
        foreach (SourceFile file in files)
        {
            string[] parts = file.Path.Split('/')[..^1];
            bool shared = paths.Contains($"{string.Join('/', parts)}/{parts[^1]}.cs");
            string expected = string.Join('.', parts[1..(shared ? ^1 : ^0)]);
            foreach (BaseNamespaceDeclarationSyntax space in file.Unit.Members.OfType<BaseNamespaceDeclarationSyntax>())
            {
                if (space.Name.ToString() != expected || space is not FileScopedNamespaceDeclarationSyntax)
                {
                    yield return file.Finding(space, $"namespace {space.Name} does not equal the folder: write \"namespace {expected};\"");
                }
            }
        }
    }

    /// <summary>A class is sealed or static unless another class builds on it.</summary>
    public static IEnumerable<string> Sealed(IReadOnlyCollection<SourceFile> files)
    {
        HashSet<string> bases = new(StringComparer.Ordinal);
        foreach (BaseTypeSyntax type in files.SelectMany(file => file.Unit.DescendantNodes().OfType<BaseTypeSyntax>()))
        {
            // An enum's base is a keyword and has no name.
            TypeSyntax named = type.Type is QualifiedNameSyntax qualified ? qualified.Right : type.Type;
            bases.Add((named as SimpleNameSyntax)?.Identifier.ValueText ?? "");
        }

        // The parts of a partial class share their modifiers.
        HashSet<string> closed = [.. files.SelectMany(Classes).Where(IsClosed).Select(SourceFile.FullName)];
        foreach (SourceFile file in files)
        {
            foreach (TypeDeclarationSyntax type in Classes(file))
            {
                if (!closed.Contains(SourceFile.FullName(type)) && !bases.Contains(type.Identifier.ValueText))
                {
                    yield return file.Finding(type, $"class {type.Identifier.ValueText} is open and nothing builds on it: make it sealed or static");
                }
            }
        }
    }

    /// <summary>Only the command line talks to the terminal.</summary>
    public static IEnumerable<string> Console(SourceFile file)
        => file.Unit.DescendantNodes()
            .OfType<MemberAccessExpressionSyntax>()
            .Where(member => member.Expression.ToString() is "Console" or "System.Console")
            .Select(member => file.Finding(member, $"{member} outside Ullage.Cli: return the value, or in a test write to ITestOutputHelper"));

    public static IEnumerable<string> Regions(SourceFile file)
        => file.Unit.DescendantTrivia()
            .Where(trivia => trivia.IsKind(SyntaxKind.RegionDirectiveTrivia))
            .Select(trivia => $"{file.Path}:{file.LineOf(trivia.SpanStart)}: a region hides what a folder or type should show: split the file");

    private static IEnumerable<TypeDeclarationSyntax> Classes(SourceFile file)
        => file.Unit.DescendantNodes().OfType<TypeDeclarationSyntax>()
            .Where(type => type.IsKind(SyntaxKind.ClassDeclaration) || type.IsKind(SyntaxKind.RecordDeclaration));

    private static bool IsClosed(TypeDeclarationSyntax type)
        => type.Modifiers.Any(modifier => modifier.Kind() is SyntaxKind.SealedKeyword or SyntaxKind.StaticKeyword or SyntaxKind.AbstractKeyword);
}
