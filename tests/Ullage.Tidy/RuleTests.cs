using Ullage.Tidy.Rules;

namespace Ullage.Tidy;

/// <summary>Each rule on snippets: what it must find, and what it must leave alone.</summary>
public sealed class RuleTests
{
    private const string Oom = "src/Ullage.Model/Oom/Badness.cs";

    private static SourceFile Source(string text, string path = Oom) => new(path, text);

    private static string Method(int lines) => $"class A {{\n[X]\nvoid M() {{{new string('\n', lines - 1)}}}\n}}";

    private static AllowList Nothing => new("", "kernel-name");

    [Theory]
    [InlineData("Model", "Abi", true)]
    [InlineData("Model", "Observe", false)]
    [InlineData("Observe", "Model", false)]
    [InlineData("Observe", "Abi", true)]
    [InlineData("Abi", "Observe", false)]
    [InlineData("Recording", "Model", false)]
    [InlineData("Recording", "Lab", false)]
    [InlineData("Insight", "Recording", true)]
    [InlineData("Lab", "Recording", false)]
    [InlineData("Cli", "Insight", true)]
    [InlineData("Invented", "Abi", false)]
    public void DirectionsGivenAReferenceAllowOnlyTheDrawnOnes(string from, string to, bool allowed)
        => Directions.Check($"src/Ullage.{from}/Ullage.{from}.csproj", $"<Project><ItemGroup><ProjectReference Include=\"..\\Ullage.{to}\\Ullage.{to}.csproj\" /></ItemGroup></Project>")
            .Any().ShouldBe(!allowed);

    [Theory]
    [InlineData("Model", "Include=\"YamlDotNet\"", false)]
    [InlineData("Model", "Include=\"Some.Analyzer\" PrivateAssets=\"all\"", true)]
    [InlineData("Lab", "Include=\"YamlDotNet\"", true)]
    public void DirectionsGivenAPackageKeepTheInnerRoomsFree(string project, string package, bool allowed)
        => Directions.Check($"src/Ullage.{project}/Ullage.{project}.csproj", $"<Project><ItemGroup><PackageReference {package} /></ItemGroup></Project>").Any().ShouldBe(!allowed);

    [Theory]
    [InlineData(40, "", "")]
    [InlineData(41, "", "over the aim")]
    [InlineData(41, "41", "")]
    [InlineData(42, "41", "grew")]
    [InlineData(41, "45", "shrank")]
    [InlineData(30, "45", "within the aim")]
    [InlineData(70, "70", "")]
    [InlineData(71, "71", "over the stop")]
    public void SizesGivenAMethodHoldTheRatchet(int lines, string entry, string expected)
    {
        string ratchet = entry.Length == 0 ? "" : $"method {Oom} A.M {entry}\n";
        string finding = string.Join('\n', Sizes.Check([Source(Method(lines))], ratchet));
        finding.ShouldContain(expected);
        finding.Length.ShouldBe(expected.Length == 0 ? 0 : finding.Length);
        finding.Contains("method", StringComparison.Ordinal).ShouldBe(expected.Length > 0);
    }

    [Theory]
    [InlineData(350, "", "")]
    [InlineData(351, "", "over the aim")]
    [InlineData(351, "file src/Ullage.Model/Oom/Badness.cs 351", "")]
    [InlineData(701, "file src/Ullage.Model/Oom/Badness.cs 701", "over the stop")]
    [InlineData(1, "file src/gone.cs 400", "not there any more")]
    public void SizesGivenAFileHoldTheRatchet(int lines, string ratchet, string expected)
    {
        string[] findings = [.. Sizes.Check([Source(new string('\n', lines - 1) + "//\n")], ratchet)];
        findings.Length.ShouldBe(expected.Length == 0 ? 0 : 1);
        string.Join('\n', findings).ShouldContain(expected);
    }

