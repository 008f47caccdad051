using Ullage.Abi;
using Ullage.Abi.Files;
using Ullage.Model.Pressure;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Pressure;

/// <summary>Stalls of scheduled tasks: what happens inside calls is counted when it happens.</summary>
public sealed class PsiMachineTests
{
    private const long Ms = 1_000_000;

    /// <summary>Repeats: runs for a time, then stalls (asleep, in a memory stall) for a time.</summary>
    private sealed class Staller(long runNs, long stallNs, long rounds) : ITaskProgram
    {
        private long _rounds;

        public ProgramStep Run(Machine machine, TaskStruct task, long budgetNs)
        {
            if (_rounds++ >= rounds)
            {
                return new ProgramStep(ProgramNext.Exit);
            }
            machine.Spend(runNs);
            if (stallNs > 0)
            {
                bool nested = machine.Psi.MemstallEnter(task);
                machine.Stall(stallNs);
                machine.Psi.MemstallLeave(task, nested);
            }
            return new ProgramStep(ProgramNext.Ready);
        }
    }

    private static Machine Boot(string era, int cpus, int version = 2) => Workloads.Boot(era, version, cpus: cpus);

    private static TaskStruct Start(Machine machine, string cgroup, ITaskProgram program)
    {
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t" });
        if (cgroup != "/")
        {
            machine.Attach(machine.Hierarchy.Find(cgroup).ShouldNotBeNull(), task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        }
        machine.Scheduler.Start(task, program);
        return task;
    }

    private static PressureFile Pressure(Machine machine, string path)
    {
        PressureFile.TryParse(machine.Show(path), out PressureFile? file, out _).ShouldBeTrue();
        return file!;
    }

    [Theory, MemberData(nameof(PressureFileTests.WithPsi), MemberType = typeof(PressureFileTests))]
    public void StallOneTaskOneCpuIsCountedExactly(string era)
    {
        Machine machine = Boot(era, 1);
        machine.Make("/a");
        Start(machine, "/a", new Staller(40 * Ms, 60 * Ms, 1000));
        machine.Scheduler.RunUntil(10_000 * Ms);
        PressureFile file = Pressure(machine, "/sys/fs/cgroup/a/memory.pressure");
        file.Some!.TotalUs.ShouldBe(6_000_000ul);
        file.Full!.TotalUs.ShouldBe(6_000_000ul);
        file.Some.Avg10.ShouldBeInRange(3200, 3310); // four periods of 59 or 60 %: 60 * 0.5504
        Pressure(machine, "/proc/pressure/memory").ShouldBe(Pressure(machine, "/sys/fs/cgroup/a/memory.pressure"));
        Pressure(machine, "/proc/pressure/cpu").Some!.TotalUs.ShouldBe(0ul);
    }

    /// <summary>Another task runs on the same CPU: some, but not full.</summary>
    [Theory]
    [InlineData("5.4")]
    [InlineData("6.18")]
    public void StallBesideARunnerIsNotFull(string era)
    {
        Machine machine = Boot(era, 1);
        machine.Make("/a");
        machine.Make("/b");
        Start(machine, "/a", new Staller(1 * Ms, 99 * Ms, 1000));
        Start(machine, "/b", new Staller(1 * Ms, 0, 100_000));
        machine.Scheduler.RunUntil(10_000 * Ms);
        PressureFile system = Pressure(machine, "/proc/pressure/memory");
        ((double)system.Some!.TotalUs).ShouldBeInRange(9_700_000, 9_900_001);
        ((double)system.Full!.TotalUs).ShouldBeInRange(0, 200_000);
        PressureFile own = Pressure(machine, "/sys/fs/cgroup/a/memory.pressure");
        ((double)own.Full!.TotalUs).ShouldBeInRange(9_700_000, 9_900_001); // nobody else is in it
        Pressure(machine, "/sys/fs/cgroup/b/memory.pressure").Some!.TotalUs.ShouldBe(0ul);
    }

    /// <summary>One CPU stalls all the time, the other runs all the time: half of the non-idle time is lost.</summary>
    [Fact]
    public void StallOnOneOfTwoCpusIsHalf()
    {
        Machine machine = Boot("6.12", 2);
        Start(machine, "/", new Staller(1, 100 * Ms, 10_000));
        Start(machine, "/", new Staller(1 * Ms, 0, 100_000));
        machine.Scheduler.RunUntil(20_000 * Ms);
        PressureFile file = Pressure(machine, "/proc/pressure/memory");
        ((double)file.Some!.TotalUs).ShouldBeInRange(9_900_000, 10_100_000);
        file.Some.Avg10.ShouldBeInRange(4000, 5000);
        ((double)file.Full!.TotalUs).ShouldBeInRange(9_800_000, file.Some.TotalUs); // at the start both may be on one CPU
    }

    /// <summary>Three tasks share one CPU: somebody waits for it all the time.</summary>
    [Theory]
    [InlineData("5.4")]
    [InlineData("5.10")]
    [InlineData("6.18")]
    public void WaitForTheCpuIsCpuPressure(string era)
    {
        Machine machine = Boot(era, 1);
        machine.Make("/a");
        for (int i = 0; i < 3; i++)
        {
            Start(machine, "/a", new Staller(1 * Ms, 0, 100_000));
        }
        machine.Scheduler.RunUntil(5000 * Ms);
        PressureFile file = Pressure(machine, "/sys/fs/cgroup/a/cpu.pressure");
        ((double)file.Some!.TotalUs).ShouldBeInRange(4_990_000, 5_000_000);
        (file.Full?.TotalUs ?? 0).ShouldBe(0ul);
    }

    [Fact]
    public void IoScheduleIsIoPressure()
    {
        Machine machine = Boot("6.18", 1);
        Start(machine, "/", new IoWaiter());
        machine.Scheduler.RunUntil(1000 * Ms);
        Pressure(machine, "/proc/pressure/io").Full!.TotalUs.ShouldBe(900_000ul);
        Pressure(machine, "/proc/pressure/memory").Some!.TotalUs.ShouldBe(0ul);
    }

    private sealed class IoWaiter : ITaskProgram
    {
        public ProgramStep Run(Machine machine, TaskStruct task, long budgetNs)
        {
            machine.Spend(10 * Ms);
            machine.IoSchedule(90 * Ms);
            return new ProgramStep(ProgramNext.Ready);
        }
    }

    /// <summary>A signal ends a stall early: what was foreseen does not count.</summary>
    [Fact]
    public void KillDuringAStallEndsIt()
    {
        Machine machine = Boot("6.18", 1);
        TaskStruct task = Start(machine, "/", new Staller(10 * Ms, 2000 * Ms, 10));
        machine.Scheduler.At(510 * Ms, () => machine.Kill(task.Pid, 9));
        machine.Scheduler.RunUntil(5000 * Ms);
        ((double)Pressure(machine, "/proc/pressure/memory").Some!.TotalUs).ShouldBeInRange(499_000, 501_000);
    }

    /// <summary>100 ms of stall in a second, polled: one event per window, and none once it is quiet.</summary>
    [Theory]
    [InlineData("5.4")]
    [InlineData("6.12")]
    public void TriggerFiresOncePerWindowWhileItStalls(string era)
    {
        Machine machine = Boot(era, 1);
        PressureHandle handle = machine.OpenPressure("/proc/pressure/memory").Handle.ShouldNotBeNull();
        List<long> fired = [];
        handle.Fired = fired.Add;
        handle.Write("some 100000 1000000\n").ShouldBe(Errno.None);
        machine.Scheduler.At(3000 * Ms, () => Start(machine, "/", new Staller(80 * Ms, 20 * Ms, 50))); // 20 % for 5 s
        machine.Scheduler.RunUntil(20_000 * Ms);
        fired.Count.ShouldBeInRange(4, 6);
        fired[0].ShouldBeInRange(3400 * Ms, 4500 * Ms); // 100 ms of stall are there after 0.5 s
        for (int i = 1; i < fired.Count; i++)
        {
            (fired[i] - fired[i - 1]).ShouldBeGreaterThanOrEqualTo(1000 * Ms);
        }
        handle.Poll().ShouldBe(PressurePoll.Event);
        handle.Poll().ShouldBe(PressurePoll.Nothing);
    }

    [Fact]
    public void TriggerAboveTheStallNeverFires()
    {
        Machine machine = Boot("6.12", 1);
        PressureHandle handle = machine.OpenPressure("/proc/pressure/memory").Handle.ShouldNotBeNull();
        handle.Write("some 300000 1000000\n").ShouldBe(Errno.None);
        Start(machine, "/", new Staller(80 * Ms, 20 * Ms, 100));
        machine.Scheduler.RunUntil(20_000 * Ms);
        handle.Poll().ShouldBe(PressurePoll.Nothing);
    }

    /// <summary>Without privileges a trigger rides on the averages: it fires with their period.</summary>
    [Fact]
    public void TriggerUnprivilegedFiresWithTheAverages()
    {
        Machine machine = Boot("6.12", 1);
        machine.Current = machine.Spawn(new SpawnOptions { Comm = "user", Uid = 1000 });
        PressureHandle handle = machine.OpenPressure("/proc/pressure/memory").Handle.ShouldNotBeNull();
        List<long> fired = [];
        handle.Fired = fired.Add;
        handle.Write("some 100000 2000000\n").ShouldBe(Errno.None);
        machine.Current = null;
        Start(machine, "/", new Staller(80 * Ms, 20 * Ms, 100));
        machine.Scheduler.RunUntil(9000 * Ms);
        fired.Count.ShouldBe(4);
        fired.ShouldAllBe(at => at % (2004 * Ms) < 8 * Ms);
    }

    /// <summary>memory.high: the throttle's sleeps are stalls from 5.4 on.</summary>
    [Theory]
    [InlineData("5.3", false)]
    [InlineData("5.4", true)]
    [InlineData("6.12", true)]
    public void MemoryHighSleepIsAStall(string era, bool stalls)
    {
        Machine machine = Boot(era, 1);
        var cgroup = machine.Make("/a");
        machine.Files.Write("/sys/fs/cgroup/a/memory.high", "20M").ShouldBe(Errno.None);
        TaskStruct task = machine.Enter(cgroup);
        machine.Scheduler.Start(task, new Grower());
        machine.Scheduler.RunUntil(10_000 * Ms);
        ulong full = Pressure(machine, "/sys/fs/cgroup/a/memory.pressure").Full!.TotalUs;
        (full > 5_000_000).ShouldBe(stalls, full.ToString(System.Globalization.CultureInfo.InvariantCulture));
        machine.Verify();
    }

    private sealed class Grower : ITaskProgram
    {
        public ProgramStep Run(Machine machine, TaskStruct task, long budgetNs)
        {
            (_, long address) = machine.Mmap(task, 1 << 20, Ullage.Model.AddressSpace.VmaFlags.Read | Ullage.Model.AddressSpace.VmaFlags.Write);
            for (int i = 0; i < 256; i++)
            {
                machine.Touch(task, address + (i * 4096L), write: true);
            }
            return new ProgramStep(task.Mm!.AnonPages > 40_000 ? ProgramNext.Exit : ProgramNext.Ready);
        }
    }
}
