using Ullage.Model.AddressSpace;
using Ullage.Model.AddressSpace.Malloc;
using Ullage.Model.Cgroups;
using Ullage.Model.Tests.Pressure;
using Ullage.Model.Tracing;

namespace Ullage.Model.Tests.Tracing;

/// <summary>From malloc(3) to where overcommit decides and where the OOM killer strikes: the chains that the article on malloc follows.</summary>
public sealed class MallocStackTests
{
    private static (Machine Machine, ProcessMalloc Malloc, TaskStruct Task) Start(string era, params string[] functions)
    {
        Machine machine = Workloads.Boot(era, 1, cpus: 1);
        TaskStruct task = machine.Enter(machine.Make("/g", 4096), "article");
        foreach (string function in functions)
        {
            machine.Probes.TryAttach(function).ShouldBeTrue(function);
        }
        return (machine, new ProcessMalloc(machine, task), task);
    }

    private static string[] Stacks(Machine machine, string function) => [.. ProbeStackTests.Modelled(machine, function).Keys];

    /// <summary>The article has glibc 2.22 and kernel 4.3: the nearest era is 4.1.</summary>
    [Fact]
    public void Section7_ASmallMallocAsksThroughDoBrkAndALargeOneThroughMmapRegion()
    {
        (Machine machine, ProcessMalloc malloc, _) = Start("4.1", "__libc_malloc", "_int_malloc", "sysmalloc", "do_brk", "mmap_region", "__vm_enough_memory");
        malloc.Malloc(100).ShouldBeGreaterThan(0);
        malloc.Malloc(1 << 20).ShouldBeGreaterThan(0);
        malloc.Malloc(100).ShouldBeGreaterThan(0);
        machine.Probes.Stacks.Where(stack => stack.Function == "__libc_malloc").ShouldHaveSingleItem().Count.ShouldBe(3);
        Stacks(machine, "_int_malloc").ShouldBe(["_int_malloc;__libc_malloc"]);
        ProbeStackTests.Modelled(machine, "sysmalloc").ShouldHaveSingleItem().ShouldBe(new KeyValuePair<string, long>("sysmalloc;_int_malloc;__libc_malloc", 2));
        Stacks(machine, "do_brk").ShouldBe(["do_brk;system_call_fastpath;brk;sbrk;__default_morecore;sysmalloc;_int_malloc;__libc_malloc"], "the unwinder misses the probed function's caller");
        Stacks(machine, "mmap_region").ShouldBe(["mmap_region;vm_mmap_pgoff;SyS_mmap_pgoff;SyS_mmap;system_call_fastpath;mmap64;sysmalloc;_int_malloc;__libc_malloc"]);
        Stacks(machine, "__vm_enough_memory").ShouldBe(
        [
            "__vm_enough_memory;do_brk;SyS_brk;system_call_fastpath;brk;sbrk;__default_morecore;sysmalloc;_int_malloc;__libc_malloc",
            "__vm_enough_memory;mmap_region;do_mmap_pgoff;vm_mmap_pgoff;SyS_mmap_pgoff;SyS_mmap;system_call_fastpath;mmap64;sysmalloc;_int_malloc;__libc_malloc",
        ]);
    }

    [Theory]
    [InlineData("5.4", "do_brk_flags", "__default_morecore", "__vm_enough_memory;do_brk_flags;__x64_sys_brk;")]
    [InlineData("6.12", "do_brk_flags", "__glibc_morecore", "__vm_enough_memory;security_vm_enough_memory_mm;do_brk_flags;__do_sys_brk;")]
    public void Section7_TheChainHasTheErasNames(string era, string brk, string morecore, string decides)
    {
        (Machine machine, ProcessMalloc malloc, _) = Start(era, brk, "__vm_enough_memory");
        malloc.Malloc(100);
        Stacks(machine, brk).ShouldHaveSingleItem().ShouldEndWith($"brk;sbrk;{morecore};sysmalloc;_int_malloc;__libc_malloc");
        Stacks(machine, "__vm_enough_memory").ShouldHaveSingleItem().ShouldStartWith(decides);
    }

    [Fact]
    public void Section7_AThreadsFirstMallocMakesAnArenaAndMprotectIsWhatIsPromised()
    {
        (Machine machine, ProcessMalloc malloc, _) = Start("6.12", "__vm_enough_memory", "mmap_region");
        machine.Overcommit.Mode = Overcommit.Never;
        machine.Overcommit.Ratio = 100;
        int thread = malloc.Glibc.BeginThread();
        malloc.Malloc(100, thread).ShouldBeGreaterThan(0);
        Stacks(machine, "mmap_region").ShouldHaveSingleItem().ShouldEndWith("mmap64;new_heap;arena_get2;__libc_malloc");
        Stacks(machine, "__vm_enough_memory").ShouldContain(stack => stack.Contains("mprotect_fixup") && stack.EndsWith("mprotect;new_heap;arena_get2;__libc_malloc"));
    }

