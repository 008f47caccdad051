using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.AddressSpace;

/// <summary>fork(2): what a child has, who pays for what it writes, and when (§2.17, §7.2).</summary>
public sealed class ForkTests
{
    private static Machine Boot(string era, int version) => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), CgroupVersion = version, Cpus = 1, MemoryBytes = 4L << 30,
    });

    private static TaskStruct WithResident(Machine machine, Cgroup cgroup, long pages, out long address)
    {
        machine.Overcommit.Mode = 1;
        TaskStruct task = machine.Enter(cgroup, "parent");
        (_, address) = machine.Mmap(task, pages * 4096, VmaFlags.Read | VmaFlags.Write);
        for (long page = 0; page < pages; page++)
        {
            machine.Touch(task, address + (page * 4096), write: true).ShouldBe(FaultOutcome.Ok);
        }
        return task;
    }

    /// <summary>A child over its limit dies for pages that it only wrote; the parent, whose pages it had copied, goes on.</summary>
    [Theory]
    [InlineData("4.15")]
    [InlineData("5.4")]
    [InlineData("6.18")]
    public void Section8_AChildThatCopiesBeyondItsOwnLimitDies(string era)
    {
        Machine machine = Boot(era, 2);
        Cgroup home = machine.Make("/home");
        Cgroup away = machine.Make("/away", 5120);
        TaskStruct parent = WithResident(machine, home, 10_000, out long address);
        TaskStruct child = machine.Fork(parent, "child").Child.ShouldNotBeNull();
        machine.Attach(away, child.Pid, wholeProcess: true);
        machine.As(child);
        long copied = 0;
        FaultOutcome last = FaultOutcome.Ok;
        for (; copied < 10_000 && last == FaultOutcome.Ok; copied++)
        {
            do
            {
                last = machine.Touch(child, address + (copied * 4096), write: true);
            }
            while (last == FaultOutcome.Retry);
        }
        last.ShouldBe(FaultOutcome.Killed);
        copied.ShouldBeInRange(5100, 5121);
        child.Signal.OomKilled.ShouldBeTrue();
        parent.Signal.OomKilled.ShouldBeFalse();
    }

    /// <summary>A mapping without a page of its own is not copied: the program's text comes back by faults, and so do zero pages that were only read.</summary>
    [Theory]
    [InlineData("4.1")]
    [InlineData("5.4")]
    [InlineData("6.18")]
    public void Section2_17_AChildHasNoPageOfTheProgramsFileUntilItFaults(string era)
    {
        Machine machine = Boot(era, 2);
        TaskStruct parent = machine.Spawn(new SpawnOptions { Comm = "p" });
        (_, long read) = machine.Mmap(parent, 64 * 4096, VmaFlags.Read | VmaFlags.Write);
        machine.Touch(parent, read, write: false).ShouldBe(FaultOutcome.Ok);
        parent.Mm!.FilePages.ShouldBeGreaterThan(ProgramImage.DataPages);
        TaskStruct child = machine.Fork(parent).Child.ShouldNotBeNull();
        child.Mm!.FilePages.ShouldBe(0);
        child.Mm.Rss.ShouldBe(child.Mm.AnonPages);
        machine.Touch(parent, ProgramImage.DataPage << 12, write: true).ShouldBe(FaultOutcome.Ok); // the data segment has a page of its own now
        TaskStruct second = machine.Fork(parent).Child.ShouldNotBeNull();
        second.Mm!.FilePages.ShouldBe(ProgramImage.DataPages - 1, "so its entries are copied, those of the file too");
        machine.VerifyPageTables();
        machine.Verify();
    }
}
