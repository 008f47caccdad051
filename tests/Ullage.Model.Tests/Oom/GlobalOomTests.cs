using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Oom;
using Ullage.Model.Tests.Pages;

namespace Ullage.Model.Tests.Oom;

/// <summary>The system-wide OOM killer: whom it takes in which order, and when it stops the machine instead (§8.2, §8.3).</summary>
public sealed class GlobalOomTests
{
    private const int Page = 4096;

    /// <summary>A process with so many anonymous pages on top of what every process has.</summary>
    private static TaskStruct Hold(Machine machine, string comm, int pages, int adj = 0, int uid = 1000)
    {
        TaskStruct task = PageAllocatorTests.Start(machine, comm, adj, uid);
        (_, long address) = machine.Mmap(task, 4L << 20, VmaFlags.Read | VmaFlags.Write);
        for (int page = 0; page < pages; page++)
        {
            machine.Touch(task, address + (page * (long)Page), write: true).ShouldBe(FaultOutcome.Ok);
        }
        return task;
    }

    private static string Chosen(Machine machine, long total) => machine.Oom.Badness.Select(machine.Oom.Candidates(null), total).Victim?.Comm ?? "nobody";

    /// <summary>Processes in the order of their start: name, pages, adj, uid; total is 32000 pages, so 1 of adj is 32 pages.</summary>
    public static TheoryData<string, string, string> Choices => new()
    {
        // rule, processes, victim per era: a name, or eras=name pairs
        { "the largest", "a 300 0 1; b 500 0 1; c 400 0 1", "b" },
        { "adj outweighs size", "a 900 0 1; b 100 30 1; c 400 0 1", "b" }, // 100 + 960 against 900
        { "negative adj protects", "a 900 -20 1; b 300 0 1", "b" }, // 900 - 640 against 300
        { "-1000 is never taken", "a 900 -1000 1; b 10 -900 1", "b" },
        { "nobody", "a 900 -1000 1; b 10 -1000 1", "nobody" },
        { "floor of 1 before 5.9, then the larger of two below zero", "a 500 -900 1; b 100 -900 1", "4.1 4.15 4.19=a;5.3 5.4=b;a" },
        { "the same the other way round", "b 100 -900 1; a 500 -900 1", "4.1 4.15 4.19=b;5.3 5.4=a;a" },
        { "root has 3 % off before 4.17", "a 515 0 0; b 510 0 1", "4.1 4.15=b;a" },
        { "3 % is not much", "a 600 0 0; b 510 0 1", "a" },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void VictimIsTheErasWorst(string rule, string processes, string victims)
    {
        foreach (object[] era in Workloads.Eras)
        {
            string name = (string)era[0];
            Machine machine = PageAllocatorTests.Boot(name);
            foreach (string[] words in processes.Split("; ").Select(each => each.Split(' ')))
            {
                Hold(machine, words[0], int.Parse(words[1]), int.Parse(words[2]), int.Parse(words[3]));
            }
            string[] cases = victims.Split(';');
            string expected = cases.FirstOrDefault(each => each.Split('=')[0].Split(' ').Contains(name))?.Split('=')[1] ?? cases[^1];
            Chosen(machine, 32_000).ShouldBe(expected, $"{rule}, {name}");
        }
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void OfEqualsTheFirstLeaderIsKeptBefore5_3ThenTheLastIsTaken(string era)
    {
        Machine machine = PageAllocatorTests.Boot(era);
        TaskStruct parent = Hold(machine, "parent", 500);
        TaskStruct first = machine.Fork(parent, "first").Child.ShouldNotBeNull();
        foreach (string comm in new[] { "second", "last" })
        {
            TaskStruct copy = machine.Fork(parent, comm).Child.ShouldNotBeNull(); // same pages, same tables
            machine.Oom.Badness.Of(copy, 32_000).ShouldBe(machine.Oom.Badness.Of(first, 32_000));
        }
        parent.Signal.OomScoreAdj = -1000;
        Chosen(machine, 32_000).ShouldBe(era is "4.1" or "4.15" or "4.19" ? "first" : "last");
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void BadnessIsResidentPagesPlusTablesMovedByAdj(string era)
    {
        Machine machine = PageAllocatorTests.Boot(era);
        Mm mm = Hold(machine, "a", 700, adj: 10).Mm!;
        int tables = mm.PteTables + mm.PmdTables + (era == "4.1" ? 0 : mm.PudTables);
        machine.Oom.Badness.Of(mm.Owner!, 32_000).ShouldBe(mm.AnonPages + mm.FilePages + tables + (10 * 32));
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void KillsGoByBadnessUntilThereIsRoom(string era)
    {
        Machine machine = PageAllocatorTests.Boot(era);
        TaskStruct[] held = [Hold(machine, "small", 400, adj: 200), Hold(machine, "vault", 900, adj: -1000), Hold(machine, "big", 900, adj: 500), Hold(machine, "plain", 1000)];
        TaskStruct grower = PageAllocatorTests.Start(machine, "grower", adj: -990);
        machine.Grow(grower, 1 << 20, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed); // in the end nobody else is left
        string[] killed = [.. machine.Log.Records.Select(record => record.Text).Where(text => text.Contains("Killed process")).Select(text => text.Split('(', ')')[1])];
        killed.ShouldBe(["big", "small", "plain", "grower"]);
        (held[1].Signal.Ended, machine.Panicked).ShouldBe((false, null));
        machine.RunDueWork(machine.TimeNs + 10_000_000_000);
        machine.Verify();
    }

    [Theory]
    [InlineData("4.1", "child")]
    [InlineData("4.19", "child")]
    [InlineData("5.3", "parent")]
    [InlineData("6.18", "parent")]
    public void ChildDiesInItsParentsPlaceBefore5_3(string era, string victim)
    {
        Machine machine = PageAllocatorTests.Boot(era);
        TaskStruct parent = Hold(machine, "parent", 1000, adj: 500);
        (_, TaskStruct? child) = machine.Fork(parent, "child");
        child!.Signal.OomScoreAdj = 0;
        TaskStruct grower = PageAllocatorTests.Start(machine, "grower", adj: -900);
        while (machine.Oom.Kills == 0)
        {
            machine.Grow(grower, 256, out _);
        }
        machine.Log.Records.Select(record => record.Text).First(text => text.Contains("Killed process")).ShouldContain($"({victim})");
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void AllocatingTaskDiesInsteadOfTheWorst(string era)
    {
        Machine machine = PageAllocatorTests.Boot(era);
        machine.Files.Write("/proc/sys/vm/oom_kill_allocating_task", "1").ShouldBe(Errno.None);
        TaskStruct worst = Hold(machine, "worst", 1000, adj: 900);
        TaskStruct grower = PageAllocatorTests.Start(machine, "grower");
        machine.Grow(grower, 1 << 20, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        (grower.Signal.OomKilled, worst.Signal.OomKilled).ShouldBe((true, false));
        machine.Log.Records.ShouldContain(record => record.Text.StartsWith("Out of memory (oom_kill_allocating_task): Kill"));
    }

    [Fact]
    public void AllocatingTaskThatMustNotDieLeavesTheChoice()
    {
        Machine machine = PageAllocatorTests.Boot("6.12");
        machine.Files.Write("/proc/sys/vm/oom_kill_allocating_task", "1").ShouldBe(Errno.None);
        TaskStruct other = Hold(machine, "other", 1000);
        TaskStruct grower = PageAllocatorTests.Start(machine, "grower", adj: -1000);
        while (machine.Oom.Kills == 0)
        {
            machine.Grow(grower, 256, out _);
        }
        other.Signal.OomKilled.ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Workloads.Eras), MemberType = typeof(Workloads))]
    public void NobodyToKillEndsTheMachine(string era)
    {
        Machine machine = PageAllocatorTests.Boot(era);
        TaskStruct grower = PageAllocatorTests.Start(machine, "grower", adj: -1000);
        machine.Grow(grower, 1 << 20, out FaultOutcome last);
        string expected = era is "4.1" or "4.15" ? "Out of memory and no killable processes..." : "System is deadlocked on memory";
        (last, machine.Panicked, grower.Signal.Ended).ShouldBe((FaultOutcome.Killed, expected, false));
        machine.Log.Records[^1].Text.ShouldBe("Kernel panic - not syncing: " + expected);
        machine.Log.Records[^1].Level.ShouldBe(0);
        machine.Verify();
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "Out of memory: system-wide panic_on_oom is enabled")]
    [InlineData(2, "Out of memory: compulsory panic_on_oom is enabled")]
    public void PanicOnOomStopsTheMachineInsteadOfKilling(int value, string? panic)
    {
        foreach (object[] era in Workloads.Eras)
        {
            Machine machine = PageAllocatorTests.Boot((string)era[0]);
            machine.Files.Write("/proc/sys/vm/panic_on_oom", $"{value}\n").ShouldBe(Errno.None);
            TaskStruct grower = PageAllocatorTests.Start(machine, "grower");
            machine.Grow(grower, 1 << 20, out FaultOutcome last);
            (last, machine.Panicked, machine.Oom.Kills).ShouldBe((FaultOutcome.Killed, panic, value == 0 ? 1L : 0L));
            machine.Log.Records.Count(record => record.Text == "Mem-Info:").ShouldBe(1);
            machine.Verify();
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void PanicOnOomMeetsAMemcgOnlyWhenCompulsory(int value, bool panics)
    {
        foreach (object[] era in Workloads.Eras)
        {
            Machine machine = Workloads.Boot((string)era[0], 1);
            machine.Files.Write("/proc/sys/vm/panic_on_oom", $"{value}").ShouldBe(Errno.None);
            Cgroup cgroup = machine.Make("/a", 1000);
            TaskStruct task = machine.Enter(cgroup);
            machine.Grow(task, 2000, out FaultOutcome last);
            (last, machine.Panicked is not null, task.Signal.OomKilled).ShouldBe((FaultOutcome.Killed, panics, !panics));
            machine.Verify();
        }
    }

    [Fact]
    public void PanickedMachineRunsNothingAndItsFilesCanBeRead()
    {
        Machine machine = PageAllocatorTests.Boot("6.18");
        machine.Files.Write("/proc/sys/vm/panic_on_oom", "1").ShouldBe(Errno.None);
        machine.Grow(PageAllocatorTests.Start(machine, "grower"), 1 << 20, out _);
        bool ran = false;
        machine.Scheduler.At(machine.Clock.NowNs + 1, () => ran = true);
        machine.Scheduler.RunUntil(long.MaxValue).ShouldBeFalse();
        ran.ShouldBeFalse();
        machine.Files.Read("/proc/meminfo").Ok.ShouldBeTrue();
    }

    [Theory]
    [InlineData("panic_on_oom", "3", Errno.EINVAL)]
    [InlineData("panic_on_oom", "-1", Errno.EINVAL)]
    [InlineData("panic_on_oom", "2", Errno.None)]
    [InlineData("oom_dump_tasks", "7", Errno.None)]
    [InlineData("oom_kill_allocating_task", "-1", Errno.None)]
    [InlineData("min_free_kbytes", "-1", Errno.EINVAL)]
    public void SettingTakesTheKernelsRange(string name, string text, Errno expected) =>
        PageAllocatorTests.Boot("6.12").Files.Write("/proc/sys/vm/" + name, text).ShouldBe(expected);

    [Fact]
    public void DumpTasksOffIsASetting()
    {
        Machine machine = PageAllocatorTests.Boot("6.12");
        machine.Files.Write("/proc/sys/vm/oom_dump_tasks", "0").ShouldBe(Errno.None);
        machine.Grow(PageAllocatorTests.Start(machine, "grower"), 1 << 20, out _);
        machine.Log.Records.ShouldContain(record => record.Text == "Mem-Info:");
        machine.Log.Records.ShouldNotContain(record => record.Text.StartsWith("Tasks state"));
    }
}
