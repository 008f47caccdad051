using Ullage.Abi;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Pages;

/// <summary>Zones, watermarks and reserves (§9.1), against measured machines where there are some.</summary>
public sealed class ZoneTests
{
    private static Machine Boot(string era, long mib, int version = 2) => Machine.Boot(new MachineOptions { Era = Workloads.Era(era), MemoryBytes = mib << 20, CgroupVersion = version });

    private static Zone ZoneOf(Machine machine, string name) => machine.Frames.Zones.Single(zone => zone.Name == name);

    [Theory]
    [InlineData(16, "DMA")]
    [InlineData(128, "DMA DMA32")]
    [InlineData(3072, "DMA DMA32")]
    [InlineData(3074, "DMA DMA32 Normal")]
    [InlineData(24576, "DMA DMA32 Normal")]
    public void ZonesFollowTheSizeOfRam(int mib, string names)
    {
        Machine machine = Boot("6.12", mib);
        string.Join(' ', machine.Frames.Zones.Select(zone => zone.Name)).ShouldBe(names);
        machine.Frames.Zones.Sum(zone => zone.Managed).ShouldBe(machine.Frames.Managed);
        machine.Frames.Zones.Sum(zone => zone.Present).ShouldBe((mib << 8) - 98); // what the BIOS has of the first 16 MiB
        machine.Verify();
    }

    [Theory] // min, low, high, protection of /proc/zoneinfo on the measured 2 GiB machines
    [InlineData("4.15", "DMA", 88, 110, 132, 1966)]
    [InlineData("4.15", "DMA32", 11175, 13968, 16761, 0)]
    [InlineData("5.4", "DMA", 88, 110, 132, 1959)]
    [InlineData("5.10", "DMA32", 11174, 13967, 16760, 0)]
    [InlineData("6.1", "DMA", 86, 107, 128, 1935)]
    [InlineData("6.12", "DMA", 86, 107, 128, 1931)]
    [InlineData("6.12", "DMA32", 11177, 13971, 16765, 0)]
    public void WatermarksAreThoseOfTheMeasuredMachine(string era, string name, long min, long low, long high, long protection)
    {
        Zone zone = ZoneOf(Boot(era, 2048), name);
        ((double)zone.Min).ShouldBe(min, 3); // its kernel left a little more or less memory than the model's
        ((double)zone.Low).ShouldBe(low, 4);
        ((double)zone.High).ShouldBe(high, 5);
        ((double)zone.LowmemReserve).ShouldBe(protection, (protection * 0.03) + 0.1);
    }

    [Theory]
    [InlineData(2048, 45056)] // measured
    [InlineData(24576, 67584)] // measured: the 24 GiB host
    [InlineData(64, 2392)] // a twentieth of what there is above the high watermarks of the plain rule
    public void MinFreeKbytesIsWhatHugePagesRecommend(int mib, int kb)
    {
        Machine machine = Boot("6.18", mib);
        machine.Files.Read("/proc/sys/vm/min_free_kbytes").Text.ShouldBe($"{kb}\n");
    }

    [Theory]
    [InlineData("5.4", 67584)] // 65536, and then what huge pages recommend
    [InlineData("5.10", 262144)]
    public void MinFreeKbytesIsCapped(string era, int kb)
    {
        // 8 TiB: the square root of 16 times its kB is 370727.
        Watermarks marks = new(ZoneLayout.Of(2147483647, 2000000000, 3977), Workloads.Era(era).Pages);
        marks.MinFreeKb.ShouldBe(kb);
    }

    [Fact]
    public void OldEraHasGapsOfAQuarterOnly()
    {
        Machine old = Boot("4.1", 16384);
        Zone zone = ZoneOf(old, "Normal");
        (zone.Low, zone.High).ShouldBe((zone.Min + (zone.Min / 4), zone.Min + (zone.Min / 2)));
        old.Files.Write("/proc/sys/vm/watermark_scale_factor", "100").ShouldBe(Errno.ENOENT);
        Machine later = Boot("4.15", 16384);
        later.Files.Write("/proc/sys/vm/watermark_scale_factor", "100").ShouldBe(Errno.None);
        zone = ZoneOf(later, "Normal");
        (zone.Low - zone.Min, zone.High - zone.Low).ShouldBe((zone.Managed / 100L, zone.Managed / 100L));
        later.Files.Write("/proc/sys/vm/watermark_scale_factor", "1001").ShouldBe(Errno.EINVAL);
        later.Files.Write("/proc/sys/vm/watermark_scale_factor", "0").ShouldBe(Errno.EINVAL);
    }

