using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Pages;

namespace Ullage.Model.Tests.Cgroups;

/// <summary>The cpuset controller (§10.2): its files, and who may enter.</summary>
public sealed class CpusetTests
{
    private static Machine Boot(int version, string era = "6.18") => Machine.Boot(new MachineOptions
    {
        Era = Workloads.Era(era), MemoryBytes = 512 << 20, Nodes = 2, Cpus = 4, CgroupVersion = version, V1Hierarchies = ["memory", "cpuset"],
    });

    private static string Root(Machine machine) => machine.Options.CgroupVersion == 1 ? "/sys/fs/cgroup/cpuset" : "/sys/fs/cgroup";

    private static string Make(Machine machine, string path)
    {
        CgroupHierarchy hierarchy = machine.Hierarchies[^1];
        if (machine.Options.CgroupVersion == 2)
        {
            string parent = path[..path.LastIndexOf('/')];
            machine.Files.Write(Root(machine) + parent + "/cgroup.subtree_control", "+cpuset").ShouldBe(Errno.None);
        }
        hierarchy.Mkdir(path).ShouldBe(Errno.None);
        return Root(machine) + path;
    }

    private static string Show(Machine machine, string file) => machine.Files.Read(file).Text.TrimEnd('\n');

    [Fact]
    public void Section10_2_V1LetsNobodyIntoACpusetWithoutNodesOrCpus()
    {
        Machine machine = Boot(1);
        string directory = Make(machine, "/a");
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t" });
        Cgroup cgroup = machine.Hierarchies[^1].Find("/a")!;
        (Show(machine, directory + "/cpuset.mems"), Show(machine, directory + "/cpuset.cpus")).ShouldBe(("", ""));
        machine.Attach(cgroup, task.Pid, wholeProcess: true).ShouldBe(Errno.ENOSPC);
        machine.Files.Write(directory + "/cpuset.mems", "1").ShouldBe(Errno.None);
        machine.Attach(cgroup, task.Pid, wholeProcess: true).ShouldBe(Errno.ENOSPC);
        machine.Files.Write(directory + "/cpuset.cpus", "2-3").ShouldBe(Errno.None);
        machine.Attach(cgroup, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        task.CssSet.Cpuset!.TaskMems.ShouldBe(NodeMask.Of(1));
        machine.Files.Write(directory + "/cpuset.mems", "\n").ShouldBe(Errno.ENOSPC); // who has tasks keeps something
        machine.Verify();
    }

    [Fact]
    public void V2InheritsWhatIsNotWritten()
    {
        Machine machine = Boot(2);
        string directory = Make(machine, "/a");
        string below = Make(machine, "/a/b");
        Show(machine, "/sys/fs/cgroup/cpuset.mems.effective").ShouldBe("0-1");
        machine.Files.Read("/sys/fs/cgroup/cpuset.mems").Errno.ShouldBe(Errno.ENOENT); // not on the root
        Show(machine, below + "/cpuset.mems").ShouldBe("");
        Show(machine, below + "/cpuset.mems.effective").ShouldBe("0-1");
        machine.Files.Write(directory + "/cpuset.mems", "1").ShouldBe(Errno.None);
        Show(machine, below + "/cpuset.mems.effective").ShouldBe("1");
        machine.Files.Write(below + "/cpuset.mems", "0").ShouldBe(Errno.None); // nothing that the parent has: its own count
        Show(machine, below + "/cpuset.mems.effective").ShouldBe("1");
        machine.Files.Write(directory + "/cpuset.cpus", "0,2-3").ShouldBe(Errno.None);
        Show(machine, below + "/cpuset.cpus.effective").ShouldBe("0,2-3");
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t" });
        machine.Attach(machine.Hierarchy.Find("/a/b")!, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        machine.Files.Write(directory + "/cgroup.subtree_control", "-cpuset").ShouldBe(Errno.None);
        machine.Files.Read(below + "/cpuset.mems").Errno.ShouldBe(Errno.ENOENT);
        task.CssSet.Cpuset!.Cgroup.Path.ShouldBe("/a");
        machine.Verify();
    }

    [Theory]
    [InlineData("0-1", Errno.None)]
    [InlineData(" 1 ", Errno.None)]
    [InlineData("0-1:1/2", Errno.None)]
    [InlineData("2", Errno.EINVAL)] // no such node
    [InlineData("1-0", Errno.EINVAL)]
    [InlineData("x", Errno.EINVAL)]
    [InlineData("-1", Errno.EINVAL)]
    [InlineData("0:1/2", Errno.EINVAL)]
    [InlineData("1024", Errno.ERANGE)]
    public void ListOfNodesIsReadAsTheKernelReadsIt(string text, Errno expected)
    {
        foreach (int version in new[] { 1, 2 })
        {
            Machine machine = Boot(version);
            machine.Files.Write(Make(machine, "/a") + "/cpuset.mems", text).ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData("3", Errno.None)]
    [InlineData("4", Errno.ERANGE)]
    [InlineData("0,,2", Errno.None)]
    public void ListOfCpusEndsAtThePossibleOnes(string text, Errno expected)
    {
        Machine machine = Boot(2);
        machine.Files.Write(Make(machine, "/a") + "/cpuset.cpus", text).ShouldBe(expected);
    }

    [Fact]
    public void V1KeepsChildrenWithinTheirParents()
    {
        Machine machine = Boot(1);
        string directory = Make(machine, "/a");
        string below = Make(machine, "/a/b");
        machine.Files.Write("/sys/fs/cgroup/cpuset/cpuset.mems", "0").ShouldBe(Errno.EACCES); // the root's are the machine's
        machine.Files.Write(below + "/cpuset.mems", "0").ShouldBe(Errno.EACCES);
        machine.Files.Write(directory + "/cpuset.mems", "0-1").ShouldBe(Errno.None);
        machine.Files.Write(below + "/cpuset.mems", "0").ShouldBe(Errno.None);
        machine.Files.Write(directory + "/cpuset.mems", "1").ShouldBe(Errno.EBUSY);
        string beside = Make(machine, "/c");
        machine.Files.Write(directory + "/cpuset.mem_exclusive", "1").ShouldBe(Errno.None);
        machine.Files.Write(beside + "/cpuset.mems", "0").ShouldBe(Errno.EINVAL);
        Show(machine, directory + "/cpuset.mem_exclusive").ShouldBe("1");
        machine.Verify();
    }

    [Theory]
    [InlineData("5.10", Errno.EBUSY)]
    [InlineData("6.1", Errno.None)]
    public void V2ParentsCanShrinkBelowTheirChildrenSince5_17(string era, Errno expected)
    {
        Machine machine = Boot(2, era);
        string directory = Make(machine, "/a");
        string below = Make(machine, "/a/b");
        machine.Files.Write(directory + "/cpuset.mems", "0-1").ShouldBe(Errno.None);
        machine.Files.Write(below + "/cpuset.mems", "0-1").ShouldBe(Errno.None);
        machine.Files.Write(directory + "/cpuset.mems", "1").ShouldBe(expected);
    }

    [Fact]
    public void PolicyMovesToTheNodesThatATaskMayUse()
    {
        Machine machine = Boot(1);
        string directory = Make(machine, "/a");
        machine.Files.Write(directory + "/cpuset.mems", "1").ShouldBe(Errno.None);
        machine.Files.Write(directory + "/cpuset.cpus", "0-3").ShouldBe(Errno.None);
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t" });
        machine.SetMempolicy(task, PolicyMode.Bind, NodeMask.Of(0)).ShouldBe(Errno.None);
        machine.Attach(machine.Hierarchies[^1].Find("/a")!, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        task.Policy!.Nodes.ShouldBe(NodeMask.Of(1));
        machine.Files.Write(directory + "/cpuset.mems", "0").ShouldBe(Errno.None);
        task.Policy!.Nodes.ShouldBe(NodeMask.Of(0));
    }

    [Fact]
    public void V1CloneChildrenCopiesTheParents()
    {
        Machine machine = Boot(1);
        string directory = Make(machine, "/a");
        machine.Files.Write(directory + "/cpuset.mems", "0").ShouldBe(Errno.None);
        machine.Files.Write(directory + "/cpuset.cpus", "1").ShouldBe(Errno.None);
        machine.Files.Write(directory + "/cgroup.clone_children", "1").ShouldBe(Errno.None);
        string below = Make(machine, "/a/b");
        (Show(machine, below + "/cpuset.mems"), Show(machine, below + "/cpuset.effective_cpus")).ShouldBe(("0", "1"));
    }

    [Fact]
    public void TasksRunWhereTheirCpusetLetsThem()
    {
        Machine machine = Boot(2);
        string directory = Make(machine, "/a");
        machine.Files.Write(directory + "/cpuset.cpus", "2").ShouldBe(Errno.None);
        HashSet<int> seen = [];
        for (int i = 0; i < 3; i++)
        {
            TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "t" });
            machine.Attach(machine.Hierarchy.Find("/a")!, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
            machine.Scheduler.Start(task, new Counting(20, seen));
        }
        machine.Scheduler.RunUntil(long.MaxValue);
        seen.ShouldBe([2]);
        machine.Verify();
    }

    private sealed class Counting(int left, HashSet<int> seen) : ITaskProgram
    {
        private int _left = left;

        public ProgramStep Run(Machine machine, TaskStruct task, long budgetNs)
        {
            seen.Add(machine.CurrentCpu);
            machine.Brk(task, 0);
            return --_left > 0 ? new ProgramStep(ProgramNext.Ready) : new ProgramStep(ProgramNext.Exit, 0);
        }
    }
}
