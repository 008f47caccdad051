namespace Ullage.Lab.Workloads;

/// <summary>Zipf's law over pages: which rank a draw finds, and which page has that rank. Streams over the same pages may share one.</summary>
public sealed class ZipfTable
{
    /// <summary>The second stream begins this far from the first, so that ranks and draws are independent.</summary>
    private const ulong PermutationSeedOffset = 0x1000;

    private readonly double[] _cumulative;
    private readonly int[] _pageOfRank;

    /// <summary>Makes the table.</summary>
    /// <param name="pages">Pages, at least 1.</param>
    /// <param name="alpha">The exponent: weight of rank r is r^-alpha.</param>
    /// <param name="seed">The seed of the accesses.</param>
    public ZipfTable(int pages, double alpha, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        _cumulative = Cumulative(pages, alpha);
        _pageOfRank = Permutation(pages, unchecked(seed + PermutationSeedOffset));
    }

    /// <summary>The page that a draw means: that of the first rank whose cumulative probability is not below <paramref name="u"/>.</summary>
    public int PageAt(double u)
    {
        int low = 0;
        int high = _cumulative.Length - 1;
        while (low < high)
        {
            int middle = (int)(((uint)low + (uint)high) >> 1);
            if (_cumulative[middle] < u)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return _pageOfRank[low];
    }

    private static double[] Cumulative(int pages, double alpha)
    {
        double[] cumulative = new double[pages];
        double sum = 0;
        for (int i = 0; i < pages; i++)
        {
            sum += Math.Pow(i + 1, -alpha);
            cumulative[i] = sum;
        }

        for (int i = 0; i < pages; i++)
        {
            cumulative[i] /= sum;
        }

        return cumulative;
    }

    /// <summary>Fisher and Yates, from the last element down.</summary>
    private static int[] Permutation(int pages, ulong seed)
    {
        int[] page = new int[pages];
        for (int i = 0; i < pages; i++)
        {
            page[i] = i;
        }

        SplitMix64 stream = new(seed);
        for (int i = pages - 1; i > 0; i--)
        {
            int j = (int)(stream.Next() % (ulong)(i + 1));
            (page[i], page[j]) = (page[j], page[i]);
        }

        return page;
    }
}
