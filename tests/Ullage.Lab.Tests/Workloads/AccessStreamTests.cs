using FsCheck;
using FsCheck.Fluent;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Workloads;

namespace Ullage.Lab.Tests.Workloads;

public sealed class AccessStreamTests
{
    [Fact]
    public void NextOfSplitMix64GivesTheKnownSequence()
    {
        SplitMix64 random = new(1234567);
        new[] { random.Next(), random.Next(), random.Next() }.ShouldBe([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL]);
    }

    [Fact]
    public void NextOfUniformIsTheDrawModuloThePages() =>
        Take(new AccessStream(new PatternSpec { Pattern = AccessPattern.Uniform, Seed = 42 }, 100, 1), 8).ShouldBe([13, 91, 58, 64, 50, 62, 25, 8]);

    [Fact]
    public void NextOfZipfGivesTheValuesOfAnotherImplementation()
    {
        Take(Zipf(1.0, 7, 10), 12).ShouldBe([9, 8, 6, 1, 9, 8, 9, 8, 8, 9, 8, 7]);
        Take(Zipf(0.8, 1, 1000), 8).ShouldBe([67, 622, 211, 79, 79, 228, 223, 279]);
        Take(Zipf(1.2, 18446744073709549568, 5), 8).ShouldBe([0, 0, 1, 0, 0, 3, 0, 1]); // seed + 0x1000 goes round
    }

    [Fact]
    public void NextOfZipfIsThatOfASlowReading()
    {
        Gen<(int Pages, int Alpha, int Seed)> gen =
            from pages in Gen.Choose(1, 300)
            from alpha in Gen.Choose(0, 30)
            from seed in Gen.Choose(0, int.MaxValue)
            select (pages, alpha, seed);
        Prop.ForAll(gen.ToArbitrary(), x => Take(Zipf(x.Alpha / 10.0, (ulong)x.Seed, x.Pages), 50).SequenceEqual(SlowZipf(x.Pages, x.Alpha / 10.0, (ulong)x.Seed, 50)))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void NextInOrderBeginsAgainWithEachPass()
    {
        AccessStream loop = new(new PatternSpec { Pattern = AccessPattern.Loop, Passes = 2 }, 3, 1);
        (loop.Passes, loop.PerPass, loop.Total).ShouldBe((2, 3, 6));
        Take(loop, 7).ShouldBe([0, 1, 2, 0, 1, 2, 0]);
        AccessStream part = new(new PatternSpec { Pattern = AccessPattern.Loop, Passes = 2, Count = 2 }, 3, 1);
        (part.PerPass, part.Total).ShouldBe((2, 4));
        Take(part, 4).ShouldBe([0, 1, 0, 1]);
    }

    [Fact]
    public void NextOfSequentialGoesThroughOnceHoweverManyPassesAreAsked()
    {
        AccessStream stream = new(new PatternSpec { Passes = 9, Count = 99 }, 4, 1);
        (stream.Passes, stream.PerPass, stream.Total).ShouldBe((1, 4, 4));
        Take(stream, 4).ShouldBe([0, 1, 2, 3]);
    }

    [Fact]
    public void PerPassOfDrawsIsTheirCountAndTheStreamGoesOn()
    {
        AccessStream stream = new(new PatternSpec { Pattern = AccessPattern.Uniform, Seed = 42, Passes = 2, Count = 4 }, 100, 1);
        (stream.Passes, stream.PerPass, stream.Total).ShouldBe((2, 4, 8));
        Take(stream, 8).ShouldBe([13, 91, 58, 64, 50, 62, 25, 8]);
        new AccessStream(new PatternSpec { Pattern = AccessPattern.Uniform }, 100, 1).PerPass.ShouldBe(100);
        new AccessStream(new PatternSpec { Pattern = AccessPattern.Uniform, Passes = int.MaxValue, Count = long.MaxValue }, 100, 1).Total.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void SeedOfThePatternGoesBeforeThatOfTheRun()
    {
        PatternSpec without = new() { Pattern = AccessPattern.Uniform };
        Take(new AccessStream(without, 1000, 5), 5).ShouldBe(Take(new AccessStream(without with { Seed = 5 }, 1000, 77), 5));
    }

    [Theory]
    [InlineData(AccessPattern.Loop)]
    [InlineData(AccessPattern.Uniform)]
    [InlineData(AccessPattern.Zipf)]
    public void NextAllocatesNothing(AccessPattern pattern)
    {
        AccessStream stream = new(new PatternSpec { Pattern = pattern }, 1000, 1);
        long sum = stream.Next();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            sum += stream.Next();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        sum.ShouldBeGreaterThan(0);
    }

    private static AccessStream Zipf(double alpha, ulong seed, long pages) => new(new PatternSpec { Pattern = AccessPattern.Zipf, Alpha = alpha, Seed = seed }, pages, 1);

    private static long[] Take(AccessStream stream, int count) => [.. Enumerable.Range(0, count).Select(_ => stream.Next())];

    /// <summary>scenario.md, word by word: no table shared with the code under test, a linear search instead of a binary one.</summary>
    private static long[] SlowZipf(int pages, double alpha, ulong seed, int count)
    {
        List<double> cumulative = [];
        double sum = 0;
        for (int rank = 1; rank <= pages; rank++)
        {
            sum += Math.Pow(rank, -alpha);
            cumulative.Add(sum);
        }

        List<int> pageOfRank = [.. Enumerable.Range(0, pages)];
        IEnumerator<ulong> second = Draws(unchecked(seed + 0x1000)).GetEnumerator();
        for (int i = pages - 1; i >= 1; i--)
        {
            second.MoveNext();
            int j = (int)(second.Current % ((ulong)i + 1));
            (pageOfRank[i], pageOfRank[j]) = (pageOfRank[j], pageOfRank[i]);
        }

        return [.. Draws(seed).Take(count).Select(draw => (long)pageOfRank[cumulative.FindIndex(c => c / sum >= (draw >> 11) / Math.Pow(2, 53))])];
    }

    private static IEnumerable<ulong> Draws(ulong seed)
    {
        UInt128 state = seed;
        while (true)
        {
            state = (state + 0x9E3779B97F4A7C15) & ulong.MaxValue;
            UInt128 z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & ulong.MaxValue;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB & ulong.MaxValue;
            yield return (ulong)(z ^ (z >> 31));
        }
    }
}