    [Theory]
    [InlineData("class Bare { }", false)]
    [InlineData("[Kernel(\"oom_badness\", \"mm/oom_kill.c\")] class Named { }", true)]
    [InlineData("class Several { [Kernel(\"oom_badness\", \"mm/oom_kill.c\")] void M() { } }", true)]
    [InlineData("struct Bare { int _a; }", false)]
    [InlineData("record struct Bare(int A) { void Do() { } }", false)]
    [InlineData("record struct Choice(int A) { int B => A; }", true)]
    [InlineData("enum Kind { A }", true)]
    [InlineData("interface IRoom { }", true)]
    [InlineData("record KillOptions;", true)]
    [InlineData("class ChargeException : System.Exception { }", true)]
    [InlineData("[Kernel(\"a\", \"mm/a.c\")] class Outer { class Inner { } }", true)]
    [InlineData("partial class P { } [Kernel(\"a\", \"mm/a.c\")] partial class P { }", true)]
    public void KernelNamesGivenATypeAskForTheSymbol(string text, bool fine) => KernelNames.Check([Source(text)], Nothing).Any().ShouldBe(!fine);

    [Fact]
    public void KernelNamesOutsideMechanismRoomsAskForNothing()
        => KernelNames.Check([Source("class Bare { }", "src/Ullage.Model/Machine/SimClock.cs")], Nothing).ShouldBeEmpty();

    [Fact]
    public void AllowListGivenAnEntryExcusesItAndReportsTheUnused()
    {
        AllowList allow = new("kernel-name Bare: a helper of ours, no symbol\nkernel-name Gone: a helper of ours, no symbol\nother Bare: something else here", "kernel-name");
        KernelNames.Check([Source("class Bare { }")], allow).ShouldBeEmpty();
        allow.Unused().ShouldHaveSingleItem().ShouldContain("Gone");
    }

    [Theory]
    [InlineData("\"oom_badness\", \"mm/oom_kill.c\"", true)]
    [InlineData("\"struct mem_cgroup\", \"include/linux/memcontrol.h\"", true)]
    [InlineData("\"struct mem_cgroup\", \"include/linux/memcontrol.h\", Deviation = \"one node\"", true)]
    [InlineData("\"oom badness\", \"mm/oom_kill.c\"", false)]
    [InlineData("\"OomKiller.Badness\", \"mm/oom_kill.c\"", false)]
    [InlineData("\"oom_badness\", \"oom_kill\"", false)]
    [InlineData("\"oom_badness\", \"https://example.org/mm/oom_kill.c\"", false)]
    [InlineData("Symbol, \"mm/oom_kill.c\"", false)]
    public void KernelSymbolsGivenAnAttributeMustBeSearchable(string arguments, bool fine)
        => KernelNames.CheckSymbols(Source($"[Kernel({arguments})] class A {{ }}")).Any().ShouldBe(!fine);

    [Theory]
    [InlineData("static int s_count;", false)]
    [InlineData("static int Count { get; set; }", false)]
    [InlineData("static readonly int[] s_table = [1];", false)]
    [InlineData("static readonly List<int> s_list = [];", false)]
    [InlineData("static int[] Table { get; } = [1];", false)]
    [InlineData("[ThreadStatic] static int t_count;", false)]
    [InlineData("static readonly int s_count = 1;", true)]
    [InlineData("const int Count = 1;", true)]
    [InlineData("static ReadOnlySpan<int> Table => [1, 2];", true)]
    [InlineData("static readonly System.Collections.Immutable.ImmutableArray<int> s_table = [1];", true)]
    [InlineData("int[] _own = [1];", true)]
    public void StaticsGivenAMemberMustNotChange(string member, bool fine) => Judge(member).Statics(new AllowList("", "static-table")).Any().ShouldBe(!fine);

    [Fact]
    public void StaticsGivenAnAllowedTableFindNothing()
        => Judge("static readonly int[] s_table = [1];").Statics(new AllowList("static-table A.s_table: read only, and hot", "static-table")).ShouldBeEmpty();

