using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Tests.Cgroups;

/// <summary>Migration in its phases, with controllers that agree and one that does not (§10.1, §10.2).</summary>
public sealed class MigrationTests
{
    private static Machine Boot(string era, int version = 1) => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), CgroupVersion = version, V1Hierarchies = ["memory,pids"],
    });

    private static TaskStruct Threaded(Machine machine, Cgroup cgroup, int threads)
    {
        TaskStruct leader = machine.Enter(cgroup);
        for (int i = 1; i < threads; i++)
        {
            machine.Clone(leader).Errno.ShouldBe(Errno.None);
        }
        return leader;
    }

    private static List<MigrationEvent> Watch(Machine machine)
    {
        List<MigrationEvent> seen = [];
        machine.MigrationWatcher = seen.Add;
        return seen;
    }

    [Fact]
    public void Section10_1_Phases_ComeInTheKernelsOrder()
    {
        Machine machine = Boot("5.4");
        (Cgroup a, Cgroup b) = (machine.Make("/a"), machine.Make("/b"));
        TaskStruct leader = Threaded(machine, a, 3);
        CssSet before = leader.CssSet;
        List<MigrationEvent> seen = Watch(machine);
        machine.Attach(b, leader.Pid, wholeProcess: true).ShouldBe(Errno.None);
        seen.ConvertAll(each => each.Phase).ShouldBe(
        [
            MigrationPhase.Begin, MigrationPhase.Source, MigrationPhase.Destination, MigrationPhase.CanAttach, MigrationPhase.CanAttach,
            MigrationPhase.Commit, MigrationPhase.Moved, MigrationPhase.Moved, MigrationPhase.Moved, MigrationPhase.Attach, MigrationPhase.Attach,
            MigrationPhase.PostAttach, MigrationPhase.PostAttach, MigrationPhase.End,
        ]);
        seen[1].From.ShouldBe(before);
        seen[1].Tasks.ShouldBe(3, "three threads shared the css_set");
        seen[2].IsNew.ShouldBeTrue();
        seen[2].To!.MemoryCgroup.ShouldBe(b);
        seen.Where(each => each.Phase == MigrationPhase.CanAttach).Select(each => each.Controller!.Name).ShouldBe(["memory", "pids"]);
        seen.First(each => each.Phase == MigrationPhase.Moved).Task.ShouldBe(leader, "the first thread goes first");
        machine.Verify();
    }

    [Fact]
    public void Section10_1_MovingToWhereItIs_AsksNobody()
    {
        Machine machine = Boot("5.4");
        Cgroup a = machine.Make("/a");
        TaskStruct leader = Threaded(machine, a, 2);
        List<MigrationEvent> seen = Watch(machine);
        machine.Attach(a, leader.Pid, wholeProcess: true).ShouldBe(Errno.None);
        seen.ConvertAll(each => each.Phase).ShouldBe([MigrationPhase.Begin, MigrationPhase.Source, MigrationPhase.Same, MigrationPhase.End]);
    }

    [Fact]
    public void Section10_2_V1Tasks_MovesOneThread_CgroupProcsAll()
    {
        Machine machine = Boot("5.4");
        (Cgroup a, Cgroup b) = (machine.Make("/a"), machine.Make("/b"));
        TaskStruct leader = Threaded(machine, a, 4);
        TaskStruct third = machine.Tasks.All.Single(task => task.Pid == leader.Pid + 2);
        machine.Current = null;
        machine.Files.Write("/sys/fs/cgroup/memory/b/tasks", $"{third.Pid}\n").ShouldBe(Errno.None);
        (a.Tasks.Count, b.Tasks.Count).ShouldBe((3, 1));
        machine.Files.Read("/sys/fs/cgroup/memory/b/cgroup.procs").Text.ShouldBe($"{leader.Pid}\n");
        machine.Files.Read("/sys/fs/cgroup/memory/b/pids.current").Text.ShouldBe("1\n");
        machine.Files.Write("/sys/fs/cgroup/memory/b/cgroup.procs", $"{third.Pid}\n").ShouldBe(Errno.None, "any thread names its process");
        (a.Tasks.Count, b.Tasks.Count).ShouldBe((0, 4));
        machine.Verify();
    }

    [Fact]
    public void Section10_1_ExitingThreads_AreSkipped()
    {
        Machine machine = Boot("5.4");
        (Cgroup a, Cgroup b) = (machine.Make("/a"), machine.Make("/b"));
        TaskStruct leader = Threaded(machine, a, 3);
        TaskStruct exiting = machine.Tasks.All.Single(task => task.Pid == leader.Pid + 1);
        exiting.Exiting = true;
        List<MigrationEvent> seen = Watch(machine);
        machine.Attach(b, leader.Pid, wholeProcess: true).ShouldBe(Errno.None);
        seen.Single(each => each.Phase == MigrationPhase.Skipped).Task.ShouldBe(exiting);
        exiting.Cgroup.ShouldBe(a);
        b.Tasks.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Section10_2_PidsMax_NeverRefusesAMove_ButThenForks(int version)
    {
        Machine machine = Boot("6.12", version);
        if (version == 2)
        {
            machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids").ShouldBe(Errno.None);
        }
        (Cgroup a, Cgroup b) = (machine.Make("/a"), machine.Make("/b"));
        string directory = machine.CgroupDirectory(b);
        machine.Files.Write(directory + "/pids.max", "2").ShouldBe(Errno.None);
        TaskStruct leader = Threaded(machine, a, 4);
        machine.Attach(b, leader.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.Files.Read(directory + "/pids.current").Text.ShouldBe("4\n", "above pids.max");
        machine.As(leader);
        machine.Fork(leader).Errno.ShouldBe(Errno.EAGAIN);
        machine.Clone(leader).Errno.ShouldBe(Errno.EAGAIN);
        machine.Files.Read(directory + "/pids.events").Text.ShouldBe("max 2\n");
        machine.Files.Read(directory + "/pids.current").Text.ShouldBe("4\n");
        machine.Files.Read(directory + "/pids.peak").Text.ShouldBe("4\n");
        machine.Log.Records.Count(record => record.Text == "cgroup: fork rejected by pids controller in /b").ShouldBe(1, "told once");
        machine.Verify();
    }

    [Theory]
    [InlineData("5.4", "max 1\n", "max 0\n")] // counted where it forked
    [InlineData("6.12", "max 0\n", "max 1\n")] // counted where the limit is, and above
    public void PidsEvents_OfAParentsLimit_AreCountedWhereTheEraSays(string era, string child, string parent)
    {
        Machine machine = Boot(era, version: 2);
        machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids").ShouldBe(Errno.None);
        Cgroup p = machine.Make("/p");
        machine.Files.Write("/sys/fs/cgroup/p/cgroup.subtree_control", "+pids").ShouldBe(Errno.None);
        Cgroup c = machine.Make("/p/c");
        machine.Files.Write("/sys/fs/cgroup/p/pids.max", "1").ShouldBe(Errno.None);
        TaskStruct task = machine.Enter(c);
        machine.Fork(task).Errno.ShouldBe(Errno.EAGAIN);
        machine.Current = null;
        machine.Files.Read("/sys/fs/cgroup/p/c/pids.events").Text.ShouldBe(child);
        machine.Files.Read("/sys/fs/cgroup/p/pids.events").Text.ShouldBe(parent);
        p.Memcg.ShouldBe(c.Memcg, "memory was not handed down");
        machine.Verify();
    }

    [Theory]
    [InlineData("0", Errno.None)]
    [InlineData("max", Errno.None)]
    [InlineData("4194304", Errno.None)]
    [InlineData("4194305", Errno.EINVAL)]
    [InlineData("-1", Errno.EINVAL)]
    [InlineData("many", Errno.EINVAL)]
    public void PidsMax_TakesWhatTheKernelTakes(string value, Errno errno)
    {
        Machine machine = Boot("5.4");
        machine.Make("/a");
        machine.Files.Write("/sys/fs/cgroup/memory/a/pids.max", value).ShouldBe(errno);
    }

    /// <summary>A controller that says no.</summary>
    private sealed class Refuser : Controller
    {
        public override string Name => "refuser";

        public int Cancelled { get; private set; }

        protected internal override Errno CanAttach(TaskSet tasks) => Errno.EPERM;

        protected internal override void CancelAttach(TaskSet tasks) => Cancelled++;
    }

    [Fact]
    public void Section10_1_ARefusal_IsTakenBackByThoseWhoAgreed_AndNothingHasChanged()
    {
        Machine machine = Boot("5.4");
        Refuser refuser = new();
        (Cgroup a, Cgroup b) = (machine.Make("/a"), machine.Make("/b"));
        TaskStruct leader = Threaded(machine, a, 3);
        machine.Grow(leader, 500, out _);
        machine.Current = null;
        b.Memcg.MoveChargeAtImmigrate = 3;
        machine.Controllers.Add(refuser);
        List<MigrationEvent> seen = Watch(machine);
        (long usageA, long usageB) = (a.Memcg.Memory.Usage, b.Memcg.Memory.Usage);
        machine.Attach(b, leader.Pid, wholeProcess: true).ShouldBe(Errno.EPERM);
        seen.Where(each => each.Phase == MigrationPhase.CancelAttach).Select(each => each.Controller!.Name).ShouldBe(["memory", "pids"]);
        refuser.Cancelled.ShouldBe(0, "it did not agree");
        seen[^1].Errno.ShouldBe(Errno.EPERM);
        leader.Cgroup.ShouldBe(a);
        a.Memcg.Memory.Usage.ShouldBe(usageA);
        b.Memcg.Memory.Usage.ShouldBe(usageB, "what was charged in advance is given back");
        b.Memcg.Memory.Watermark.ShouldBeGreaterThan(500, "but it was charged");
        machine.Files.Read("/sys/fs/cgroup/memory/a/pids.current").Text.ShouldBe("3\n");
        machine.CssSets.All.Count.ShouldBe(2);
        machine.Verify();
    }

    [Fact]
    public void Section10_2_UnprivilegedUsers_MoveTheirOwnTasks_V2_WithinWhatTheyWereGiven()
    {
        Machine machine = Boot("6.12", version: 2);
        machine.Files.Write("/sys/fs/cgroup/cgroup.subtree_control", "+memory").ShouldBe(Errno.None);
        Cgroup user = machine.Make("/user");
        (Cgroup x, Cgroup other) = (machine.Make("/user/x"), machine.Make("/other"));
        Machine.Delegate(user, 1000);
        Machine.Delegate(x, 1000);
        TaskStruct shell = machine.Spawn(new SpawnOptions { Comm = "sh", Uid = 1000 });
        TaskStruct outside = machine.Spawn(new SpawnOptions { Comm = "out", Uid = 1000 });
        machine.Attach(user, shell.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.As(shell);
        machine.Files.Write("/sys/fs/cgroup/user/x/cgroup.procs", "0").ShouldBe(Errno.None);
        shell.Cgroup.ShouldBe(x);
        machine.Files.Write("/sys/fs/cgroup/other/cgroup.procs", "0").ShouldBe(Errno.EACCES, "not theirs");
        machine.Files.Write("/sys/fs/cgroup/user/x/cgroup.procs", $"{outside.Pid}").ShouldBe(Errno.EACCES, "the root is above both");
        machine.Files.Write("/sys/fs/cgroup/user/x/memory.max", "1M").ShouldBe(Errno.EACCES, "limits stay with the one above");
        machine.Hierarchy.Mkdir("/user/y").ShouldBe(Errno.None);
        machine.Hierarchy.Mkdir("/mine").ShouldBe(Errno.EACCES);
        machine.Hierarchy.Find("/user/y")!.OwnerUid.ShouldBe(1000);
        other.Tasks.Count.ShouldBe(0);
    }
}
