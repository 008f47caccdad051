using System.Globalization;
using Ullage.Abi;
using Ullage.Model;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;

namespace Ullage.Lab.Validation;

/// <summary>What the operations of E14 are played on: cgroup /a with child /a/b, in which a task has 4 MiB of anonymous memory.</summary>
public sealed class WriteStage
{
    private const long TaskBytes = 4 << 20;

    internal WriteStage(string kernel, int version)
    {
        Machine = WriteExperiment.Boot(kernel, version);
        Mount = version == 1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        if (version == 2)
        {
            Write("/cgroup.subtree_control", "+memory");
        }
        Mkdir("/a");
        if (version == 2)
        {
            Write("/a/cgroup.subtree_control", "+memory");
        }
        Mkdir("/a/b");
        Task = Machine.Spawn(new SpawnOptions { Comm = "wl" });
        Write("/a/b/cgroup.procs", Pid);
        (_, long address) = Machine.Mmap(Task, TaskBytes, VmaFlags.Read | VmaFlags.Write);
        for (long at = 0; at < TaskBytes; at += 4096)
        {
            Machine.Touch(Task, address + at, write: true);
        }
    }

    internal Machine Machine { get; }

    internal string Mount { get; }

    internal TaskStruct Task { get; }

    internal string Pid => Task.Pid.ToString(CultureInfo.InvariantCulture);

    private static string Answer(Errno errno) => errno == Errno.None ? "ok" : errno.ToString();

    /// <summary>open(2) without O_CREAT, then one write(2), as the measurement did.</summary>
    internal string Write(string path, string text)
    {
        (Errno errno, Ullage.Model.Kernfs.OpenFile? file) = Machine.Open(Mount + path);
        string answer = Answer(file?.Write(text) ?? errno);
        file?.Close();
        return answer;
    }

    /// <summary>What a file shows, without its last line end.</summary>
    internal string Read(string path)
    {
        KernelRead read = Machine.Files.Read(Mount + path);
        return read.Ok ? read.Text.TrimEnd('\n') : read.Errno.ToString();
    }

    internal string Has(string directory, string name) => Machine.Files.List(Mount + directory).Names.Contains(name) ? "true" : "false";

    internal string Mkdir(string path) => Answer(Machine.Mkdir(path));

    internal string Rmdir(string path) => Answer(Machine.Rmdir(path));

    internal string Create(string path) => Answer(Machine.Files.Write(Mount + path, "x"));

    internal string Open(string path) => Answer(Machine.Open(Mount + path).Errno);

    /// <summary>A child of the task ends in an own cgroup, and nobody looks.</summary>
    internal Cgroup MakeZombie()
    {
        Mkdir("/z");
        TaskStruct child = Machine.Fork(Task).Child!;
        Write("/z/cgroup.procs", child.Pid.ToString(CultureInfo.InvariantCulture));
        Machine.ExitGroup(child.Signal, 0, 0);
        return Machine.Hierarchy.Find("/z")!;
    }
}
