using Ullage.Abi;
using Ullage.Model.AddressSpace;

namespace Ullage.Model.Tests.AddressSpace;

/// <summary>§7.1: what __vm_enough_memory refuses, era by era.</summary>
public sealed class OvercommitTests
{
    private const VmaFlags Rw = VmaFlags.Read | VmaFlags.Write;
    private const long Page = 4096;

    public static IEnumerable<object[]> Eras => Workloads.Eras;

    private static (Machine Machine, TaskStruct Task) Boot(string era, int mode, int uid = 0, long swap = 0)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), MemoryBytes = 1L << 30, SwapBytes = swap });
        machine.Files.Write("/proc/sys/vm/overcommit_memory", mode.ToString(System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(Errno.None);
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "p", Uid = uid });
        machine.As(task);
        return (machine, task);
    }

    private static bool Fits(Machine machine, TaskStruct task, long pages, VmaFlags flags = Rw)
    {
        (Errno errno, long address) = machine.Mmap(task, pages * Page, flags);
        if (errno == Errno.None)
        {
            machine.Munmap(task, address, pages * Page).ShouldBe(Errno.None);
        }
        return errno == Errno.None;
    }

    [Theory]
    [InlineData("5.3")]
    [InlineData("5.4")]
    [InlineData("5.10")]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("6.18")]
    public void Mode0SinceFiveThreeAcceptsExactlyAllOfMemoryAndSwap(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era, 0, uid: 1000, swap: 64 << 20);
        long all = machine.Frames.Managed + (64 << 20 >> 12);
        Fits(machine, task, all).ShouldBeTrue();
        Fits(machine, task, all + 1).ShouldBeFalse();
        machine.Mmap(task, all * Page, Rw).Errno.ShouldBe(Errno.None);
        Fits(machine, task, all).ShouldBeTrue("each request is judged alone");
        Fits(machine, task, 100 * all, Rw | VmaFlags.NoReserve).ShouldBeTrue();
        Fits(machine, task, 100 * all, VmaFlags.Read).ShouldBeTrue();
        Fits(machine, task, all + 1, Rw | VmaFlags.Shared).ShouldBeFalse();
    }

    [Theory]
    [InlineData("4.1")]
    [InlineData("4.15")]
    [InlineData("4.19")]
    public void Mode0BeforeFiveThreeAcceptsWhatIsFreeLessTheReserves(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era, 0);
        long largest = 0;
        for (long step = 1 << 20; step > 0; step >>= 1)
        {
            largest += Fits(machine, task, largest + step) ? step : 0;
        }
        long reserve = machine.Frames.Free - largest - 1;
        reserve.ShouldBe(machine.Frames.Watermarks.TotalReserve);
        machine.Mmap(task, 100 << 20, Rw).Errno.ShouldBe(Errno.None);
        Fits(machine, task, largest).ShouldBeTrue("what is promised and not used does not count");
        Workloads.Grow(machine, task, 25600, out _);
        Fits(machine, task, largest).ShouldBeFalse("what is used does");
        (Machine plain, TaskStruct user) = Boot(era, 0, uid: 1000);
        Fits(plain, user, largest).ShouldBeFalse("8 MiB are the administrator's");
        Fits(plain, user, largest - 2048).ShouldBeTrue();
    }

    [Theory, MemberData(nameof(Eras))]
    public void Mode2PromisesUpToTheLimitLessTheReserves(string era)
    {
        foreach (int uid in new[] { 0, 1000 })
        {
            (Machine machine, TaskStruct task) = Boot(era, 2, uid, swap: 16 << 20);
            machine.Overcommit.Limit.ShouldBe((machine.Frames.Managed * 50L / 100) + 4096);
            long largest = 0;
            for (long step = 1 << 20; step > 0; step >>= 1)
            {
                largest += Fits(machine, task, largest + step) ? step : 0;
            }
            long reserves = (uid == 0 ? 0 : 2048) + (task.Mm!.TotalPages / 32);
            long lag = machine.Overcommit.Exact - 327; // nothing pending but the program itself
            lag.ShouldBe(0);
            (machine.Overcommit.Limit - reserves - largest - 1).ShouldBeInRange(0, 327);
            Fits(machine, task, largest + 1, Rw | VmaFlags.NoReserve).ShouldBeFalse("MAP_NORESERVE is not honoured");
            Fits(machine, task, largest + 1, Rw | VmaFlags.Shared).ShouldBeFalse();
            Fits(machine, task, largest + 1, VmaFlags.Read).ShouldBeTrue("read-only memory is free");
        }
    }

    [Theory, MemberData(nameof(Eras))]
    public void Mode1AcceptsTheWholeAddressSpace(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era, 1);
        machine.Mmap(task, 100L << 40, Rw).Errno.ShouldBe(Errno.None);
        machine.Mmap(task, 100L << 40, Rw).Errno.ShouldBe(Errno.ENOMEM, "no room is left");
        machine.Overcommit.Shown.ShouldBeGreaterThanOrEqualTo(100L << 28);
    }

    [Theory]
    [InlineData("5.10", null)]
    [InlineData("6.1", "no enough memory for the allocation")]
    [InlineData("6.12", "not enough memory for the allocation")]
    [InlineData("6.18", "not enough memory for the allocation")]
    public void RefusalIsLoggedWhereTheEraDoesAndAtMostTenTimes(string era, string? text)
    {
        (Machine machine, TaskStruct task) = Boot(era, 0);
        for (int i = 0; i < 20; i++)
        {
            Fits(machine, task, 1 << 30).ShouldBeFalse();
        }
        machine.Log.Records.Select(record => record.Text).ShouldBe(text is null
            ? [] : Enumerable.Repeat($"__vm_enough_memory: pid: {task.Pid}, comm: p, bytes: 4398046511104 {text}", 10));
    }

    [Theory, MemberData(nameof(Eras))]
    public void ForkPromisesEverythingAgainAndFailsWithNothingLeft(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era, 2);
        long address = machine.Mmap(task, 300L << 20, Rw).Address;
        for (long page = 0; page < 300 << 8; page++)
        {
            machine.Touch(task, address + (page * Page), write: true).ShouldBe(FaultOutcome.Ok);
        }
        (long committed, int used) = (machine.Overcommit.Exact, machine.Frames.Used);
        machine.Fork(task).Errno.ShouldBe(Errno.ENOMEM);
        machine.Overcommit.Exact.ShouldBe(committed);
        machine.Frames.Used.ShouldBe(used);
        machine.Files.Write("/proc/sys/vm/overcommit_ratio", "100").ShouldBe(Errno.None);
        TaskStruct child = machine.Fork(task).Child.ShouldNotBeNull();
        machine.Overcommit.Exact.ShouldBe(2 * committed);
        machine.ExitGroup(child.Signal, 0, 0);
        machine.Overcommit.Exact.ShouldBe(committed);
        machine.Verify();
    }

    [Theory, MemberData(nameof(Eras))]
    public void MprotectChargesWhatBecomesWritableOnce(string era)
    {
        (Machine machine, TaskStruct task) = Boot(era, 2);
        long before = machine.Overcommit.Exact;
        long address = machine.Mmap(task, 100 * Page, VmaFlags.None).Address;
        machine.Overcommit.Exact.ShouldBe(before);
        machine.Mprotect(task, address, 40 * Page, Rw).ShouldBe(Errno.None);
        machine.Overcommit.Exact.ShouldBe(before + 40);
        machine.Touch(task, address, write: true).ShouldBe(FaultOutcome.Ok);
        machine.Mprotect(task, address, 40 * Page, VmaFlags.Read).ShouldBe(Errno.None);
        machine.Mprotect(task, address, 40 * Page, Rw).ShouldBe(Errno.None);
        machine.Overcommit.Exact.ShouldBe(before + 40);
        machine.Munmap(task, address, 100 * Page).ShouldBe(Errno.None);
        machine.Overcommit.Exact.ShouldBe(before);
        long refused = machine.Mmap(task, 2L << 30, VmaFlags.Read).Address;
        machine.Mprotect(task, refused, 2L << 30, Rw).ShouldBe(Errno.ENOMEM);
        machine.Overcommit.Exact.ShouldBe(before);
        machine.Verify();
    }

    [Fact]
    public void CommittedIsReadInBatchesBeforeFiveNine()
    {
        (Machine old, TaskStruct task) = Boot("5.4", 0);
        long batch = old.Overcommit.Batch;
        batch.ShouldBe(old.Frames.Managed / 2 / 256);
        long shown = old.Overcommit.Shown;
        old.Mmap(task, 10 * Page, Rw).Errno.ShouldBe(Errno.None);
        old.Overcommit.Shown.ShouldBe(shown);
        old.Mmap(task, batch * Page, Rw).Errno.ShouldBe(Errno.None);
        old.Overcommit.Shown.ShouldBe(old.Overcommit.Exact);
        (Machine recent, TaskStruct other) = Boot("6.1", 0);
        recent.Overcommit.Batch.ShouldBe(recent.Frames.Managed / 2 / 4);
        shown = recent.Overcommit.Shown;
        recent.Mmap(other, 10 * Page, Rw).Errno.ShouldBe(Errno.None);
        recent.Overcommit.Shown.ShouldBe(shown + 10);
    }

    [Theory]
    [InlineData("overcommit_memory", "3")]
    [InlineData("overcommit_memory", "-1")]
    [InlineData("max_map_count", "-1")]
    [InlineData("user_reserve_kbytes", "x")]
    public void SysctlOutOfRangeIsRefused(string name, string value) => Boot("6.18", 0).Machine.Files.Write("/proc/sys/vm/" + name, value).ShouldBe(Errno.EINVAL);

    [Fact]
    public void RatioAndKbytesClearEachOther()
    {
        Machine machine = Boot("6.18", 2).Machine;
        machine.Files.Write("/proc/sys/vm/overcommit_kbytes", "40960").ShouldBe(Errno.None);
        machine.Files.Read("/proc/sys/vm/overcommit_ratio").Text.ShouldBe("0\n");
        machine.Overcommit.Limit.ShouldBe(10240);
        machine.Files.Write("/proc/sys/vm/overcommit_ratio", "10").ShouldBe(Errno.None);
        machine.Files.Read("/proc/sys/vm/overcommit_kbytes").Text.ShouldBe("0\n");
        machine.Overcommit.Limit.ShouldBe(machine.Frames.Managed * 10L / 100);
    }
}
