using Ullage.Model.Reclaim;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>§3.4.</summary>
public sealed class InactiveRatioTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 3)]
    [InlineData(4, 6)]
    [InlineData(10, 10)]
    [InlineData(100, 31)]
    [InlineData(1024, 101)]
    public void RatioOfGibibytesIsTheDocumentedOne(long gib, long ratio) => InactiveRatio.Of(gib << 18).ShouldBe(ratio);

    [Theory]
    [InlineData(100, 100, false)]
    [InlineData(100, 101, true)]
    [InlineData(0, 0, false)]
    [InlineData(1 << 17, 3 << 17, false)] // 2 GiB: ratio 4
    [InlineData(1 << 16, 1 << 19, true)]
    public void ListIsLowWhenItsActiveListIsLongerThanTheRatioAllows(long inactive, long active, bool isLow) => InactiveRatio.IsLow(inactive, active).ShouldBe(isLow);
}
