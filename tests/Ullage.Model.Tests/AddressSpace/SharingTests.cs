using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.AddressSpace;

/// <summary>What parent and child share after fork, and who pays (§2.17, §7.2).</summary>
public sealed class SharingTests
{
    private const VmaFlags Rw = VmaFlags.Read | VmaFlags.Write;
    private const long Page = 4096;

    public static IEnumerable<object[]> ErasAndVersions => Workloads.Eras.SelectMany(era => new[] { new[] { era[0], 1 }, [era[0], 2] });

    private static long Count(Cgroup cgroup, MemcgStat item) => cgroup.Memcg.Stats.Exact(item);

    [Theory, MemberData(nameof(ErasAndVersions))]
    public void ChildOfAGibibyteIsChargedForThePagesItWrites(string era, int version)
    {
        const long gibibyte = 1L << 30;
        Machine machine = Workloads.Boot(era, version);
        machine.Overcommit.Mode = 1; // older eras guess that it does not fit twice into 2 GiB
        Cgroup parents = machine.Make("/parent");
        Cgroup children = machine.Make("/child");
        TaskStruct parent = machine.Enter(parents);
        long address = machine.Mmap(parent, gibibyte, Rw).Address;
        for (long page = 0; page < gibibyte / Page; page++)
        {
            machine.Touch(parent, address + (page * Page), write: true).ShouldBe(FaultOutcome.Ok);
        }
        long anon = Count(parents, MemcgStat.Anon);
        anon.ShouldBe((gibibyte / Page) + 1); // and the page of its own data
        int used = machine.Frames.Used;
        TaskStruct child = machine.Fork(parent).Child.ShouldNotBeNull();
        int tables = machine.Frames.Used - used;
        tables.ShouldBeInRange(512, 540); // fork copies page tables, no page
        child.Mm!.Rss.ShouldBe(parent.Mm!.Rss - 190, "the program's text comes back by faults");
        machine.Attach(children, child.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.As(child);
        for (long page = 0; page < 1000; page++)
        {
            machine.Touch(child, address + (page * Page), write: true).ShouldBe(FaultOutcome.Ok);
            Count(children, MemcgStat.Anon).ShouldBe(page + 1);
            machine.Frames.Used.ShouldBe(used + tables + (int)page + 1);
        }
        Count(parents, MemcgStat.Anon).ShouldBe(anon);
        machine.As(parent);
        machine.Touch(parent, address, write: true).ShouldBe(FaultOutcome.Ok);
        Count(parents, MemcgStat.Anon).ShouldBe(anon, "the child has its own copy now: the parent's page is reused");
        machine.Files.Read($"/proc/{child.Pid}/statm").Text.ShouldBe($"{child.Mm.TotalPages} {child.Mm.Rss} {child.Mm.FilePages} 190 0 {child.Mm.DataPages + child.Mm.StackPages} 0\n");
        machine.Verify();
        machine.VerifyPageTables();
        machine.ExitGroup(child.Signal, 0, 0);
        Count(children, MemcgStat.Anon).ShouldBe(0);
        machine.Verify();
    }

    [Theory, MemberData(nameof(ErasAndVersions))]
    public void ParentThatGoesLeavesItsPagesChargedToItsCgroup(string era, int version)
    {
        Machine machine = Workloads.Boot(era, version);
        Cgroup parents = machine.Make("/parent");
        Cgroup children = machine.Make("/child");
        TaskStruct parent = machine.Enter(parents);
        machine.Grow(parent, 256, out _);
        TaskStruct child = machine.Fork(parent).Child.ShouldNotBeNull();
        machine.Attach(children, child.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.ExitGroup(parent.Signal, 0, 0);
        Count(parents, MemcgStat.Anon).ShouldBe(257);
        machine.As(child);
        machine.Touch(child, ProgramImage.DataPage * Page, write: true).ShouldBe(FaultOutcome.Ok);
        Count(children, MemcgStat.Anon).ShouldBe(0, "the last one that maps a page gets it without a copy");
        machine.Verify();
    }

    [Theory, MemberData(nameof(ErasAndVersions))]
    public void SharedPagesAreChargedToWhoTouchesThemFirst(string era, int version)
    {
        Machine machine = Workloads.Boot(era, version);
        Cgroup parents = machine.Make("/parent");
        Cgroup children = machine.Make("/child");
        TaskStruct parent = machine.Enter(parents);
        long committed = machine.Overcommit.Exact;
        long address = machine.Mmap(parent, 100 * Page, Rw | VmaFlags.Shared).Address;
        machine.Overcommit.Exact.ShouldBe(committed + 100, "the whole size at creation");
        Touch(machine, parent, address, 0, 10);
        TaskStruct child = machine.Fork(parent).Child.ShouldNotBeNull();
        machine.Overcommit.Exact.ShouldBe((2 * committed) + 100, "shared memory is not promised again");
        machine.Attach(children, child.Pid, wholeProcess: true).ShouldBe(Errno.None);
        Touch(machine, child, address, 0, 30);
        Count(parents, MemcgStat.Shmem).ShouldBe(10);
        Count(children, MemcgStat.Shmem).ShouldBe(20);
        Count(children, MemcgStat.File).ShouldBe(20);
        Count(children, MemcgStat.Anon).ShouldBe(0);
        child.Mm!.ShmemPages.ShouldBe(30);
        child.Mm.Rss.ShouldBe(child.Mm.AnonPages + child.Mm.FilePages + 30);
        Touch(machine, parent, address, 10, 30);
        Count(parents, MemcgStat.Shmem).ShouldBe(10, "they were there already");
        machine.Lru.Drain(machine.CurrentCpu);
        Count(children, MemcgStat.InactiveAnon).ShouldBe(20, "on the anonymous lists");
        ReadFiles(machine, child);
        machine.ExitGroup(child.Signal, 0, 0);
        Count(children, MemcgStat.Shmem).ShouldBe(20, "they live as long as the memory is mapped somewhere");
        machine.As(parent);
        machine.Madvise(parent, address, 100 * Page, Advice.DontNeed).ShouldBe(Errno.None);
        Count(parents, MemcgStat.FileMapped).ShouldBe(0);
        Count(parents, MemcgStat.Shmem).ShouldBe(10);
        machine.Munmap(parent, address, 100 * Page).ShouldBe(Errno.None);
        (Count(parents, MemcgStat.Shmem) + Count(children, MemcgStat.Shmem)).ShouldBe(0);
        machine.Overcommit.Exact.ShouldBe(committed);
        machine.Verify();
    }

    private static void Touch(Machine machine, TaskStruct task, long address, long first, long end)
    {
        machine.As(task);
        for (long page = first; page < end; page++)
        {
            machine.Touch(task, address + (page * Page), write: true).ShouldBe(FaultOutcome.Ok);
        }
    }

    private static void ReadFiles(Machine machine, TaskStruct child)
    {
        machine.Files.Read("/proc/meminfo").Text.ShouldContain("Shmem:               120 kB\n");
        machine.Files.Read("/proc/meminfo").Text.ShouldContain("Mapped:              120 kB\n");
        if (machine.Era.Proc.StatusHasRssParts)
        {
            machine.Files.Read($"/proc/{child.Pid}/status").Text.ShouldContain("RssShmem:\t     120 kB\n");
        }
    }

    [Fact]
    public void SharedMappingThatIsEnlargedHasNothingBeyondItsEnd()
    {
        Machine machine = Workloads.Boot("6.18");
        TaskStruct task = machine.Enter(machine.Make("/a"));
        long address = machine.Mmap(task, 4 * Page, Rw | VmaFlags.Shared).Address;
        (Errno errno, long moved) = machine.Mremap(task, address, 4 * Page, 8 * Page, mayMove: true);
        errno.ShouldBe(Errno.None);
        machine.Touch(task, moved + (3 * Page), write: true).ShouldBe(FaultOutcome.Ok);
        machine.Touch(task, moved + (4 * Page), write: true).ShouldBe(FaultOutcome.Bus);
        machine.Verify();
    }

    [Fact]
    public void ReadOnlySharedMemoryIsNotWritten()
    {
        Machine machine = Workloads.Boot("6.18");
        TaskStruct task = machine.Enter(machine.Make("/a"));
        long address = machine.Mmap(task, 4 * Page, VmaFlags.Read | VmaFlags.Shared).Address;
        machine.Touch(task, address, write: false).ShouldBe(FaultOutcome.Ok);
        machine.Touch(task, address, write: true).ShouldBe(FaultOutcome.Segv);
    }

    [Fact]
    public void UnreservedSharedMemoryIsCommittedPageByPage()
    {
        Machine machine = Workloads.Boot("6.18");
        TaskStruct task = machine.Enter(machine.Make("/a"));
        long committed = machine.Overcommit.Exact;
        long address = machine.Mmap(task, 1L << 40, Rw | VmaFlags.Shared | VmaFlags.NoReserve).Address;
        machine.Overcommit.Exact.ShouldBe(committed);
        Touch(machine, task, address, 0, 5);
        machine.Overcommit.Exact.ShouldBe(committed + 5);
        machine.Verify();
    }

    [Theory, MemberData(nameof(ErasAndVersions))]
    public void SharedMemoryOverTheLimitEndsInAKill(string era, int version)
    {
        Machine machine = Workloads.Boot(era, version);
        TaskStruct task = machine.Enter(machine.Make("/a", 1000));
        long address = machine.Mmap(task, 2000 * Page, Rw | VmaFlags.Shared).Address;
        FaultOutcome last = FaultOutcome.Ok;
        for (long page = 0; page < 2000 && last is FaultOutcome.Ok or FaultOutcome.Retry; page++)
        {
            last = machine.Touch(task, address + (page * Page), write: true);
        }
        last.ShouldBe(FaultOutcome.Killed);
        machine.ExitGroup(task.Signal, 0, 9);
        machine.Verify();
    }
}
