using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Tests.Scenarios;

public sealed class BuiltInScenariosTests
{
    [Fact]
    public void NamesAreTheFilesOfTheRepository() =>
        BuiltInScenarios.Names.ShouldBe(
            Directory.GetFiles(Path.Combine(Repo.Root, "scenarios"), "*.yaml").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    [Fact]
    public void NamesHoldTheFirstFour() =>
        new[] { "anon-oom", "charge-steps", "fork-commit", "oom-group", "oom-score-adj" }.ShouldBeSubsetOf(BuiltInScenarios.Names);

    [Theory]
    [InlineData("anon-oom", 1)]
    [InlineData("charge-steps", 1)]
    [InlineData("oom-group", 2)]
    [InlineData("oom-score-adj", 1)]
    public void ReadGivesAScenarioOfThatNameWithACommentFirst(string name, int version)
    {
        string yaml = BuiltInScenarios.Read(name).ShouldNotBeNull();
        yaml.ShouldStartWith("# What it shows: ");
        ScenarioReadResult result = ScenarioReader.Read(yaml, name + ".yaml", []);
        result.Problems.ShouldBeEmpty();
        result.Scenario!.Name.ShouldBe(name);
        result.Scenario.Cgroup.Version.ShouldBe(version);
        result.Scenario.Description.ShouldNotBeEmpty();
        result.Scenario.Expect.ShouldNotBeEmpty();
    }

    [Fact]
    public void EveryOverrideThatACommentSuggestsIsGood()
    {
        int tried = 0;
        foreach (string name in BuiltInScenarios.Names)
        {
            string yaml = BuiltInScenarios.Read(name)!;
            foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(yaml, @"--set ([^\s,]+)", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5)))
            {
                tried++;
                ScenarioReader.Read(yaml, name, [match.Groups[1].Value.TrimEnd('.')]).Problems.ShouldBeEmpty();
            }
        }

        tried.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void ReadOfAnUnknownNameGivesNullAndTheNearestIsFound()
    {
        BuiltInScenarios.Read("anon-ooom").ShouldBeNull();
        BuiltInScenarios.NearestTo("anon-ooom").ShouldBe("anon-oom");
        BuiltInScenarios.NearestTo("qqqqqqqqqq").ShouldBeNull();
    }
}
