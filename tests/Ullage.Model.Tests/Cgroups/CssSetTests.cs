using Ullage.Abi;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Cgroups;

/// <summary>css_sets are shared by tasks that stand alike, found or made, and go with their last task (§10.1).</summary>
public sealed class CssSetTests
{
    private static Machine Boot(string era = "5.4", params string[] hierarchies) => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), CgroupVersion = 1, V1Hierarchies = hierarchies.Length > 0 ? hierarchies : ["memory", "pids", "name=systemd"],
    });

    private static Cgroup Make(Machine machine, int hierarchy, string path)
    {
        machine.Hierarchies[hierarchy].Mkdir(path).ShouldBe(Errno.None);
        return machine.Hierarchies[hierarchy].Find(path).ShouldNotBeNull();
    }

    [Fact]
    public void Section10_1_TasksThatStandAlike_ShareOneCssSet()
    {
        Machine machine = Boot();
        Cgroup a = Make(machine, 0, "/a");
        TaskStruct first = machine.Spawn(new SpawnOptions { Comm = "first" });
        TaskStruct second = machine.Spawn(new SpawnOptions { Comm = "second" });
        first.CssSet.ShouldBe(machine.CssSets.Init);
        machine.Attach(a, first.Pid, wholeProcess: true).ShouldBe(Errno.None);
        CssSet made = first.CssSet;
        made.ShouldNotBe(second.CssSet);
        machine.Attach(a, second.Pid, wholeProcess: true).ShouldBe(Errno.None);
        second.CssSet.ShouldBe(made, "found, not made again");
        made.References.ShouldBe(2);
        machine.CssSets.All.Count.ShouldBe(2);
        machine.ExitGroup(first.Signal, 0, 0);
        machine.ExitGroup(second.Signal, 0, 0);
        machine.CssSets.All.ShouldBe([machine.CssSets.Init]);
        machine.Verify();
    }

    [Fact]
    public void Section10_1_MovingInOneHierarchy_ChangesNoOther()
    {
        Machine machine = Boot();
        Cgroup a = Make(machine, 0, "/a");
        Cgroup p = Make(machine, 1, "/p");
        Cgroup service = Make(machine, 2, "/web.service");
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "web" });
        foreach (Cgroup each in new[] { service, p, a })
        {
            machine.Attach(each, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        }
        task.CssSet.Cgroups.ShouldBe([a, p, service]);
        machine.Attach(machine.Hierarchy.Root, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        task.CssSet.Cgroups.ShouldBe([machine.Hierarchy.Root, p, service]);
        machine.Verify();
    }

    [Fact]
    public void Section11_6_ProcPidCgroup_ShowsTheHierarchyMountedLastFirst()
    {
        Machine machine = Boot("5.4", "memory,pids", "name=systemd");
        Cgroup a = Make(machine, 0, "/a");
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "web" });
        machine.Attach(a, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.Files.Read($"/proc/{task.Pid}/cgroup").Text.ShouldBe("2:name=systemd:/\n1:memory,pids:/a\n");
        machine.Files.Read("/proc/cgroups").Text.ShouldContain("memory\t1\t2\t1\n");
        machine.Files.Read("/proc/cgroups").Text.ShouldContain("pids\t1\t2\t1\n");
        machine.Files.Read("/sys/fs/cgroup/memory,pids/a/pids.current").Text.ShouldBe("1\n");
        machine.Files.Read("/sys/fs/cgroup/pids/a/pids.current").Text.ShouldBe("1\n", "the controllers' names lead to the mount, too");
        machine.Files.List("/sys/fs/cgroup").Names.ShouldBe(["memory,pids/", "memory/", "pids/", "systemd/"]);
        machine.Files.Read("/sys/fs/cgroup/systemd/a").Errno.ShouldBe(Errno.ENOENT, "that hierarchy has no /a");
    }

    [Theory]
    [InlineData("4.1", 0)]
    [InlineData("4.15", 1)]
    [InlineData("6.18", 1)]
    public void Section10_1_AZombie_KeepsItsCgroupSince4_4(string era, int dying)
    {
        Machine machine = Workloads.Boot(era, version: 1);
        Cgroup a = machine.Make("/a");
        TaskStruct parent = machine.Spawn(new SpawnOptions { Comm = "sh" });
        machine.As(parent);
        TaskStruct child = machine.Fork(parent).Child.ShouldNotBeNull();
        machine.Attach(a, child.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.ExitGroup(child.Signal, 0, 0);
        child.State.ShouldBe(TaskState.Zombie);
        machine.Files.Read($"/proc/{child.Pid}/cgroup").Text.ShouldBe("1:memory:/\n");
        machine.Hierarchy.Rmdir("/a").ShouldBe(Errno.None, "a zombie does not block");
        machine.Hierarchy.Root.DyingDescendants.ShouldBe(dying);
        machine.Wait(parent, out _).ShouldNotBeNull();
        machine.Hierarchy.Root.DyingDescendants.ShouldBe(0);
        machine.Verify();
    }

    [Fact]
    public void Section11_6_ARemovedV2CgroupOfAZombie_IsShownAsDeleted()
    {
        Machine machine = Workloads.Boot("6.12", version: 2);
        Cgroup a = machine.Make("/a");
        TaskStruct parent = machine.Spawn(new SpawnOptions { Comm = "sh" });
        machine.As(parent);
        TaskStruct child = machine.Fork(parent).Child.ShouldNotBeNull();
        machine.Attach(a, child.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.ExitGroup(child.Signal, 0, 0);
        machine.Hierarchy.Rmdir("/a").ShouldBe(Errno.None);
        machine.Files.Read($"/proc/{child.Pid}/cgroup").Text.ShouldBe("0::/a (deleted)\n");
    }

    [Theory]
    [InlineData("memory", "memory")]
    [InlineData("pids")]
    [InlineData("memory,cpu")]
    [InlineData("memory,memory")]
    public void MountsThatNoKernelAllows_AreRefusedAtBoot(params string[] hierarchies) => Should.Throw<ArgumentException>(() => Boot("5.4", hierarchies));

    [Fact]
    public void PidsOn4_1_IsRefusedAtBoot() => Should.Throw<ArgumentException>(() => Boot("4.1", "memory,pids")).Message.ShouldContain("4.1 has no pids controller");
}
