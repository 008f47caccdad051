using System.Globalization;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Reclaim;

/// <summary>§9.2, §9.3, §2.12: the whole machine runs out of free memory.</summary>
public sealed class GlobalReclaimTests
{
    private static long ReadAll(ReclaimRig rig, FileHandle file, long pages)
    {
        long least = long.MaxValue;
        for (long page = 0; page < pages; page++)
        {
            rig.Read(file, page);
            rig.Machine.RunDueWork(rig.Machine.TimeNs);
            least = Math.Min(least, rig.Machine.Frames.Free);
        }
        return least;
    }

    private static long MinPages(Machine machine) => machine.Frames.Zones.Sum(zone => zone.Min);

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void KswapdKeepsMemoryFreeWhileFilesAreRead(string era)
    {
        ReclaimRig rig = new(era, memoryBytes: 128L << 20, cpus: 2);
        FileHandle file = rig.OpenFile(60_000);
        long least = ReadAll(rig, file, 60_000);
        Machine machine = rig.Machine;
        least.ShouldBeGreaterThan(0);
        machine.Vm[VmItem.PgStealKswapd].ShouldBeGreaterThan(0);
        machine.Vm[VmItem.PageOutRun].ShouldBeGreaterThan(0);
        (machine.Vm[VmItem.PgStealKswapd] + machine.Vm[VmItem.PgStealDirect]).ShouldBeGreaterThan(30_000);
        machine.Verify();
        MinPages(machine).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("4.15")]
    [InlineData("6.12")]
    public void AnonymousMemoryDrivesPageCacheOut(string era)
    {
        ReclaimRig rig = new(era, memoryBytes: 128L << 20, cpus: 2);
        FileHandle file = rig.OpenFile(8000);
        ReadAll(rig, file, 8000);
        rig.Machine.Files.Write("/proc/sys/vm/overcommit_memory", "1");
        long grown = rig.Machine.Grow(rig.Task, 20_000, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Ok);
        grown.ShouldBe(20_000);
        Enumerable.Range(0, 8000).Count(page => rig.Machine.IsCached(file, page)).ShouldBeLessThan(7000);
        rig.Machine.Oom.Kills.ShouldBe(0);
        rig.Machine.Verify();
    }

    [Fact]
    public void SoftLimitOfV1IsReclaimedFirst()
    {
        ReclaimRig rig = new("5.10", version: 1, memoryBytes: 128L << 20, cpus: 2);
        FileHandle mine = rig.OpenFile(8000, "/mine");
        ReadAll(rig, mine, 8000);
        rig.Memcg.SoftLimit = 1000;
        rig.Machine.SoftLimits.Update(rig.Memcg);
        TaskStruct other = rig.Machine.Enter(rig.Machine.Make("/other"));
        FileHandle theirs = rig.OpenFile(8000, "/theirs");
        for (long page = 0; page < 8000; page++)
        {
            rig.Machine.ReadData(other, theirs, page * 4096, 4096).Errno.ShouldBe(Errno.None);
            rig.Machine.RunDueWork(rig.Machine.TimeNs);
        }
        rig.Machine.Grow(other, 10_000, out _).ShouldBe(10_000);
        long lost = 8000 - rig.Count(MemcgStat.File);
        long lostByOther = 8000 - rig.Machine.Hierarchy.Find("/other")!.Memcg.Stats.Exact(MemcgStat.File);
        lost.ShouldBeGreaterThan(2000);
        lost.ShouldBeGreaterThan(10 * lostByOther);
        rig.Machine.Verify();
    }

    [Fact]
    public void WatermarksDecideWhenKswapdRuns()
    {
        ReclaimRig rig = new("6.1", memoryBytes: 128L << 20, cpus: 2);
        FileHandle file = rig.OpenFile(30_000);
        string kb = (16 << 10).ToString(CultureInfo.InvariantCulture);
        rig.Machine.Files.Write("/proc/sys/vm/min_free_kbytes", kb).ShouldBe(Errno.None);
        ReadAll(rig, file, 30_000);
        rig.Machine.Frames.Free.ShouldBeGreaterThan(4 << 10); // 16 MiB is kept
    }
}
