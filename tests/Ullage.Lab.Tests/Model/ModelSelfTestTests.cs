using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets.Model;
using Ullage.Model;

namespace Ullage.Lab.Tests.Model;

/// <summary>
/// What the kernel's own tests of the memory controller check, re-told as scenarios with their tolerances (§1.6, §2.5 to §2.11).
/// </summary>
public sealed class ModelSelfTestTests
{
    private static readonly string[] Kernels = ["6.1", "6.12", "6.18"];

    private static string Folder => Path.Combine(Repo.Root, "tests", "data", "selftests");

    public static IEnumerable<object[]> All =>
        from file in Directory.EnumerateFiles(Folder, "*.yaml").Order(StringComparer.Ordinal)
        let name = Path.GetFileNameWithoutExtension(file)
        from kernel in Kernels
        where name != "swap-peaks" || kernel != "6.1" // memory.swap.peak came with 6.5
        select new object[] { name, kernel };

    [Theory, MemberData(nameof(All))]
    public void SelfTestPasses(string name, string kernel)
    {
        ScenarioReadResult read = ScenarioReader.Read(File.ReadAllText(Path.Combine(Folder, name + ".yaml")), name, []);
        read.Problems.ShouldBeEmpty();
        Machine? machine = null;
        RunResult result = ModelRuns.Run(read.Scenario!, new ModelTarget { OnBooted = booted => machine = booted }, kernel);
        IReadOnlyList<ExpectationResult> judged = Expectations.Judge(read.Scenario!, result, path => machine!.Files.Read(path) is { Ok: true } file ? file.Text : null);
        judged.Count.ShouldBeGreaterThanOrEqualTo(read.Scenario!.Expect.Count);
        judged.Where(each => !each.Ok).Select(each => $"{each.Text}: {each.Actual}").ShouldBeEmpty();
        machine!.Verify();
    }

    [Fact]
    public void AllSelfTestsAreThere() => All.Select(each => (string)each[0]).Distinct().Count().ShouldBe(16);
}
