using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Workloads;

/// <summary>
/// The pages that a <c>touch</c>, <c>read</c> or <c>write</c> visits, in order (scenario.md, "Access patterns"). The same pattern, pages and seed
/// give the same pages on every target. <see cref="Next"/> allocates nothing and has no end: callers take <see cref="Passes"/> times
/// <see cref="PerPass"/> accesses, or as many as an <c>interleave</c> asks for.
/// </summary>
public sealed class AccessStream
{
    private readonly AccessPattern _pattern;
    private readonly long _pages;
    private readonly ZipfTable? _zipf;
    private SplitMix64 _random;
    private long _inPass;

    /// <summary>Makes a stream.</summary>
    /// <param name="spec">The pattern.</param>
    /// <param name="pages">Pages of the region or file, at least 1; for zipf at most 2^31 - 1.</param>
    /// <param name="runSeed">The seed to use when the pattern has none.</param>
    public AccessStream(PatternSpec spec, long pages, ulong runSeed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        ulong seed = spec.Seed ?? runSeed;
        _pattern = spec.Pattern;
        _pages = pages;
        _random = new SplitMix64(seed);
        _zipf = spec.Pattern == AccessPattern.Zipf ? new ZipfTable(checked((int)pages), spec.Alpha, seed) : null;
        bool inOrder = spec.Pattern is AccessPattern.Sequential or AccessPattern.Loop;
        Passes = spec.Pattern == AccessPattern.Sequential ? 1 : spec.Passes ?? 1;
        PerPass = inOrder ? Math.Min(pages, spec.Count ?? pages) : spec.Count ?? pages;
    }

    /// <summary>Passes to make.</summary>
    public int Passes { get; }

    /// <summary>Accesses in one pass: <c>count</c>, or as many as there are pages. In order, never more than there are pages.</summary>
    public long PerPass { get; }

    /// <summary>Accesses altogether; the largest long when they are more.</summary>
    public long Total => PerPass > 0 && Passes > long.MaxValue / PerPass ? long.MaxValue : PerPass * Passes;

    /// <summary>The next page, from 0. In order, each pass begins again at page 0; draws go on from pass to pass.</summary>
    public long Next() => _pattern switch
    {
        AccessPattern.Uniform => (long)(_random.Next() % (ulong)_pages),
        AccessPattern.Zipf => _zipf!.PageAt(_random.NextFraction()),
        _ => NextInOrder(),
    };

    private long NextInOrder()
    {
        long page = _inPass;
        _inPass++;
        if (_inPass >= PerPass)
        {
            _inPass = 0;
        }

        return page;
    }
}
