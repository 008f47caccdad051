using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Pages;

/// <summary>Several NUMA nodes: where memory lies, where it is taken from, what files show (§9, §11.5).</summary>
public sealed class NodeTests
{
    private static Machine Boot(string era, int mib, int nodes, int cpus = 4, int version = 2, long swap = 0) => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), MemoryBytes = (long)mib << 20, Nodes = nodes, Cpus = cpus, CgroupVersion = version, SwapBytes = swap,
    });

    private static string Zones(Machine machine) => string.Join(' ', machine.Frames.Zones.Select(zone => $"{zone.NodeId}:{zone.Name}"));

    [Theory]
    [InlineData(2048, 2, "0:DMA 0:DMA32 1:DMA32")]
    [InlineData(8192, 2, "0:DMA 0:DMA32 0:Normal 1:Normal")]
    [InlineData(4096, 4, "0:DMA 0:DMA32 1:DMA32 2:DMA32 3:Normal")]
    [InlineData(256, 4, "0:DMA 0:DMA32 1:DMA32 2:DMA32 3:DMA32")]
    public void NodesFollowEachOtherInMemoryWithEqualShares(int mib, int nodes, string zones)
    {
        Machine machine = Boot("6.18", mib, nodes);
        Zones(machine).ShouldBe(zones);
        machine.Frames.Zones.Sum(zone => zone.Present).ShouldBe((mib << 8) - 98);
        foreach (MemoryNode node in machine.Frames.Nodes)
        {
            node.Present.ShouldBeInRange((mib << 8) / nodes - 600, (mib << 8) / nodes + 600);
            node.Zonelist.Length.ShouldBe(machine.Frames.Zones.Count);
            node.Zonelist.TakeWhile(zone => zone.NodeId == node.Id).Count().ShouldBe(node.Zones.Count);
        }
        machine.Verify();
    }

    [Fact]
    public void CpusHaveTheirNodeInOrder()
    {
        PageFrames frames = Boot("6.18", 512, 2, cpus: 4).Frames;
        Enumerable.Range(0, 4).Select(cpu => frames.NodeOfCpu(cpu).Id).ShouldBe([0, 0, 1, 1]);
        frames = Boot("6.18", 512, 4, cpus: 2).Frames;
        Enumerable.Range(0, 2).Select(cpu => frames.NodeOfCpu(cpu).Id).ShouldBe([0, 2]);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void PagesComeFromTheCpusNodeUntilItIsLow(string era)
    {
        Machine machine = Boot(era, 256, 2);
        machine.Overcommit.Mode = 1;
        TaskStruct task = PageAllocatorTests.Start(machine, "task");
        machine.CurrentCpu = 3;
        MemoryNode own = machine.Frames.Nodes[1];
        long before = own.Free;
        machine.Grow(task, 5000, out _);
        (before - own.Free).ShouldBeGreaterThanOrEqualTo(5000);
        machine.Pages.Numa.Of("numa_miss", -1).ShouldBe(0);
        machine.Grow(task, 28_000, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Ok);
        machine.Pages.Numa.Of("numa_miss", 0).ShouldNotBeNull().ShouldBeGreaterThan(2000);
        machine.Pages.Numa.Of("numa_foreign", 1).ShouldBe(machine.Pages.Numa.Of("numa_miss", 0));
        string vmstat = machine.Files.Read("/proc/vmstat").Text;
        vmstat.ShouldContain($"numa_other {machine.Pages.Numa.Of("numa_miss", -1)}\n");
        machine.Verify();
    }

    [Theory]
    [InlineData("4.1")]
    [InlineData("4.15")]
    [InlineData("5.10")]
    [InlineData("6.18")]
    public void EachNodeHasListsAndAKswapdOfItsOwn(string era)
    {
        Machine machine = Boot(era, 512, 2, version: 1);
        machine.CreateFile("/big", 200 << 20).ShouldBe(Errno.None);
        TaskStruct task = PageAllocatorTests.Start(machine, "reader");
        machine.CurrentCpu = 3;
        machine.SetMempolicy(task, PolicyMode.Bind, NodeMask.Of(1)).ShouldBe(Errno.None);
        (_, Model.Files.FileHandle? file) = machine.OpenData("/big");
        for (long offset = 0; offset < 200 << 20; offset += 1 << 20)
        {
            machine.ReadData(task, file!, offset, 1 << 20).Errno.ShouldBe(Errno.None);
            machine.RunDueWork(machine.TimeNs);
        }
        MemoryNode first = machine.Frames.Nodes[0];
        MemoryNode second = machine.Frames.Nodes[1];
        first.ListPages(LruList.InactiveFile).ShouldBeLessThan(100);
        second.ListPages(LruList.InactiveFile).ShouldBeGreaterThan(20_000);
        machine.SetMempolicy(task, PolicyMode.Bind, NodeMask.Of(1)).ShouldBe(Errno.None);
        machine.Grow(task, 30_000, out FaultOutcome last); // more than is free there: page cache of this node has to go
        last.ShouldBe(FaultOutcome.Ok);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        (machine.Vm[VmItem.PgStealKswapd] + machine.Vm[VmItem.PgStealDirect]).ShouldBeGreaterThan(1000);
        machine.Oom.Kills.ShouldBe(0);
        machine.Verify();
    }

    [Theory]
    [InlineData("5.10")]
    [InlineData("6.18")]
    public void Section3_10_ARefaultMeetsTheClockOfTheNodeThatItWasEvictedFrom(string era)
    {
        Machine machine = Boot(era, 512, 2);
        machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory").ShouldBe(Errno.None);
        machine.Hierarchy.Mkdir("/a").ShouldBe(Errno.None);
        machine.Files.Write("/sys/fs/cgroup/a/memory.max", "16M").ShouldBe(Errno.None);
        machine.CreateFile("/f", 24 << 20).ShouldBe(Errno.None);
        TaskStruct task = PageAllocatorTests.Start(machine, "reader");
        machine.Attach(machine.Hierarchy.Find("/a")!, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.SetMempolicy(task, PolicyMode.Interleave, NodeMask.First(2)).ShouldBe(Errno.None);
        (_, Model.Files.FileHandle? file) = machine.OpenData("/f");
        for (int pass = 0; pass < 3; pass++)
        {
            machine.ReadData(task, file!, 0, 24 << 20).Errno.ShouldBe(Errno.None);
        }
        machine.Vm[VmItem.WorkingsetRefaultFile].ShouldBeGreaterThan(4000);
        foreach (Lruvec lruvec in machine.Hierarchy.Find("/a")!.Memcg.Lruvecs!)
        {
            lruvec.Age.ShouldBeGreaterThan(2000);
            lruvec.Size(LruList.InactiveFile).ShouldBeGreaterThan(500);
        }
        machine.Verify();
    }

    [Theory]
    [InlineData("5.10")]
    [InlineData("6.18")]
    public void Section11_5_NumaStatHasAColumnForEachNodeWithWhatLiesThere(string era)
    {
        Machine machine = Boot(era, 512, 2);
        machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory").ShouldBe(Errno.None);
        machine.Hierarchy.Mkdir("/a").ShouldBe(Errno.None);
        TaskStruct task = PageAllocatorTests.Start(machine, "task");
        machine.Attach(machine.Hierarchy.Find("/a")!, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.SetMempolicy(task, PolicyMode.Interleave, NodeMask.First(2)).ShouldBe(Errno.None);
        machine.Grow(task, 2000, out _);
        machine.SetMempolicy(task, PolicyMode.Bind, NodeMask.Of(1)).ShouldBe(Errno.None);
        machine.Grow(task, 1000, out _);
        string anon = machine.Files.Read("/sys/fs/cgroup/a/memory.numa_stat").Text.Split('\n')[0];
        anon.ShouldStartWith("anon N0=");
        long[] bytes = [.. anon.Split(' ').Skip(1).Select(part => long.Parse(part[3..]))];
        bytes[0].ShouldBeInRange(990 * 4096, 1010 * 4096);
        bytes[1].ShouldBeInRange(1990 * 4096, 2010 * 4096);
        machine.Files.Read("/proc/buddyinfo").Text.Split('\n')[2].ShouldStartWith("Node 1, zone    DMA32 ");
        machine.Verify();
    }

    [Theory]
    [InlineData("4.1")]
    [InlineData("6.18")]
    public void Section11_5_V1NumaStatAddsUp(string era)
    {
        Machine machine = Boot(era, 512, 2, version: 1);
        machine.Hierarchy.Mkdir("/a").ShouldBe(Errno.None);
        TaskStruct task = PageAllocatorTests.Start(machine, "task");
        machine.Attach(machine.Hierarchy.Find("/a")!, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.SetMempolicy(task, PolicyMode.Interleave, NodeMask.First(2)).ShouldBe(Errno.None);
        machine.Grow(task, 2000, out _);
        machine.Lru.DrainAll();
        foreach (string line in machine.Files.Read("/sys/fs/cgroup/memory/a/memory.numa_stat").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            long[] numbers = [.. line.Split(' ').Select(part => long.Parse(part[(part.IndexOf('=') + 1)..]))];
            numbers.Length.ShouldBe(3);
            Math.Abs(numbers[0] - numbers[1] - numbers[2]).ShouldBeLessThan(70, line);
        }
    }

    [Fact]
    public void PolicySaysWhereThePagesOfAMappingComeFrom()
    {
        Machine machine = Boot("6.18", 512, 2);
        TaskStruct task = PageAllocatorTests.Start(machine, "task");
        machine.CurrentCpu = 0;
        long address = machine.Mmap(task, 400 * 4096, VmaFlags.Read | VmaFlags.Write).Address;
        machine.Mbind(task, address + (100 * 4096), 100 * 4096, PolicyMode.Bind, NodeMask.Of(1)).ShouldBe(Errno.None);
        machine.Mbind(task, address + (200 * 4096), 200 * 4096, PolicyMode.Interleave, NodeMask.First(2)).ShouldBe(Errno.None);
        long before = machine.Frames.Nodes[1].Free;
        machine.Populate(task, address, 400 * 4096);
        (before - machine.Frames.Nodes[1].Free).ShouldBe(200);
        task.Mm!.Vmas.Count(vma => vma.Policy is not null).ShouldBe(2);
        machine.Mbind(task, address, 400 * 4096, null, default).ShouldBe(Errno.None);
        task.Mm!.Vmas.Count(vma => vma.Policy is not null).ShouldBe(0);
        machine.Verify();
    }

    [Fact]
    public void PolicyErrnos()
    {
        Machine machine = Boot("6.18", 512, 2);
        TaskStruct task = PageAllocatorTests.Start(machine, "task");
        machine.SetMempolicy(task, PolicyMode.Bind, default).ShouldBe(Errno.EINVAL);
        machine.SetMempolicy(task, PolicyMode.Bind, NodeMask.Of(2)).ShouldBe(Errno.EINVAL); // there is none
        machine.SetMempolicy(task, null, NodeMask.Of(0)).ShouldBe(Errno.EINVAL);
        machine.SetMempolicy(task, PolicyMode.Preferred, default).ShouldBe(Errno.None); // the node that it runs on
        task.Policy.ShouldBeNull();
        machine.SetMempolicy(task, PolicyMode.Bind, new NodeMask(0b110)).ShouldBe(Errno.None);
        task.Policy.ShouldBe(new MemoryPolicy(PolicyMode.Bind, NodeMask.Of(1)));
        (_, TaskStruct? child) = machine.Fork(task);
        child!.Policy.ShouldBe(task.Policy);
        long address = machine.Mmap(task, 4096, VmaFlags.Read).Address;
        machine.Mbind(task, address + 1, 4096, PolicyMode.Bind, NodeMask.Of(0)).ShouldBe(Errno.EINVAL);
        machine.Munmap(task, address, 4096);
        machine.Mbind(task, address, 4096, PolicyMode.Bind, NodeMask.Of(0)).ShouldBe(Errno.EFAULT);
    }

    [Fact]
    public void OneNodeIsWhatItWas()
    {
        Machine machine = Boot("6.18", 512, 1);
        (machine.Frames.IsNuma, machine.Kswapds.Length, machine.Lru.LruvecsPerMemcg).ShouldBe((false, 1, 1));
        TaskStruct task = PageAllocatorTests.Start(machine, "task");
        machine.SetMempolicy(task, PolicyMode.Bind, NodeMask.Of(0)).ShouldBe(Errno.None);
        machine.Grow(task, 100, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Ok);
        string vmstat = machine.Files.Read("/proc/vmstat").Text;
        vmstat.ShouldContain($"numa_hit {machine.Frames.Allocations}\n");
        vmstat.ShouldContain("numa_miss 0\n");
    }

    [Fact]
    public void TooManyNodesForTheMemoryAreRefused() =>
        Should.Throw<ArgumentException>(() => Boot("6.18", 128, 4)).Message.ShouldStartWith("nodes must have at least 64 MiB each");

    [Theory]
    [MemberData(nameof(Kernfs.KernfsData.Snapshots), MemberType = typeof(Kernfs.KernfsData))]
    public void ZoneinfoHasTheLinesOfTheKernelButPagesets(string era, int version, string folder)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = version, MemoryBytes = folder == "6.18-v1" ? 24L << 30 : 2L << 30 });
        string text = machine.Files.Read("/proc/zoneinfo").Text;
        Ullage.Abi.Files.ZoneInfo.TryParse(text, out Ullage.Abi.Files.ZoneInfo? parsed, out _).ShouldBeTrue();
        parsed!.Zones.Select(zone => zone.Zone).ShouldBe(["DMA", "DMA32", "Normal", "Movable", "Device"]);
        string[] paged = ["pagesets", "cpu", "count", "batch", "vm stats threshold", "high_min", "high_max"];
        List<string> measured = Names(File.ReadAllText(Kernfs.KernfsData.Idle(folder, "/proc/zoneinfo")), paged);
        Names(text, paged).ShouldBe(measured);
    }

    /// <summary>The words of all lines; the second "high" is one of a pageset.</summary>
    private static List<string> Names(string text, string[] without)
    {
        List<string> names = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string word = line.StartsWith("Node") ? line : new Ullage.Abi.Files.ZoneInfoLine(line).Name;
            if (!without.Contains(word) && !line.StartsWith("              high"))
            {
                names.Add(word);
            }
        }
        return names;
    }

    [Theory]
    [InlineData("4.1")]
    [InlineData("6.18")]
    public void ZoneinfoOfSeveralNodesAddsUp(string era)
    {
        Machine machine = Boot(era, 512, 2);
        TaskStruct task = PageAllocatorTests.Start(machine, "task");
        machine.SetMempolicy(task, PolicyMode.Interleave, NodeMask.First(2)).ShouldBe(Errno.None);
        machine.Grow(task, 2000, out _);
        machine.Lru.DrainAll();
        Ullage.Abi.Files.ZoneInfo.TryParse(machine.Files.Read("/proc/zoneinfo").Text, out Ullage.Abi.Files.ZoneInfo? parsed, out _).ShouldBeTrue();
        ulong Sum(string field) => parsed!.Zones.Aggregate(0UL, (sum, zone) => sum + (zone[field] ?? 0));
        Sum("nr_free_pages").ShouldBe((ulong)machine.Frames.Free);
        string list = era == "4.1" ? "nr_active_anon" : "nr_inactive_anon";
        Sum(list).ShouldBe((ulong)machine.Vm[era == "4.1" ? VmItem.ActiveAnon : VmItem.InactiveAnon]);
        parsed!.Zones.Last(zone => zone.Node == 1 && zone["numa_hit"] is not null)["numa_hit"].ShouldNotBeNull().ShouldBeGreaterThan(900UL);
    }
}
