using FsCheck;
using FsCheck.Fluent;
using Ullage.Model.Pressure;

namespace Ullage.Model.Tests.Pressure;

/// <summary>The averages against the specification's worked numbers (§6.4, §6.8, §13.7).</summary>
public sealed class PsiAveragesTests
{
    private const int Some = PsiState.MemSome;
    private const int Full = PsiState.MemFull;
    private static readonly long Period = PsiAverages.PeriodNs(250);

    [Theory]
    [InlineData(100, 2_010_000_000)]
    [InlineData(250, 2_004_000_000)]
    [InlineData(1000, 2_001_000_000)]
    public void PeriodNsIsTwoSecondsAndATick(int hz, long ns) => PsiAverages.PeriodNs(hz).ShouldBe(ns);

    [Fact]
    public void UpdateStalledForWholePeriodsGivesTheKernelsSeries()
    {
        PsiAverages averages = new(0, Period);
        ulong[] totals = new ulong[PsiState.NonIdle];
        (long Raw, int Shown)[] expected = [(37100, 1811), (67480, 3294), (92356, 4509), (112726, 5504), (129406, 6318)];
        for (int i = 0; i < expected.Length; i++)
        {
            totals[Some] += (ulong)Period;
            averages.Update(Period * (i + 1), totals);
            averages.Raw(Some, 0).ShouldBe(expected[i].Raw);
            averages.Shown(Some, 0).ShouldBe(expected[i].Shown);
        }
    }

    /// <summary>The article's first experiment: an OOM; what each second's cat printed.</summary>
    [Fact]
    public void UpdateFirstArticleSeriesIsReproduced()
    {
        int[] some = [12, 1, 0, 0, 0, 0, 0];
        int[] full = [9, 1, 0, 0, 0, 0, 0];
        string[] printed =
        [
            "1.96 0.41 0.08 1.51 0.31 0.06", "1.60 0.39 0.08 1.24 0.30 0.06", "1.31 0.38 0.08 1.01 0.29 0.06",
            "1.07 0.37 0.08 0.83 0.28 0.06", "0.88 0.36 0.08 0.68 0.27 0.06", "0.72 0.34 0.08 0.55 0.26 0.06",
        ];
        List<string> shown = Replay(some, full, new PsiAverages(0, Period));
        shown.Skip(1).ShouldBe(printed);
    }

    /// <summary>The article's second experiment, from its first printed line on; the state before it is known to two digits only.</summary>
    [Fact]
    public void UpdateSecondArticleSeriesIsReproduced()
    {
        int[] some = [2, 9, 6, 8, 10, 8, 7, 8, 6, 11, 9, 7];
        int[] full = [1, 5, 3, 6, 5, 6, 4, 5, 4, 5, 5, 5];
        string[][] article = SecondArticle();
        article.Length.ShouldBe(some.Length + 1);
        for (int line = 0; line < 2; line++)
        {
            for (int window = 0; window < 3; window++)
            {
                int[] percents = line == 0 ? some : full;
                List<long> states = StatesShownAs(article[0][(line * 3) + window]);
                for (int i = 0; i < percents.Length; i++)
                {
                    states = [.. states.Select(state => PsiAverages.CalcLoad(state, PsiAverages.Decay(window), percents[i] * 2048L))
                        .Where(state => Text(PsiAverages.ShownOf(state)) == article[i + 1][(line * 3) + window])];
                    states.ShouldNotBeEmpty($"line {line}, window {window}, period {i}");
                }
            }
        }
    }

    [Fact]
    public void UpdateStallBelowOnePercentShowsNothing()
    {
        PsiAverages averages = new(0, Period);
        ulong[] totals = new ulong[PsiState.NonIdle];
        for (int i = 1; i <= 100; i++)
        {
            totals[Some] += (ulong)Period / 101;
            averages.Update(Period * i, totals);
        }
        averages.Shown(Some, 0).ShouldBe(0);
    }

