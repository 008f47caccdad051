using FsCheck;
using FsCheck.Fluent;
using Ullage.Model.Eras;
using Ullage.Model.Pressure;

namespace Ullage.Model.Tests.Pressure;

/// <summary>States of CPUs in a group, and how they add up (§6.2, §6.3).</summary>
public sealed class PsiGroupTests
{
    private const int Hz = 250;
    private const long Ms = 1_000_000;
    private const PsiTask OnCpu = PsiTask.Running | PsiTask.OnCpu;

    private static PsiGroup Group(string era, int cpus) => new(Workloads.Era(era).Pressure, null, cpus, Hz, 0);

    private static long Total(PsiGroup group, int state, long nowNs)
    {
        group.Collect(polling: false, nowNs);
        return (long)group.Total(state);
    }

    /// <summary>One CPU for 100 ms with these tasks: what counts as which state.</summary>
    [Theory]
    [InlineData("5.4", "", "")]
    [InlineData("5.4", "run oncpu", "")]
    [InlineData("5.4", "run oncpu;run", "cpu-some")]
    [InlineData("5.4", "run", "")]
    [InlineData("5.10", "run", "cpu-some")]
    [InlineData("6.1", "run", "cpu-some cpu-full")]
    [InlineData("6.1", "run oncpu", "")]
    [InlineData("6.1", "run oncpu;run", "cpu-some")]
    [InlineData("5.4", "io", "io-some io-full")]
    [InlineData("5.4", "io;run oncpu", "io-some")]
    [InlineData("5.4", "mem", "mem-some mem-full")]
    [InlineData("5.4", "mem run oncpu", "mem-some")] // the tick samples this
    [InlineData("5.10", "mem run oncpu", "mem-some")]
    [InlineData("6.1", "mem run oncpu", "mem-some mem-full")]
    [InlineData("6.18", "mem run oncpu;run", "mem-some mem-full cpu-some")] // the CPU's current task is stalled
    [InlineData("6.18", "mem;run oncpu", "mem-some")]
    [InlineData("6.18", "mem io", "io-some io-full mem-some mem-full")]
    [InlineData("6.18", "mem run;run oncpu", "mem-some cpu-some")]
    public void ChangeTasksOfOneCpuGiveTheStates(string era, string tasks, string expected)
    {
        PsiGroup group = Group(era, 1);
        foreach (string task in tasks.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            PsiTask flags = PsiTask.None;
            foreach (string word in task.Split(' '))
            {
                flags |= word switch { "io" => PsiTask.IoWait, "mem" => PsiTask.MemStall, "run" => PsiTask.Running, _ => PsiTask.OnCpu };
            }
            group.Change(0, PsiTask.None, flags, 0);
        }
        group.Collect(polling: false, 100 * Ms);
        string[] names = ["io-some", "io-full", "mem-some", "mem-full", "cpu-some", "cpu-full"];
        for (int state = 0; state < names.Length; state++)
        {
            group.Total(state).ShouldBe(expected.Split(' ').Contains(names[state]) ? (ulong)(100 * Ms) : 0, names[state]);
        }
    }

    [Fact]
    public void TickRunningTaskStallsIsFullForATick()
    {
        PsiGroup group = Group("5.4", 1);
        group.Change(0, PsiTask.None, OnCpu | PsiTask.MemStall, 1 * Ms);
        group.Tick(0, 4 * Ms); // 3 ms since the change
        group.Tick(0, 8 * Ms);
        group.Change(0, OnCpu | PsiTask.MemStall, PsiTask.None, 10 * Ms); // 2 ms that no tick saw
        Total(group, PsiState.MemSome, 100 * Ms).ShouldBe(9 * Ms);
        group.Total(PsiState.MemFull).ShouldBe((ulong)(7 * Ms));
    }

