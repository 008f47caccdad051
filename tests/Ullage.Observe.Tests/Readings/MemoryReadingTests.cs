using Ullage.Observe.Readings;
using Ullage.Observe.Sampling;

namespace Ullage.Observe.Tests.Readings;

public sealed class MemoryReadingTests
{
    private static readonly MemorySample First = new()
    {
        TimeNs = 1_000_000_000, Version = 1, Path = "/a", CgroupId = 7, UsageBytes = Measured.Of(1000), Failcnt = Measured.Of(5), OomKills = Measured.Of(0),
    };

    private static readonly MemorySample Second = First with
    {
        TimeNs = 3_000_000_000, UsageBytes = Measured.Of(5000), Failcnt = Measured.Of(9), OomKills = Measured.Of(1),
    };

    [Fact]
    public void OfTwoSamplesGivesRates()
    {
        MemoryReading reading = MemoryReading.Of(First, Second);
        reading.Seconds.ShouldBe(2);
        reading.UsageBytesPerSecond.ShouldBe(2000);
        reading.NewFailures.ShouldBe(4);
        reading.NewOomKills.ShouldBe(1);
    }

    [Fact]
    public void OfAnotherCgroupOfTheSameNameGivesNoRates()
    {
        MemoryReading reading = MemoryReading.Of(First, Second with { CgroupId = 8 });
        reading.Seconds.ShouldBeNull();
        reading.NewFailures.ShouldBeNull();
        MemoryReading.Of(null, Second).UsageBytesPerSecond.ShouldBeNull();
    }

    [Fact]
    public void OfMissingOrResetCountersGivesNoDifference()
    {
        MemoryReading.Of(First, Second with { Failcnt = Measured.Of(2) }).NewFailures.ShouldBeNull();
        MemoryReading.Of(First, Second with { OomKills = Measured.Missing("no") }).NewOomKills.ShouldBeNull();
        MemoryReading.Of(First, Second with { UsageBytes = Measured.Missing("no") }).UsageBytesPerSecond.ShouldBeNull();
    }

    [Fact]
    public void UllageTakesTheTightestLevelNotTheSmallestLimit()
    {
        UllageReading ullage = UllageReading.Of(First with
        {
            Levels =
            [
                Level("/a/b", 10, 100), new LevelSample("/a/b", LimitKind.MemoryAndSwap, Measured.Of(30), Measured.Of(110)),
                Level("/a", 480, 500), Level("/", 0, MemorySample.Unlimited),
            ],
        });
        ullage.Bytes.Value.ShouldBe(20);
        ullage.BindingPath.ShouldBe("/a");
        ullage.BindingKind.ShouldBe(LimitKind.Memory);
    }

    [Fact]
    public void UllageOfUsageAboveTheLimitIsZeroAndWithoutLimitsTheMachines()
    {
        UllageReading.Of(First with { Levels = [Level("/a", 120, 100)] }).Bytes.Value.ShouldBe(0);
        UllageReading machine = UllageReading.Of(First with { Levels = [Level("/a", 1, MemorySample.Unlimited)], MachineAvailableBytes = Measured.Of(77) });
        machine.BindingPath.ShouldBe("machine");
        machine.Bytes.Value.ShouldBe(77);
        machine.BindingLimitBytes.ShouldBeNull();
        UllageReading nothing = UllageReading.Of(First with { MachineAvailableBytes = Measured.Missing("gone") });
        nothing.BindingPath.ShouldBeNull();
        nothing.Bytes.Why.ShouldBe("gone");
    }

    private static LevelSample Level(string path, long usage, long limit) => new(path, LimitKind.Memory, Measured.Of(usage), Measured.Of(limit));
}
