using System.Globalization;

namespace Ullage.Lab.Validation;

/// <summary>
/// Do the workloads stand in the same order by their stall? Asked of each pair whose stalls differed by more than a factor of two on the kernel: with less, two
/// repetitions of one workload differed, too.
/// </summary>
internal static class StallRanking
{
    /// <summary>A figure for the kernel of these figures: the pairs in the kernel's order, of all pairs; none where no pair is that far apart.</summary>
    public static IEnumerable<FidelityFigure> Of(IEnumerable<FidelityFigure> stalls)
    {
        List<(FidelityFigure Figure, long Kernel)> all = [.. stalls.Select(figure => (figure, Median(figure.Kernel)))];
        int pairs = 0;
        int agree = 0;
        foreach ((FidelityFigure less, long lessStall) in all)
        {
            foreach ((FidelityFigure more, long moreStall) in all)
            {
                if (moreStall > 2 * lessStall)
                {
                    pairs++;
                    agree += more.Model > less.Model ? 1 : 0;
                }
            }
        }
        if (pairs == 0)
        {
            yield break;
        }
        MeasuredExperiment one = all[0].Figure.Experiment;
        string id = string.Create(CultureInfo.InvariantCulture, $"E4-{one.Kernel}, {all.Count} cases by stall");
        yield return new FidelityFigure(one with { Id = id }, "pairs in the kernel's order", agree, [pairs], FidelityRule.WithinOnePercent, 0, 0);
    }

    private static long Median(IReadOnlyList<long> values) => values.Order().ElementAt(values.Count / 2);
}
