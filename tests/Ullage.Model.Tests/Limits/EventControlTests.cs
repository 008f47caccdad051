using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Kernfs;
using Ullage.Model.Reclaim;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Limits;

/// <summary>§2.7 and §2.15: what cgroup.event_control takes, and when its eventfds are signalled.</summary>
public sealed class EventControlTests
{
    private readonly Machine _machine = Workloads.Boot("5.4");
    private readonly Cgroup _cgroup;

    public EventControlTests() => _cgroup = _machine.Make("/c");

    private OpenFile Open(string file, Cgroup? cgroup = null) => _machine.Open(_machine.CgroupDirectory(cgroup ?? _cgroup) + "/" + file).File.ShouldNotBeNull();

    private Errno Register(EventFd target, string file, string arguments = "", Cgroup? cgroup = null) =>
        _machine.Set(cgroup ?? _cgroup, "cgroup.event_control", $"{target.Descriptor} {Open(file, cgroup).Descriptor}{(arguments.Length > 0 ? " " : "")}{arguments}");

    private EventFd Watch(string file, string arguments = "", Cgroup? cgroup = null)
    {
        EventFd target = _machine.MakeEventFd();
        Register(target, file, arguments, cgroup).ShouldBe(Errno.None);
        return target;
    }

    [Fact]
    public void Write_WhatIsNotWellFormed_IsRefusedAsTheKernelDoes()
    {
        EventFd target = _machine.MakeEventFd();
        int usage = Open("memory.usage_in_bytes").Descriptor;
        Cgroup other = _machine.Make("/other");
        (string Text, Errno Errno)[] cases =
        [
            ("", Errno.EINVAL), ("garbage", Errno.EINVAL), ($"{target.Descriptor}", Errno.EINVAL), ($"{target.Descriptor} {usage}x", Errno.EINVAL),
            ("999 998", Errno.EBADF), ($"{target.Descriptor} 998 1M", Errno.EBADF), ($"{usage} {usage} 1M", Errno.EINVAL), ($"{target.Descriptor} {target.Descriptor} 1M", Errno.EINVAL),
            ($"{target.Descriptor} {Open("memory.stat").Descriptor} 1M", Errno.EINVAL), ($"{target.Descriptor} {Open("memory.usage_in_bytes", other).Descriptor} 1M", Errno.EINVAL),
            ($"{target.Descriptor} {usage} junk", Errno.EINVAL), ($"{target.Descriptor} {usage} 1M", Errno.None), ($"  {target.Descriptor} {usage} 2M\n", Errno.None),
        ];
        cases.Select(each => (each.Text, _machine.Set(_cgroup, "cgroup.event_control", each.Text))).ShouldBe(cases);
        _machine.Descriptors.Close(usage);
        _machine.Set(_cgroup, "cgroup.event_control", $"{target.Descriptor} {usage} 1M").ShouldBe(Errno.EBADF);
    }

    [Fact]
    public void Threshold_IsSignalledWhenUsageCrossesItEitherWay_AtMost128EventsLate()
    {
        EventFd low = Watch("memory.usage_in_bytes", "1M");
        EventFd high = Watch("memory.usage_in_bytes", "3M");
        TaskStruct task = _machine.Enter(_cgroup);
        _machine.Grow(task, 200, out _).ShouldBe(200);
        (low.Count, high.Count).ShouldBe((0, 0)); // below 1 MiB, or just not looked at yet
        _machine.Grow(task, 200, out _).ShouldBe(200);
        (low.Count, high.Count).ShouldBe((1, 0));
        _machine.Grow(task, 600, out _).ShouldBe(600);
        (low.Count, high.Count).ShouldBe((1, 1));
        _machine.ExitGroup(task.Signal, 0, 0);
        (low.Read(), high.Read()).ShouldBe((2, 2));
        (low.Read(), high.Count).ShouldBe((0, 0));
    }

    [Fact]
    public void Thresholds_SignalEachThatWasPassed()
    {
        UsageThresholds thresholds = new();
        EventFd[] targets = [.. Enumerable.Range(0, 4).Select(_ => _machine.MakeEventFd())];
        thresholds.Add(30, targets[2], 15);
        thresholds.Add(10, targets[0], 15);
        thresholds.Add(20, targets[1], 15);
        thresholds.Add(10, targets[3], 15); // twice the same: both are told
        long[] Counts(long usage)
        {
            thresholds.Check(usage);
            return [.. targets.Select(target => target.Read())];
        }
        Counts(15).ShouldBe([0, 0, 0, 0]);
        Counts(30).ShouldBe([0, 1, 1, 0]);
        Counts(31).ShouldBe([0, 0, 0, 0]);
        Counts(5).ShouldBe([1, 1, 1, 1]);
        Counts(9).ShouldBe([0, 0, 0, 0]);
        Counts(10).ShouldBe([1, 0, 0, 1]);
    }

