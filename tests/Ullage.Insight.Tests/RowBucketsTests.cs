using FsCheck;
using FsCheck.Fluent;
using Ullage.Insight.Timelines;

namespace Ullage.Insight.Tests;

public sealed class RowBucketsTests
{
    [Fact]
    public void EveryPeakOfALongTimeStaysInEachBucket() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonEmptyArray<int>>(), ArbMap.Default.ArbFor<PositiveInt>(), (values, capacity) => Holds(values.Get, capacity.Get % 20 + 1)).QuickCheckThrowOnFailure();

    [Fact]
    public void SpikeOfOneSampleInADayIsShownAtItsTime()
    {
        RowBuckets buckets = new(2, 100);
        const long FiveSeconds = 5_000_000_000;
        for (int i = 0; i < 17_280; i++)
        {
            buckets.Add(i * FiveSeconds, [i == 7777 ? 1e9 : 5, i == 9999 ? -1 : 3]);
        }
        IReadOnlyList<TimelineRow> rows = buckets.Rows(48);
        rows.Count.ShouldBeLessThan(48 * 5);
        rows.Single(row => row.Values[0] == 1e9).TNs.ShouldBe(7777 * FiveSeconds);
        rows.Single(row => row.Values[1] == -1).TNs.ShouldBe(9999 * FiveSeconds);
        rows[0].TNs.ShouldBe(0);
        rows[^1].TNs.ShouldBe(17_279 * FiveSeconds);
    }

    [Fact]
    public void RowsThatWereGivenOutStayAsTheyAre()
    {
        RowBuckets buckets = new(1, 4);
        buckets.Add(0, [5]);
        buckets.Add(1, [9]);
        buckets.Add(2, [7]);
        IReadOnlyList<TimelineRow> rows = buckets.Rows();
        buckets.Add(3, [6]);
        rows.Select(row => row.Values[0]).ShouldBe([5, 9, 7]);
        buckets.Rows().Select(row => (row.TNs, row.Values[0])).ShouldBe([(0, 5), (1, 9), (3, 6)]);
    }

    [Fact]
    public void RowsWithoutValuesAreGapsNotZeros()
    {
        RowBuckets buckets = new(1, 10);
        buckets.Add(0, [double.NaN]);
        buckets.Add(1_000_000, [4]);
        buckets.Rows().Select(row => row.Values[0]).ShouldBe([double.NaN, 4]);
    }

    private static bool Holds(int[] values, int capacity)
    {
        RowBuckets buckets = new(1, capacity);
        for (int i = 0; i < values.Length; i++)
        {
            buckets.Add(i * 1_000_000L, [values[i]]);
        }
        IReadOnlyList<TimelineRow> rows = buckets.Rows();
        bool measured = rows.All(row => row.Values[0] == values[row.TNs / 1_000_000]);
        bool ordered = rows.Zip(rows.Skip(1)).All(pair => pair.First.TNs < pair.Second.TNs);
        return measured && ordered && rows.Max(row => row.Values[0]) == values.Max() && rows.Min(row => row.Values[0]) == values.Min();
    }
}
