using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Limits;

/// <summary>memory.force_empty and memory.swappiness of v1 where there is something to reclaim (§2.11, §3.7, §11.2).</summary>
public sealed class V1ReclaimTests
{
    private const int Pages = 2000;

    public static IEnumerable<object[]> Eras => Workloads.Eras;

    private static Machine Boot(string era, long swap = 64 << 20) => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), CgroupVersion = 1, MemoryBytes = 256 << 20, SwapBytes = swap,
        Disk = new DiskOptions { ReadLatencyNs = 20_000, WriteLatencyNs = 20_000, BytesPerSecond = 4L << 30 },
    });

    private static Errno Write(Machine machine, string file, string value) => machine.Files.Write("/sys/fs/cgroup/memory/a/" + file, value);

    [Theory]
    [MemberData(nameof(Eras))]
    public void Section11_2_ForceEmpty_SwapsOutWhatItCan(string era)
    {
        Machine machine = Boot(era);
        Cgroup cgroup = machine.Make("/a");
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, Pages, out FaultOutcome last).ShouldBe(Pages);
        last.ShouldBe(FaultOutcome.Ok);
        cgroup.Memcg.Memory.Usage.ShouldBeGreaterThanOrEqualTo(Pages);
        Write(machine, "memory.force_empty", "0").ShouldBe(Errno.None);
        cgroup.Memcg.Memory.Usage.ShouldBeLessThan(100, "page tables and stacks stay");
        task.Mm!.SwapPages.ShouldBeGreaterThan(Pages - 100);
        machine.Oom.Kills.ShouldBe(0);
        machine.Verify();
        machine.VerifyPageTables();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void Section11_2_ForceEmpty_WithoutSwapLeavesAnonymousMemory(string era)
    {
        Machine machine = Boot(era, swap: 0);
        Cgroup cgroup = machine.Make("/a");
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, Pages, out _).ShouldBe(Pages);
        Write(machine, "memory.force_empty", "0").ShouldBe(Errno.None);
        cgroup.Memcg.Memory.Usage.ShouldBeGreaterThanOrEqualTo(Pages);
        machine.Oom.Kills.ShouldBe(0);
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void Section3_7_SwappinessZero_NeverSwapsForTheCgroupsLimit(string era)
    {
        Machine machine = Boot(era);
        Cgroup cgroup = machine.Make("/a", Pages);
        Write(machine, "memory.swappiness", "0").ShouldBe(Errno.None);
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, 2 * Pages, out FaultOutcome last).ShouldBeInRange(Pages - 100, Pages);
        last.ShouldBe(FaultOutcome.Killed);
        machine.Swap.Map.Used.ShouldBe(0);
        machine.Oom.Kills.ShouldBe(1);
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void Section3_7_SwappinessOne_IsEnoughToSwap(string era)
    {
        Machine machine = Boot(era);
        Cgroup cgroup = machine.Make("/a", Pages);
        Write(machine, "memory.swappiness", "1").ShouldBe(Errno.None);
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, 2 * Pages, out FaultOutcome last).ShouldBe(2 * Pages);
        last.ShouldBe(FaultOutcome.Ok);
        machine.Swap.Map.Used.ShouldBeGreaterThanOrEqualTo(Pages);
        machine.Oom.Kills.ShouldBe(0);
        machine.Verify();
    }
}
