using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model.Tests.Pages;

/// <summary>The slow path (§9.2): who may go how low, and what it counts.</summary>
public sealed class PageAllocatorTests
{
    /// <summary>A small machine that allows overcommit: memory is to run out at the touch, not at the mapping.</summary>
    internal static Machine Boot(string era, long mib = 128, int version = 2)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), MemoryBytes = mib << 20, CgroupVersion = version });
        machine.Overcommit.Mode = 1;
        return machine;
    }

    /// <summary>A process in the root cgroup; the kernel runs for it.</summary>
    internal static TaskStruct Start(Machine machine, string comm, int adj = 0, int uid = 0)
    {
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = comm, OomScoreAdj = adj, Uid = uid });
        machine.As(task);
        return task;
    }

    private static void Exhaust(Machine machine, Watermark mark)
    {
        while (machine.Frames.Allocate(PageFlags.Kernel, mark) >= 0)
        {
        }
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void GrowthEndsJustBelowMinAndVictimMayGoLower(string era)
    {
        Machine machine = Boot(era);
        TaskStruct task = Start(machine, "leak");
        machine.Grow(task, 1 << 20, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        (machine.Oom.Kills, task.Signal.OomKilled).ShouldBe((1, true));
        Zone low = machine.Frames.Zones[1];
        low.Free.ShouldBeInRange((int)low.Min - 3, (int)low.Min); // the page that was asked for, out of the victim's reserve
        machine.Verify();
        machine.RunDueWork(machine.TimeNs + 10_000_000_000);
        machine.Verify();
    }

    [Theory]
    [InlineData("4.1", 0)] // TIF_MEMDIE: everything
    [InlineData("4.15", 1)] // ALLOC_OOM: half of min
    [InlineData("6.18", 1)]
    public void VictimTakesItsPartOfTheReserve(string era, int keepsHalf)
    {
        Machine machine = Boot(era);
        TaskStruct task = Start(machine, "dying");
        Exhaust(machine, Watermark.Min);
        task.IsOomVictim = true;
        task.FatalSignalPending = true;
        int taken = 0;
        while (machine.AllocateSlow(PageFlags.Kernel) >= 0)
        {
            taken++;
        }
        long left = machine.Frames.Zones.Sum(zone => keepsHalf * (zone.Min - (zone.Min / 2) + zone.LowmemReserve));
        machine.Frames.Free.ShouldBe((int)left);
        taken.ShouldBeGreaterThan(0);
        machine.Oom.Kills.ShouldBe(0);
    }

    [Fact]
    public void WhoFreesMemoryMayTakeEverythingAndKillsNobody()
    {
        Machine machine = Boot("6.12");
        TaskStruct task = Start(machine, "kswapd");
        task.Memalloc = true;
        Exhaust(machine, Watermark.Min);
        while (machine.AllocateSlow(PageFlags.Kernel) >= 0)
        {
        }
        (machine.Frames.Free, machine.Oom.Kills, machine.Panicked).ShouldBe((0, 0L, null));
    }

    [Theory]
    [InlineData("4.1", "allocstall")]
    [InlineData("4.15", "allocstall_movable")]
    [InlineData("6.18", "allocstall_movable")]
    public void EachDirectReclaimIsCountedAndSoAreThePagesOfEachZone(string era, string field)
    {
        Machine machine = Boot(era);
        TaskStruct holder = Start(machine, "holder", adj: 1000);
        machine.Grow(holder, 5000, out _);
        TaskStruct task = Start(machine, "grows");
        long free = machine.Frames.Free;
        machine.Grow(task, free - 1000, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Ok);
        (machine.Oom.Kills, holder.Signal.OomKilled).ShouldBe((1, true)); // it was killed for the growth of another, which goes on
        Dictionary<string, long> vmstat = machine.Files.Read("/proc/vmstat").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line.Split(' ')[0], line => long.Parse(line.Split(' ')[1]));
        vmstat[field].ShouldBeGreaterThan(0);
        (vmstat["pgalloc_dma"] + vmstat["pgalloc_dma32"]).ShouldBe(machine.Frames.Allocations);
        vmstat["pgalloc_dma"].ShouldBeGreaterThan(0);
        machine.Verify();
    }

    [Fact]
    public void NoTaskMeansNoKill()
    {
        Machine machine = Boot("6.12");
        machine.Current = null;
        while (machine.AllocateSlow(PageFlags.Anon) >= 0)
        {
        }
        (machine.Frames.Free, machine.Oom.Kills).ShouldBe((0, 0L));
        TaskStruct late = machine.Spawn(new SpawnOptions { Comm = "late" }); // loads what it can
        late.Mm!.AnonPages.ShouldBe(0);
    }

    /// <summary>Several frames at once, and none left above min: compaction is tried before reclaim and after it, and each try is a memory stall.</summary>
    [Theory]
    [InlineData("5.10", "psi_memstall_enter;__alloc_pages_direct_compact;__alloc_pages_slowpath.constprop.0;__alloc_pages_nodemask;new_slab;___slab_alloc;__slab_alloc;kmem_cache_alloc;")]
    [InlineData("6.18", "psi_memstall_enter;__alloc_pages_direct_compact;__alloc_pages_slowpath.constprop.0;__alloc_frozen_pages_noprof;new_slab;")]
    public void Section9_2_SlabsOfSeveralPagesTryCompaction(string era, string stack)
    {
        Machine machine = Boot(era);
        TaskStruct task = Start(machine, "parent");
        machine.Probes.TryAttach("psi_memstall_enter").ShouldBeTrue();
        Exhaust(machine, Watermark.Min);
        for (int i = 0; i < 100 && machine.Oom.Kills == 0; i++) // until no slab has room for another task
        {
            machine.Slab.TryAllocate(machine.Slab.Known.TaskStruct, task.Cgroup.Memcg, Gfp.KernelAccount, out _);
        }
        ProbeStack[] tries = [.. machine.Probes.Stacks.Where(each => string.Join(';', each.Frames).StartsWith(stack, StringComparison.Ordinal))];
        tries.ShouldNotBeEmpty();
        machine.Probes.Stacks.ShouldContain(each => each.Frames.Count > 1 && each.Frames[1] == "__alloc_pages_slowpath.constprop.0", "direct reclaim follows");
    }

    /// <summary>A single frame needs no neighbours.</summary>
    [Fact]
    public void Section9_2_SinglePagesTryNoCompaction()
    {
        Machine machine = Boot("6.18");
        TaskStruct task = Start(machine, "leak");
        machine.Probes.TryAttach("psi_memstall_enter").ShouldBeTrue();
        machine.Grow(task, 1 << 20, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        machine.Probes.Stacks.SelectMany(each => each.Frames).ShouldNotContain("__alloc_pages_direct_compact");
    }
}
