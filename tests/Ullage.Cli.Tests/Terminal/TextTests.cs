using Ullage.Cli.Run;
using Ullage.Cli.Terminal;

namespace Ullage.Cli.Tests.Terminal;

public sealed class TextTests
{
    [Theory]
    [InlineData(0, "0B")]
    [InlineData(512, "512B")]
    [InlineData(1023, "1023B")]
    [InlineData(4096, "4K")]
    [InlineData(104644608, "99.8M")]
    [InlineData(104857600, "100M")]
    [InlineData(104857599, "100.0M")]
    [InlineData(1023L << 20, "1023M")]
    [InlineData((1023L << 20) + 4096, "1.0G")]
    [InlineData(-4096, "-4K")]
    [InlineData(long.MaxValue, "8.0E")]
    public void SizeShowsAtMostOneDecimal(long bytes, string expected) => Amounts.Size(bytes).ShouldBe(expected);

    [Theory]
    [InlineData(0, "0ns")]
    [InlineData(25_300_000, "25.3ms")]
    [InlineData(1_250_000_000, "1.25s")]
    [InlineData(60_000_000_000, "60s")]
    [InlineData(125_000_000_000, "2m05s")]
    [InlineData(9_000_000_000_000, "2h30m")]
    public void TimeShowsThreeDigits(long ns, string expected) => Amounts.Time(ns).ShouldBe(expected);

    [Theory]
    [InlineData("kernal", "kernel")]
    [InlineData("kerenl", "kernel")]
    [InlineData("verb", "verbose")]
    [InlineData("zzz", null)]
    public void NearestFindsTheWordThatWasMeant(string word, string? expected) =>
        Words.Nearest(word, ["seed", "kernel", "verbose"]).ShouldBe(expected);

    [Fact]
    public void LinesWrapAtBlanksAndKeepLongWordsWhole() =>
        TextWrap.Lines("one two /a/very/long/path/without/blanks end", 12, 2).ShouldBe(["one two", "  /a/very/long/path/without/blanks", "  end"]);

    [Theory]
    [InlineData("""{"a":[1,2]}""", """{"a":[1,3]}""", "a[1]: 2 and 3")]
    [InlineData("""{"files":{"/x.y":"1"}}""", """{"files":{"/x.y":"2"}}""", "files[\"/x.y\"]: \"1\" and \"2\"")]
    [InlineData("""{"a":1}""", """{"a":1,"b":2}""", "b: only in the second run")]
    [InlineData("""{"a":[1]}""", """{"a":[]}""", "a: 1 and 0 elements")]
    [InlineData("""{"wall_ms":1}""", """{"wall_ms":2}""", null)]
    [InlineData("""{"a":{"wall_ms":1}}""", """{"a":{"wall_ms":2}}""", "a.wall_ms: 1 and 2")]
    public void FirstDifferenceNamesThePath(string first, string second, string? expected) =>
        RunComparison.FirstDifference(first, second).ShouldBe(expected);
}
