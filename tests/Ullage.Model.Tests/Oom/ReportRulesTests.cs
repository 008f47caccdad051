using System.Globalization;
using System.Text.RegularExpressions;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Oom;
using Ullage.Model.Tracing;

namespace Ullage.Model.Tests.Oom;

/// <summary>Parts of the report that the measured runs do not reach.</summary>
public sealed class ReportRulesTests
{
    private static OomContext Context(Cgroup? cgroup, TaskStruct current, Gfp gfp = Gfp.Kernel, bool inFault = true) => new()
    {
        Memcg = cgroup?.Memcg, Gfp = gfp, Current = current, TotalPages = 25600, InFault = inFault,
    };

    private static string[] Texts(ReportHost host) => [.. host.Machine.Log.Records.Select(record => record.Text)];

    [Fact]
    public void HeaderEleventhInFiveSecondsIsHeldBackAndTold()
    {
        ReportHost host = new("6.18-v2");
        TaskStruct task = host.Hold(host.Make("/a", 100), 1);
        OomReport report = host.Machine.Oom.Report;
        for (int i = 0; i < 13; i++)
        {
            report.Header(Context(task.Cgroup, task), new OomChoice(task, 1, false));
        }
        Texts(host).Count(line => line.Contains("invoked oom-killer")).ShouldBe(10);
        host.Machine.Spend(RateLimit.DefaultIntervalNs + 1);
        report.Header(Context(task.Cgroup, task), new OomChoice(task, 1, false));
        int told = Array.IndexOf(Texts(host), "oom_kill_process: 3 callbacks suppressed");
        told.ShouldBeGreaterThan(0);
        Texts(host)[told + 1].ShouldStartWith("wl invoked oom-killer");
        host.Machine.Log.Records[told].Level.ShouldBe(4);
    }

    [Theory]
    [InlineData("4.15-v1", 12, 12)] // the score line and the kill are told even when the report is held back
    [InlineData("5.4-v1", 0, 12)]
    public void HeldBackReportStillTellsTheKill(string kernel, int scores, int kills)
    {
        ReportHost host = new(kernel);
        TaskStruct task = host.Hold(host.Make("/a", 100), 1);
        for (int i = 0; i < 12; i++)
        {
            OomContext oc = Context(task.Cgroup, task);
            host.Machine.Oom.Report.Header(oc, new OomChoice(task, 256, false));
            host.Machine.Oom.Report.Killed(oc, task);
        }
        Texts(host).Count(line => line.EndsWith("score 10 or sacrifice child")).ShouldBe(scores);
        Texts(host).Count(line => line.Contains("Killed process")).ShouldBe(kills);
        Texts(host).Count(line => line.StartsWith("CPU: ")).ShouldBe(10);
    }

    [Fact]
    public void LeakedFaultIsRateLimited()
    {
        ReportHost host = new("6.1-v2");
        for (int i = 0; i < 11; i++)
        {
            host.Machine.Oom.Report.LeakedFault();
        }
        Texts(host).ShouldBe(Enumerable.Repeat("Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF", 10));
        host.Machine.Spend(RateLimit.DefaultIntervalNs + 1);
        host.Machine.Oom.Report.LeakedFault();
        Texts(host)[10].ShouldBe("pagefault_out_of_memory: 1 callbacks suppressed");
    }

    [Theory]
    [InlineData("4.15-v1")]
    [InlineData("6.12-v2")]
    public void LevelsAreWarningForTheHeadInfoForTablesErrorForTheKill(string kernel)
    {
        ReportHost host = new(kernel);
        host.GrowToKill(host.Make("/a", 20));
        foreach (KernelLogRecord record in host.Machine.Log.Records)
        {
            bool head = record.Text.Contains("invoked oom-killer") || record.Text.StartsWith("CPU:") || record.Text.StartsWith("Hardware")
                || record.Text.StartsWith("Call Trace") || record.Text.StartsWith(' ');
            bool kill = record.Text.Contains("ill process") || record.Text.Contains("Killed process");
            record.Level.ShouldBe(head ? 4 : kill ? 3 : 6, record.Text);
        }
    }

    [Theory]
    [InlineData("4.15-v1", Gfp.Kernel, true, "0x14000c0(GFP_KERNEL)")]
    [InlineData("4.19-v1", Gfp.Blocking, false, "0x600040(GFP_NOFS)")]
    [InlineData("5.4-v1", Gfp.KernelAccount, true, "0x400dc0(GFP_KERNEL_ACCOUNT|__GFP_ZERO)")]
    [InlineData("5.4-v1", Gfp.KernelAccount, false, "0x400cc0(GFP_KERNEL_ACCOUNT)")]
    [InlineData("6.18-v2", Gfp.Blocking, false, "0xc40(GFP_NOFS)")]
    [InlineData("6.18-v2", Gfp.Kernel | Gfp.NoFail, false, "0x8cc0(GFP_KERNEL|__GFP_NOFAIL)")]
    [InlineData("5.4-v1", Gfp.None, true, "0x0()")]
    [InlineData("4.1-v1", Gfp.Kernel, true, "0xd0")]
    internal void GfpIsPrintedAsTheEraPrintsIt(string kernel, Gfp gfp, bool inFault, string text)
    {
        ReportHost host = new(kernel);
        TaskStruct task = host.Hold(host.Make("/a", 100), 1);
        new OomGfp(host.Machine.Era).Text(Context(task.Cgroup, task, gfp, inFault)).ShouldBe(text);
    }

