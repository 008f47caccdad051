using Ullage.Abi.Files;
using Ullage.Abi.Text;
using Ullage.Abi.Units;

namespace Ullage.Abi.Tests.Files;

public sealed class FileShapeTests
{
    [Fact]
    public void FlatKeyedKeepsOrderAndRepeatedNamesAndAbsentIsNull()
    {
        FlatKeyed file = RoundTrip.Parse<FlatKeyed>("b 1\na 2\nb 3\n");
        file.Entries.ShouldBe([new("b", 1), new("a", 2), new("b", 3)]);
        (file["b"], file["a"], file["c"]).ShouldBe((1, 2, null));
        file.Format().ShouldBe("b 1\na 2\nb 3\n");
    }

    [Fact]
    public void FlatKeyedWrappedCounterIsNegativeAndPrintsAsItWas()
    {
        FlatKeyed file = RoundTrip.Parse<FlatKeyed>("nr_dirty 18446744073709551615\n");
        file["nr_dirty"].ShouldBe(-1);
        file.Format().ShouldBe("nr_dirty 18446744073709551615\n");
    }

    [Theory]
    [InlineData("low 0\nhigh", "line 2: the line has no newline at its end: the text was cut short")]
    [InlineData("low 0\nhigh 1", "line 2: the line has no newline at its end: the text was cut short")]
    [InlineData("low 0\nhigh\n", "line 2: expected 'name value', found 'high'")]
    [InlineData("low 01\n", "line 1: expected 'name value', found 'low 01'")]
    [InlineData("low +1\n", "line 1: expected 'name value', found 'low +1'")]
    [InlineData("low 18446744073709551616\n", "line 1: expected 'name value', found 'low 18446744073709551616'")]
    [InlineData("\n", "line 1: expected 'name value', found ''")]
    public void FlatKeyedProblemNamesTheLine(string text, string problem) => RoundTrip.Problem<FlatKeyed>(text).ShouldBe(problem);

