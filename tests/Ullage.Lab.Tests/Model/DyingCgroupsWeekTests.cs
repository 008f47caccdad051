using System.Diagnostics;
using System.Globalization;
using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets.Model;
using Ullage.Model;
using Ullage.Model.Cgroups;

namespace Ullage.Lab.Tests.Model;

/// <summary>A web host whose jobs come and go, before and after slab memory is reparented (§5.3, §5.6): one workload, two kernels.</summary>
public sealed class DyingCgroupsWeekTests
{
    private const string Name = "dying-cgroups-7-days";
    private const int LivingGroups = 3; // the root, /system and /web
    private const string Week = "times: 1516";
    private const string Limit = "after: 10081m";

    [Theory]
    [InlineData("4.15")]
    [InlineData("4.19")]
    public void ADayWithoutReparenting_SlabPagesKeepAGroupForEachJob(string kernel)
    {
        (RunResult result, Machine machine) = RunDay(kernel);
        List<long> dying = Dying(result);
        dying[2].ShouldBeGreaterThan(100); // 108 jobs in 12 hours
        (dying[4] - dying[2]).ShouldBeGreaterThan(100); // and as many in the next 12: no plateau
        IReadOnlyList<DyingCgroup> groups = machine.DyingCgroups();
        groups.Count(group => group.SlabPages > 0).ShouldBeGreaterThan(200);
        groups.Count(group => group.FilePages == 0).ShouldBeGreaterThan(150); // their page cache has long been reclaimed
    }

    [Theory]
    [InlineData("5.3")]
    [InlineData("5.4")]
    public void ADayWithReparenting_OnlyPageCacheKeepsAGroup_AndNotForLong(string kernel)
    {
        (RunResult result, Machine machine) = RunDay(kernel);
        List<long> dying = Dying(result);
        dying[2].ShouldBeInRange(20, 60);
        (dying[4] - dying[2]).ShouldBeLessThan(20);
        IReadOnlyList<DyingCgroup> groups = machine.DyingCgroups();
        groups.Count.ShouldBeInRange(20, 60);
        groups.ShouldAllBe(group => group.SlabPages == 0 && group.FilePages > 0);
    }

    [Fact]
    public void SevenDays_AreThoseOfThePatchText()
    {
        string text = BuiltInScenarios.Read(Name)!;
        Stopwatch wall = Stopwatch.StartNew();
        (RunResult original, Machine _) = ModelRuns.RunAndKeep(text, "4.19");
        (RunResult patched, Machine _) = ModelRuns.RunAndKeep(text, "5.3");
        wall.Elapsed.TotalSeconds.ShouldBeLessThan(120); // 60 for each
        List<long> without = Dying(original);
        List<long> with = Dying(patched);
        (without.Count, with.Count).ShouldBe((8, 8)); // days 0 to 7
        for (int day = 1; day <= 7; day++)
        {
            (without[day] - without[day - 1]).ShouldBeInRange(150, 306); // the patch text: 218 a day by least squares
            with[day].ShouldBeInRange(23, 99);
        }
        without[7].ShouldBeInRange(1400, 1700);
        long difference = SlabAndPercpuKiB(original.Samples[7]) - SlabAndPercpuKiB(patched.Samples[7]);
        (difference / 1024).ShouldBeInRange(180, 300);
    }

    /// <summary>One day of the built-in scenario, a sample every six hours; nothing else is changed.</summary>
    private static (RunResult Result, Machine Machine) RunDay(string kernel)
    {
        string text = BuiltInScenarios.Read(Name)!;
        text.ShouldContain(Week);
        text.ShouldContain(Limit);
        text.ShouldContain("every: 24h");
        text = text.Replace(Week, "times: 217", StringComparison.Ordinal).Replace(Limit, "after: 1441m", StringComparison.Ordinal)
            .Replace("every: 24h", "every: 6h", StringComparison.Ordinal);
        (RunResult result, Machine machine) = ModelRuns.RunAndKeep(text, kernel);
        result.Processes.SelectMany(process => process.Steps).ShouldAllBe(step => step.Errno == Errno.None);
        return (result, machine);
    }

    private static List<long> Dying(RunResult result) => [.. result.Samples.Select(sample => NumCgroups(sample) - LivingGroups)];

    private static long NumCgroups(SampleResult sample) => Number(Line(sample, "/proc/cgroups", "memory\t"), 2);

    private static long SlabAndPercpuKiB(SampleResult sample) =>
        Number(Line(sample, "/proc/meminfo", "Slab:"), 1) + Number(Line(sample, "/proc/meminfo", "Percpu:"), 1);

    private static string Line(SampleResult sample, string file, string start) =>
        sample.Files.Single(each => each.Key == file).Value.Split('\n').Single(line => line.StartsWith(start, StringComparison.Ordinal));

    private static long Number(string line, int field) =>
        long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[field], CultureInfo.InvariantCulture);
}