    [Theory]
    [InlineData(Gfp.Kernel, false, "do_mmap")]
    [InlineData(Gfp.KernelAccount, false, "copy_process")]
    [InlineData(Gfp.KernelAccount, true, "pte_alloc_one")]
    [InlineData(Gfp.Kernel, true, "do_anonymous_page")]
    internal void TraceEndsInTheCaller(Gfp gfp, bool inFault, string frame)
    {
        foreach (string kernel in new[] { "4.19-v1", "5.3-v2", "5.4-v1", "6.12-v2", "6.18-v1" })
        {
            ReportHost host = new(kernel);
            TaskStruct task = host.Hold(host.Make("/a", 100), 1);
            host.Machine.Oom.Report.Header(Context(task.Cgroup, task, gfp, inFault), new OomChoice(task, 1, false));
            Texts(host).ShouldContain(" " + frame, kernel);
            bool fault = Texts(host).Any(line => line is " page_fault" or " asm_exc_page_fault");
            fault.ShouldBe(inFault, kernel);
            Texts(host).Any(line => line == " entry_SYSCALL_64_after_hwframe").ShouldBe(!inFault, kernel);
        }
    }

    [Theory]
    [InlineData("4.15-v1", null)]
    [InlineData("4.19-v1", "Memory limit reached of cgroup /a")]
    [InlineData("5.10-v1", "memory: usage 0kB, limit 40960kB, failcnt 0")]
    public void NobodyToKillInMemcgIsSilentOrDumpsTheCgroup(string kernel, string? line)
    {
        ReportHost host = new(kernel);
        Cgroup cgroup = host.Make("/a", 10);
        TaskStruct outside = host.Machine.Spawn(new SpawnOptions { Comm = "sh" });
        cgroup.Memcg.Memory.TrySetMax(10240);
        host.Machine.Oom.Report.NobodyToKill(Context(cgroup, outside));
        if (line is null)
        {
            Texts(host).ShouldBeEmpty();
            return;
        }
        Texts(host).ShouldContain(line);
        Texts(host)[^1].ShouldBe("Out of memory and no killable processes...");
        Texts(host).Any(text => text.StartsWith(" oom_kill_process") || text.StartsWith("oom-kill:")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("4.15-v1", "Kernel panic - not syncing: Out of memory and no killable processes...")]
    [InlineData("6.1-v2", "Kernel panic - not syncing: System is deadlocked on memory")]
    public void NobodyToKillOnTheMachineIsAPanic(string kernel, string last)
    {
        ReportHost host = new(kernel);
        TaskStruct task = host.Machine.Spawn(new SpawnOptions { Comm = "sh", OomScoreAdj = -1000 });
        host.Machine.Oom.Report.NobodyToKill(Context(null, task));
        Texts(host)[^1].ShouldBe(last);
        Texts(host).Count(text => text.EndsWith(" -1000 sh")).ShouldBe(1); // spared, but listed
    }

    [Theory]
    [InlineData("5.4-v1", "out_of_memory.part.0")]
    [InlineData("6.12-v2", "__alloc_pages_noprof")]
    public void GlobalOomNamesNoCgroupLimit(string kernel, string frame)
    {
        ReportHost host = new(kernel);
        TaskStruct task = host.Hold(host.Make("/a", 100), 1);
        OomContext oc = Context(null, task);
        host.Machine.Oom.Report.Header(oc, new OomChoice(task, 1, false));
        host.Machine.Oom.Report.Killed(oc, task);
        Texts(host).ShouldContain(" " + frame);
        Texts(host).ShouldContain($"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=wl,pid={task.Pid},uid=0");
        Texts(host)[^1].ShouldStartWith($"Out of memory: Killed process {task.Pid} (wl) total-vm:");
        Texts(host).Any(text => text.StartsWith("memory: usage")).ShouldBeFalse();
    }

    [Fact]
    public void DumpTasksOffLeavesTheTableOut()
    {
        ReportHost host = new("6.1-v2");
        host.Machine.Oom.Report.DumpTasks = false;
        host.GrowToKill(host.Make("/a", 20));
        Texts(host).Any(text => text.StartsWith("Tasks state") || text.StartsWith('[')).ShouldBeFalse();
        Texts(host).Count(text => text.StartsWith("oom-kill:")).ShouldBe(1);
    }

    [Theory]
    [InlineData("5.4-v1", null)]
    [InlineData("5.10-v1", "Memory cgroup out of memory: OOM victim {0} (wl) is already exiting. Skip killing the task")]
    public void KilledVictimWithoutMemoryIsSkipped(string kernel, string? line)
    {
        ReportHost host = new(kernel);
        Cgroup cgroup = host.Make("/a", 100);
        TaskStruct task = host.Hold(cgroup, 1);
        host.Machine.ExitGroup(task.Signal, 0, 9);
        host.Machine.Oom.Report.AlreadyExiting(Context(cgroup, task), task);
        Texts(host).ShouldBe(line is null ? [] : [string.Format(null, line, task.Pid)]);
    }

    [Theory]
    [InlineData("6.12-v2", 19)] // the counter's failures
    [InlineData("6.18-v2", 18)] // the max event: the failed batch is none
    public void FailcntOnV2ComesFromTheErasSource(string kernel, int failcnt)
    {
        ReportHost host = new(kernel);
        host.GrowToKill(host.Make("/a", 100));
        Texts(host).ShouldContain($"memory: usage 102400kB, limit 102400kB, failcnt {failcnt}");
    }

    [Fact]
    public void NodesAreAllAllowed()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("4.15"), CgroupVersion = 1, Nodes = 2 });
        machine.Grow(machine.Enter(machine.Make("/a", 2560)), 5000, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.Killed);
        machine.Log.Records.ShouldContain(record => record.Text == "wl cpuset=/ mems_allowed=0-1" && record.Level == 6);
    }

    [Theory]
    [InlineData("6.1-v1", "__do_sys_clone", "0x400cc0(GFP_KERNEL_ACCOUNT)")]
    [InlineData("6.12-v2", "kernel_clone", "0x400cc0(GFP_KERNEL_ACCOUNT)")]
    public void KillInsideForkShowsFork(string kernel, string frame, string gfp)
    {
        ReportHost host = new(kernel);
        Cgroup cgroup = host.Make("/a", 20);
        TaskStruct holder = host.Hold(cgroup, 19);
        TaskStruct forks = host.Machine.Enter(cgroup);
        while (host.Machine.Log.Records.Count == 0)
        {
            host.Machine.Fork(forks).Errno.ShouldBeOneOf(Errno.None, Errno.ENOMEM);
        }
        Texts(host)[0].ShouldStartWith($"wl invoked oom-killer: gfp_mask={gfp}, ");
        Texts(host).ShouldContain(" " + frame);
        Texts(host).Count(text => text.Contains($"Killed process {holder.Pid} (wl) ")).ShouldBe(1);
    }

    private static long[] NumbersOf(ReportHost host, string start) =>
        [.. Regex.Matches(Texts(host).Single(text => text.StartsWith(start)), @"(?<![a-z])-?\d+").Select(match => long.Parse(match.Value, CultureInfo.InvariantCulture))];

    [Fact]
    public void TableRowAndKillLineSayTheSameInTheirUnits()
    {
        ReportHost host = new("6.12-v2");
        TaskStruct task = host.GrowToKill(host.Make("/a", 100));
        long[] row = NumbersOf(host, $"[{task.Pid,7}]"); // pid uid tgid total_vm rss anon file shmem pgtables swapents adj
        long[] kill = NumbersOf(host, "Memory cgroup out of memory: Killed"); // pid total-vm anon-rss file-rss shmem-rss uid pgtables adj
        row[4].ShouldBe(row[5] + row[6] + row[7]);
        kill[1..5].ShouldBe([row[3] * 4, row[5] * 4, row[6] * 4, row[7] * 4]);
        (kill[6] * 1024).ShouldBe(row[8]);
        row[8].ShouldBe(60 * 4096); // 49 tables charged here, 11 of the program
    }

    [Fact]
    public void ScoreIsThousandthsOfTheLimitAndRootGetsItsBonus()
    {
        ReportHost host = new("4.15-v1");
        TaskStruct task = host.GrowToKill(host.Make("/a", 100));
        long[] row = NumbersOf(host, $"[{task.Pid,5}]"); // pid uid tgid total_vm rss pgtables swapents adj
        long points = row[4] + (row[5] / 4096);
        NumbersOf(host, "Memory cgroup out of memory: Kill process")[1].ShouldBe((points - (points * 3 / 100)) * 1000 / 25600);
    }

    [Fact]
    public void StatisticsOfOldReportsAreEachCgroupsOwnInKB()
    {
        ReportHost host = new("4.15-v1");
        host.Make("/p", 100);
        TaskStruct task = host.GrowToKill(host.Make("/p/c"));
        long kmem = NumbersOf(host, "kmem: ")[0];
        Texts(host).ShouldContain(text => text.StartsWith("Memory cgroup stats for /p: cache:0KB rss:0KB "));
        Texts(host).ShouldContain(text => text.StartsWith($"Memory cgroup stats for /p/c: cache:0KB rss:{102400 - kmem}KB "));
        task.Signal.OomKilled.ShouldBeTrue();
    }
}
