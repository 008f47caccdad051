using FsCheck;
using FsCheck.Fluent;
using Ullage.Cli.Run;

namespace Ullage.Cli.Tests.Run;

public sealed class UsageChartTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void LinesForAnyReadingsFitTheWidthAndHeight()
    {
        Gen<(int Width, bool Utf8, int[] Usage, int Limit)> cases =
            from width in Gen.Choose(40, 100)
            from utf8 in Gen.Elements(true, false)
            from usage in Gen.ArrayOf(Gen.Choose(0, 300), 30)
            from limit in Gen.Choose(0, 2000)
            select (width, utf8, usage, limit);
        Prop.ForAll(cases.ToArbitrary(), each =>
        {
            UsageSeries series = new("/a", "memory");
            for (int i = 0; i < each.Usage.Length; i++)
            {
                series.Add(new UsagePoint(i * 1000L, each.Usage[i] * MiB, each.Limit == 0 ? null : each.Limit * MiB));
            }
            string[] lines = [.. new UsageChart(each.Width, each.Utf8).Lines(series, 40_000, [5, 39_999]).Select(line => line.Line)];
            return (lines.Length is 14 or 15 || series.PeakBytes == 0) && lines.All(line => line.Length <= each.Width)
                && (each.Utf8 || lines.All(line => line.All(char.IsAscii)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void LinesOfASteadyUsageFillHalfOfTheChart()
    {
        UsageSeries series = new("/a", "memory");
        series.Add(new UsagePoint(0, 50 * MiB, 100 * MiB));
        string[] lines = [.. new UsageChart(60, utf8: false).Lines(series, 1_000_000, []).Select(line => line.Line)];
        lines[1].ShouldBe("100M |" + new string('-', 52));
        lines.Skip(2).Take(4).ShouldAllBe(line => line == "     |");
        lines.Skip(6).Take(5).ShouldAllBe(line => line.EndsWith("|" + new string('#', 52), StringComparison.Ordinal));
    }

    [Fact]
    public void LinesWithoutReadingsAreNone() => new UsageChart(80, utf8: true).Lines(new UsageSeries("/a", "memory"), 1, []).ShouldBeEmpty();

    [Fact]
    public void LinesOfNoUsageSayThatNothingWasCharged()
    {
        UsageSeries series = new("/a", "memory");
        series.Add(new UsagePoint(0, 0, 100 * MiB));
        new UsageChart(80, utf8: false).Lines(series, 1, []).Select(line => line.Line)
            .ShouldBe(["usage of /a against its limit of 100M: nothing was charged while it was watched"]);
    }

    [Fact]
    public void AddOfManyReadingsKeepsAFewThousandAndThePeak()
    {
        UsageSeries series = new("/a", "memory");
        for (int i = 0; i < 100_000; i++)
        {
            if (series.Wants(i))
            {
                series.Add(new UsagePoint(i, i, null));
            }
        }
        series.Points.Count.ShouldBeInRange(1000, 4096);
        series.Points[^1].TNs.ShouldBeGreaterThan(99_000);
        series.PeakBytes.ShouldBe(series.Points[^1].UsageBytes);
    }
}