    [Fact]
    public void MinFreeKbytesWrittenMovesAllMarksAndMemAvailable()
    {
        Machine machine = Boot("6.1", 2048);
        Zone zone = ZoneOf(machine, "DMA32");
        long before = machine.Frames.Watermarks.TotalReserve;
        machine.Files.Write("/proc/sys/vm/min_free_kbytes", "90112").ShouldBe(Errno.None);
        ((double)zone.Min).ShouldBe(2 * 11177, 6);
        machine.Frames.Watermarks.TotalReserve.ShouldBeGreaterThan(before);
        long available = (machine.Frames.Free - machine.Frames.Watermarks.TotalReserve) * 4;
        machine.Files.Read("/proc/meminfo").Text.ShouldContain($"MemAvailable:{available,11} kB\n");
        machine.Verify();
    }

    [Fact]
    public void ProtectionGrowsWithTheZonesAbove()
    {
        Machine machine = Boot("6.12", 8192);
        Zone dma = ZoneOf(machine, "DMA");
        Zone low = ZoneOf(machine, "DMA32");
        Zone normal = ZoneOf(machine, "Normal");
        (low.LowmemReserve, normal.LowmemReserve).ShouldBe((normal.Managed / 256, 0));
        dma.LowmemReserve.ShouldBe((low.Managed + normal.Managed) / 256);
        machine.Frames.Watermarks.Protection(dma, 1).ShouldBe(low.Managed / 256);
    }

    [Fact]
    public void FramesComeFromTheHighestZoneAboveItsMarkThenFromTheNext()
    {
        PageFrames frames = Boot("6.12", 64).Frames;
        Zone dma = frames.Zones[0];
        Zone low = frames.Zones[1];
        int taken = 0;
        while (frames.Allocate(PageFlags.Kernel) >= 0)
        {
            taken++;
        }
        (low.Free, dma.Free).ShouldBe(((int)low.Low, (int)(dma.Low + dma.LowmemReserve)));
        taken.ShouldBe(frames.Used);
        while (frames.Allocate(PageFlags.Kernel, Watermark.Min) >= 0)
        {
        }
        (low.Free, dma.Free).ShouldBe(((int)low.Min, (int)(dma.Min + dma.LowmemReserve)));
        while (frames.Allocate(PageFlags.Kernel, Watermark.Oom) >= 0)
        {
        }
        (low.Free, dma.Free).ShouldBe(((int)(low.Min - (low.Min / 2)), (int)(dma.Min - (dma.Min / 2) + dma.LowmemReserve)));
        frames.Allows(Watermark.High).ShouldBeFalse();
        while (frames.Allocate(PageFlags.Kernel, Watermark.None) >= 0)
        {
        }
        frames.Free.ShouldBe(0);
        frames.Verify();
    }

    [Fact]
    public void ReleasedFrameGoesBackToItsZone()
    {
        PageFrames frames = Boot("6.12", 64).Frames;
        List<int> all = [];
        for (int frame = frames.Allocate(PageFlags.Kernel, Watermark.None); frame >= 0; frame = frames.Allocate(PageFlags.Kernel, Watermark.None))
        {
            all.Add(frame);
        }
        all.Distinct().Count().ShouldBe(frames.Managed);
        frames.Release(0);
        (frames.Zones[0].Free, frames.Zones[1].Free).ShouldBe((1, 0));
        frames.Release(frames.Managed - 1);
        (frames.Zones[0].Free, frames.Zones[1].Free).ShouldBe((1, 1));
        frames.Verify();
        all.ForEach(frame => { if (frame != 0 && frame != frames.Managed - 1) { frames.Release(frame); } });
        (frames.Free, frames.Releases).ShouldBe((frames.Managed, frames.Managed));
        frames.Verify();
    }

    [Fact]
    public void BuddyBlocksAddUpToTheFreePages()
    {
        Machine machine = Boot("6.12", 256);
        PageFrames frames = machine.Frames;
        List<int> taken = [.. Enumerable.Range(0, 5000).Select(_ => frames.Allocate(PageFlags.Kernel))];
        for (int i = 0; i < taken.Count; i += 3)
        {
            frames.Release(taken[i]);
        }
        foreach (Zone zone in frames.Zones)
        {
            BuddyCounts.Of(frames, zone).Select((count, order) => count << order).Sum().ShouldBe(zone.Free);
        }
        string[] lines = machine.Files.Read("/proc/buddyinfo").Text.Split('\n');
        lines[0].ShouldStartWith("Node 0, zone      DMA ");
        lines[1].Length.ShouldBe("Node 0, zone    DMA32 ".Length + (11 * 7));
    }
}
