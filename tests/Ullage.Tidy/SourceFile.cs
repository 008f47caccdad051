using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ullage.Tidy;

/// <summary>A C# file and its syntax tree.</summary>
internal sealed class SourceFile(string path, string text)
{
    private readonly Lazy<SyntaxTree> _tree = new(() => CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview), path));

    public string Path { get; } = path;

    public string Text { get; } = text;

    public SyntaxTree Tree => _tree.Value;

    public CompilationUnitSyntax Unit => (CompilationUnitSyntax)Tree.GetRoot();

    /// <summary>The folder of the project, such as <c>src/Ullage.Model</c>.</summary>
    public string Project => string.Join('/', Path.Split('/').Take(2));

    /// <summary>The folders below the project, such as <c>Charging</c>; empty at its top.</summary>
    public string Folder => string.Join('/', Path.Split('/').Skip(2).SkipLast(1));

    public int LineCount => Text.Length == 0 ? 0 : Text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    /// <summary>Line of a node, from 1, without its attributes and comments.</summary>
    public int LineOf(SyntaxNode node) => LineOf(node.SpanStart);

    public int LineOf(int position) => Tree.GetLineSpan(new Microsoft.CodeAnalysis.Text.TextSpan(position, 0)).StartLinePosition.Line + 1;

    /// <summary><c>path:line: what is wrong: what to do</c>.</summary>
    public string Finding(SyntaxNode node, string message) => $"{Path}:{LineOf(node)}: {message}";

    /// <summary>The name of a type or member with its types and namespace.</summary>
    public static string FullName(SyntaxNode node)
    {
        string[] names = [.. node.AncestorsAndSelf().Select(NameOf).Where(name => name.Length > 0).Reverse()];
        return string.Join('.', names);
    }

    private static string NameOf(SyntaxNode node) => node switch
    {
        BaseNamespaceDeclarationSyntax space => space.Name.ToString(),
        BaseTypeDeclarationSyntax type => type.Identifier.ValueText,
        MethodDeclarationSyntax method => method.Identifier.ValueText,
        ConstructorDeclarationSyntax => "ctor",
        DestructorDeclarationSyntax => "finalizer",
        OperatorDeclarationSyntax op => "operator" + op.OperatorToken.ValueText,
        ConversionOperatorDeclarationSyntax conversion => "operator-" + conversion.Type,
        PropertyDeclarationSyntax property => property.Identifier.ValueText,
        IndexerDeclarationSyntax => "this",
        EventDeclarationSyntax ev => ev.Identifier.ValueText,
        AccessorDeclarationSyntax accessor => accessor.Keyword.ValueText,
        VariableDeclaratorSyntax variable => variable.Identifier.ValueText,
        _ => "",
    };
}