    [Fact]
    public void Oom_IsToldToTheGroupAndAllBelowIt_AndToLatecomersAtOnce()
    {
        _machine.Hierarchy.Root.Memcg.UseHierarchy.ShouldBeTrue();
        Cgroup child = _machine.Make("/c/child");
        Cgroup beside = _machine.Make("/beside");
        EventFd here = Watch("memory.oom_control");
        EventFd below = Watch("memory.oom_control", cgroup: child);
        EventFd elsewhere = Watch("memory.oom_control", cgroup: beside);
        _machine.Set(_cgroup, "memory.limit_in_bytes", "1M").ShouldBe(Errno.None);
        _machine.Set(_cgroup, "memory.oom_control", "1").ShouldBe(Errno.None);
        TaskStruct task = _machine.Enter(_cgroup);
        _machine.Grow(task, 1000, out FaultOutcome last);
        last.ShouldBe(FaultOutcome.WaitForOom);
        (here.Count, below.Count, elsewhere.Count).ShouldBe((1, 1, 0));
        _machine.Show(_cgroup, "memory.oom_control").ShouldContain("under_oom 1\n");
        _machine.Show(child, "memory.oom_control").ShouldContain("under_oom 1\n");
        Watch("memory.oom_control").Count.ShouldBe(1);
        _machine.AsHarness();
        _machine.Set(_cgroup, "memory.limit_in_bytes", "2M").ShouldBe(Errno.None);
        task.State.ShouldBe(TaskState.Running);
        _machine.Show(_cgroup, "memory.oom_control").ShouldContain("under_oom 0\n");
        Watch("memory.oom_control").Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("low", Errno.None)]
    [InlineData("medium,hierarchy", Errno.None)]
    [InlineData("critical,local", Errno.None)]
    [InlineData("low,default,whatever", Errno.None)]
    [InlineData("", Errno.EINVAL)]
    [InlineData("high", Errno.EINVAL)]
    [InlineData("low,all", Errno.EINVAL)]
    [InlineData("Low", Errno.EINVAL)]
    public void Pressure_ArgumentsAreALevelAndAMode(string arguments, Errno expected) =>
        Register(_machine.MakeEventFd(), "memory.pressure_level", arguments).ShouldBe(expected);

    [Fact]
    public void Pressure_ModesComeWith4_13()
    {
        Machine old = Workloads.Boot("4.1");
        Cgroup cgroup = old.Make("/c");
        int file = old.Open(old.CgroupDirectory(cgroup) + "/memory.pressure_level").File!.Descriptor;
        old.Set(cgroup, "cgroup.event_control", $"{old.MakeEventFd().Descriptor} {file} low").ShouldBe(Errno.None);
        old.Set(cgroup, "cgroup.event_control", $"{old.MakeEventFd().Descriptor} {file} low,local").ShouldBe(Errno.EINVAL);
    }

    [Fact]
    public void Pressure_ListenersHearByLevelAndMode()
    {
        Cgroup child = _machine.Make("/c/child");
        EventFd below = Watch("memory.pressure_level", "medium", child);
        EventFd passed = Watch("memory.pressure_level", "medium");
        EventFd always = Watch("memory.pressure_level", "low,hierarchy");
        EventFd local = Watch("memory.pressure_level", "low,local");
        EventFd critical = Watch("memory.pressure_level", "critical,hierarchy");
        Report(child, 512, 200); // medium
        (below.Read(), passed.Read(), always.Read(), local.Read(), critical.Read()).ShouldBe((1, 0, 1, 0, 0));
        Report(child, 512, 500); // low: nobody below listens, so it goes on upwards, but not to those who want more
        (below.Read(), passed.Read(), always.Read(), local.Read(), critical.Read()).ShouldBe((0, 0, 1, 0, 0));
        Report(_cgroup, 600, 0);
        (below.Read(), passed.Read(), always.Read(), local.Read(), critical.Read()).ShouldBe((0, 1, 1, 1, 1));
        Report(_cgroup, 511, 0); // the window is not full
        always.Read().ShouldBe(0);
        Report(_cgroup, 1, 0);
        always.Read().ShouldBe(1);
        _machine.Pressure.Priority(child.Memcg, Gfp.Kernel, 4);
        _machine.Pressure.Priority(child.Memcg, Gfp.Kernel, 3);
        _machine.RunDueWork(long.MaxValue - 1);
        (below.Read(), critical.Read()).ShouldBe((1, 2));
    }

    private void Report(Cgroup cgroup, long scanned, long reclaimed)
    {
        _machine.Pressure.Account(cgroup.Memcg, Gfp.Kernel, tree: true, scanned, reclaimed);
        _machine.Pressure.Account(cgroup.Memcg, Gfp.NoWait, tree: true, 512, 0); // tells nothing
        _machine.RunDueWork(long.MaxValue - 1);
    }

    [Theory]
    [InlineData(512, 0, PressureLevel.Critical)]
    [InlineData(512, 200, PressureLevel.Medium)]
    [InlineData(512, 210, PressureLevel.Low)]
    [InlineData(512, 512, PressureLevel.Low)]
    [InlineData(512, 600, PressureLevel.Low)]
    [InlineData(1000, 25, PressureLevel.Critical)]
    [InlineData(1000, 50, PressureLevel.Critical)]
    [InlineData(1000, 60, PressureLevel.Medium)]
    public void Section2_15_Levels(long scanned, long reclaimed, object level) =>
        VmPressure.LevelOf(scanned, reclaimed).ShouldBe((PressureLevel)level);

    [Theory]
    [InlineData("4.1", 1, false)]
    [InlineData("5.4", 1, true)]
    [InlineData("6.12", 1, false)]
    [InlineData("6.12", 2, true)]
    public void Pressure_OnSocketsIsNotedWhereTheEraAsks(string era, int version, bool noted)
    {
        Machine machine = Workloads.Boot(era, version);
        MemCgroup memcg = machine.Make("/s").Memcg;
        machine.Pressure.Account(memcg, Gfp.Kernel, tree: false, 512, 0);
        (memcg.Pressure is { SocketPressureUntilNs: > 0 }).ShouldBe(noted);
    }
}
