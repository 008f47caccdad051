using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.Cgroups;

/// <summary>memory.move_charge_at_immigrate (§2.14); figures of E9.</summary>
public sealed class ChargeMovingTests
{
    private const int Touched = 8192;

    private static (Machine Machine, Cgroup A, Cgroup B, TaskStruct Task) Prepare(string era, ulong flags, long? maxPages = null)
    {
        Machine machine = Workloads.Boot(era);
        (Cgroup a, Cgroup b) = (machine.Make("/a"), machine.Make("/b", maxPages));
        machine.Files.Write("/sys/fs/cgroup/memory/b/memory.move_charge_at_immigrate", $"{flags}").ShouldBe(Errno.None);
        TaskStruct task = machine.Enter(a);
        machine.Grow(task, Touched, out _).ShouldBe(Touched);
        machine.Current = null;
        return (machine, a, b, task);
    }

    [Theory]
    [InlineData("4.15", 32)]
    [InlineData("5.4", 32)]
    [InlineData("5.10", 32)]
    [InlineData("6.1", 64)]
    public void Section2_14_E9_AnonymousPagesFollow_AndOneBatchMoreIsCharged(string era, int batch)
    {
        (Machine machine, Cgroup a, Cgroup b, TaskStruct task) = Prepare(era, flags: 1);
        long before = a.Memcg.Memory.Usage;
        machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        b.Memcg.Memory.Watermark.ShouldBe(Touched + 1 + batch, "33689600 bytes were measured with a batch of 32, 33820672 with 64");
        b.Memcg.Memory.Usage.ShouldBe(Touched + 1 + batch - 1, "33685504, 33816576");
        b.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBe(Touched + 1, "33558528 bytes");
        a.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBe(0);
        (before - a.Memcg.Memory.Usage).ShouldBeInRange(Touched + 1, Touched + 1 + batch);
        machine.Verify();
        machine.ExitGroup(task.Signal, 0, 0);
        machine.Verify();
    }

    /// <summary>With bit 1 alone nothing is counted, but the walk after the move asks for one page more, and gets a batch.</summary>
    [Theory]
    [InlineData(0ul, 0)]
    [InlineData(2ul, 32)]
    public void Section2_14_E9_WithoutBit0_AnonymousPagesStay(ulong flags, int charged)
    {
        (Machine machine, Cgroup a, Cgroup b, TaskStruct task) = Prepare("4.15", flags);
        long before = WithoutStock(machine, a);
        machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        (WithoutStock(machine, a), WithoutStock(machine, b), b.Memcg.Memory.Watermark).ShouldBe((before, 0, charged));
        task.Cgroup.ShouldBe(b);
    }

    private static long WithoutStock(Machine machine, Cgroup cgroup) => cgroup.Memcg.Memory.Usage - machine.Stock.PagesOf(cgroup.Memcg);

    [Theory]
    [InlineData("4.1")]
    [InlineData("4.15")]
    [InlineData("6.12")]
    public void Section2_14_E9_ATargetThatIsTooSmall_RefusesTheMove(string era)
    {
        (Machine machine, Cgroup a, Cgroup b, TaskStruct task) = Prepare(era, flags: 1, maxPages: 1000);
        long before = WithoutStock(machine, a);
        machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.ENOMEM);
        task.Cgroup.ShouldBe(a);
        WithoutStock(machine, a).ShouldBe(before);
        b.Memcg.Memory.Usage.ShouldBeLessThanOrEqualTo(64, "at most a stock");
        b.Memcg.Memory.Failcnt.ShouldBeGreaterThan(0);
        machine.Oom.Kills.ShouldBe(0);
        machine.Verify();
    }

    [Fact]
    public void Section2_14_SharedMemory_FollowsWithBit1_AlsoWhereItIsNotMappedYet()
    {
        Machine machine = Workloads.Boot("4.15");
        (Cgroup a, Cgroup b) = (machine.Make("/a"), machine.Make("/b"));
        b.Memcg.MoveChargeAtImmigrate = 2;
        TaskStruct task = machine.Enter(a);
        long address = machine.Mmap(task, 200 * 4096, VmaFlags.Read | VmaFlags.Write | VmaFlags.Shared).Address;
        for (int page = 0; page < 200; page++)
        {
            machine.Touch(task, address + (page * 4096), write: true).ShouldBe(FaultOutcome.Ok);
        }
        machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        b.Memcg.Stats.Exact(MemcgStat.Shmem).ShouldBe(200);
        b.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBe(0);
        a.Memcg.Stats.Exact(MemcgStat.Shmem).ShouldBe(0);
        machine.Verify();
    }

    [Fact]
    public void Section2_14_OnlyTheFirstThreadTakesChargesAlong()
    {
        (Machine machine, Cgroup a, Cgroup b, TaskStruct task) = Prepare("4.15", flags: 1);
        machine.As(task);
        TaskStruct thread = machine.Clone(task).Thread.ShouldNotBeNull();
        machine.Attach(b, thread.Pid, wholeProcess: false).ShouldBe(Errno.None);
        b.Memcg.Memory.Usage.ShouldBe(0);
        machine.Attach(b, task.Pid, wholeProcess: false).ShouldBe(Errno.None);
        b.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBe(Touched + 1);
        a.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBe(0);
    }

    [Fact]
    public void Section2_14_PagesOfAParent_ThatAreOnlySharedAfterFork_AreMovedByTheirOwnersMove()
    {
        (Machine machine, Cgroup a, Cgroup b, TaskStruct task) = Prepare("4.15", flags: 1);
        machine.As(task);
        TaskStruct child = machine.Fork(task).Child.ShouldNotBeNull();
        machine.Attach(b, child.Pid, wholeProcess: true).ShouldBe(Errno.None);
        b.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBe(Touched + 1, "pages of the source cgroup in its tables, whoever else maps them");
        machine.Verify();
        machine.ExitGroup(child.Signal, 0, 0);
        a.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBe(0);
        machine.Verify();
    }

    [Theory]
    [InlineData("6.1", 1)]
    [InlineData("6.12", 1)]
    [InlineData("5.10", 1)] // a stable backport has it, measured
    [InlineData("5.4", 0)]
    public void Section2_14_DeprecationIsToldOnce(string era, int times)
    {
        Machine machine = Workloads.Boot(era);
        machine.Make("/b");
        machine.Files.Write("/sys/fs/cgroup/memory/b/memory.move_charge_at_immigrate", "1").ShouldBe(Errno.None);
        machine.Files.Write("/sys/fs/cgroup/memory/b/memory.move_charge_at_immigrate", "3").ShouldBe(Errno.None);
        machine.Log.Records.Count(record => record.Text.Contains("deprecated", StringComparison.Ordinal)).ShouldBe(times);
    }

    [Fact]
    public void Section2_14_6_18_TakesOnlyZero()
    {
        Machine machine = Workloads.Boot("6.18");
        machine.Make("/b");
        machine.Files.Write("/sys/fs/cgroup/memory/b/memory.move_charge_at_immigrate", "1").ShouldBe(Errno.EINVAL);
        machine.Files.Write("/sys/fs/cgroup/memory/b/memory.move_charge_at_immigrate", "0").ShouldBe(Errno.None);
    }
}