    [Theory]
    [InlineData("double _x;", false)]
    [InlineData("float X { get; set; }", false)]
    [InlineData("double[] _x = [];", false)]
    [InlineData("List<double> _x = [];", false)]
    [InlineData("record R(double X);", false)]
    [InlineData("double X => 1.0;", true)]
    [InlineData("void M(double x) { double y = x; }", true)]
    [InlineData("long _x;", true)]
    public void FloatingPointGivenAMemberIsKeptOutOfState(string member, bool fine) => Judge(member).FloatingPoint().Any().ShouldBe(!fine);

    [Theory]
    [InlineData("Dictionary<string, int>", "x", false)]
    [InlineData("Dictionary<string, int>", "x.Keys", false)]
    [InlineData("IReadOnlyDictionary<string, int>", "x.Values", false)]
    [InlineData("IReadOnlyDictionary<string, int>", "x", false)]
    [InlineData("HashSet<int>", "x", false)]
    [InlineData("List<int>", "x", true)]
    [InlineData("SortedDictionary<string, int>", "x", true)]
    [InlineData("int[]", "x", true)]
    public void HashOrderGivenALoopMustNotLeak(string type, string expression, bool fine)
        => Judge($"void M({type} x) {{ foreach (var y in {expression}) {{ }} }}").HashOrder().Any().ShouldBe(!fine);

    [Fact]
    public void StateGivenBrokenSourcesSaysSo() => Judge("Unknown _x;").Errors().ShouldNotBeEmpty();

