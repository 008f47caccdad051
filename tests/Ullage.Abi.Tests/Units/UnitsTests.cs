using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi.Units;

namespace Ullage.Abi.Tests.Units;

public sealed class UnitsTests
{
    [Theory]
    [InlineData(0L, "0B")]
    [InlineData(1023L, "1023B")]
    [InlineData(1024L, "1.0K")]
    [InlineData(4096L, "4.0K")]
    [InlineData(10188L, "9.9K")]
    [InlineData(10189L, "10K")]
    [InlineData(104857600L, "100M")]
    [InlineData(1610612736L, "1.5G")]
    [InlineData(1048063L, "1023K")]
    [InlineData(1048064L, "1.0M")]
    [InlineData(-1610612736L, "-1.5G")]
    [InlineData(long.MaxValue, "8.0E")]
    [InlineData(long.MinValue, "-8.0E")]
    public void ToIecKeepsTwoDigitsAndRoundsToTheNearest(long bytes, string text) => new ByteSize(bytes).ToIec().ShouldBe(text);

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("4096", 4096L)]
    [InlineData("512B", 512L)]
    [InlineData("100M", 104857600L)]
    [InlineData("100m", 104857600L)]
    [InlineData(" 1.5GiB ", 1610612736L)]
    [InlineData("2 TiB", 2199023255552L)]
    [InlineData("0.1GiB", 107374182L)]
    [InlineData("0.000000000000000000000001K", 0L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("8388607.999999999999T", 9223372036854775806L)]
    public void TryParseHumanReadsSizes(string text, long bytes)
    {
        ByteSize.TryParseHuman(text, out ByteSize size, out string problem).ShouldBeTrue(problem);
        size.Bytes.ShouldBe(bytes);
        problem.ShouldBe("");
    }

    [Theory]
    [InlineData("", "'' is not a size: write bytes or a number with K, M, G or T, such as 100M or 1.5GiB")]
    [InlineData("max", "'max' is not a size: write bytes or a number with K, M, G or T, such as 100M or 1.5GiB")]
    [InlineData("1.", "'1.' is not a size: write bytes or a number with K, M, G or T, such as 100M or 1.5GiB")]
    [InlineData(".5G", "'.5G' is not a size: write bytes or a number with K, M, G or T, such as 100M or 1.5GiB")]
    [InlineData("-1K", "a size cannot be negative: '-1K'")]
    [InlineData("10MB", "unknown unit 'MB' in size '10MB': use K, M, G, T or KiB, MiB, GiB, TiB (all binary), or bare bytes")]
    [InlineData("1.2.3K", "unknown unit '.3K' in size '1.2.3K': use K, M, G, T or KiB, MiB, GiB, TiB (all binary), or bare bytes")]
    [InlineData("1.5", "'1.5' is a fraction of a byte: add a unit, such as 1.5M")]
    [InlineData("8388608T", "size '8388608T' is too large: the largest is 9223372036854775807 bytes (8 EiB less one)")]
    [InlineData("999999999999999999999999999999999999999999999999", "size '999999999999999999999999999999999999999999999999' is too large: the largest is 9223372036854775807 bytes (8 EiB less one)")]
    public void TryParseHumanSaysWhatIsWrong(string text, string problem)
    {
        ByteSize.TryParseHuman(text, out ByteSize size, out string said).ShouldBeFalse();
        size.ShouldBe(ByteSize.Zero);
        said.ShouldBe(problem);
    }

    [Fact]
    public void TryParseHumanSignedReadsDifferences()
    {
        ByteSize.TryParseHumanSigned("-1.5M", out ByteSize size, out _).ShouldBeTrue();
        size.Bytes.ShouldBe(-1572864);
        ByteSize.TryParseHumanSigned("--1", out _, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("100us", 100_000L)]
    [InlineData("1.5s", 1_500_000_000L)]
    [InlineData("2 m", 120_000_000_000L)]
    [InlineData("0.5h", 1_800_000_000_000L)]
    [InlineData("1.9ns", 1L)]
    [InlineData("250ms", 250_000_000L)]
    public void TimeReadsUnits(string text, long ns)
    {
        TimeSpanNs.TryParseHuman(text, out TimeSpanNs span, out string problem).ShouldBeTrue(problem);
        span.Ns.ShouldBe(ns);
    }

    [Theory]
    [InlineData("5", "'5' has no unit: use ns, us, ms, s, m or h, such as 5s")]
    [InlineData("5d", "unknown unit 'd' in time '5d': use ns, us, ms, s, m or h")]
    [InlineData("-5s", "a time cannot be negative: '-5s'")]
    [InlineData("soon", "'soon' is not a time: write a number and ns, us, ms, s, m or h, such as 100us or 1.5s")]
    [InlineData("2562048h", "time '2562048h' is too long: the longest is 2562047h (292 years)")]
    public void TimeSaysWhatIsWrong(string text, string problem)
    {
        TimeSpanNs.TryParseHuman(text, out _, out string said).ShouldBeFalse();
        said.ShouldBe(problem);
    }

    [Theory]
    [InlineData(1_500_000_000L, "1.5s")]
    [InlineData(100_000L, "100us")]
    [InlineData(1L, "1ns")]
    [InlineData(1_000_001L, "1.000001ms")]
    [InlineData(-250_000_000L, "-250ms")]
    public void TimePrintsItsShortestText(long ns, string text) => new TimeSpanNs(ns).ToString().ShouldBe(text);

    [Fact]
    public void SizesAndTimesReadBackWhatTheyPrint() => Prop.ForAll(ArbMap.Default.ArbFor<long>(), value =>
    {
        long positive = value & long.MaxValue;
        TimeSpanNs.TryParseHuman(new TimeSpanNs(positive).ToString(), out TimeSpanNs span, out string problem).ShouldBeTrue(problem);
        span.Ns.ShouldBe(positive);
        ByteSize.TryParseHumanSigned(new ByteSize(value | 1).ToString(), out ByteSize size, out problem).ShouldBeTrue(problem);
        size.Bytes.ShouldBe(value | 1);
        new ByteSize(value).ToIec().TrimStart('-').Length.ShouldBeLessThanOrEqualTo(5);
    }).Hold();

    [Fact]
    public void AnyTextIsAnsweredWithoutException() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
    {
        if (!ByteSize.TryParseHuman(text.Get, out _, out string problem))
            problem.ShouldNotBeEmpty();
        if (!TimeSpanNs.TryParseHuman(text.Get, out _, out problem))
            problem.ShouldNotBeEmpty();
        Limit.TryParse(text.Get, out _);
    }).Hold();

    [Fact]
    public void LimitPrintsEachVersionAndReadsBoth()
    {
        (Limit.None.FormatV1(), Limit.None.FormatV2(), Limit.None.ToString()).ShouldBe(("9223372036854771712", "max", "max"));
        Limit limit = Limit.OfBytes(104857600 + 4095);
        (limit.FormatV1(), limit.FormatV2(), limit.ToString(), limit.Pages).ShouldBe(("104857600", "104857600", "100M", 25600));
        (Limit.None.Bytes, limit.Bytes).ShouldBe((null, 104857600));
        foreach (string text in new[] { "max\n", "9223372036854771712\n", "9223372036854710272", "18446744073709551615" })
            (Limit.TryParse(text, out Limit read), read.IsNone).ShouldBe((true, true));
        (Limit.TryParse("0", out Limit zero), zero).ShouldBe((true, default(Limit)));
        Limit.TryParse("-1", out _).ShouldBeFalse();
        (Limit.Min(limit, Limit.None), limit < Limit.None).ShouldBe((limit, true));
    }

    [Fact]
    public void LimitReadsBackWhatItPrints() => Prop.ForAll(ArbMap.Default.ArbFor<long>(), value =>
    {
        Limit limit = Limit.OfPages(value & KernelConstants.PageCounterMax);
        foreach (string text in new[] { limit.FormatV1(), limit.FormatV2() })
        {
            Limit.TryParse(text, out Limit read).ShouldBeTrue();
            // The last fifteen page counts below "none" are "none" on machines with larger pages.
            (read == limit || limit.Pages > KernelConstants.PageCounterMax - 16).ShouldBeTrue(text);
        }
    }).Hold();

    [Fact]
    public void PageCountRoundsDownOrUp()
    {
        PageCount.Floor(new(8191)).Pages.ShouldBe(1);
        PageCount.Ceiling(new(8191)).Pages.ShouldBe(2);
        PageCount.Ceiling(new(8192)).Pages.ShouldBe(2);
        PageCount.Ceiling(new(-4097)).Pages.ShouldBe(-1);
        new PageCount(25600).Bytes.ShouldBe(new ByteSize(104857600));
        (new PageCount(3) - new PageCount(5)).ToString().ShouldBe((-2).ToString(CultureInfo.InvariantCulture));
    }
}
