using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ullage.Tidy.Rules;

/// <summary>
/// Kernel releases are compared in Ullage.Model/Eras only: everyone else reads the value, gate or policy that the era chose. Seen as a comparison: an operator, pattern,
/// switch or CompareTo on a member named Release, on an era's or kernel's Version, on an era's Name beside a literal, and on an era constant such as V4_15.
/// </summary>
internal static partial class EraComparisons
{
    public static IEnumerable<string> Check(SourceFile file)
    {
        if (file.Path.StartsWith("src/Ullage.Model/Eras/", StringComparison.Ordinal))
        {
            return [];
        }

        return file.Unit.DescendantNodes()
            .OfType<ExpressionOrPatternSyntax>()
            .Where(Compares)
            .Select(node => (CSharpSyntaxNode)node)
            .Concat(file.Unit.DescendantNodes().OfType<SwitchStatementSyntax>().Where(node => IsRelease(node.Expression)))
            .Select(node => file.Finding(node, $"\"{node.ToString().Split('\n')[0].Trim()}\" compares kernel releases: give the era a value or policy that says what differs"));
    }

    private static bool Compares(ExpressionOrPatternSyntax node) => node switch
    {
        BinaryExpressionSyntax binary when IsComparison(binary.Kind()) => IsRelease(binary.Left) || IsRelease(binary.Right) || IsNameAndLiteral(binary),
        IsPatternExpressionSyntax pattern => IsRelease(pattern.Expression) || IsEraName(pattern.Expression),
        SwitchExpressionSyntax choice => IsRelease(choice.GoverningExpression) || IsEraName(choice.GoverningExpression),
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "CompareTo" or "Equals" } call } => IsRelease(call.Expression),
        _ => false,
    };

    private static bool IsComparison(SyntaxKind kind) => kind is SyntaxKind.LessThanExpression or SyntaxKind.LessThanOrEqualExpression
        or SyntaxKind.GreaterThanExpression or SyntaxKind.GreaterThanOrEqualExpression or SyntaxKind.EqualsExpression or SyntaxKind.NotEqualsExpression;

    private static bool IsRelease(ExpressionSyntax expression) => expression switch
    {
        MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Release" } => true,
        MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Version" } member => Era().IsMatch(member.Expression.ToString()),
        MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Major" or "Minor" } member => IsRelease(member.Expression),
        MemberAccessExpressionSyntax member => EraConstant().IsMatch(member.Name.Identifier.ValueText),
        _ => false,
    };

    private static bool IsNameAndLiteral(BinaryExpressionSyntax binary)
        => (IsEraName(binary.Left) && binary.Right is LiteralExpressionSyntax) || (IsEraName(binary.Right) && binary.Left is LiteralExpressionSyntax);

    private static bool IsEraName(ExpressionSyntax expression)
        => expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Name" } member && Era().IsMatch(member.Expression.ToString());

    [GeneratedRegex(@"(era|kernel)\z", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Era();

    [GeneratedRegex(@"\AV\d+_\d+\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EraConstant();
}