    [Theory]
    [InlineData("era.Release >= new Release(5, 4)", false)]
    [InlineData("new Release(5, 4) > machine.Era.Release", false)]
    [InlineData("era.Release.Major < 5", false)]
    [InlineData("era.Release is { Major: 5 }", false)]
    [InlineData("era.Release.CompareTo(other) > 0", false)]
    [InlineData("era == KernelEra.V4_15", false)]
    [InlineData("Era.Name == \"4.15\"", false)]
    [InlineData("_era.Version == 4", false)]
    [InlineData("era.Release switch { _ => 1 } > 0", false)]
    [InlineData("era.ChargeBatch > 32", true)]
    [InlineData("hierarchy.Version == 2", true)]
    [InlineData("era.Name == wanted", true)]
    [InlineData("group.Name == \"a\"", true)]
    public void EraComparisonsOutsideErasAreFound(string expression, bool fine)
    {
        string text = $"class A {{ bool M() => {expression}; }}";
        EraComparisons.Check(Source(text)).Any().ShouldBe(!fine);
        EraComparisons.Check(Source(text, "src/Ullage.Model/Eras/KernelEra.cs")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("// TO" + "DO: later", false)]
    [InlineData("throw new NotImpl" + "ementedException();", false)]
    [InlineData("// X" + "XX", false)]
    [InlineData("// mkstemp XXXXXX and a todo list", true)]
    public void UnfinishedGivenAMarkerFindsIt(string text, bool fine) => Words.Unfinished(new TextFile("src/a.cs", "\n" + text)).Any().ShouldBe(!fine);

    [Theory]
    [InlineData("see /wo" + "rk/main/x", false)]
    [InlineData("(/wo" + "rk/main/x)", false)]
    [InlineData("/ro" + "ot/.nuget", false)]
    [InlineData("asked Clau" + "de about it", false)]
    [InlineData("<<<<<" + "<< HEAD", false)]
    [InlineData("shared/gro" + "undtruth/E3", false)]
    [InlineData("a network/work/flow and tests/data/work/", true)]
    [InlineData("the gemination of agents", true)]
    public void TracesGivenAWordFindIt(string text, bool fine) => Words.Traces(new TextFile("docs/a.md", text)).Any().ShouldBe(!fine);

    [Fact]
    public void TracesInKernelDataAreLeftAlone() => Words.Traces(new TextFile("tests/data/mountinfo", "/wo" + "rk/ /x")).ShouldBeEmpty();

    [Theory]
    [InlineData("[a](there.md)", true)]
    [InlineData("[a](there.md#part)", true)]
    [InlineData("[a](../docs/there.md)", true)]
    [InlineData("[a](#part)", true)]
    [InlineData("[a](https://example.org/x)", true)]
    [InlineData("```\n[a](gone.md)\n```", true)]
    [InlineData("[a](gone.md)", false)]
    [InlineData("[a](../there.md)", false)]
    public void LinksGivenATargetMustExist(string text, bool fine)
        => Documents.BrokenLinks(new TextFile("docs/a.md", text), path => path == "docs/there.md").Any().ShouldBe(!fine);

    [Theory]
    [InlineData("# What it shows\nname: a\ndescription: A process is killed.\n", 0)]
    [InlineData("name: a\ndescription: A process is killed.\n", 1)]
    [InlineData("# What it shows\nname: b\ndescription: A process is killed.\n", 1)]
    [InlineData("# What it shows\nname: a\ndescription:\n", 1)]
    [InlineData("", 3)]
    public void ScenariosGivenATextMustExplainThemselves(string text, int findings)
        => Documents.Scenario(new TextFile("scenarios/a.yaml", text)).Count().ShouldBe(findings);

    [Theory]
    [InlineData("namespace Ullage.Model.Oom;", true)]
    [InlineData("namespace Ullage.Model.Oom { }", false)]
    [InlineData("namespace Ullage.Model;", false)]
    public void NamespacesGivenAFolderMustEqualIt(string text, bool fine) => Conventions.Namespaces([Source(text)]).Any().ShouldBe(!fine);

    [Fact]
    public void NamespacesGivenAFolderNamedAfterItsTypeAreTheParents()
    {
        SourceFile main = Source("namespace Ullage.Model; class Machine { }", "src/Ullage.Model/Machine/Machine.cs");
        Conventions.Namespaces([main, Source("namespace Ullage.Model;", "src/Ullage.Model/Machine/SimClock.cs")]).ShouldBeEmpty();
        Conventions.Namespaces([main, Source("namespace Ullage.Model.Machine;", "src/Ullage.Model/Machine/SimClock.cs")]).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("class A { }", false)]
    [InlineData("record A;", false)]
    [InlineData("sealed class A { }", true)]
    [InlineData("static class A { }", true)]
    [InlineData("record struct A;", true)]
    [InlineData("abstract class A { }", true)]
    [InlineData("class A { } sealed class B : A { }", true)]
    [InlineData("class A<T> { } sealed class B : A<int> { }", true)]
    [InlineData("class A { } sealed class B : Some.Where.A { }", true)]
    [InlineData("enum A : byte { }", true)]
    [InlineData("partial class A { } sealed partial class A { }", true)]
    public void ClassesGivenNoHeirMustBeSealed(string text, bool fine) => Conventions.Sealed([Source(text)]).Any().ShouldBe(!fine);

    [Theory]
    [InlineData("Console.WriteLine(1);", false)]
    [InlineData("System.Console.Error.WriteLine(1);", false)]
    [InlineData("Spectre.Console.AnsiConsole.Write(1);", true)]
    [InlineData("output.WriteLine(1);", true)]
    public void ConsoleGivenACallIsFound(string statement, bool fine) => Conventions.Console(Source($"class A {{ void M() {{ {statement} }} }}")).Any().ShouldBe(!fine);

    [Fact]
    public void RegionsGivenOneAreFound() => Conventions.Regions(Source("#region x\n#endregion\n")).ShouldHaveSingleItem();

    [Fact]
    public void SyntaxGivenABrokenFileSaysSo() => Conventions.Syntax(Source("class {")).ShouldNotBeEmpty();

    private static ModelState Judge(string member) => new([Source($"class A {{ {member} }}")], []);
}
