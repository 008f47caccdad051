using System.Globalization;
using System.Text;
using Ullage.Model.Eras;

namespace Ullage.Lab.Validation;

/// <summary>Writes <c>docs/validation.md</c>.</summary>
public static class ValidationReport
{
    /// <summary>The page: a summary per kernel, every figure, and what the code declares to be different.</summary>
    public static string Write(IReadOnlyList<FidelityFigure> figures, IReadOnlyList<(string Member, string Symbol, string Deviation)> deviations)
    {
        StringBuilder page = new();
        page.Append(Introduction);
        AppendSummary(page, figures);
        ReclaimShares.Append(page, figures);
        page.Append("\n## Every figure\n\nWhere repetitions gave different values all of them stand, in the order of size. The difference is to the nearest.\n");
        foreach (IGrouping<string, FidelityFigure> experiment in figures.GroupBy(figure => figure.Experiment.Id))
        {
            AppendExperiment(page, experiment);
        }
        AppendExceptions(page);
        page.Append(Decisions);
        AppendDeviations(page, deviations);
        return page.ToString();
    }

    private const string Introduction =
        """
        # Validation: the model beside real kernels

        Written by `./ullage validate`; do not edit. Kernel values are measurements of real kernels (the files in `tests/data/experiments`,
        where each says on which machine it was made); model values were computed when this page was written.

        Judged as: **exact** = the model's value was measured; **±1 page** = it was, or one page beside it; **floor** = it was, or the
        kernel had more by at most one charge batch (pages charged singly when a batch no longer fitted); **batch** = the kernel had fewer by
        at most one charge batch, stranded in the stock of a CPU that the process had left (the first repetition of each experiment sleeps
        after each chunk and so changes CPU; where there is no other, this is what it can be compared with); **5 %** = within 5 % of a measured
        value; **1 %** = within 1 %, or within one batch of the counter of committed memory (RAM / CPUs / 256); *early* = not judged: the
        stranded pages came back while the OOM killer ran, so that the victim's second round of retries did not happen; **moves** = the counter
        moved in both or in neither (by how much depends on how fast another CPU was); **rounds** = both have the failed attempts of two
        rounds of retries and at most a batch more, after a change of CPU; **±1 batch** = as batch, in both directions; **all or
        few** = of 200 removed cgroups both keep all but at most 8, or both at most 8 (some are on their way at any time); **×2** = neither is more than twice the other; **seeds** = chance decides on
        real kernels, too: every measured value is within 5 % of one that the model gives with one of 40 seeds (least and greatest stand in brackets);
        **range** = every measured value lies between these two: how often a batch was refused depends on where usage stood, modulo a batch, when reclaim ended; *timing* = not judged, for the same reason. Of file reads: hit ratios and
        the active share of the file lists are in 1/10,000, judged within **2 points** and **10 points**; refaults within **10 %**, pages scanned and
        reclaimed within **15 %**, or, as *pass (few)*, within 64 pages where the counter is the whole machine's. Their stalls (psi_delta_us.some, from /proc/pressure/memory) are compared
        within a factor of two, with the disk's latency and the CPU's speed taken from the times that the same experiments needed with room: most kernels ran on
        emulated CPUs, 7 to 8 times slower than the host's. From 6.12 on reclaim judges by statistics that are flushed every 2 s, so that its course hangs on how
        long before the start that was; it was not recorded. Where the middle of the period does not agree, sixteen moments are tried, and the one that most of the
        repetition's figures together speak for is shown, with its time in the heading.


        """;

    private const string Decisions =
        """

        ## Where measurement and specification disagree

        The measurement wins.

        | kernel | what | the model |
        | --- | --- | --- |
        | 5.10 | stable 5.10.223 neither charges dying tasks beyond the limit (max_usage stays at it, failcnt 36) nor logs an immediate `oom_reaper` line | follows 5.10.223: dying tasks take the normal path and give up after the kill; the reaper comes after 2 s |
        | 5.4 | a kill counts in the `memory.oom_control` of v1 ancestors, too | counts it there in 5.4 alone |
        | 6.18 | with memory and memsw limits equal, `memory.memsw.failcnt` stays 0 although memsw refuses every charge | only the v1 memory counter counts failures there |
        | 6.12, 6.18 | reclaim under memory.max never stops early because of freed slab pages: one run scans every dentry of the cgroup | from 6.4 on slab pages count as reclaimed only for the whole machine |
        | 6.18 | negative dentries under a small limit do not always come back in time: at 8 MiB and below the OOM killer killed the task in each of 7 runs, at 10 MiB and above in none of 9 | evicted dentries are free after a grace period, which takes 8 to 24 ms there; before that reclaim has nothing to show |
        | all | the measured worker had one anonymous page beyond those it reported: one page of its own data, first written after it entered the cgroup | the modelled worker writes its step record to its data segment, too |


        """;

