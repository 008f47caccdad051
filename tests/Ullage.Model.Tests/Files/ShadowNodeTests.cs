using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Files;

/// <summary>Nodes of page cache trees: which are made, and which go when only shadows are left in them (§3.10).</summary>
public sealed class ShadowNodeTests
{
    private const int LimitPages = 4096;
    private const int FilePages = 32768; // 512 nodes

    private static (Machine Machine, Cgroup Cgroup, TaskStruct Task) Boot(string era, long? limit, long readaheadBytes = 128 << 10)
    {
        Machine machine = Machine.Boot(new MachineOptions
        {
            Era = Workloads.Era(era), CgroupVersion = 2, Cpus = 1,
            Disk = new DiskOptions { ReadLatencyNs = 0, BytesPerSecond = 1L << 50, ReadaheadBytes = readaheadBytes },
        });
        Cgroup cgroup = machine.Make("/a", limit);
        TaskStruct task = machine.Enter(cgroup);
        machine.CreateFile("/f", FilePages * 4096L);
        return (machine, cgroup, task);
    }

    private static void Read(Machine machine, TaskStruct task, FileHandle file, int first, int end)
    {
        for (long page = first; page < end; page++)
        {
            machine.ReadData(task, file, page * 4096, 4096);
        }
    }

    [Theory]
    [InlineData("5.10")]
    [InlineData("6.1")]
    public void Section3_10_AnEighthOfThePagesInNodesIsLeftAlone(string era)
    {
        (Machine machine, _, TaskStruct task) = Boot(era, LimitPages);
        Read(machine, task, machine.OpenData("/f").File!, 0, FilePages);
        machine.Vm[VmItem.WorkingsetNodes].ShouldBeInRange(440, 460);
        machine.Vm[VmItem.WorkingsetNodeReclaim].ShouldBe(0);
    }

    /// <summary>Measured: 126 nodes of a mapped file went on 6.12, 513 on 6.18, none of files that were read once statistics had been flushed (E4, seq3-mmap).</summary>
    [Fact]
    public void Section3_10_BeforeTheFirstFlushNoNodeIsLeftAlone()
    {
        (Machine machine, _, TaskStruct task) = Boot("6.12", LimitPages);
        FileHandle file = machine.OpenData("/f").File!;
        Read(machine, task, file, 0, FilePages * 3 / 4);
        machine.Vm[VmItem.WorkingsetNodeReclaim].ShouldBeGreaterThan(50, "the cgroup's pages have not been counted yet");
        machine.SpendAndRunDue(3_000_000_000);
        long before = machine.Vm[VmItem.WorkingsetNodeReclaim];
        Read(machine, task, file, FilePages * 3 / 4, FilePages);
        machine.Vm[VmItem.WorkingsetNodeReclaim].ShouldBe(before, "now they have");
        machine.Verify();
    }

    /// <summary>Folios of a stream grow by two orders with each window; from 64 pages on they are one entry of the level above.</summary>
    [Fact]
    public void LargeFoliosOfAStreamNeedNoNodes()
    {
        long[] nodes = new long[2];
        foreach ((string era, int at) in new[] { ("6.12", 0), ("6.18", 1) })
        {
            (Machine machine, Cgroup cgroup, TaskStruct task) = Boot(era, null, readaheadBytes: 8 << 20);
            Read(machine, task, machine.OpenData("/f").File!, 0, FilePages);
            machine.Verify();
            nodes[at] = cgroup.Memcg.Stats.Exact(MemcgStat.SlabReclaimable) / 576;
        }
        nodes[0].ShouldBeGreaterThan(FilePages / 64);
        nodes[1].ShouldBeLessThan(nodes[0] / 8);
    }

    [Fact]
    public void APageOfItsOwnInPlaceOfALargeFolioNeedsANode()
    {
        (Machine machine, Cgroup cgroup, TaskStruct task) = Boot("6.18", LimitPages * 4, readaheadBytes: 8 << 20);
        FileHandle file = machine.OpenData("/f").File!;
        Read(machine, task, file, 0, FilePages);
        long before = cgroup.Memcg.Stats.Exact(MemcgStat.SlabReclaimable);
        FileHandle random = machine.OpenData("/f").File!;
        machine.AdviseData(random, FileAdvice.Random);
        for (int page = 4096; page < 12288; page += 64)
        {
            machine.ReadData(task, random, page * 4096L, 4096);
        }
        cgroup.Memcg.Stats.Exact(MemcgStat.SlabReclaimable).ShouldBeGreaterThan(before + (50 * 576));
        machine.Verify();
    }
}
