using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>The pages that a pattern visits (scenario.md, "Access patterns"), drawn before the run so that the worker only follows them.</summary>
/// <param name="Pages">Page numbers of all passes; null = in order from 0, round and round.</param>
/// <param name="Length">How many there are before the stream starts again.</param>
/// <param name="PerPass">Accesses in one pass.</param>
/// <param name="PassCount">Passes.</param>
internal sealed record HostStream(uint[]? Pages, long Length, long PerPass, int PassCount)
{
    /// <param name="pattern">The pattern.</param>
    /// <param name="pages">Pages of the region or file.</param>
    /// <param name="runSeed">For patterns without a seed of their own.</param>
    /// <param name="draws">How many accesses will be made altogether, when it is not the pattern that says so (interleave).</param>
    internal static HostStream Of(PatternSpec pattern, long pages, ulong runSeed, long? draws = null)
    {
        int passes = pattern.Pattern == AccessPattern.Sequential || draws is not null ? 1 : pattern.Passes ?? 1;
        if (pages == 0)
        {
            return new HostStream(null, 0, 0, passes);
        }
        if (pattern.Pattern is AccessPattern.Sequential or AccessPattern.Loop)
        {
            long inOrder = Math.Min(pages, pattern.Count ?? pages);
            return new HostStream(null, inOrder, inOrder, passes);
        }
        long perPass = draws ?? pattern.Count ?? pages;
        uint[] drawn = new uint[checked(perPass * passes)];
        SplitMix64 random = new(pattern.Seed ?? runSeed);
        if (pattern.Pattern == AccessPattern.Uniform)
        {
            for (int i = 0; i < drawn.Length; i++)
            {
                drawn[i] = (uint)(random.Next() % (ulong)pages);
            }
        }
        else
        {
            DrawZipf(drawn, random, pattern, pages, runSeed);
        }
        return new HostStream(drawn, drawn.Length, perPass, passes);
    }

    private static void DrawZipf(uint[] drawn, SplitMix64 random, PatternSpec pattern, long pages, ulong runSeed)
    {
        double[] cumulative = new double[pages];
        double sum = 0;
        for (int rank = 0; rank < cumulative.Length; rank++)
        {
            sum += Math.Pow(rank + 1, -pattern.Alpha);
            cumulative[rank] = sum;
        }
        for (int rank = 0; rank < cumulative.Length; rank++)
        {
            cumulative[rank] /= sum;
        }
        uint[] page = Permutation(pages, new SplitMix64((pattern.Seed ?? runSeed) + 0x1000));
        for (int i = 0; i < drawn.Length; i++)
        {
            double u = (random.Next() >> 11) / 9007199254740992.0;
            int rank = Array.BinarySearch(cumulative, u);
            rank = rank < 0 ? ~rank : rank;
            drawn[i] = page[Math.Min(rank, cumulative.Length - 1)];
        }
    }

    private static uint[] Permutation(long pages, SplitMix64 random)
    {
        uint[] page = new uint[pages];
        for (int i = 0; i < page.Length; i++)
        {
            page[i] = (uint)i;
        }
        for (int i = page.Length - 1; i > 0; i--)
        {
            int j = (int)(random.Next() % (ulong)(i + 1));
            (page[i], page[j]) = (page[j], page[i]);
        }
        return page;
    }

    private sealed class SplitMix64(ulong seed)
    {
        private ulong _state = seed;

        internal ulong Next()
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
