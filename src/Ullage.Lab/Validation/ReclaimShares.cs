using System.Globalization;
using System.Text;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>How many of the cases at a limit (E4, E5) the model gets right, kernel by kernel. A figure that only holds as few is not counted as right.</summary>
internal static class ReclaimShares
{
    /// <summary>One kernel's line.</summary>
    /// <param name="Kernel">The kernel.</param>
    /// <param name="Cases">Cases: workload, limit and, with draws, seed.</param>
    /// <param name="Right">Of these, the ones whose hit ratios and refaults all hold.</param>
    /// <param name="Scans">Counts of pages scanned and reclaimed, right ones and all.</param>
    /// <param name="Lists">Active shares, right ones and all.</param>
    internal sealed record Line(string Kernel, int Cases, int Right, (int Right, int All) Scans, (int Right, int All) Lists)
    {
        /// <summary>Right cases of a hundred.</summary>
        public double Percent => 100.0 * Right / Cases;
    }

    /// <summary>A line for each kernel, oldest first.</summary>
    public static IReadOnlyList<Line> Of(IReadOnlyList<FidelityFigure> figures) =>
    [
        .. figures.Where(figure => figure.Experiment.Id.StartsWith("E4-", StringComparison.Ordinal) || figure.Experiment.Id.StartsWith("E5-", StringComparison.Ordinal))
            .GroupBy(figure => figure.Experiment.Kernel)
            .OrderBy(kernel => KernelEras.All.IndexOf(KernelEras.Find(kernel.Key)!))
            .Select(LineOf),
    ];

    private static Line LineOf(IGrouping<string, FidelityFigure> kernel)
    {
        List<bool> cases = [.. kernel.GroupBy(figure => figure.Experiment.Id).Select(AreReuseFiguresRight).OfType<bool>()];
        return new Line(kernel.Key, cases.Count, cases.Count(right => right),
            Count(kernel, counter => counter.StartsWith("pgscan", StringComparison.Ordinal) || counter.StartsWith("pgsteal", StringComparison.Ordinal)),
            Count(kernel, counter => counter == "active share"));
    }

    /// <summary>Null = the experiment has no such figure.</summary>
    private static bool? AreReuseFiguresRight(IGrouping<string, FidelityFigure> experiment)
    {
        List<FidelityFigure> figures = [.. experiment.Where(figure => figure.Counter.StartsWith("hit ratio", StringComparison.Ordinal) || figure.Counter.Contains("refault", StringComparison.Ordinal))];
        return figures.Count == 0 ? null : figures.TrueForAll(IsRight);
    }

    private static bool IsRight(FidelityFigure figure) => figure.Passed == true && !figure.HoldsAsFew;

    private static (int Right, int All) Count(IEnumerable<FidelityFigure> figures, Func<string, bool> isCounted)
    {
        List<FidelityFigure> counted = [.. figures.Where(figure => isCounted(figure.Counter))];
        return (counted.Count(IsRight), counted.Count);
    }

    /// <summary>Writes the table.</summary>
    public static void Append(StringBuilder page, IReadOnlyList<FidelityFigure> figures)
    {
        page.Append(
            """

            ## At a limit: reuse, refaults, scans (E4, E5)

            A case is right when all its hit ratios are within 2 points and all its refaults within 10 %; the aim is 9 of 10 for every kernel. What only passes as *few* below is not
            counted as right here.

            | kernel | cases | right | of 100 | pages scanned and reclaimed within 15 % | active share within 10 points |
            | --- | ---: | ---: | ---: | ---: | ---: |

            """);
        foreach (Line line in Of(figures))
        {
            page.Append(CultureInfo.InvariantCulture,
                $"| {line.Kernel} | {line.Cases} | {line.Right} | {line.Percent:F1} | {line.Scans.Right} of {line.Scans.All} | {line.Lists.Right} of {line.Lists.All} |\n");
        }
    }
}
