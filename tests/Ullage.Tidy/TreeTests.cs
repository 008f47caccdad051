using Ullage.Tidy.Rules;

namespace Ullage.Tidy;

/// <summary>The rules on the whole tree. That each rule can fail is shown in <see cref="RuleTests"/>.</summary>
public sealed class TreeTests
{
    private static IReadOnlyList<SourceFile> Library => Repository.SourcesIn("src");

    private static IReadOnlyList<SourceFile> Model => Repository.SourcesIn("src/Ullage.Model");

    [Fact]
    public void TreeReadFromDiskHoldsItsProjects()
    {
        Repository.Sources.Count.ShouldBeGreaterThan(5);
        Repository.Texts.ShouldContain(file => file.Path == "src/Ullage.Abi/Ullage.Abi.csproj");
        Repository.Texts.ShouldNotContain(file => file.Path.Contains("/obj/", StringComparison.Ordinal));
    }

    [Fact]
    public void SourcesParsedHaveNoErrors() => Repository.Sources.SelectMany(Conventions.Syntax).ShouldBeNone();

    [Fact]
    public void ProjectsReferenceOnlyWhatArchitectureDraws()
        => Repository.Texts
            .Where(file => file.Path.StartsWith("src/", StringComparison.Ordinal) && file.Path.EndsWith(".csproj", StringComparison.Ordinal))
            .SelectMany(file => Directions.Check(file.Path, file.Text))
            .ShouldBeNone();

    [Fact]
    public void FilesAndMethodsStayWithinTheRatchet()
        => Sizes.Check(Repository.Sources, Repository.Read("tests/Ullage.Tidy/ratchet.txt")).ShouldBeNone();

    [Fact]
    public void MechanismsOfTheModelCarryKernelNames()
    {
        AllowList allow = AllowList.Load("kernel-name");
        string[] findings = [.. KernelNames.Check(Model, allow)];
        findings.Concat(allow.Unused()).ShouldBeNone();
    }

    [Fact]
    public void KernelNamesLookLikeTheKernels() => Library.SelectMany(KernelNames.CheckSymbols).ShouldBeNone();

    [Fact]
    public void StateOfTheModelIsDeterministic()
    {
        ModelState state = new(Model, Repository.SourcesIn("src/Ullage.Abi"));
        state.Errors().ShouldBeNone();
        AllowList allow = AllowList.Load("static-table");
        string[] findings = [.. state.Statics(allow), .. state.FloatingPoint(), .. state.HashOrder()];
        findings.Concat(allow.Unused()).ShouldBeNone();
    }

    [Fact]
    public void KernelReleasesAreComparedInErasOnly() => Library.SelectMany(EraComparisons.Check).ShouldBeNone();

    [Fact]
    public void NothingIsLeftUnfinished() => Repository.Texts.SelectMany(Words.Unfinished).ShouldBeNone();

    [Fact]
    public void NothingTellsWhereItWasMade() => Repository.Texts.SelectMany(Words.Traces).ShouldBeNone();

    [Fact]
    public void LinksOfDocumentsLeadSomewhere()
        => Repository.Texts
            .Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal) && !file.IsData)
            .SelectMany(file => Documents.BrokenLinks(file, path => Path.Exists(Path.Combine(Repository.Root, path))))
            .ShouldBeNone();

    [Fact]
    public void ScenariosSayWhatTheyShow()
        => Repository.Texts
            .Where(file => file.Path.StartsWith("scenarios/", StringComparison.Ordinal) && file.Path.EndsWith(".yaml", StringComparison.Ordinal))
            .SelectMany(Documents.Scenario)
            .ShouldBeNone();

    [Fact]
    public void NamespacesEqualFolders() => Conventions.Namespaces(Library).ShouldBeNone();

    [Fact]
    public void ClassesAreSealedOrStatic() => Conventions.Sealed(Library).ShouldBeNone();

    [Fact]
    public void OnlyTheCommandLineUsesTheConsole()
        => Repository.Sources
            .Where(file => file.Project is not ("src/Ullage.Cli" or "tests/Ullage.Cli.Tests" or "benchmarks/Ullage.Bench"))
            .SelectMany(Conventions.Console)
            .ShouldBeNone();

    [Fact]
    public void SourcesHaveNoRegions() => Repository.Sources.SelectMany(Conventions.Regions).ShouldBeNone();
}
