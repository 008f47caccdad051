using Ullage.Model.AddressSpace;
using Ullage.Model.Charging;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;

namespace Ullage.Model.Tests.Oom;

/// <summary>§2.5, §2.7, §2.8, §8.1 to §8.5: who is killed when, and what counts it.</summary>
public sealed class OomKillerTests
{
    private static TaskStruct Holder(Machine machine, Cgroup cgroup, long pages, int adj = 0, string comm = "holder")
    {
        TaskStruct task = machine.Enter(cgroup, comm, adj);
        machine.Grow(task, pages, out FaultOutcome last).ShouldBe(pages);
        last.ShouldBe(FaultOutcome.Ok);
        return task;
    }

    /// <summary>Lets those who were killed exit.</summary>
    private static void Settle(Machine machine)
    {
        machine.Current = null;
        machine.RunDueWork(machine.TimeNs + 5_000_000);
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section8_3_TheLargerProcessDiesAndTheSmallerGoesOn(string era)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/c", 5120);
        TaskStruct large = Holder(machine, cgroup, 3000);
        TaskStruct small = machine.Enter(cgroup, "small");
        machine.Grow(small, 2500, out FaultOutcome last).ShouldBe(2500, "the large one's memory came back");
        last.ShouldBe(FaultOutcome.Ok);
        large.Signal.OomKilled.ShouldBeTrue();
        small.Signal.OomKilled.ShouldBeFalse();
        cgroup.Memcg.Events(MemcgEvent.OomKill).ShouldBe(1);
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section8_3_OomScoreAdjOutweighsSize(string era)
    {
        Machine machine = Workloads.Boot(era, 1);
        Cgroup cgroup = machine.Make("/c", 5120);
        TaskStruct little = Holder(machine, cgroup, 500, adj: 900);
        TaskStruct spared = Holder(machine, cgroup, 3000, adj: -1000);
        TaskStruct grower = machine.Enter(cgroup, "grower");
        machine.Grow(grower, 1700, out _);
        little.Signal.OomKilled.ShouldBeTrue();
        spared.Signal.OomKilled.ShouldBeFalse();
    }

    [Theory]
    [InlineData("4.15", true)]
    [InlineData("4.19", true)]
    [InlineData("5.3", false)]
    [InlineData("6.18", false)]
    public void Section8_3_EqualBadness(string era, bool firstLeaderStays)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/c", 8192);
        TaskStruct parent = Holder(machine, cgroup, 2048);
        TaskStruct first = machine.Fork(parent).Child.ShouldNotBeNull();
        TaskStruct second = machine.Fork(parent).Child.ShouldNotBeNull(); // the same pages and tables
        machine.Oom.Badness.Of(first, 8192).ShouldBe(machine.Oom.Badness.Of(second, 8192));
        machine.Oom.Badness.Select([first, second], 8192).Victim.ShouldBe(firstLeaderStays ? first : second);
    }

    [Theory]
    [InlineData("4.15", 97)]
    [InlineData("4.19", 100)]
    [InlineData("6.18", 100)]
    public void Section8_3_RootBonus(string era, int percent)
    {
        Machine machine = Workloads.Boot(era, 2);
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t", Uid = 1000 });
        long plain = machine.Oom.Badness.Of(task, 100_000);
        task.Signal.Uid = 0;
        machine.Oom.Badness.Of(task, 100_000).ShouldBe(plain - (plain * (100 - percent) / 100));
    }

    [Theory]
    [InlineData("5.4", 1, 0)]
    [InlineData("5.10", -100_000, long.MinValue)]
    public void Section8_3_NegativeBadnessAndTheUnkillable(string era, long floor, long never)
    {
        Machine machine = Workloads.Boot(era, 2);
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t", OomScoreAdj = -999 });
        long points = machine.Oom.Badness.Of(task, 100_000);
        (era == "5.4" ? points == floor : points < 0 && points > floor).ShouldBeTrue();
        task.Signal.OomScoreAdj = -1000;
        machine.Oom.Badness.Of(task, 100_000).ShouldBe(never);
        machine.Oom.Badness.Score(task).ShouldBe(0);
    }

    [Theory]
    [InlineData("5.4", 0, 2)]
    [InlineData("5.10", 666, 668)]
    [InlineData("6.18", 666, 668)]
    public void Section13_6_OomScoreOfAnIdleProcess(string era, long from, long to)
    {
        Machine machine = Workloads.Boot(era, 2);
        machine.Oom.Badness.Score(machine.Spawn(new SpawnOptions { Comm = "idle" })).ShouldBeInRange(from, to);
    }

