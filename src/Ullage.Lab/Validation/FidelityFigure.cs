namespace Ullage.Lab.Validation;

/// <summary>How a figure is judged.</summary>
public enum FidelityRule
{
    /// <summary>The model's value is one of those measured.</summary>
    Exact,
    /// <summary>The model's value is one of those measured, or one page beside it.</summary>
    WithinOnePage,
    /// <summary>
    /// The model's value is one of those measured, or a measured one is higher by at most one charge batch: pages that were
    /// charged singly because a batch no longer fitted.
    /// </summary>
    FloorPlusBatch,
    /// <summary>
    /// The model's value is one of those measured, or the kernel had fewer by at most one charge batch: pages of a batch that was
    /// stranded in the stock of a CPU which the process had left.
    /// </summary>
    WithinOneBatch,
    /// <summary>The model's value is within 5 % of one of those measured.</summary>
    WithinFivePercent,
    /// <summary>The model's value is within 1 % of one of those measured.</summary>
    WithinOnePercent,
    /// <summary>The model's value is within 5 %, or 1 MiB, of one of those measured.</summary>
    FivePercentOrMiB,
    /// <summary>A measured value is within 1 %, or within one batch of the counter of committed memory (§7.1).</summary>
    OnePercentOrBatch,
    /// <summary>The counter moves in the model as it does in the kernel, or in neither: by how much depends on how fast another CPU was.</summary>
    Moves,
    /// <summary>Model and kernel both have what the failed rounds give, and at most one batch more, charged singly after a change of CPU.</summary>
    Rounds,
    /// <summary>The model's value is within 0.1 % of one of those measured.</summary>
    WithinOnePermille,
    /// <summary>The model's value is within 0.5 % of one of those measured.</summary>
    WithinHalfPercent,
    /// <summary>As <see cref="WithinOneBatch"/>, in both directions.</summary>
    BatchEitherWay,
    /// <summary>Neither is more than twice the other.</summary>
    WithinFactorTwo,
    /// <summary>A ratio in 1/10,000: the model's value is within 2 percentage points of one of those measured.</summary>
    WithinTwoPoints,
    /// <summary>A ratio in 1/10,000: the model's value is within 10 percentage points of one of those measured.</summary>
    WithinTenPoints,
    /// <summary>The model's value is within 10 % of one of those measured, or within 64 pages of it: the counter is the whole machine's.</summary>
    WithinTenPercent,
    /// <summary>The model's value is within 15 % of one of those measured, or within 64 pages of it: the counter is the whole machine's.</summary>
    WithinFifteenPercent,
    /// <summary>In bytes: one of those measured, or one page beside it.</summary>
    WithinOnePageBytes,
    /// <summary>Of so many (<see cref="FidelityFigure.Batch"/>), both have all but a few, or both a few: at most 4 % are on their way at any time.</summary>
    AllOrFew,
    /// <summary>
    /// Chance decides on real kernels, too: every measured value is within 5 % of one that the model gives with some seed
    /// (<see cref="FidelityFigure.Seeds"/>).
    /// </summary>
    AmongSeeds,
    /// <summary>
    /// As before, but between the least and the greatest: how often a batch was refused depends on where usage stood, modulo a batch, when each run of
    /// reclaim ended.
    /// </summary>
    BetweenSeeds,
    /// <summary>Not judged: it depends on how fast another CPU was.</summary>
    Timing,
}

