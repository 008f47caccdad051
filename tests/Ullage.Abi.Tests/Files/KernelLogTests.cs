using Ullage.Abi.Files;
using Ullage.Abi.Text;

namespace Ullage.Abi.Tests.Files;

public sealed class KernelLogTests
{
    [Fact]
    public void KmsgRecordReadsHeadTextAndProperties()
    {
        const string Text = "30,339,5140900,-,caller=T1;NET: a\\x0ab \\xc3\\xa9 \\x5c\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n";
        KmsgRecord record = RoundTrip.Parse<KmsgRecord>(Text);
        (record.Level, record.Facility, record.Sequence, record.TimestampUs, record.Extra).ShouldBe((6, 3, 339UL, 5140900UL, "caller=T1"));
        record.Text.ShouldBe("NET: a\nb é \\");
        record.Properties.ShouldBe([new("SUBSYSTEM", "acpi"), new("DEVICE", "+acpi:PNP0A03:00")]);
        record.Format().ShouldBe(Text);
    }

    [Theory]
    [InlineData("5,0,0,-;Linux version\n")]
    [InlineData("4,512,76380043,c;\n")]
    [InlineData("6,1,2,-;\\xff\\xc3 \\xed\\xa0\\x80 \\xf0\\x9f\\x98\\x80\n")]
    public void KmsgRecordRoundTrips(string text) => RoundTrip.Check<KmsgRecord>(text).ShouldBe(ParseProblem.None);

    [Theory]
    [InlineData("")]
    [InlineData("5,0,0,-;cut")]
    [InlineData("5,0,0,-\n")]
    [InlineData("5,0,0;text\n")]
    [InlineData("5,0,0,-,;text\n")]
    [InlineData("5,0,0,-;tab\there\n")]
    [InlineData("5,0,0,-;\\x41\n")]
    [InlineData("5,0,0,-;\\x0A\n")]
    [InlineData("5,0,0,-;\\x0\n")]
    [InlineData("5,0,0,-;text\nKEY=value\n")]
    public void KmsgRecordRefusesOtherShapes(string text) => RoundTrip.Problem<KmsgRecord>(text).ShouldStartWith("line ");

    [Fact]
    public void KmsgRecordBecomesOneDmesgLineForEachLine()
    {
        KmsgRecord record = KmsgRecord.Kernel(4, 512, 76380043, "first\nsecond");
        record.Format().ShouldBe("4,512,76380043,-;first\\x0asecond\n");
        new DmesgText(record.ToDmesg()).Format().ShouldBe("[   76.380043] first\n[   76.380043] second\n");
    }

    [Theory]
    [InlineData("[   76.380043] text", 76380043UL, null, "text")]
    [InlineData("[123456.000001]   indented", 123456000001UL, null, "  indented")]
    [InlineData("[    0.000000][    T0] early", 0UL, "T0", "early")]
    [InlineData("[    0.000000][T123456] late", 0UL, "T123456", "late")]
    [InlineData("[    1.000000] ", 1000000UL, null, "")]
    public void DmesgLineRoundTrips(string line, ulong micros, string? caller, string text)
    {
        DmesgLine.TryParse(line, out DmesgLine value).ShouldBeTrue();
        value.ShouldBe(new DmesgLine(micros, caller, text));
        value.Format().ShouldBe(line);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("[76.380043] text")]
    [InlineData("[   76.38004] text")]
    [InlineData("[   76.380043]text")]
    [InlineData("[99999999999999999999.000000] x")]
    public void DmesgLineRefusesOtherShapes(string line) => DmesgLine.TryParse(line, out _).ShouldBeFalse();
}
