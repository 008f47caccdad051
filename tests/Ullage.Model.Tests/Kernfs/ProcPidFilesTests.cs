using Ullage.Abi;
using Ullage.Model.Cgroups;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Tests.Kernfs;

/// <summary>Own files in /proc/&lt;pid&gt;.</summary>
public sealed class ProcPidFilesTests
{
    private static (Machine Machine, TaskStruct Task) Boot()
    {
        Machine machine = Machine.Boot(new MachineOptions { Era = Workloads.Era("4.15"), CgroupVersion = 1, V1Hierarchies = ["memory", "pids"] });
        Cgroup a = machine.Make("/a");
        TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "web" });
        machine.Attach(a, task.Pid, wholeProcess: true).ShouldBe(Errno.None);
        return (machine, task);
    }

    [Fact]
    public void CgList_ShowsTheCssSetAndItsCgroups()
    {
        (Machine machine, TaskStruct task) = Boot();
        machine.Files.Read($"/proc/{task.Pid}/cg_list").Errno.ShouldBe(Errno.ENOENT, "no kernel has it");
        machine.ProcPidFiles.Register(CgListFile.File);
        machine.Files.Read($"/proc/{task.Pid}/cg_list").Text.ShouldBe($"css_set {task.CssSet.Number} refcount 1 tasks 1\nmemory:/a serial 3 tasks 1\npids:/ serial 1 tasks 1\n");
        machine.Files.List($"/proc/{task.Pid}").Names.ShouldContain("cg_list");
        machine.Files.Write($"/proc/{task.Pid}/cg_list", "x").ShouldBe(Errno.EINVAL);
        machine.ProcPidFiles.Unregister("cg_list").ShouldBeTrue();
        machine.Files.Read($"/proc/{task.Pid}/cg_list").Errno.ShouldBe(Errno.ENOENT);
    }

    [Fact]
    public void AFileThatTakesWrites_GetsThem()
    {
        (Machine machine, TaskStruct task) = Boot();
        string kept = "";
        machine.ProcPidFiles.Register(new ProcPidFile("note", (_, of) => $"{of.Comm}: {kept}\n")
        {
            Write = (_, _, text) => (kept = text).Length > 3 ? Errno.EINVAL : Errno.None,
        });
        machine.Files.Write($"/proc/{task.Pid}/note", "abc").ShouldBe(Errno.None);
        machine.Files.Read($"/proc/{task.Pid}/note").Text.ShouldBe("web: abc\n");
        machine.Files.Write($"/proc/{task.Pid}/note", "abcd").ShouldBe(Errno.EINVAL);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("..")]
    public void NamesThatAreTakenOrNone_AreRefused(string name)
    {
        (Machine machine, _) = Boot();
        Should.Throw<ArgumentException>(() => machine.ProcPidFiles.Register(new ProcPidFile(name, (_, _) => "")));
    }
}
