using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ullage.Tidy.Rules;

/// <summary>
/// A mechanism carries the kernel's name for it. Every top-level class or struct in a mechanism room of Ullage.Model has [Kernel("symbol", "file")] on itself or,
/// where it gathers several kernel functions, on at least one member. Free of this are enums, interfaces and delegates, and types that carry
/// values across a call rather than do something: records without a method, and those named …Options, …Result, …Request, …Exception.
/// </summary>
internal static partial class KernelNames
{
    private static readonly string[] Rooms = ["Charging", "Cgroups", "Oom", "Pages", "AddressSpace", "Slab", "Reclaim", "Pressure"];
    /// <summary>User space below a room: the C library's malloc, whose names are not the kernel's.</summary>
    private static readonly string[] UserSpace = ["AddressSpace/Malloc"];
    private static readonly string[] Carriers = ["Options", "Result", "Request", "Exception"];

    public static IEnumerable<string> Check(IEnumerable<SourceFile> model, AllowList allow)
    {
        var parts = model
            .Where(file => Rooms.Contains(file.Folder.Split('/')[0], StringComparer.Ordinal) && !UserSpace.Contains(file.Folder, StringComparer.Ordinal))
            .SelectMany(file => file.Unit.DescendantNodes(node => node is not TypeDeclarationSyntax).OfType<TypeDeclarationSyntax>(), (file, type) => (file, type))
            .Where(part => part.type is not InterfaceDeclarationSyntax && !CarriesValues(part.type))
            .GroupBy(part => SourceFile.FullName(part.type), StringComparer.Ordinal);
        foreach (var same in parts)
        {
            if (!same.Any(part => Attributes(part.type).Any()) && !allow.Excuses(same.Key))
            {
                (SourceFile file, TypeDeclarationSyntax type) = same.First();
                yield return file.Finding(type, $"{same.Key} names no kernel symbol: add [Kernel(\"symbol\", \"file\")], or to allow.txt: kernel-name {same.Key}: reason");
            }
        }
    }

    /// <summary>Every [Kernel] reads like something that can be searched for in the kernel's tree.</summary>
    public static IEnumerable<string> CheckSymbols(SourceFile file)
    {
        foreach (AttributeSyntax attribute in Attributes(file.Unit))
        {
            string?[] literals = [.. (attribute.ArgumentList?.Arguments ?? default)
                .Where(argument => argument.NameEquals is null)
                .Select(argument => (argument.Expression as LiteralExpressionSyntax)?.Token.ValueText)];
            if (literals is not [{ } symbol, { } path])
            {
                yield return file.Finding(attribute, "[Kernel] takes two literals, so that a search finds them: [Kernel(\"symbol\", \"file\")]");
                continue;
            }

            if (!Symbol().IsMatch(symbol))
            {
                yield return file.Finding(attribute, $"\"{symbol}\" is no kernel symbol: write a C identifier, or \"struct x\"");
            }

            if (!SourcePath().IsMatch(path))
            {
                yield return file.Finding(attribute, $"\"{path}\" is no kernel source file: write a path such as mm/memcontrol.c");
            }
        }
    }

    private static bool CarriesValues(TypeDeclarationSyntax type)
        => Carriers.Any(type.Identifier.ValueText.EndsWith)
            || (type is RecordDeclarationSyntax && !type.Members.Any(member => member is BaseMethodDeclarationSyntax));

    private static IEnumerable<AttributeSyntax> Attributes(CSharpSyntaxNode node)
        => node.DescendantNodes().OfType<AttributeSyntax>().Where(attribute => attribute.Name.ToString() is "Kernel" or "KernelAttribute" or "Ullage.Abi.Kernel");

    [GeneratedRegex(@"\A(struct |enum |union )?[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Symbol();

    [GeneratedRegex(@"\A[a-z][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*\.(c|h|S)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SourcePath();
}