    /// <summary>The second half of the article: malloc has answered long ago when the first write finds no memory.</summary>
    [Theory]
    [InlineData("4.1", "mem_cgroup_out_of_memory;pagefault_out_of_memory;mm_fault_error;__do_page_fault;do_page_fault;page_fault")]
    [InlineData("6.12", "mem_cgroup_out_of_memory;try_charge_memcg;__mem_cgroup_charge;do_anonymous_page;__handle_mm_fault;handle_mm_fault;do_user_addr_fault;exc_page_fault;asm_exc_page_fault")]
    public void Section12_7_TheKillComesFromAPageFaultWithoutMalloc(string era, string chain)
    {
        (Machine machine, ProcessMalloc malloc, TaskStruct task) = Start(era, "mem_cgroup_out_of_memory", "pagefault_out_of_memory", "mem_cgroup_oom_synchronize", "handle_mm_fault");
        long address = malloc.Malloc(64 << 20);
        FaultOutcome last = FaultOutcome.Ok;
        for (long page = 0; page < 16384 && last is FaultOutcome.Ok or FaultOutcome.Retry; page++)
        {
            last = machine.Touch(task, address + (page * 4096), write: true);
        }
        last.ShouldBe(FaultOutcome.Killed);
        Stacks(machine, "mem_cgroup_out_of_memory").ShouldBe([chain]);
        Stacks(machine, "handle_mm_fault").ShouldHaveSingleItem().ShouldNotContain("malloc");
        Stacks(machine, "mem_cgroup_oom_synchronize").Length.ShouldBe(era == "4.1" ? 1 : 0);
    }

    [Fact]
    public void Section12_7_TheMachinesOwnOutOfMemoryComesFromThePageAllocator()
    {
        Machine machine = Pages.PageAllocatorTests.Boot("4.15");
        machine.Probes.TryAttach("out_of_memory").ShouldBeTrue();
        machine.Grow(Pages.PageAllocatorTests.Start(machine, "grower"), 1 << 20, out _);
        foreach (string stack in Stacks(machine, "out_of_memory"))
        {
            stack.ShouldStartWith("out_of_memory;__alloc_pages_nodemask;");
        }
    }

    [Fact]
    public void ProbesOfFunctionsWithASuffixAreFoundWithout()
    {
        (Machine machine, _, TaskStruct task) = Start("4.15", "copy_process", "__d_alloc");
        machine.Fork(task).Child.ShouldNotBeNull();
        machine.Stat(task, machine.Directory("/"), 1);
        Stacks(machine, "copy_process.part.35").ShouldHaveSingleItem().ShouldEndWith("entry_SYSCALL_64_after_hwframe");
        Stacks(machine, "__d_alloc").ShouldHaveSingleItem().ShouldStartWith("__d_alloc;d_alloc_parallel;");
    }

    /// <summary>Every function that can be probed, in every era, while everything happens: each stack begins with its function and has no frame twice in a row.</summary>
    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void EveryFunctionsStacksAreWellFormed(string era)
    {
        Machine machine = Workloads.Boot(era, 2, cpus: 1);
        foreach (string function in machine.Probes.Functions)
        {
            machine.Probes.TryAttach(function).ShouldBeTrue();
        }
        Cgroup cgroup = machine.Make("/g", 3000);
        TaskStruct task = machine.Enter(cgroup, "all");
        ProcessMalloc malloc = new(machine, task);
        malloc.Free(malloc.Malloc(3 << 20));
        malloc.Malloc(500);
        TaskStruct child = machine.Fork(task).Child.ShouldNotBeNull();
        machine.Exec(child, "sh");
        (_, long address) = machine.Mmap(task, 1 << 20, VmaFlags.Read | VmaFlags.Write);
        machine.Mprotect(task, address, 4096, VmaFlags.Read);
        machine.Mremap(task, address + 4096, 8192, 1 << 20, mayMove: true);
        for (int i = 0; i < 2000; i++)
        {
            machine.Stat(task, machine.Directory("/data"), i);
        }
        machine.Grow(task, 4000, out _);
        foreach (ProbeStack stack in machine.Probes.Stacks)
        {
            stack.Count.ShouldBeGreaterThan(0);
            stack.Frames[0].ShouldBe(stack.Function);
            for (int i = 1; i < stack.Frames.Count; i++)
            {
                stack.Frames[i].ShouldNotBe(stack.Frames[i - 1], string.Join(';', stack.Frames));
            }
        }
        machine.Probes.Stacks.Select(stack => stack.Function).Distinct().Count().ShouldBeGreaterThan(10);
    }
}