/// <summary>One counter of one experiment: model, kernel, difference, verdict.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Counter">The counter's kernel name.</param>
/// <param name="Model">What the model gave.</param>
/// <param name="Kernel">What the kernel gave, one value per repetition.</param>
/// <param name="Rule">How it is judged.</param>
/// <param name="Batch">The era's charge batch in pages; of committed memory the counter's batch, in the figure's unit.</param>
/// <param name="FirstRound">What the counter has when the OOM killer is called: retries + 2 events.</param>
public sealed record FidelityFigure(
    MeasuredExperiment Experiment, string Counter, long Model, IReadOnlyList<long> Kernel, FidelityRule Rule, int Batch, int FirstRound)
{
    private const int SomePages = 64;

    /// <summary>What the model gave with many seeds; empty = one seed was run.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [];

    /// <summary>The smallest difference to a measured value; positive = the kernel had more.</summary>
    public long Difference
    {
        get
        {
            long best = long.MaxValue;
            foreach (long value in Kernel)
            {
                long difference = value - Model;
                best = Math.Abs(difference) < Math.Abs(best) ? difference : best;
            }
            return best;
        }
    }

    /// <summary>
    /// Every measured value ends where the OOM killer ran: the stranded pages of another CPU came back just then, so that the victim's
    /// charge succeeded and its second round of retries did not happen. Seen now and then on 6.1 and 6.12.
    /// </summary>
    public bool StoppedEarly => Rule == FidelityRule.FloorPlusBatch && Kernel.All(value => value < Model && value >= FirstRound && value <= FirstRound + Batch);

    /// <summary>Whether it holds; null where it is not judged.</summary>
    public bool? Passed => Rule switch
    {
        FidelityRule.Exact => Difference == 0,
        FidelityRule.AmongSeeds => Kernel.All(value => Seeds.Any(seed => Math.Abs(value - seed) * 20 <= value)),
        FidelityRule.BetweenSeeds => Kernel.All(value => value >= Seeds.Min() && value <= Seeds.Max()),
        FidelityRule.Rounds => IsRounds(Model) && Kernel.Any(IsRounds),
        FidelityRule.Moves => Kernel.All(value => value > 0 == Model > 0),
        FidelityRule.WithinOnePage => Math.Abs(Difference) <= 1,
        FidelityRule.WithinOneBatch => Kernel.Any(value => Model - value >= -1 && Model - value <= Batch),
        FidelityRule.WithinFivePercent => Kernel.Any(value => Math.Abs(value - Model) * 20 <= value),
        FidelityRule.WithinOnePercent => Kernel.Any(value => Math.Abs(value - Model) * 100 <= value),
        FidelityRule.BatchEitherWay => Math.Abs(Difference) <= Batch,
        FidelityRule.FivePercentOrMiB => Kernel.Any(value => Math.Abs(value - Model) <= Math.Max(value / 20, 1 << 20)),
        FidelityRule.WithinOnePageBytes => Math.Abs(Difference) <= 4096,
        FidelityRule.AllOrFew => Kernel.All(value => IsFew(value) == IsFew(Model) && IsFew(Batch - value) == IsFew(Batch - Model)),
        FidelityRule.OnePercentOrBatch => Kernel.Any(value => Math.Abs(value - Model) <= Math.Max(value / 100, Batch)),
        FidelityRule.WithinOnePermille => Kernel.Any(value => Math.Abs(value - Model) * 1000 <= value),
        FidelityRule.WithinHalfPercent => Kernel.Any(value => Math.Abs(value - Model) * 200 <= value),
        FidelityRule.WithinFactorTwo => Kernel.Any(value => value <= 2 * Model && Model <= 2 * value),
        FidelityRule.WithinTwoPoints => Math.Abs(Difference) <= 200,
        FidelityRule.WithinTenPoints => Math.Abs(Difference) <= 1000,
        FidelityRule.WithinTenPercent => Kernel.Any(value => Math.Abs(value - Model) <= Math.Max(value / 10, SomePages)),
        FidelityRule.WithinFifteenPercent => Kernel.Any(value => Math.Abs(value - Model) * 20 <= Math.Max(value * 3, SomePages * 20)),
        FidelityRule.FloorPlusBatch when StoppedEarly => null,
        FidelityRule.FloorPlusBatch => Difference == 0 || Kernel.Any(value => value >= Model && value - Model <= Batch),
        _ => null,
    };

    /// <summary>The figure holds, but only because it is small and the counter is the whole machine's: it is not within its percentage.</summary>
    public bool HoldsAsFew => Passed == true && Rule switch
    {
        FidelityRule.WithinTenPercent => !Kernel.Any(value => Math.Abs(value - Model) * 10 <= value),
        FidelityRule.WithinFifteenPercent => !Kernel.Any(value => Math.Abs(value - Model) * 20 <= value * 3),
        _ => false,
    };

    private bool IsFew(long value) => value * 25 <= Batch;

    private bool IsRounds(long value) => value >= FirstRound && value <= FirstRound + Batch;
}
