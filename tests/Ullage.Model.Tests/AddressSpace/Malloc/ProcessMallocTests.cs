using Ullage.Model.AddressSpace;
using Ullage.Model.AddressSpace.Malloc;

namespace Ullage.Model.Tests.AddressSpace.Malloc;

/// <summary>malloc in a process of the machine: its calls are system calls, its bookkeeping is memory.</summary>
public sealed class ProcessMallocTests
{
    private const long MiB = 1 << 20;

    private static (Machine Machine, TaskStruct Task, ProcessMalloc Malloc) Make(string era, string overcommit = "0")
    {
        Machine machine = Workloads.Boot(era);
        machine.Files.Write("/proc/sys/vm/overcommit_memory", overcommit).ShouldBe(Ullage.Abi.Errno.None);
        TaskStruct task = machine.Enter(machine.Make("/a"));
        return (machine, task, new ProcessMalloc(machine, task));
    }

    private static long Settle(Machine machine, TaskStruct task, ProcessMalloc malloc)
    {
        long pages = 0;
        while (malloc.Written.TryDequeue(out long address))
        {
            pages += machine.IsResident(task, address) ? 0 : 1;
            machine.Touch(task, address, write: true).ShouldBe(FaultOutcome.Ok);
        }
        return pages;
    }

    [Theory]
    [InlineData("4.1", "2.22")]
    [InlineData("4.15", "2.26")]
    [InlineData("5.4", "2.26")]
    [InlineData("5.10", "2.36")]
    [InlineData("6.18", "2.36")]
    public void GlibcIsOfTheKernelsTimeUnlessAnOptionSaysOtherwise(string era, string release)
    {
        (Machine machine, TaskStruct task, ProcessMalloc malloc) = Make(era);
        malloc.Glibc.Options.Release.Name.ShouldBe(release);
        Machine other = Machine.Boot(new MachineOptions { Era = machine.Era, Glibc = GlibcReleases.V2_22 });
        new ProcessMalloc(other, other.Spawn(new SpawnOptions { Comm = "x" })).Glibc.Options.Release.ShouldBe(GlibcReleases.V2_22);
        task.Pid.ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void MallocMovesTheProcessesBreakAndMaps(string era)
    {
        (Machine machine, TaskStruct task, ProcessMalloc malloc) = Make(era);
        long start = task.Mm.ShouldNotBeNull().Brk;
        long mapped = task.Mm.TotalPages;
        malloc.Malloc(24).ShouldBeInRange(start, start + 4096);
        (task.Mm.Brk - start).ShouldBe(0x21000);
        malloc.Malloc(MiB).ShouldBeGreaterThan(0);
        (task.Mm.TotalPages - mapped).ShouldBe((0x21000 + 1_052_672) / 4096);
        Settle(machine, task, malloc).ShouldBe(2, "one page of the heap, and the first of the mapping");
        machine.Verify();
        malloc.Glibc.Verify();
    }

    [Fact]
    public void MallocInAnotherArenaIsNotPromisedUnlessOvercommitIsOff()
    {
        foreach (string mode in new[] { "0", "1", "2" })
        {
            (Machine machine, TaskStruct task, ProcessMalloc malloc) = Make("6.12", mode);
            int thread = malloc.Glibc.BeginThread();
            long before = machine.Overcommit.Exact;
            malloc.Malloc(1000, thread).ShouldBeGreaterThan(0);
            (machine.Overcommit.Exact - before).ShouldBe(mode == "2" ? 33 : 0, mode);
            Settle(machine, task, malloc).ShouldBe(1);
            machine.Verify();
        }
    }

    [Fact]
    public void WrittenForgetsWhatWasGivenBack()
    {
        (Machine machine, TaskStruct task, ProcessMalloc malloc) = Make("6.12");
        malloc.Free(malloc.Malloc(MiB));
        List<long> chunks = [.. Enumerable.Range(0, 40).Select(_ => malloc.Malloc(MiB))];
        chunks.ForEach(chunk => malloc.Free(chunk));
        Settle(machine, task, malloc).ShouldBeLessThan(5);
        machine.Verify();
    }

    [Fact]
    public void ForkedChildFreesItsOwnCopy()
    {
        (Machine machine, TaskStruct task, ProcessMalloc malloc) = Make("6.12");
        long address = malloc.Malloc(MiB);
        Settle(machine, task, malloc);
        TaskStruct child = machine.Fork(task).Child.ShouldNotBeNull();
        ProcessMalloc copy = malloc.Fork(child);
        machine.As(child);
        copy.Free(address);
        child.Mm!.TotalPages.ShouldBe(task.Mm!.TotalPages - (1_052_672 / 4096));
        malloc.Glibc.UsableBytes(address).ShouldBe(1_052_656);
        machine.Verify();
    }
}
