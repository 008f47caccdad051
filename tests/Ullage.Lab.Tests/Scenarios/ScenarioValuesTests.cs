using Ullage.Lab.Scenarios.Reading;

namespace Ullage.Lab.Tests.Scenarios;

public sealed class ScenarioValuesTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("100M", 104857600)]
    [InlineData("100MiB", 104857600)]
    [InlineData("1k", 1024)]
    [InlineData("1.5G", 1610612736)]
    [InlineData("0.1M", 104857)]
    [InlineData(" 2 T ", 2199023255552)]
    [InlineData("7TiB", 7696581394432)]
    [InlineData("512B", 512)]
    [InlineData("-1M", -1048576)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775807", -long.MaxValue)]
    public void TrySizeOfASizeGivesBytes(string text, long bytes)
    {
        ScenarioValues.TrySize(text, out long found).ShouldBeNull();
        found.ShouldBe(bytes);
    }

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("8388608T")]
    [InlineData("1e5")]
    [InlineData("1..5M")]
    [InlineData("M")]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("1,5M")]
    [InlineData("0x10")]
    [InlineData("1 M M")]
    public void TrySizeOfAnythingElseGivesAReason(string text) => ScenarioValues.TrySize(text, out _).ShouldNotBeNull();

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.0", 0)]
    [InlineData("5ns", 5)]
    [InlineData("1.5us", 1500)]
    [InlineData("10ms", 10_000_000)]
    [InlineData("2s", 2_000_000_000)]
    [InlineData("1m", 60_000_000_000)]
    [InlineData("1h", 3_600_000_000_000)]
    public void TryTimeOfATimeGivesNanoseconds(string text, long ns)
    {
        ScenarioValues.TryTime(text, out long found).ShouldBeNull();
        found.ShouldBe(ns);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("5M")]
    [InlineData("1m30s")]
    [InlineData("9999999999s")]
    public void TryTimeOfAnythingElseGivesAReason(string text) => ScenarioValues.TryTime(text, out _).ShouldNotBeNull();

    [Fact]
    public void TryRateOfARateGivesBytesPerSecond()
    {
        ScenarioValues.TryRate("500MiB/s", out long rate).ShouldBeNull();
        rate.ShouldBe(524288000);
        ScenarioValues.TryRate("500MiB/m", out _).ShouldNotBeNull();
    }
}
