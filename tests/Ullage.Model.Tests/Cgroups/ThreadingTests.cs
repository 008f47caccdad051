using Ullage.Abi;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Cgroups;

/// <summary>v2: threaded cgroups and the rule against internal processes (§10.2, §10.3).</summary>
public sealed class ThreadingTests
{
    private static Machine Boot()
    {
        Machine machine = Workloads.Boot("6.12", version: 2);
        Control(machine, "", "cgroup.subtree_control", "+memory +pids").ShouldBe(Errno.None);
        machine.Make("/app");
        machine.Make("/app/io");
        machine.Make("/app/io/deep");
        return machine;
    }

    private static Errno Control(Machine machine, string path, string file, string value) => machine.Files.Write($"/sys/fs/cgroup{path}/{file}", value);

    private static string Show(Machine machine, string path, string file) => machine.Files.Read($"/sys/fs/cgroup{path}/{file}").Text.TrimEnd('\n');

    [Fact]
    public void Section10_2_MakingACgroupThreaded_MakesItsParentADomain_AndSiblingsInvalid()
    {
        Machine machine = Boot();
        machine.Make("/app/other");
        Show(machine, "/app", "cgroup.type").ShouldBe("domain");
        Control(machine, "/app/io", "cgroup.type", "threaded").ShouldBe(Errno.None);
        Show(machine, "/app/io", "cgroup.type").ShouldBe("threaded");
        Show(machine, "/app", "cgroup.type").ShouldBe("domain threaded");
        Show(machine, "/app/other", "cgroup.type").ShouldBe("domain invalid");
        Show(machine, "/app/io/deep", "cgroup.type").ShouldBe("domain invalid");
        Control(machine, "/app", "cgroup.subtree_control", "+memory").ShouldBe(Errno.EOPNOTSUPP, "memory is the domain's");
        Control(machine, "/app", "cgroup.subtree_control", "+pids").ShouldBe(Errno.None);
        Control(machine, "/app/io", "cgroup.type", "domain").ShouldBe(Errno.EINVAL, "there is no way back");
        machine.Files.Read("/sys/fs/cgroup/app/io/cgroup.procs").Errno.ShouldBe(Errno.EOPNOTSUPP);
        machine.Verify();
    }

    [Fact]
    public void Section10_2_ThreadsSpreadOverAThreadedSubtree_AndAreChargedToItsDomain()
    {
        Machine machine = Boot();
        (Cgroup app, Cgroup io) = (machine.Hierarchy.Find("/app")!, machine.Hierarchy.Find("/app/io")!);
        Control(machine, "/app/io", "cgroup.type", "threaded").ShouldBe(Errno.None);
        TaskStruct leader = machine.Enter(app);
        TaskStruct thread = machine.Clone(leader).Thread.ShouldNotBeNull();
        machine.Current = null;
        Control(machine, "/app/io", "cgroup.threads", $"{thread.Pid}").ShouldBe(Errno.None);
        thread.Cgroup.ShouldBe(io);
        thread.Cgroup.Memcg.ShouldBe(app.OwnMemcg);
        Show(machine, "/app/io", "cgroup.threads").ShouldBe($"{thread.Pid}");
        Show(machine, "/app", "cgroup.procs").ShouldBe($"{leader.Pid}");
        Control(machine, "/app/io/deep", "cgroup.threads", $"{thread.Pid}").ShouldBe(Errno.EOPNOTSUPP, "an invalid domain");
        machine.Make("/out");
        Control(machine, "/out", "cgroup.threads", $"{thread.Pid}").ShouldBe(Errno.EOPNOTSUPP, "another domain");
        Control(machine, "/out", "cgroup.procs", $"{thread.Pid}").ShouldBe(Errno.None, "a whole process may");
        (leader.Cgroup.Path, thread.Cgroup.Path).ShouldBe(("/out", "/out"));
        machine.Verify();
    }

    [Fact]
    public void Section10_2_APopulatedCgroup_CannotBecomeThreaded()
    {
        Machine machine = Boot();
        machine.Enter(machine.Hierarchy.Find("/app/io")!);
        machine.Current = null;
        Control(machine, "/app/io", "cgroup.type", "threaded").ShouldBe(Errno.EOPNOTSUPP);
        Show(machine, "/app/io", "cgroup.type").ShouldBe("domain");
    }

    [Fact]
    public void Section10_3_HandingPidsDown_GivesTasksBelowAnotherCssSet_AndCountsThem()
    {
        Machine machine = Boot();
        TaskStruct task = machine.Enter(machine.Hierarchy.Find("/app/io")!);
        machine.Current = null;
        CssSet before = task.CssSet;
        machine.Files.Read("/sys/fs/cgroup/app/io/pids.current").Errno.ShouldBe(Errno.ENOENT);
        Control(machine, "/app", "cgroup.subtree_control", "+pids").ShouldBe(Errno.None);
        task.CssSet.ShouldNotBe(before);
        Show(machine, "/app/io", "pids.current").ShouldBe("1");
        Show(machine, "/app", "pids.current").ShouldBe("1");
        Show(machine, "/app", "cgroup.controllers").ShouldBe("memory pids");
        Show(machine, "/app/io", "cgroup.controllers").ShouldBe("pids");
        machine.Verify();
        Control(machine, "/app", "cgroup.subtree_control", "-pids").ShouldBe(Errno.None);
        machine.Files.Read("/sys/fs/cgroup/app/io/pids.current").Errno.ShouldBe(Errno.ENOENT);
        Show(machine, "/app", "pids.current").ShouldBe("1");
        machine.Verify();
    }

    /// <summary>Refuses every move while it is told to.</summary>
    private sealed class Refuser : Controller
    {
        public override string Name => "refuser";

        protected internal override Errno CanAttach(TaskSet tasks) => Errno.EBUSY;
    }

    [Fact]
    public void Section10_3_ARefusedChangeOfControllers_LeavesThingsAsTheyWere()
    {
        Machine machine = Boot();
        TaskStruct task = machine.Enter(machine.Hierarchy.Find("/app/io")!);
        machine.Current = null;
        CssSet before = task.CssSet;
        machine.Controllers.Add(new Refuser());
        Control(machine, "/app", "cgroup.subtree_control", "+pids +memory").ShouldBe(Errno.EBUSY);
        task.CssSet.ShouldBe(before);
        Show(machine, "/app", "cgroup.subtree_control").ShouldBe("");
        machine.Hierarchy.Root.DyingDescendants.ShouldBe(0);
        machine.Verify();
    }
}
