using Ullage.Abi;
using Ullage.Observe.Fields;
using Ullage.Observe.Host;
using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Tests.Readings;

public sealed class ReadingTests
{
    private const long Second = 1_000_000_000;

    private static Sample At(long second, ulong id, long failcnt, long usage) => Samples.Chain(1, second * Second,
        ("/", 1, []), ("/a", id, [(CgroupFields.Failcnt, failcnt), (CgroupFields.Usage, usage)]));

    private static Reading After(params Sample[] samples)
    {
        Reading reading = new();
        using Canned source = new(samples);
        while (reading.Advance(source, out _))
        {
        }
        return reading;
    }

    [Fact]
    public void TwoSamplesOfOneCgroupGiveChangesAndRates()
    {
        Reading reading = After(At(1, 7, 5, 1000), At(3, 7, 9, 400));
        reading.Seconds.ShouldBe(2);
        reading.Change(CgroupFields.Failcnt, 1).ShouldBe(4);
        reading.Rate(CgroupFields.Failcnt, 1).ShouldBe(2);
        reading.Change(CgroupFields.Usage, 1).ShouldBe(-600);
        reading.Change(CgroupFields.Usage, 0).ShouldBeNull();
    }

    [Fact]
    public void AnotherCgroupOfTheSameNameGivesNoRates()
    {
        Reading reading = After(At(1, 7, 5, 1000), At(3, 8, 9, 4000));
        reading.RowBefore(1).ShouldBe(-1);
        reading.Change(CgroupFields.Failcnt, 1).ShouldBeNull();
        reading.RowBefore(0).ShouldBe(0);
    }

    [Fact]
    public void ACounterThatWentBackGivesNoDifference() => After(At(1, 7, 5, 1000), At(3, 7, 2, 1000)).Change(CgroupFields.Failcnt, 1).ShouldBeNull();

    [Fact]
    public void TheFirstSampleGivesNoRates()
    {
        Reading reading = After(At(1, 7, 5, 1000));
        reading.HasBefore.ShouldBeFalse();
        reading.Rate(CgroupFields.Failcnt, 1).ShouldBeNull();
    }

    [Fact]
    public void CgroupsThatMovedToOtherRowsAreFoundById()
    {
        Sample before = Samples.Chain(2, Second, ("/", 1, []), ("/b", 3, [(CgroupFields.OomKill, 1)]));
        Sample now = Samples.Chain(2, 2 * Second, ("/", 1, []), ("/a", 2, [(CgroupFields.OomKill, 0)]), ("/b", 3, [(CgroupFields.OomKill, 4)]));
        Reading reading = After(before, now);
        reading.Change(CgroupFields.OomKill, 2).ShouldBe(3);
        reading.Change(CgroupFields.OomKill, 1).ShouldBeNull();
    }

    /// <summary>A recording of a few samples.</summary>
    private sealed class Canned(Sample[] samples) : ISampleSource
    {
        private int _next;

        public string Name => "canned";
        public bool IsLive => false;
        public IKernelFiles Files { get; } = new TextFiles();
        public CgroupMounts Mounts => CgroupMounts.Find(Files);

        public bool Next(Sample sample, out string end)
        {
            end = "it is over";
            if (_next == samples.Length)
            {
                return false;
            }
            sample.CopyFrom(samples[_next++]);
            return true;
        }

        public void Dispose()
        {
        }
    }
}
