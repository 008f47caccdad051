using Ullage.Model.Eras;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Files;

/// <summary>Writeback throttling (§3.11): how many requests the device may have before the next one waits.</summary>
public sealed class WritebackThrottleTests
{
    private const long Ms = 1_000_000;

    /// <summary>Requests that all end at one time, as many as go without waiting.</summary>
    private static int Fill(WritebackThrottle throttle, long nowNs, long endNs)
    {
        int count = 0;
        while (throttle.WaitUntilNs(nowNs) == nowNs)
        {
            throttle.Add(endNs);
            count++;
        }
        return count;
    }

    [Theory]
    [InlineData(WritebackThrottleRule.Queue, 128)]
    [InlineData(WritebackThrottleRule.HalfForDirect, 8)]
    [InlineData(WritebackThrottleRule.Whole, 16)]
    public void TheFirstRequestsGoWithoutWaitingAsManyAsTheEraAllows(WritebackThrottleRule rule, int requests) =>
        Fill(new WritebackThrottle(rule), 0, Ms).ShouldBe(requests);

    [Fact]
    public void TheNextOneWaitsUntilAllAreDone()
    {
        WritebackThrottle throttle = new(WritebackThrottleRule.HalfForDirect);
        for (int i = 1; i <= 8; i++)
        {
            throttle.Add(i * Ms);
        }
        throttle.WaitUntilNs(0).ShouldBe(8 * Ms);
        throttle.WaitUntilNs(1 * Ms).ShouldBe(1 * Ms, "one is done, so there is room for one");
    }

    [Fact]
    public void WhileThereIsWritingTheDepthDoublesWithEachWindowToThreeQuartersOfTheQueue()
    {
        WritebackThrottle throttle = new(WritebackThrottleRule.Whole);
        int[] depths = new int[6];
        for (int window = 0; window < depths.Length; window++)
        {
            depths[window] = Fill(throttle, window * 101 * Ms, (window * 101 * Ms) + Ms);
        }
        depths.ShouldBe([16, 31, 61, 121, 192, 192]);
    }

    [Fact]
    public void WithoutWritingTheDepthGoesBackStepByStep()
    {
        WritebackThrottle throttle = new(WritebackThrottleRule.Whole);
        for (int window = 0; window < 5; window++)
        {
            Fill(throttle, window * 101 * Ms, (window * 101 * Ms) + Ms);
        }
        throttle.WaitUntilNs(1_150 * Ms);
        throttle.Limit.ShouldBe(121);
        throttle.WaitUntilNs(10_000 * Ms);
        throttle.Limit.ShouldBe(16);
    }
}