    /// <summary>CPU 0 stalls half of its 100 ms, CPU 1 was there for 300 ms and did not: 50 ms * 100 / 400.</summary>
    [Fact]
    public void CollectSeveralCpusAreWeightedByTheirTimeWithTasks()
    {
        PsiGroup group = Group("6.12", 2);
        group.Change(0, PsiTask.None, OnCpu | PsiTask.MemStall, 0);
        group.Change(1, PsiTask.None, OnCpu, 0);
        group.Change(0, PsiTask.MemStall | OnCpu, OnCpu, 50 * Ms);
        group.Change(0, OnCpu, PsiTask.None, 100 * Ms);
        Total(group, PsiState.MemSome, 300 * Ms).ShouldBe(50 * 100 / 400 * Ms + (Ms / 2));
    }

    /// <summary>Weights are whole ticks: who was there for less than one in a collection weighs nothing (§6.3).</summary>
    [Fact]
    public void CollectLessThanATickIsLost()
    {
        PsiGroup group = Group("6.12", 1);
        group.Change(0, PsiTask.None, OnCpu | PsiTask.MemStall, 0);
        Total(group, PsiState.MemSome, 3 * Ms).ShouldBe(0);
        Total(group, PsiState.MemSome, 103 * Ms).ShouldBe(100 * Ms);
    }

    [Fact]
    public void RunWorkPeriodWithoutTasksRestsUntilTheNextChange()
    {
        PsiGroup group = Group("6.12", 1);
        group.WorkDueNs.ShouldBe(long.MaxValue);
        group.Change(0, PsiTask.None, OnCpu, 10 * Ms);
        group.WorkDueNs.ShouldBe(((10 / 4) + 501) * 4 * Ms);
        group.Change(0, OnCpu, PsiTask.None, 20 * Ms);
        group.RunWork(group.WorkDueNs);
        long again = group.WorkDueNs;
        again.ShouldBeInRange(group.Averages.NextUpdateNs, group.Averages.NextUpdateNs + (8 * Ms));
        group.RunWork(again);
        group.WorkDueNs.ShouldBe(long.MaxValue);
        group.Change(0, PsiTask.None, OnCpu, again + (9 * Ms));
        group.WorkDueNs.ShouldBeInRange(again + (2004 * Ms), again + (2016 * Ms));
    }

    [Fact]
    public void EnableAgainCountsTheTasksThatAreThere()
    {
        PsiGroup group = Group("6.12", 1);
        group.Change(0, PsiTask.None, PsiTask.MemStall, 0);
        group.Enable(false, 100 * Ms);
        group.Change(0, PsiTask.None, OnCpu, 150 * Ms);
        group.Enable(true, 200 * Ms);
        Total(group, PsiState.MemSome, 300 * Ms).ShouldBe(200 * Ms);
    }

    /// <summary>full &lt;= some &lt;= elapsed; totals never decrease.</summary>
    [Theory]
    [InlineData("5.4")]
    [InlineData("5.10")]
    [InlineData("6.18")]
    public void ChangeAnySequenceKeepsTotalsInOrder(string era) => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte, byte, ushort)[]>(),
        steps =>
        {
            const int cpus = 3;
            PsiGroup group = Group(era, cpus);
            PsiTask[] tasks = new PsiTask[8];
            long now = 0;
            ulong[] before = new ulong[PsiState.NonIdle];
            foreach ((byte who, byte what, ushort after) in steps)
            {
                now += after * 50_000L;
                int task = who % tasks.Length;
                PsiTask flags = (PsiTask)(what % 8);
                group.Change(task % cpus, tasks[task], flags, now);
                tasks[task] = flags;
                if (what > 128)
                {
                    group.Refresh(now);
                }
            }
            group.Refresh(now);
            foreach ((int some, int full) in new[] { (PsiState.IoSome, PsiState.IoFull), (PsiState.MemSome, PsiState.MemFull), (PsiState.CpuSome, PsiState.CpuFull) })
            {
                group.Total(full).ShouldBeLessThanOrEqualTo(group.Total(some));
                group.Total(some).ShouldBeLessThanOrEqualTo((ulong)now);
                group.Total(some).ShouldBeGreaterThanOrEqualTo(before[some]);
                before[some] = group.Total(some);
            }
        }).QuickCheckThrowOnFailure();
}