    [Fact]
    public void UpdateLateDecaysByTheMissedPeriods()
    {
        PsiAverages averages = new(0, Period);
        ulong[] totals = new ulong[PsiState.NonIdle];
        totals[Some] = (ulong)Period;
        averages.Update(Period, totals);
        averages.Update(Period * 5, totals); // three missed, then one of zero
        averages.NextUpdateNs.ShouldBe(Period * 6);
        long expected = 37100;
        long power = 1677L * 1677;
        power = (power + 1024) >> 11; // e^2
        power = ((power * 1677) + 1024) >> 11; // e^3
        expected = (expected * power) >> 11;
        expected = (expected * 1677) >> 11;
        averages.Raw(Some, 0).ShouldBe(expected);
    }

    [Fact]
    public void UpdateMoreThanThePeriodCountsInTheNextOnes()
    {
        PsiAverages averages = new(0, Period);
        ulong[] totals = new ulong[PsiState.NonIdle];
        totals[Some] = (ulong)(Period * 2);
        averages.Update(Period, totals);
        averages.Update(Period * 2, totals);
        averages.Raw(Some, 0).ShouldBe(67480);
    }

    [Fact]
    public void UpdateAnyTotalsKeepAveragesWithinAHundredPercentAndOrdered() => Prop.ForAll(
        ArbMap.Default.ArbFor<(ushort, ushort)[]>(),
        steps =>
        {
            PsiAverages averages = new(0, Period);
            ulong[] totals = new ulong[PsiState.NonIdle];
            long now = 0;
            foreach ((ushort share, ushort late) in steps)
            {
                now = averages.NextUpdateNs + (late * 100_000L);
                ulong grown = (ulong)(Period * (share % 101) / 100);
                totals[Some] += grown;
                totals[Full] += grown * (ulong)(late % 8) / 8;
                averages.Update(now, totals);
                for (int window = 0; window < 3; window++)
                {
                    averages.Shown(Some, window).ShouldBeInRange(0, 10_000);
                    averages.Raw(Full, window).ShouldBeLessThanOrEqualTo(averages.Raw(Some, window) + 1);
                }
            }
        }).QuickCheckThrowOnFailure();

    private static List<string> Replay(int[] some, int[] full, PsiAverages averages)
    {
        ulong[] totals = new ulong[PsiState.NonIdle];
        List<string> shown = [];
        for (int i = 0; i < some.Length; i++)
        {
            totals[Some] += ((ulong)Period * (ulong)some[i] / 100) + 1;
            totals[Full] += ((ulong)Period * (ulong)full[i] / 100) + 1;
            averages.Update(Period * (i + 1), totals);
            shown.Add(string.Join(' ', new[] { Some, Full }.SelectMany(state => Enumerable.Range(0, 3).Select(window => Text(averages.Shown(state, window))))));
        }
        return shown;
    }

    private static string Text(int hundredths) => $"{hundredths / 100}.{hundredths % 100:00}";

    private static List<long> StatesShownAs(string text)
    {
        int hundredths = int.Parse(text.Replace(".", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(0, 40).Select(i => (hundredths * 2048L / 100) - 10 + i).Where(state => state >= 0 && PsiAverages.ShownOf(state) == hundredths)];
    }

    /// <summary>One line per update: avg10 avg60 avg300 of some, then of full.</summary>
    private static string[][] SecondArticle() => [.. new[]
    {
        "0.00 0.34 0.47 0.00 0.22 0.31",
        "0.36 0.40 0.48 0.18 0.25 0.32",
        "1.92 0.68 0.54 1.05 0.40 0.35",
        "2.66 0.85 0.58 1.40 0.49 0.37",
        "3.63 1.09 0.63 2.23 0.67 0.41",
        "4.78 1.38 0.69 2.73 0.81 0.44",
        "5.36 1.60 0.75 3.33 0.98 0.48",
        "5.66 1.77 0.79 3.45 1.08 0.50",
        "6.08 1.98 0.84 3.73 1.21 0.53",
        "6.07 2.11 0.87 3.78 1.30 0.55",
        "6.96 2.40 0.94 4.00 1.42 0.59",
        "7.33 2.61 1.00 4.18 1.54 0.62",
        "7.27 2.76 1.04 4.33 1.65 0.65",
    }.Select(line => line.Split(' '))];
}