    [Theory]
    [InlineData("4.19", true)]
    [InlineData("5.3", false)]
    [InlineData("6.12", false)]
    public void Section8_5_SacrificeChild(string era, bool childDies)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/c", 5120);
        TaskStruct parent = machine.Enter(cgroup, "parent");
        TaskStruct child = machine.Fork(parent).Child.ShouldNotBeNull();
        machine.Grow(parent, 3000, out _).ShouldBe(3000);
        TaskStruct grower = machine.Enter(cgroup, "grower");
        machine.Grow(grower, 2500, out _);
        Settle(machine);
        child.Signal.OomKilled.ShouldBe(childDies);
    }

    [Theory]
    [InlineData("4.15", false)]
    [InlineData("4.19", true)]
    [InlineData("6.18", true)]
    public void Section8_1_KillsInSystemCallsOnlyWhereTheChargeDoes(string era, bool kills)
    {
        Machine machine = Workloads.Boot(era, 2, cpus: 1);
        Cgroup cgroup = machine.Make("/c", 640);
        TaskStruct holder = Holder(machine, cgroup, 600);
        TaskStruct caller = machine.Spawn(new SpawnOptions { Comm = "caller" });
        machine.Attach(cgroup, caller.Pid, wholeProcess: true);
        machine.As(caller);
        Abi.Errno errno = Abi.Errno.None;
        for (int i = 0; i < 30 && errno == Abi.Errno.None; i++)
        {
            errno = machine.Clone(caller).Errno; // each thread charges a kernel stack
        }
        holder.Signal.OomKilled.ShouldBe(kills);
        errno.ShouldBe(kills ? Abi.Errno.None : Abi.Errno.ENOMEM);
    }

    [Theory]
    [InlineData("4.19", false)]
    [InlineData("6.1", true)]
    [InlineData("6.18", true)]
    public void Section2_8_OomGroupKillsAllButTheUnkillable(string era, bool groupEvent)
    {
        Machine machine = Workloads.Boot(era, 2);
        machine.Make("/g");
        machine.Hierarchy.Find("/g")!.DistributesMemory = true;
        Cgroup leaf = machine.Make("/g/leaf");
        MemCgroup group = machine.Hierarchy.Find("/g")!.Memcg;
        group.Memory.TrySetMax(5120);
        group.OomGroup = true;
        TaskStruct bystander = Holder(machine, leaf, 100);
        TaskStruct spared = Holder(machine, leaf, 100, adj: -1000);
        TaskStruct grower = machine.Enter(leaf, "grower");
        machine.Grow(grower, 6000, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        Settle(machine);
        bystander.Signal.Ended.ShouldBeTrue();
        spared.Signal.OomKilled.ShouldBeFalse();
        leaf.Memcg.EventsLocal(MemcgEvent.OomKill).ShouldBe(3, "the first victim is reported and counted twice");
        group.Events(MemcgEvent.OomGroupKill).ShouldBe(groupEvent ? 1 : 0);
        machine.Log.Records.ShouldContain(record => record.Text == "Tasks in /g are going to be killed due to memory.oom.group set");
    }

    [Theory]
    [InlineData("4.19", false)]
    [InlineData("5.3", true)]
    [InlineData("6.18", true)]
    public void Section2_5_EventsShowInAncestorsFrom5_2(string era, bool hierarchical)
    {
        Machine machine = Workloads.Boot(era, 2);
        machine.Make("/p");
        machine.Hierarchy.Find("/p")!.DistributesMemory = true;
        Cgroup child = machine.Make("/p/c", 1024);
        machine.Grow(machine.Enter(child), 2000, out _);
        MemCgroup parent = machine.Hierarchy.Find("/p")!.Memcg;
        child.Memcg.Events(MemcgEvent.OomKill).ShouldBe(1);
        parent.Events(MemcgEvent.OomKill).ShouldBe(hierarchical ? 1 : 0);
        parent.Events(MemcgEvent.Max).ShouldBe(hierarchical ? child.Memcg.Events(MemcgEvent.Max) : 0);
        parent.EventsLocal(MemcgEvent.Max).ShouldBe(0);
    }

    [Theory]
    [InlineData("4.15", ReaperStart.Immediate)]
    [InlineData("6.12", ReaperStart.Delayed)]
    public void Section8_5_TheReaperTakesTheMemoryOfAVictimThatDoesNotRun(string era, object start)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/c", 1024);
        TaskStruct task = machine.Enter(cgroup);
        machine.Grow(task, 2000, out _);
        task.IsOomVictim.ShouldBeTrue();
        task.Mm!.AnonPages.ShouldBeGreaterThan(900);
        machine.Current = null; // it is killed but gets no CPU
        machine.RunDueWork(machine.TimeNs + 1_000_000);
        (task.Mm.AnonPages == 0).ShouldBe((ReaperStart)start == ReaperStart.Immediate);
        machine.RunDueWork(machine.TimeNs + 3_000_000_000);
        task.Mm.AnonPages.ShouldBe(0);
        task.Mm.OomSkip.ShouldBeTrue();
        machine.Verify();
    }

    [Fact]
    public void Section8_2_Step9_ADyingVictimStopsTheNextKill()
    {
        Machine machine = Workloads.Boot("6.12", 2);
        Cgroup cgroup = machine.Make("/c", 5120);
        TaskStruct first = Holder(machine, cgroup, 2000);
        first.IsOomVictim = true;
        machine.Oom.Badness.Select([first], 5120).Aborted.ShouldBeTrue();
        first.Mm!.OomSkip = true;
        machine.Oom.Badness.Select([first], 5120).ShouldSatisfyAllConditions(
            choice => choice.Aborted.ShouldBeFalse(), choice => choice.Victim.ShouldBeNull("the reaper is done with it"));
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section2_7_WithOomKillDisableAFaultWaitsUntilTheLimitIsRaised(string era)
    {
        Machine machine = Workloads.Boot(era, 1, swapAccounting: false);
        Cgroup cgroup = machine.Make("/c", 1024);
        cgroup.Memcg.OomKillDisable = true;
        TaskStruct task = machine.Enter(cgroup);
        long done = machine.Grow(task, 2000, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.WaitForOom);
        task.State.ShouldBe(TaskState.WaitingForOom);
        cgroup.Memcg.UnderOom.ShouldBe(1);
        machine.Files.Write("/sys/fs/cgroup/memory/c/memory.limit_in_bytes", "100M").ShouldBe(Abi.Errno.None);
        task.State.ShouldBe(TaskState.Running);
        cgroup.Memcg.UnderOom.ShouldBe(0);
        machine.As(task);
        machine.Grow(task, 2000 - done, out last).ShouldBe(2000 - done);
        cgroup.Memcg.Events(MemcgEvent.OomKill).ShouldBe(0);
        machine.Verify();
    }
}
