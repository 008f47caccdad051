using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Files;
using Ullage.Model.Tests.Files;

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

    /// <summary>Page cache goes along with bit 1, if this cgroup was charged for it and the process maps its range, also pages that its tables do not have yet; what was only read stays (E9).</summary>
    [Theory]
    [InlineData("4.1", 2ul, true)]
    [InlineData("4.15", 2ul, true)]
    [InlineData("4.15", 1ul, false)]
    [InlineData("5.10", 3ul, true)]
    [InlineData("6.12", 2ul, true)]
    public void Section2_14_FilePagesFollowWithBit1_WhereTheyAreMapped(string era, ulong flags, bool follow)
    {
        FileRig rig = new(era, filePages: 300);
        Machine machine = rig.Machine;
        Cgroup b = machine.Make("/b");
        b.Memcg.MoveChargeAtImmigrate = flags;
        for (long page = 0; page < 300; page++)
        {
            rig.Read(page);
        }
        long address = machine.MmapData(rig.Task, rig.File, 200 * 4096, VmaFlags.Read | VmaFlags.Write | VmaFlags.Shared).Address;
        for (long page = 0; page < 100; page++)
        {
            machine.Touch(rig.Task, address + (page * 4096), write: page < 10).ShouldBe(FaultOutcome.Ok);
        }
        MemCgroup a = rig.Cgroup.Memcg;
        a.Stats.Exact(MemcgStat.File).ShouldBe(300);
        (long dirty, long mapped) = (a.Stats.Exact(MemcgStat.FileDirty), a.Stats.Exact(MemcgStat.FileMapped));
        machine.Attach(b, rig.Task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        int moved = follow ? 200 : 0;
        (a.Stats.Exact(MemcgStat.File), b.Memcg.Stats.Exact(MemcgStat.File)).ShouldBe((300 - moved, moved));
        (a.Stats.Exact(MemcgStat.FileDirty), b.Memcg.Stats.Exact(MemcgStat.FileDirty)).ShouldBe(follow ? (0, dirty) : (dirty, 0));
        (a.Stats.Exact(MemcgStat.FileMapped), b.Memcg.Stats.Exact(MemcgStat.FileMapped)).ShouldBe(follow ? (0, mapped) : (mapped, 0));
        dirty.ShouldBe(10);
        mapped.ShouldBeInRange(100, 115, "a read fault maps its neighbours, too");
        machine.Verify();
        machine.ExitGroup(rig.Task.Signal, 0, 0);
        machine.CloseData(rig.File);
        machine.UnlinkData(FileRig.Path).ShouldBe(Errno.None);
        machine.RunDueWork(machine.TimeNs + 60_000_000_000);
        b.Memcg.Stats.Exact(MemcgStat.File).ShouldBe(0);
        machine.Verify();
    }

    /// <summary>A page that another cgroup brought in stays charged there, whoever maps it.</summary>
    [Fact]
    public void Section2_14_FilePagesOfOthersStayTheirs()
    {
        FileRig rig = new("5.4", filePages: 100);
        Machine machine = rig.Machine;
        Cgroup b = machine.Make("/b");
        Cgroup other = machine.Make("/other");
        b.Memcg.MoveChargeAtImmigrate = 3;
        TaskStruct reader = machine.Enter(other);
        FileHandle file = rig.Open();
        machine.ReadData(reader, file, 0, 40 * 4096).ShouldBe((Errno.None, 40 * 4096));
        long theirs = other.Memcg.Stats.Exact(MemcgStat.File);
        theirs.ShouldBeGreaterThanOrEqualTo(40);
        machine.As(rig.Task);
        long address = machine.MmapData(rig.Task, rig.File, 100 * 4096, VmaFlags.Read | VmaFlags.Shared).Address;
        for (long page = 0; page < 100; page++)
        {
            machine.Touch(rig.Task, address + (page * 4096), write: false).ShouldBe(FaultOutcome.Ok);
        }
        machine.Attach(b, rig.Task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        (other.Memcg.Stats.Exact(MemcgStat.File), b.Memcg.Stats.Exact(MemcgStat.File)).ShouldBe((theirs, 100 - theirs));
        machine.Verify();
    }

    /// <summary>What is in swap goes along with bit 0: the slot's owner and memory+swap change, the memory counters have nothing of it.</summary>
    [Theory]
    [InlineData("4.1", 1ul, true)]
    [InlineData("4.15", 1ul, true)]
    [InlineData("5.4", 3ul, true)]
    [InlineData("5.10", 1ul, true)]
    [InlineData("6.12", 1ul, true)]
    [InlineData("5.10", 2ul, false)]
    public void Section2_14_SwapEntriesFollowWithBit0(string era, ulong flags, bool follow)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = 1, MemoryBytes = 256 << 20, SwapBytes = 64 << 20 });
        (Cgroup a, Cgroup b) = (machine.Make("/a", maxPages: 1024), machine.Make("/b"));
        b.Memcg.MoveChargeAtImmigrate = flags;
        TaskStruct task = machine.Enter(a);
        long address = machine.Mmap(task, 3000 * 4096, VmaFlags.Read | VmaFlags.Write).Address;
        for (long page = 0; page < 3000; page++)
        {
            machine.Touch(task, address + (page * 4096), write: true).ShouldBe(FaultOutcome.Ok);
        }
        machine.RunDueWork(machine.TimeNs + 1_000_000_000); // writes are done
        long swapped = a.Memcg.Stats.Exact(MemcgStat.Swap);
        swapped.ShouldBeGreaterThan(1500);
        long anon = a.Memcg.Stats.Exact(MemcgStat.Anon);
        machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.Verify();
        (a.Memcg.Stats.Exact(MemcgStat.Swap), b.Memcg.Stats.Exact(MemcgStat.Swap)).ShouldBe(follow ? (0, swapped) : (swapped, 0));
        (a.Memcg.Stats.Exact(MemcgStat.Anon), b.Memcg.Stats.Exact(MemcgStat.Anon)).ShouldBe(follow ? (0, anon) : (anon, 0));
        if (follow)
        {
            b.Memcg.Memsw.Usage.ShouldBe(b.Memcg.Memory.Usage + swapped, "memory+swap has both");
            (b.Memcg.Memory.Usage - machine.Stock.PagesOf(b.Memcg)).ShouldBeInRange(anon, anon + 64);
            a.Memcg.Memsw.Usage.ShouldBe(a.Memcg.Memory.Usage);
        }
        machine.As(task);
        for (long page = 0; page < 3000; page++)
        {
            machine.Touch(task, address + (page * 4096), write: false).ShouldBe(FaultOutcome.Ok);
        }
        machine.Verify();
        machine.ExitGroup(task.Signal, 0, 0);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        machine.Verify();
        (machine.Swap.Map.Used - (int)machine.Swap.Cached).ShouldBe(0);
    }

    /// <summary>Without memory+swap accounting a slot belongs to nobody, and only what is in memory moves.</summary>
    [Fact]
    public void Section2_14_SwapEntriesStay_WithoutSwapAccounting()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("5.4"), CgroupVersion = 1, SwapAccounting = false, MemoryBytes = 256 << 20, SwapBytes = 64 << 20 });
        (Cgroup a, Cgroup b) = (machine.Make("/a", maxPages: 1024), machine.Make("/b"));
        b.Memcg.MoveChargeAtImmigrate = 1;
        TaskStruct task = machine.Enter(a);
        machine.Grow(task, 3000, out FaultOutcome last).ShouldBe(3000);
        last.ShouldBe(FaultOutcome.Ok);
        task.Mm!.SwapPages.ShouldBeGreaterThan(1500);
        machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        (a.Memcg.Stats.Exact(MemcgStat.Anon), b.Memcg.Stats.Exact(MemcgStat.Swap)).ShouldBe((0, 0));
        b.Memcg.Stats.Exact(MemcgStat.Anon).ShouldBeInRange(500, 1024);
        machine.Verify();
    }

    /// <summary>Swap entries need room in advance like pages: a destination without it refuses, and nothing has moved.</summary>
    [Fact]
    public void Section2_14_SwapEntriesThatDoNotFit_RefuseTheMove()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("5.10"), CgroupVersion = 1, MemoryBytes = 256 << 20, SwapBytes = 64 << 20 });
        (Cgroup a, Cgroup b) = (machine.Make("/a", maxPages: 1024), machine.Make("/b", maxPages: 2000));
        b.Memcg.MoveChargeAtImmigrate = 1;
        TaskStruct task = machine.Enter(a);
        machine.Grow(task, 3000, out _).ShouldBe(3000);
        long swapped = a.Memcg.Stats.Exact(MemcgStat.Swap);
        machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.ENOMEM);
        (a.Memcg.Stats.Exact(MemcgStat.Swap), b.Memcg.Stats.Exact(MemcgStat.Swap), task.Cgroup).ShouldBe((swapped, 0, a));
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