    private static void AppendSummary(StringBuilder page, IReadOnlyList<FidelityFigure> figures)
    {
        page.Append("| kernel | figures | pass | miss | not judged |\n| --- | ---: | ---: | ---: | ---: |\n");
        foreach (IGrouping<string, FidelityFigure> kernel in figures.GroupBy(KernelOf).OrderBy(group => EraIndex(group.Key)).ThenBy(group => group.Key, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture,
                $"| {kernel.Key} | {kernel.Count()} | {kernel.Count(f => f.Passed == true)} | {kernel.Count(f => f.Passed == false)} | {kernel.Count(f => f.Passed is null)} |\n");
        }
    }

    private static string KernelOf(FidelityFigure figure) =>
        string.Create(CultureInfo.InvariantCulture, $"{figure.Experiment.Kernel} (cgroup v{figure.Experiment.CgroupVersion})");

    private static int EraIndex(string kernel)
    {
        KernelEra? era = KernelEras.Find(kernel.Split(' ')[0]);
        return era is null ? int.MaxValue : KernelEras.All.IndexOf(era);
    }

    private static void AppendExperiment(StringBuilder page, IGrouping<string, FidelityFigure> experiment)
    {
        MeasuredExperiment measured = experiment.First().Experiment;
        page.Append(CultureInfo.InvariantCulture, $"\n### {measured.Id}\n\nMeasured on {measured.Release}, {measured.Repeats.Count} repetition(s).\n\n");
        page.Append("| counter | model | kernel | difference | judged as | |\n| --- | ---: | ---: | ---: | --- | --- |\n");
        foreach (FidelityFigure figure in experiment)
        {
            string kernel = string.Join(", ", figure.Kernel.Distinct().Order().Select(value => value.ToString(CultureInfo.InvariantCulture)));
            string seeds = figure.Seeds.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({figure.Seeds.Min()} to {figure.Seeds.Max()})") : "";
            page.Append(CultureInfo.InvariantCulture,
                $"| {figure.Counter} | {figure.Model}{seeds} | {kernel} | {figure.Difference} | {(figure.StoppedEarly ? "*early*" : RuleText(figure.Rule))} | {(figure.HoldsAsFew ? "pass (few)" : Verdict(figure.Passed))} |\n");
        }
    }

    private static string RuleText(FidelityRule rule) => rule switch
    {
        FidelityRule.Exact => "exact",
        FidelityRule.WithinOnePage => "±1 page",
        FidelityRule.FloorPlusBatch => "floor",
        FidelityRule.WithinOneBatch => "batch",
        FidelityRule.WithinOnePermille => "0.1 %",
        FidelityRule.WithinHalfPercent => "0.5 %",
        FidelityRule.WithinFivePercent => "5 %",
        FidelityRule.WithinOnePercent => "1 %",
        FidelityRule.FivePercentOrMiB => "5 % or 1 MiB",
        FidelityRule.OnePercentOrBatch => "1 %",
        FidelityRule.WithinTwoPoints => "2 points",
        FidelityRule.WithinTenPoints => "10 points",
        FidelityRule.WithinTenPercent => "10 %",
        FidelityRule.WithinFifteenPercent => "15 %",
        FidelityRule.Moves => "moves",
        FidelityRule.Rounds => "rounds",
        FidelityRule.BatchEitherWay => "±1 batch",
        FidelityRule.WithinFactorTwo => "×2",
        FidelityRule.WithinOnePageBytes => "±1 page",
        FidelityRule.AllOrFew => "all or few",
        FidelityRule.AmongSeeds => "seeds",
        FidelityRule.BetweenSeeds => "range",
        _ => "*timing*",
    };

    private static string Verdict(bool? passed) => passed switch { true => "pass", false => "**MISS**", null => "–" };

    private static void AppendExceptions(StringBuilder page)
    {
        page.Append("\n## Measured operations that are not repeated (E14)\n\nEvery value written to every file is repeated, without exception. Of the other operations on cgroups, these are not:\n\n| operation | reason |\n| --- | --- |\n");
        foreach ((string name, string reason) in WriteExperiment.Exceptions)
        {
            page.Append(CultureInfo.InvariantCulture, $"| `{name}` | {reason} |\n");
        }
    }

    private static void AppendDeviations(StringBuilder page, IReadOnlyList<(string Member, string Symbol, string Deviation)> deviations)
    {
        page.Append("## Deviations that the code declares\n\n| kernel symbol | model | what differs |\n| --- | --- | --- |\n");
        foreach ((string member, string symbol, string deviation) in deviations)
        {
            page.Append(CultureInfo.InvariantCulture, $"| `{symbol}` | `{member}` | {deviation} |\n");
        }
    }
}
