using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Tests.Oom;

namespace Ullage.Model.Tests.Pages;

/// <summary>Reports of allocations that fail, and their Mem-Info, line by line beside a real one.</summary>
public sealed class AllocationWarningTests
{
    /// <summary>A fork at a kmem limit that has no room for the child's stack.</summary>
    private static Machine ForkWithoutRoomForTheStack(string era)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = 1, Cpus = 2, SwapAccounting = false });
        Cgroup cgroup = machine.Make("/g");
        TaskStruct task = machine.Enter(cgroup);
        machine.CurrentCpu = 1;
        while (machine.Stacks.TryTake(machine.Hierarchy.Root.Memcg, out MemCgroup? _) && machine.Stacks.KeptOn(1) > 0)
        {
            // what the CPU keeps has been paid for
        }
        cgroup.Memcg.Kmem.TrySetMax(Math.Max(cgroup.Memcg.Kmem.Usage, 1)).ShouldBe(Errno.None);
        machine.Fork(task).Errno.ShouldBe(Errno.ENOMEM);
        return machine;
    }

    /// <summary>The only Mem-Info of a real kernel that was measured. all_unreclaimable, blocks' migrate types and numbers are the machine's own.</summary>
    [Fact]
    public void Section9_AForkWithoutRoomForItsStackReportsAsTheRealKernelLineByLine()
    {
        Machine machine = ForkWithoutRoomForTheStack("4.15");
        List<string> model = Plain(ReportText.Comparable(machine.Log.Records));
        List<string> kernel = Plain(ReportText.Comparable(ReportText.Measured("E1-4.15-v1-kmem10M-fork")));
        kernel.Count.ShouldBeGreaterThan(30);
        model.ShouldPrintLike(kernel);
    }

    /// <summary>Which blocks are free, and of which kind they are, is no part of the format.</summary>
    private static List<string> Plain(List<string> lines) => [.. lines.Select(line => System.Text.RegularExpressions.Regex.Replace(line, @" \([UMEHCI]+\)", ""))];

    [Theory]
    [InlineData("4.19")]
    [InlineData("5.4")]
    [InlineData("6.18")]
    public void Section2_17_LaterStacksAreChargedAfterwardsAndFailInSilence(string era)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/g");
        TaskStruct task = machine.Enter(cgroup);
        task.Signal.OomScoreAdj = -1000;
        machine.Stock.DrainCpu(machine.CurrentCpu);
        cgroup.Memcg.Memory.TrySetMax(cgroup.Memcg.Memory.Usage).ShouldBe(Errno.None);
        for (int i = 0; i < 30 && machine.Fork(task).Errno == Errno.None; i++)
        {
        }
        machine.Log.Records.ShouldNotContain(record => record.Text.Contains("allocation failure"));
    }

    [Theory]
    [InlineData("4.1", "grower: page allocation failure: order:0, mode:0x280da", "warn_alloc_failed")]
    [InlineData("4.15", "grower: page allocation failure: order:0, mode:0x14280ca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO), nodemask=(null)", "warn_alloc")]
    [InlineData("5.4", "grower: page allocation failure: order:0, mode:0x100dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO), nodemask=(null),cpuset=/,mems_allowed=0", "warn_alloc")]
    [InlineData("6.18", "grower: page allocation failure: order:0, mode:0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0", "warn_alloc")]
    public void Section9_2_AVictimThatHasUsedUpTheReserveIsTold(string era, string line, string frame)
    {
        Machine machine = PageAllocatorTests.Boot(era);
        TaskStruct task = PageAllocatorTests.Start(machine, "grower");
        task.InUserFault = true;
        for (int i = 0; i < 12; i++)
        {
            machine.Pages.Warning.PageFailed(task, Gfp.HighUserMovable);
        }
        string[] texts = [.. machine.Log.Records.Select(record => record.Text)];
        texts[0].ShouldBe(line);
        texts.ShouldContain(" " + frame);
        texts.Count(text => text == line).ShouldBe(10, "ten in five seconds");
        texts.Count(text => text == "Mem-Info:").ShouldBe(1, "one in a second");
        texts.Count(text => text.StartsWith(" out_of_memory")).ShouldBe(0);
    }
}
