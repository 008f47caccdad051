using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi.Units;

namespace Ullage.Abi.Tests.Units;

/// <summary>Number syntax against what real kernels answered (tests/data/e14-number-syntax.json: value, errno, what the file read afterwards).</summary>
public sealed class KernelNumberTests
{
    private sealed record Measured(string Kernel, string File, string Value, Errno Errno, string? Readback);

    [Fact]
    public void TryParsePageCounterAnswersAsMeasured()
    {
        int cases = 0;
        foreach (Measured write in Load("page_counter -1").Concat(Load("page_counter max")))
        {
            // From 5.10 on a write of nothing does not reach the file.
            if (write.Value.Length == 0 && write.Kernel is not ("4.15" or "5.4"))
                continue;
            string token = write.Kernel == "6.12" ? "max" : "-1";
            Errno errno = KernelNumber.TryParsePageCounter(write.Value, token, out long pages);
            // memsw must not go below the limit, which was none: not a matter of syntax.
            if (write.File == "memory.memsw.limit_in_bytes" && pages != KernelConstants.PageCounterMax)
                errno = Errno.EINVAL;
            errno.ShouldBe(write.Errno, write.ToString());
            Limit limit = Limit.OfPages(pages);
            if (errno == Errno.None)
                (token == "max" ? limit.FormatV2() : limit.FormatV1()).ShouldBe(write.Readback, write.ToString());
            cases++;
        }
        cases.ShouldBeGreaterThan(600);
    }

    [Fact]
    public void TryParseULongAnswersAsMeasured()
    {
        int cases = 0;
        foreach (Measured write in Load("u64"))
        {
            if (write.Value.Length == 0 && write.Kernel is not ("4.15" or "5.4"))
                continue;
            Errno errno = KernelNumber.TryParseULong(write.Value, out ulong value);
            if (errno == Errno.None && !InRange(write, value))
                errno = Errno.EINVAL;
            errno.ShouldBe(write.Errno, write.ToString());
            if (errno == Errno.None)
                Shown(write.File, value).ShouldBe(write.Readback, write.ToString());
            cases++;
        }
        cases.ShouldBeGreaterThan(500);
    }

    [Fact]
    public void TryParseIntAfterStripAnswersAsMeasured()
    {
        int cases = 0;
        foreach (Measured write in Load("s32 stripped").Where(write => write.Value.Length > 0))
        {
            ReadOnlySpan<char> text = KernelNumber.Strip(write.Value);
            bool max = write.File.StartsWith("cgroup.max", StringComparison.Ordinal) && text is "max";
            int value = int.MaxValue;
            Errno errno = max ? Errno.None : KernelNumber.TryParseInt(text, out value);
            bool outside = write.File.StartsWith("cgroup.max", StringComparison.Ordinal) ? value < 0 : value is not (0 or 1);
            if (errno == Errno.None && outside)
                errno = write.File == "memory.oom.group" ? Errno.EINVAL : Errno.ERANGE;
            errno.ShouldBe(write.Errno, write.ToString());
            if (errno == Errno.None)
                (max ? "max" : value.ToString(CultureInfo.InvariantCulture)).ShouldBe(write.Readback, write.ToString());
            cases++;
        }
        cases.ShouldBe(4 * 39);
    }

    [Fact]
    public void MemParseDecidesWhatReclaimAccepts()
    {
        int cases = 0;
        foreach (Measured write in Load("memparse").Where(write => write.Value.Length > 0))
        {
            ReadOnlySpan<char> text = KernelNumber.Strip(write.Value);
            ulong bytes = KernelNumber.MemParse(text, out int consumed);
            bool junk = consumed == 0 || consumed != text.Length;
            // The cgroup was empty: anything above a page could not be reclaimed.
            Errno errno = junk ? Errno.EINVAL : bytes >= KernelConstants.PageSize ? Errno.EAGAIN : Errno.None;
            errno.ShouldBe(write.Errno, write.ToString());
            cases++;
        }
        cases.ShouldBe(39);
    }

    [Theory]
    [InlineData("010", 8UL, 3)]
    [InlineData("08", 0UL, 1)]
    [InlineData("0x", 0UL, 1)]
    [InlineData("0xg", 0UL, 1)]
    [InlineData("0XfFz", 255UL, 4)]
    [InlineData("", 0UL, 0)]
    [InlineData("-1", 0UL, 0)]
    [InlineData("18446744073709551616", 0UL, 20)]
    [InlineData("12\u0000" + "3", 12UL, 2)]
    public void SimpleStrtoullReadsTheLongestNumber(string text, ulong value, int consumed)
    {
        KernelNumber.SimpleStrtoull(text, out int read).ShouldBe(value);
        read.ShouldBe(consumed);
    }

