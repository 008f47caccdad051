using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ullage.Tidy.Rules;

/// <summary>
/// What makes the model give the same bytes for the same calls: no statics that change, no order taken from a hash, no floating point in state.
/// Works on types, not on spelling, and so compiles the sources.
/// </summary>
internal sealed class ModelState
{
    // As the project files have them.
    private const string ModelUsings = "global using System; global using System.Collections.Generic;";
    private const string OtherUsings = ModelUsings + "global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly string[] Hashed =
    [
        "Dictionary", "HashSet", "IDictionary", "IReadOnlyDictionary", "ISet", "IReadOnlySet", "FrozenDictionary", "FrozenSet",
        "ImmutableDictionary", "ImmutableHashSet", "ConcurrentDictionary", "Hashtable",
    ];

    private static readonly string[] Mutable =
    [
        "List", "Dictionary", "HashSet", "Queue", "Stack", "LinkedList", "PriorityQueue", "SortedDictionary", "SortedSet", "SortedList", "BitArray", "StringBuilder",
        "IList", "ICollection", "IDictionary", "ISet", "ConcurrentDictionary", "ConcurrentQueue", "ConcurrentBag", "ThreadLocal", "Memory", "ArraySegment",
    ];

    private readonly CSharpCompilation _compilation;
    private readonly IReadOnlyList<SourceFile> _files;

    /// <param name="files">The files to judge.</param>
    /// <param name="others">The files of the project that they reference.</param>
    public ModelState(IReadOnlyList<SourceFile> files, IEnumerable<SourceFile> others)
    {
        _files = files;
        string platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        MetadataReference[] runtime = [.. platform.Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path))];
        CSharpCompilation referenced = Compile("referenced", others, OtherUsings, runtime);
        _compilation = Compile("judged", files, ModelUsings, [.. runtime, referenced.ToMetadataReference()]);
    }

    public IEnumerable<string> Statics(AllowList allow)
    {
        foreach ((SourceFile file, SyntaxNode node, ISymbol symbol) in State().Where(state => state.Symbol.IsStatic))
        {
            string name = SourceFile.FullName(node);
            if (symbol is IFieldSymbol { IsConst: true })
            {
                continue;
            }

            if (symbol is not (IFieldSymbol { IsReadOnly: true } or IPropertySymbol { SetMethod: null }))
            {
                yield return file.Finding(node, $"{name} is static and can change: two machines in one process would share it; give it to an object");
            }
            else if (IsMutable(TypeOf(symbol)) && !allow.Excuses(name))
            {
                yield return file.Finding(node, $"{name} is static and its elements can change: use ImmutableArray, a ReadOnlySpan property or a frozen set, or add to allow.txt: static-table {name}: reason");
            }
        }
    }

    public IEnumerable<string> FloatingPoint()
        => State()
            .Where(state => !(state.Symbol is IFieldSymbol { IsConst: true }) && IsFloating(TypeOf(state.Symbol)))
            .Select(state => state.File.Finding(state.Node, $"{SourceFile.FullName(state.Node)} keeps floating point in state: use fixed point, as the kernel does"));

    public IEnumerable<string> HashOrder()
    {
        foreach (SourceFile file in _files)
        {
            SemanticModel semantics = _compilation.GetSemanticModel(file.Tree);
            foreach (CommonForEachStatementSyntax loop in file.Unit.DescendantNodes().OfType<CommonForEachStatementSyntax>())
            {
                // Keys and Values of an interface are plain sequences: what they belong to tells.
                ExpressionSyntax source = loop.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Keys" or "Values" } part ? part.Expression : loop.Expression;
                if (semantics.GetTypeInfo(source).Type is { } type && Hashed.Contains(type.Name, StringComparer.Ordinal))
                {
                    yield return file.Finding(loop, $"foreach over {type.Name}: its order comes from hashes; keep a list beside it, or sort the keys");
                }
            }
        }
    }

    /// <summary>What keeps the sources from being understood; a rule that sees no types finds nothing.</summary>
    public IEnumerable<string> Errors()
        => _compilation.GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !IsGenerated(diagnostic))
            .Select(diagnostic => diagnostic.ToString());

    private static CSharpCompilation Compile(string name, IEnumerable<SourceFile> files, string usings, IEnumerable<MetadataReference> references)
        => CSharpCompilation.Create(
            name,
            [.. files.Select(file => file.Tree), CSharpSyntaxTree.ParseText(usings, new CSharpParseOptions(LanguageVersion.Preview))],
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    // Source generators do not run here: the partial members that they complete stay open.
    private static bool IsGenerated(Diagnostic diagnostic) => diagnostic.Id is "CS8795" or "CS9248";

    private static bool IsMutable(ITypeSymbol type)
        => type is IArrayTypeSymbol || Mutable.Contains(type.Name, StringComparer.Ordinal);

    private static bool IsFloating(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => IsFloating(array.ElementType),
        INamedTypeSymbol { IsGenericType: true } generic => generic.TypeArguments.Any(IsFloating),
        _ => type.SpecialType is SpecialType.System_Single or SpecialType.System_Double or SpecialType.System_Decimal || type.Name == "Half",
    };

    private static ITypeSymbol TypeOf(ISymbol symbol) => symbol is IFieldSymbol field ? field.Type : ((IPropertySymbol)symbol).Type;

    private IEnumerable<(SourceFile File, SyntaxNode Node, ISymbol Symbol)> State()
    {
        foreach (SourceFile file in _files)
        {
            SemanticModel semantics = _compilation.GetSemanticModel(file.Tree);
            foreach (SyntaxNode node in file.Unit.DescendantNodes().Where(HoldsState))
            {
                ISymbol? symbol = node is ParameterSyntax parameter ? PropertyOf(semantics, parameter) : semantics.GetDeclaredSymbol(node);
                if (symbol is IFieldSymbol or IPropertySymbol)
                {
                    yield return (file, node, symbol);
                }
            }
        }
    }

    // A record's parameter is a property; a computed property holds nothing.
    private static bool HoldsState(SyntaxNode node) => node switch
    {
        VariableDeclaratorSyntax variable => variable.Parent?.Parent is FieldDeclarationSyntax,
        PropertyDeclarationSyntax property => property.ExpressionBody is null
            && property.AccessorList?.Accessors.All(accessor => accessor.Body is null && accessor.ExpressionBody is null) == true
            && !property.Modifiers.Any(SyntaxKind.AbstractKeyword) && property.Parent is not InterfaceDeclarationSyntax,
        ParameterSyntax parameter => parameter.Parent?.Parent is RecordDeclarationSyntax,
        _ => false,
    };

    private static ISymbol? PropertyOf(SemanticModel semantics, ParameterSyntax parameter)
        => semantics.GetDeclaredSymbol((RecordDeclarationSyntax)parameter.Parent!.Parent!)?
            .GetMembers(parameter.Identifier.ValueText).OfType<IPropertySymbol>().FirstOrDefault();
}
