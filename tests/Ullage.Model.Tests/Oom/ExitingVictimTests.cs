using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;

namespace Ullage.Model.Tests.Oom;

/// <summary>§8.2 step 3, §8.3, §8.5 step 1: who is on the way out is helped out, neither reported nor counted; and what a scan looks at.</summary>
public sealed class ExitingVictimTests
{
    private static TaskStruct Hold(Machine machine, Cgroup cgroup, long pages)
    {
        TaskStruct task = machine.Enter(cgroup, "holder");
        machine.Grow(task, pages, out _).ShouldBe(pages);
        return task;
    }

    [Theory]
    [InlineData("4.1", true)]
    [InlineData("4.15", false)]
    [InlineData("5.3", false)]
    [InlineData("5.10", false)]
    [InlineData("6.18", false)]
    public void Section8_5_Step1_AVictimThatSomebodyKilledIsNotReportedAndNotCounted(string era, bool told)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/c", 5120);
        TaskStruct large = Hold(machine, cgroup, 3000);
        TaskStruct small = machine.Enter(cgroup, "small");
        large.FatalSignalPending = true; // its SIGKILL came from somebody else, and it has not run since
        machine.Grow(small, 2000, out _);
        for (int i = 0; i < 10_000 && !large.IsOomVictim && !large.Signal.Ended; i++)
        {
            machine.Grow(small, 10, out _);
        }
        (large.IsOomVictim || large.Signal.Ended).ShouldBeTrue();
        cgroup.Memcg.Events(MemcgEvent.OomKill).ShouldBe(told ? 1 : 0);
        machine.Oom.Kills.ShouldBe(told ? 1 : 0);
        machine.Log.Records.Any(record => record.Text.Contains("Kill")).ShouldBe(told);
        machine.Current = null;
        machine.RunDueWork(machine.TimeNs + 3_000_000_000);
        (large.Mm is not { } mm || mm.AnonPages == 0).ShouldBeTrue("the reaper takes what it does not give itself");
        machine.Verify();
    }

    [Theory]
    [InlineData("5.10")]
    [InlineData("6.1")]
    [InlineData("6.18")]
    public void Section8_2_Step3_ADyingTaskThatAsksItselfIsQueuedForTheReaper(string era)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup cgroup = machine.Make("/c", 2000);
        TaskStruct task = Hold(machine, cgroup, 1500);
        machine.As(task);
        task.FatalSignalPending = true;
        bool killed = machine.Oom.MemcgOutOfMemory(cgroup.Memcg, Gfp.Kernel, 9, inFault: true); // more than the margin
        killed.ShouldBeTrue();
        task.IsOomVictim.ShouldBeFalse("5.3 and later are content with a dying caller before they get that far");
        machine.Oom.GlobalOutOfMemory(Gfp.Kernel).ShouldBeTrue();
        task.IsOomVictim.ShouldBeTrue();
        machine.Log.Records.ShouldBeEmpty();
        machine.Current = null;
        machine.RunDueWork(machine.TimeNs + 3_000_000_000);
        task.Mm!.AnonPages.ShouldBe(0);
        machine.Log.Records.ShouldHaveSingleItem().Text.ShouldStartWith("oom_reaper: reaped process");
        machine.As(task);
        TaskStruct other = machine.Spawn(new SpawnOptions { Comm = "other" });
        machine.Oom.GlobalOutOfMemory(Gfp.Kernel).ShouldBeTrue();
        other.Signal.OomKilled.ShouldBeTrue("what was reaped gives nothing more: the next one goes");
    }

    [Fact]
    public void Section8_1_TheReportAtTheFaultsEndShowsWhatTheChargeCouldDo()
    {
        Machine machine = Workloads.Boot("4.15", 2, cpus: 1);
        Cgroup cgroup = machine.Make("/c", 5120);
        TaskStruct task = Hold(machine, cgroup, 1000);
        (_, long far) = machine.Mmap(task, 64L << 20, VmaFlags.Read | VmaFlags.Write);
        machine.Stock.DrainCpu(0);
        cgroup.Memcg.Memory.TrySetMax(cgroup.Memcg.Memory.Usage).ShouldBe(Errno.None);
        machine.Touch(task, far, write: true).ShouldBe(FaultOutcome.Killed); // its page table is the first thing that is charged
        machine.Log.Records[0].Text.ShouldBe("holder invoked oom-killer: gfp_mask=0x15080c0(GFP_KERNEL_ACCOUNT|__GFP_ZERO), nodemask=(null), order=0, oom_score_adj=0");
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void Section8_3_UpTo5_2AMemcgsScanFindsAThreadWhoseLeaderIsElsewhere(string era)
    {
        Machine machine = Workloads.Boot(era);
        Cgroup cgroup = machine.Make("/c", 5120);
        TaskStruct leader = machine.Spawn(new SpawnOptions { Comm = "outside" });
        TaskStruct thread = machine.Clone(leader).Thread.ShouldNotBeNull();
        machine.Attach(cgroup, thread.Pid, wholeProcess: false).ShouldBe(Errno.None);
        bool found = era is "4.1" or "4.15" or "4.19";
        machine.Oom.Candidates(cgroup.Memcg).ShouldBe(found ? [thread] : []);
        machine.Oom.Candidates(null).ShouldBe([leader]);
    }

    [Theory]
    [InlineData("4.19", false)]
    [InlineData("5.3", true)]
    [InlineData("5.4", true)]
    [InlineData("5.10", false)]
    public void Section2_5_V1OomControlOfAnAncestorCountsKillsBelowOnlyFrom5_2To5_6(string era, bool counts)
    {
        Machine machine = Workloads.Boot(era);
        machine.Make("/p");
        Cgroup child = machine.Make("/p/c", 1024);
        machine.Grow(machine.Enter(child), 2000, out _);
        machine.Files.Read("/sys/fs/cgroup/memory/p/c/memory.oom_control").Text.ShouldContain("oom_kill 1\n");
        machine.Files.Read("/sys/fs/cgroup/memory/p/memory.oom_control").Text.ShouldContain(counts ? "oom_kill 1\n" : "oom_kill 0\n");
    }

    [Fact]
    public void KernelLogTimesNeverGoBack()
    {
        Machine machine = Workloads.Boot("5.4", 2);
        machine.Work.Add(0, () =>
        {
            machine.Spend(3_000_000); // another CPU's reaper works for 3 ms
            machine.Log.Write(6, "late");
        });
        machine.RunDueWork(machine.TimeNs);
        machine.Log.Write(6, "next");
        machine.Log.Records.Select(record => (record.TimeNs, record.Text)).ShouldBe([(3_000_000L, "late"), (3_000_000L, "next")]);
    }

    [Fact]
    public void KernelLogIsARingThatLosesTheOldest()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("6.12"), LogBufferBytes = 64 << 10 });
        for (int i = 0; i < 100_000; i++)
        {
            machine.Log.Write(4, $"line {i:d6}"); // 11 characters
        }
        machine.Log.Records[^1].Text.ShouldBe("line 099999");
        (machine.Log.Lost + machine.Log.Records.Count).ShouldBe(100_000);
        machine.Log.Records.Sum(record => (long)record.Text.Length).ShouldBeInRange(60 << 10, 64 << 10);
        machine.Log.Records[0].Text.ShouldBe($"line {machine.Log.Lost:d6}");
        Should.Throw<ArgumentException>(() => Machine.Boot(new MachineOptions { LogBufferBytes = 1000 })).Message.ShouldBe("the log buffer must be at least 64 KiB");
    }

    [Fact]
    public void AnUnkillableLoopAtTheLimitDoesNotGrowTheLogWithoutEnd()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("6.12"), CgroupVersion = 2, LogBufferBytes = 1 << 20 });
        Cgroup cgroup = machine.Make("/c", 1024);
        TaskStruct task = machine.Enter(cgroup, "vault", adj: -1000);
        (_, long address) = machine.Mmap(task, 8L << 20, VmaFlags.Read | VmaFlags.Write);
        int page = 0;
        while (machine.Touch(task, address + (page * 4096L), write: true) == FaultOutcome.Ok)
        {
            page++;
        }
        for (int i = 0; i < 2000; i++)
        {
            machine.Touch(task, address + (page * 4096L), write: true).ShouldBe(FaultOutcome.Retry); // reported each time, as in the kernel
        }
        machine.Log.Records.Sum(record => (long)record.Text.Length).ShouldBeLessThanOrEqualTo(1 << 20);
        machine.Log.Lost.ShouldBeGreaterThan(10_000);
        machine.Verify();
    }
}