    [Theory]
    [InlineData("0x1E", 30UL, 4)]
    [InlineData("16E", 0UL, 3)]
    [InlineData("1KK", 1024UL, 2)]
    [InlineData("1\u212A", 1UL, 1)]
    [InlineData("7t", 7UL << 40, 2)]
    public void MemParseTakesOneSuffixAndWraps(string text, ulong value, int consumed)
    {
        KernelNumber.MemParse(text, out int read).ShouldBe(value);
        read.ShouldBe(consumed);
    }

    [Theory]
    [InlineData("9223372036854775807", Errno.None, long.MaxValue)]
    [InlineData("9223372036854775808", Errno.ERANGE, 0)]
    [InlineData("-9223372036854775808", Errno.None, long.MinValue)]
    [InlineData("-9223372036854775809", Errno.ERANGE, 0)]
    [InlineData("-0x10\n", Errno.None, -16)]
    [InlineData("-+1", Errno.EINVAL, 0)]
    [InlineData("+-1", Errno.EINVAL, 0)]
    [InlineData("1\n\n", Errno.EINVAL, 0)]
    [InlineData("99999999999999999999x", Errno.ERANGE, 0)]
    [InlineData("-", Errno.EINVAL, 0)]
    public void TryParseLongAnswersAsKstrtoll(string text, Errno errno, long value)
    {
        KernelNumber.TryParseLong(text, out long read).ShouldBe(errno);
        read.ShouldBe(value);
    }

    [Theory]
    [InlineData("2147483647", Errno.None, int.MaxValue)]
    [InlineData("2147483648", Errno.ERANGE, 0)]
    [InlineData("-2147483648", Errno.None, int.MinValue)]
    [InlineData("-2147483649", Errno.ERANGE, 0)]
    public void TryParseIntKeepsTo32Bits(string text, Errno errno, int value)
    {
        KernelNumber.TryParseInt(text, out int read).ShouldBe(errno);
        read.ShouldBe(value);
    }

    [Fact]
    public void WhatIsPrintedIsReadBackInEveryBase() => Prop.ForAll(ArbMap.Default.ArbFor<ulong>(), value =>
    {
        foreach (string text in new[] { value.ToString(CultureInfo.InvariantCulture), $"0x{value:x}", $"0X{value:X}\n", "0" + Convert.ToString((long)value, 8) })
        {
            KernelNumber.TryParseULong(text, out ulong read).ShouldBe(Errno.None, text);
            read.ShouldBe(value, text);
        }
        KernelNumber.TryParseLong(((long)value).ToString(CultureInfo.InvariantCulture), out long signed).ShouldBe(Errno.None);
        signed.ShouldBe((long)value);
        KernelNumber.TryParsePageCounter($" {value} \n", "max", out long pages).ShouldBe(Errno.None);
        pages.ShouldBe(Math.Min((long)(value / 4096), KernelConstants.PageCounterMax));
    }).Hold();

    [Fact]
    public void AnyTextIsAnsweredWithoutException() => Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text =>
    {
        KernelNumber.MemParse(text, out int consumed);
        consumed.ShouldBeInRange(0, text?.Length ?? 0);
        KernelNumber.TryParseInt(text, out _);
        KernelNumber.TryParseULong(text, out _);
        KernelNumber.TryParsePageCounter(text, "max", out long pages);
        pages.ShouldBeInRange(0, KernelConstants.PageCounterMax);
    }).Hold();

    private static bool InRange(Measured write, ulong value) => write.File switch
    {
        "memory.swappiness" => value <= 100,
        // The mask is 32 bits wide: the upper half of the number is not looked at.
        "memory.move_charge_at_immigrate" => (uint)value <= 3,
        "memory.oom_control" => value <= 1,
        "memory.use_hierarchy" => value == 1,
        _ => true,
    };

    private static string Shown(string file, ulong value) => file switch
    {
        "cgroup.clone_children" or "notify_on_release" => value != 0 ? "1" : "0",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private static List<Measured> Load(string syntax)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestData.Root, "e14-number-syntax.json")));
        List<Measured> cases = [];
        foreach (JsonElement group in document.RootElement.EnumerateArray().Where(group => group.GetProperty("syntax").GetString() == syntax))
        {
            foreach (string name in group.GetProperty("files").EnumerateArray().Select(file => file.GetString()!))
            {
                string[] parts = name.Split(' ');
                foreach (JsonElement write in group.GetProperty("writes").EnumerateArray())
                {
                    ErrnoNames.TryParse(write[1].GetString() ?? "none", out Errno errno).ShouldBeTrue();
                    cases.Add(new(parts[0], parts[1], write[0].GetString()!, errno, write[2].GetString()));
                }
            }
        }
        return cases;
    }
}
