using Ullage.Lab.Scenarios;
using Ullage.Lab.Workloads;

namespace Ullage.Lab.Targets.Host.Worker;

/// <summary>The pages that a pattern visits, drawn before the run so that the worker only follows them.</summary>
/// <param name="Pages">Page numbers of all passes; null = in order from 0, round and round.</param>
/// <param name="Length">How many there are before the stream starts again.</param>
/// <param name="PerPass">Accesses in one pass.</param>
/// <param name="PassCount">Passes.</param>
internal sealed record HostStream(uint[]? Pages, long Length, long PerPass, int PassCount)
{
    /// <summary>The most pages that are drawn beforehand: 1 GiB of page numbers.</summary>
    private const long MostDraws = 1 << 28;

    /// <param name="pattern">The pattern.</param>
    /// <param name="pages">Pages of the region or file.</param>
    /// <param name="runSeed">For patterns without a seed of their own.</param>
    /// <param name="draws">How many accesses will be made altogether, when it is not the pattern that says so (interleave).</param>
    internal static HostStream Of(PatternSpec pattern, long pages, ulong runSeed, long? draws = null)
    {
        if (pages == 0)
        {
            return new HostStream(null, 0, 0, 1);
        }
        AccessStream stream = new(pattern, pages, runSeed);
        if (pattern.Pattern is AccessPattern.Sequential or AccessPattern.Loop)
        {
            return new HostStream(null, stream.PerPass, stream.PerPass, stream.Passes);
        }
        long total = draws ?? stream.Total;
        if (total > MostDraws)
        {
            throw new TargetUnavailableException($"a pattern of {total} draws is more than {MostDraws}, the most that is drawn for the host: lower count or passes", 4);
        }
        uint[] drawn = new uint[total];
        for (int i = 0; i < drawn.Length; i++)
        {
            drawn[i] = (uint)stream.Next();
        }
        return new HostStream(drawn, drawn.Length, stream.PerPass, stream.Passes);
    }
}
