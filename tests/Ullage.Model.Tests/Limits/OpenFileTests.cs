using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Kernfs;
using Ullage.Model.Tests.Kernfs;

namespace Ullage.Model.Tests.Limits;

/// <summary>Files that are held open: peaks that are reset, changes that are notified, cgroups that go away.</summary>
public sealed class OpenFileTests
{
    private static OpenFile Open(Machine machine, Cgroup cgroup, string file)
    {
        (Errno errno, OpenFile? open) = machine.Open(machine.CgroupDirectory(cgroup) + "/" + file);
        errno.ShouldBe(Errno.None);
        return open.ShouldNotBeNull();
    }

    private static long Value(OpenFile file) => long.Parse(file.Read().Text) / 4096;

    [Fact]
    public void Peak_WriteThroughAHeldFile_CountsFromThenOnForThatFileAlone()
    {
        Machine machine = Workloads.Boot("6.12", 2);
        Cgroup cgroup = machine.Make("/p");
        PageCounter memory = cgroup.Memcg.Memory;
        OpenFile first = Open(machine, cgroup, "memory.peak");
        OpenFile second = Open(machine, cgroup, "memory.peak");
        memory.Charge(100);
        memory.Uncharge(60);
        Value(first).ShouldBe(100);
        first.Write("anything").ShouldBe(Errno.None);
        Value(first).ShouldBe(40);
        Value(second).ShouldBe(100);
        memory.Charge(30);
        memory.Uncharge(60);
        Value(first).ShouldBe(70);
        second.Write("").ShouldBe(Errno.None); // a write of no bytes does nothing
        Value(second).ShouldBe(100);
        second.Write("1").ShouldBe(Errno.None);
        (Value(first), Value(second)).ShouldBe((70, 10));
        memory.Charge(50);
        (Value(first), Value(second)).ShouldBe((70, 60));
        machine.Show(cgroup, "memory.peak").ShouldBe("409600\n");
        first.Close();
        memory.Watermark.ShouldBe(100);
    }

    [Fact]
    public void Peak_BeforeItCouldBeReset_RefusesWrites()
    {
        Machine machine = Workloads.Boot("6.1", 2);
        Open(machine, machine.Make("/p"), "memory.peak").Write("x").ShouldBe(Errno.EINVAL);
    }

    [Theory]
    [InlineData("5.4")]
    [InlineData("6.18")]
    public void Events_ChangeIsToldHereAndAbove(string era)
    {
        Machine machine = Workloads.Boot(era, 2);
        Cgroup top = machine.Make("/t");
        top.DistributesMemory = true;
        Cgroup cgroup = machine.Make("/t/c");
        OpenFile here = Open(machine, cgroup, "memory.events");
        OpenFile local = Open(machine, cgroup, "memory.events.local");
        OpenFile above = Open(machine, top, "memory.events");
        OpenFile aboveLocal = Open(machine, top, "memory.events.local");
        here.HasChanged.ShouldBeFalse();
        cgroup.Memcg.RaiseEvent(MemcgEvent.Max);
        (here.HasChanged, local.HasChanged, above.HasChanged, aboveLocal.HasChanged).ShouldBe((true, true, true, false));
        here.Read().Text.ShouldContain("max 1\n");
        here.HasChanged.ShouldBeFalse();
        local.HasChanged.ShouldBeTrue();
    }

    [Fact]
    public void Events_WithLocalEvents_StayWhereTheyAreRaised()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("6.1"), MemoryLocalEvents = true });
        Cgroup top = machine.Make("/t");
        top.DistributesMemory = true;
        Cgroup cgroup = machine.Make("/t/c");
        cgroup.Memcg.RaiseEvent(MemcgEvent.Oom);
        (cgroup.Memcg.Events(MemcgEvent.Oom), top.Memcg.Events(MemcgEvent.Oom)).ShouldBe((1, 0));
        Should.Throw<ArgumentException>(() => Machine.Boot(new MachineOptions { Era = Workloads.Era("4.19"), MemoryLocalEvents = true })).Message.ShouldContain("5.2");
    }

    /// <summary>§10.5: at most one notification per 10 ms; what comes meanwhile is told at the end of them, once.</summary>
    [Fact]
    public void Events_ManyAtOnce_AreToldTwice()
    {
        Machine machine = Workloads.Boot("6.12", 2);
        Cgroup cgroup = machine.Make("/c");
        OpenFile file = Open(machine, cgroup, "memory.events");
        for (int i = 0; i < 100; i++)
        {
            cgroup.Memcg.RaiseEvent(MemcgEvent.Max);
        }
        file.Notifications.ShouldBe(1);
        machine.Spend(9_999_999);
        file.Notifications.ShouldBe(1);
        machine.Spend(1);
        file.Notifications.ShouldBe(2);
        machine.Spend(1_000_000_000);
        file.Notifications.ShouldBe(2);
    }

    [Fact]
    public void CgroupEvents_TellPopulationAndFreezing()
    {
        Machine machine = Workloads.Boot("6.12", 2);
        Cgroup top = machine.Make("/t");
        Cgroup cgroup = machine.Make("/t/c");
        OpenFile above = Open(machine, top, "cgroup.events");
        OpenFile here = Open(machine, cgroup, "cgroup.events");
        TaskStruct task = machine.Enter(cgroup);
        above.HasChanged.ShouldBeTrue();
        above.Read().Text.ShouldBe("populated 1\nfrozen 0\n");
        here.Read();
        machine.Spend(20_000_000);
        machine.Enter(cgroup); // a second task changes nothing
        (above.HasChanged, here.HasChanged).ShouldBe((false, false));
        machine.AsHarness();
        machine.Set(top, "cgroup.freeze", "1").ShouldBe(Errno.None);
        (above.HasChanged, here.HasChanged).ShouldBe((true, true));
        here.Read().Text.ShouldBe("populated 1\nfrozen 1\n");
        machine.Show(cgroup, "cgroup.freeze").ShouldBe("0\n");
        machine.Spend(20_000_000);
        machine.Set(cgroup, "cgroup.freeze", "1").ShouldBe(Errno.None);
        here.HasChanged.ShouldBeFalse(); // it was frozen already
        task.Cgroup.ShouldBe(cgroup);
    }

    [Fact]
    public void File_OfARemovedCgroup_AnswersEnodev()
    {
        Machine machine = Workloads.Boot("6.12", 2);
        Cgroup cgroup = machine.Make("/c");
        OpenFile file = Open(machine, cgroup, "memory.max");
        file.Write("1M").ShouldBe(Errno.None);
        file.Read().Text.ShouldBe("1048576\n");
        machine.Hierarchy.Rmdir("/c").ShouldBe(Errno.None);
        file.Read().Errno.ShouldBe(Errno.ENODEV);
        file.Write("2M").ShouldBe(Errno.ENODEV);
        machine.Open("/sys/fs/cgroup/c/memory.max").Errno.ShouldBe(Errno.ENOENT);
        machine.Open("/proc/nothing").Errno.ShouldBe(Errno.ENOENT);
        machine.Open("/proc/meminfo").File.ShouldNotBeNull().Read().Text.ShouldStartWith("MemTotal:");
    }
}