    [Theory]
    [InlineData("max\n", null, true)]
    [InlineData("0\n", 0L, false)]
    [InlineData("-1000\n", -1000L, false)]
    [InlineData("-9223372036854775808\n", long.MinValue, false)]
    [InlineData("9223372036854771712\n", KernelConstants.UnlimitedBytes, false)]
    [InlineData("18446744073709551615\n", null, false)]
    public void SingleValueReadsNumbersAndMax(string text, long? value, bool isMax)
    {
        SingleValue file = RoundTrip.Parse<SingleValue>(text);
        (file.Value, file.IsMax).ShouldBe((value, isMax));
        file.Format().ShouldBe(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1\n2\n")]
    [InlineData("-0\n")]
    [InlineData("Max\n")]
    [InlineData("-9223372036854775809\n")]
    public void SingleValueRefusesAnythingElse(string text) => RoundTrip.Problem<SingleValue>(text).ShouldStartWith("line ");

    [Fact]
    public void SingleValueAsLimitUnderstandsBothVersions()
    {
        RoundTrip.Parse<SingleValue>("max\n").Limit.ShouldBe(Limit.None);
        RoundTrip.Parse<SingleValue>("9223372036854771712\n").Limit.ShouldBe(Limit.None);
        RoundTrip.Parse<SingleValue>("4096\n").Limit.ShouldBe(Limit.OfPages(1));
        RoundTrip.Parse<SingleValue>("-1\n").Limit.ShouldBeNull();
    }

    [Fact]
    public void MemInfoMadeFromNumbersHasTheKernelsColumns()
    {
        foreach (string kernel in new[] { "4.15-v1", "5.10-v1", "6.12-v2" })
        {
            MemInfo real = RoundTrip.Parse<MemInfo>(TestData.Fixture(kernel + "/idle/proc/meminfo"));
            MemInfo made = new(ValueList.From(real.Entries.Select(entry => entry.InKb
                ? MemInfoEntry.Kb(entry.Name, entry.Number.Value)
                : MemInfoEntry.Count(entry.Name, entry.Number.Value))));
            made.Format().ShouldBe(real.Format());
        }
    }

    [Fact]
    public void ProcStatusMadeFromNumbersHasTheKernelsColumns() =>
        new ProcStatus([ProcStatusLine.Number("Pid", 7), ProcStatusLine.Kb("VmRSS", 41868)]).Format().ShouldBe("Pid:\t7\nVmRSS:\t   41868 kB\n");

    [Fact]
    public void TaskCgroupPathMayHoldColonsAndEndDeleted()
    {
        TaskCgroups file = RoundTrip.Parse<TaskCgroups>("4:cpu,cpuacct:/a:b\n3:name=systemd:/\n0::/x (deleted)\n");
        file.PathOf("cpuacct").ShouldBe("/a:b");
        file.PathOf("acct").ShouldBeNull();
        file.PathOf("name=systemd").ShouldBe("/");
        file.Rows[2].IsDeleted.ShouldBeTrue();
        file.UnifiedPath.ShouldBe("/x (deleted)");
    }

    [Fact]
    public void MountInfoResolvesEscapesAndKeepsTags()
    {
        MountInfoEntry mount = RoundTrip.Parse<MountInfo>(
            "31 23 0:28 /a\\040b /mnt/c\\134d rw shared:5 master:2 - cgroup2  rw,nsdelegate\n").Entries[0];
        (mount.Root, mount.MountPoint, mount.Source).ShouldBe(("/a b", "/mnt/c\\d", ""));
        mount.Optional.ShouldBe(["shared:5", "master:2"]);
        (mount.IsCgroup2, mount.HasSuperOption("nsdelegate"), mount.HasSuperOption("ns")).ShouldBe((true, true, false));
        OctalEscapes.Encode(mount.MountPoint).ShouldBe(mount.RawMountPoint);
    }

    [Fact]
    public void NumaStatKeepsTotalsThatDoNotAddUp()
    {
        NumaStat v1 = RoundTrip.Parse<NumaStat>("total=11319 N0=11325 N2=1\n");
        (v1["total"]!.Total, v1["total"]![0], v1["total"]![1], v1["total"]![2]).ShouldBe((11319UL, 11325, null, 1));
        NumaStat v2 = RoundTrip.Parse<NumaStat>("anon N0=25169920 N1=0\n");
        (v2["anon"]!.Total, v2["anon"]![1], v2["file"]).ShouldBe((null, 0, null));
    }

    [Fact]
    public void SlabInfoReadsNamesLongerThanTheirColumnAndWithBlanks()
    {
        string header = RoundTrip.Parse<SlabInfo>(TestData.Fixture("5.4-v1/idle/proc/slabinfo")) is { } real ? (real with { Rows = [] }).Format() : "";
        string rows = "my odd cache           1      2    192   21    1 : tunables    0    0    0 : slabdata      3      4      0\n"
            + "fscrypt_inode_info_more 1000000 2000000    120   34    1 : tunables    0    0    0 : slabdata      0      0      0\n";
        SlabInfo file = RoundTrip.Parse<SlabInfo>(header + rows);
        file["my odd cache"]!.NumSlabs.ShouldBe(4);
        file["fscrypt_inode_info_more"]!.NumObjs.ShouldBe(2000000);
        file.Format().ShouldBe(header + rows);
        SlabInfo.Empty.Format().ShouldBe("");
        RoundTrip.Parse<SlabInfo>("").HasHeader.ShouldBeFalse();
    }

    [Theory]
    [InlineData(false, "/dev/vda2                               partition\t1048572\t43008\t-2\n")]
    [InlineData(true, "/dev/vda2                               partition\t1048572\t\t43008\t\t-2\n")]
    [InlineData(true, "/swap\\040file                           file\t\t16777212\t12345678\t5\n")]
    public void SwapsKeepTheColumnsOfTheirKernel(bool wide, string row)
    {
        string header = wide ? "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" : "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n";
        SwapsFile file = RoundTrip.Parse<SwapsFile>(header + row);
        file.WideColumns.ShouldBe(wide);
        file.Areas[0].IsPartition.ShouldBe(row.Contains("partition", StringComparison.Ordinal));
        file.Format().ShouldBe(header + row);
    }

    [Theory]
    [InlineData("full avg10=0.00 avg60=0.00 avg300=0.00 total=0\nsome avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")]
    [InlineData("some avg10=0.0 avg60=0.00 avg300=0.00 total=0\n")]
    [InlineData("some avg10=0.00 avg60=0.00 avg300=0.00 total=\n")]
    [InlineData("")]
    public void PressureFileRefusesOtherShapes(string text) => RoundTrip.Problem<PressureFile>(text).ShouldStartWith("line ");

    [Fact]
    public void PressureFileMayHaveOnlyTheFullLine() =>
        RoundTrip.Parse<PressureFile>("full avg10=100.00 avg60=0.05 avg300=0.00 total=7\n").Full.ShouldBe(new PressureLine(10000, 5, 0, 7));
}
