using System.Globalization;
using Ullage.Abi.Files;
using Ullage.Model.Eras;
using Ullage.Model.Slab;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Slab;

/// <summary>Pages and objects per slab (§4.1).</summary>
public sealed class SlabGeometryTests
{
    [Theory]
    [InlineData(64, "1/64 1/64 1/64 1/64 1/64")]
    [InlineData(96, "1/42 1/42 1/42 1/42 1/42")]
    [InlineData(128, "1/32 1/32 1/32 1/32 1/32")]
    [InlineData(192, "1/21 1/21 1/21 1/21 2/42")]
    [InlineData(208, "1/19 1/19 1/19 2/39 2/39")]
    [InlineData(256, "1/16 1/16 1/16 2/32 2/32")]
    [InlineData(512, "1/8 2/16 2/16 4/32 4/32")]
    [InlineData(584, "2/14 2/14 4/28 4/28 4/28")]
    [InlineData(1024, "2/8 4/16 4/16 8/32 8/32")]
    [InlineData(1088, "4/15 4/15 8/30 8/30 8/30")]
    [InlineData(2048, "4/8 8/16 8/16 8/16 8/16")]
    [InlineData(4096, "8/8 8/8 8/8 8/8 8/8")]
    [InlineData(8192, "8/4 8/4 8/4 8/4 8/4")]
    [InlineData(5824, "8/5 8/5 8/5 8/5 8/5")]
    public void OfOneToSixteenCpusIsTheTable(int size, string table)
    {
        foreach (OrderSearch search in new[] { OrderSearch.FewerObjects, OrderSearch.LargerFraction })
        {
            string found = string.Join(' ', new[] { 1, 2, 4, 8, 16 }.Select(cpus =>
            {
                SlabGeometry geometry = SlabGeometry.Of(size, cpus, search);
                return string.Create(CultureInfo.InvariantCulture, $"{geometry.Pages}/{geometry.Objects}");
            }));
            found.ShouldBe(table);
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void OfEveryCacheOfARealBootIsReproducedFromItsSize(string fixture, string era)
    {
        SlabInfo.TryParse(File.ReadAllText(KernfsData.Idle(fixture, "/proc/slabinfo")), out SlabInfo? info, out _).ShouldBeTrue();
        info!.Rows.Count.ShouldBeGreaterThan(100);
        foreach (SlabInfoRow row in info.Rows)
        {
            SlabGeometry geometry = SlabGeometry.Of((int)row.ObjSize, 2, Workloads.Era(era).Slab.OrderSearch);
            (row.Name, geometry.Objects, geometry.Pages).ShouldBe((row.Name, (int)row.ObjsPerSlab, (int)row.PagesPerSlab));
        }
    }

    /// <summary>
    /// /proc/slabinfo of a model with the measured machine's CPUs: names, order, sizes, geometry. Exceptions: task_struct ends in the CPU's
    /// register area, which is larger on the measured 4.15 machine (AVX-512) than on the one of the era's table; 4.15 lists iint_cache twice.
    /// </summary>
    [Theory]
    [MemberData(nameof(Fixtures))]
    public void RootRowsAreTheCachesOfARealBoot(string fixture, string era)
    {
        Machine machine = Workloads.Boot(era, version: fixture.EndsWith("v2", StringComparison.Ordinal) ? 2 : 1);
        SlabInfo.TryParse(File.ReadAllText(KernfsData.Idle(fixture, "/proc/slabinfo")), out SlabInfo? info, out _).ShouldBeTrue();
        string text = machine.Files.Read("/proc/slabinfo").Text.ShouldNotBeNull();
        SlabInfo.TryParse(text, out SlabInfo? model, out _).ShouldBeTrue();
        bool is415 = era == "4.15";
        List<string> expected = [.. Shapes(info!).Where(shape => !is415 || !shape.StartsWith("task_struct ", StringComparison.Ordinal))];
        if (is415)
        {
            expected.RemoveAt(expected.LastIndexOf("iint_cache 80 51 1"));
        }
        Shapes(model!).Where(shape => !is415 || !shape.StartsWith("task_struct ", StringComparison.Ordinal)).ShouldBe(expected);
    }

    private static IEnumerable<string> Shapes(SlabInfo info) =>
        info.Rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Name} {row.ObjSize} {row.ObjsPerSlab} {row.PagesPerSlab}"));

    public static IEnumerable<object[]> Fixtures =>
        [["4.15-v1", "4.15"], ["5.4-v1", "5.4"], ["5.10-v1", "5.10"], ["6.1-v1", "6.1"], ["6.12-v2", "6.12"], ["6.18-v1", "6.18"]];
}
