using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Limits;

/// <summary>Turns numbers into control writes, moves, charges, uncharges and removals.</summary>
internal sealed partial class ControlPlayer(Machine machine, ControlTally tally)
{
    private const int Page = 4096;

    private static readonly string[] Paths = ["/a", "/a/b", "/a/b/c", "/d", "/d/e"];

    private static readonly string[] DataFiles = ["/data/x", "/data/y", "/data/z"];

    private readonly bool _v2 = machine.Options.CgroupVersion == 2;
    private readonly List<TaskStruct> _tasks = [];
    private readonly List<(TaskStruct Task, long Address, int Pages)> _regions = [];
    private readonly List<FileHandle> _files = [];
    private readonly List<SocketAccount> _sockets = [];

    private readonly List<string> _story = [];

    /// <summary>What was done, for whoever has to find out why it went wrong.</summary>
    public IReadOnlyList<string> Story => _story;

    private void Tell(string what) => _story.Add(what);

    public void Play(int number)
    {
        int what = number % 26;
        int rest = number / 26;
        Forget();
        machine.CurrentCpu = rest % machine.Options.Cpus;
        machine.Current = null;
        if (rest % 5 > 0)
        {
            machine.Hierarchy.Root.DistributesMemory = true;
        }
        switch (what)
        {
            case 0:
                MakeOrRemove(Pick(Paths, rest), make: true);
                break;
            case 1 or 2:
                MakeOrRemove(Pick(Paths, rest), make: false);
                break;
            case 3 or 4:
                Tell("spawn");
                _tasks.Add(machine.Spawn(new SpawnOptions { Comm = "p", OomScoreAdj = rest % 7 == 0 ? -1000 : rest % 1000 }));
                Move(_tasks[^1], rest);
                break;
            case 5 or 6 or 7 or 8 or 9:
                Write(rest);
                break;
            case 10:
                PassTime(rest);
                break;
            case 11:
                Close(rest);
                break;
            default:
                PlayTask(what, rest);
                break;
        }
        Reap();
        tally.SwappedOut += machine.Swap.Map.Used > 0 ? 1 : 0;
    }

    /// <summary>Cgroups and tasks to begin with, so that short sequences reach something.</summary>
    public void Begin()
    {
        machine.Hierarchy.Root.DistributesMemory = true;
        foreach (string path in Paths)
        {
            machine.Mkdir(path);
        }
        for (int i = 0; i < 3; i++)
        {
            TaskStruct task = machine.Spawn(new SpawnOptions { Comm = "p" });
            _tasks.Add(task);
            Cgroup cgroup = machine.Hierarchy.Find(Paths[2 + i])!;
            cgroup.Memcg.Memory.TrySetMax(500 + (200 * i)).ShouldBe(Errno.None);
            machine.Attach(cgroup, task.Pid, wholeProcess: true);
            machine.As(task);
            Map(task, 600, 0);
        }
        machine.Current = null;
    }

    private void MakeOrRemove(string path, bool make)
    {
        Tell((make ? "mkdir " : "rmdir ") + path);
        Errno errno = make ? machine.Mkdir(path) : machine.Rmdir(path);
        tally.Removals += !make && errno == Errno.None ? 1 : 0;
    }

    private static T Pick<T>(IReadOnlyList<T> list, int number) => list[number % list.Count];

    private void Forget()
    {
        _tasks.RemoveAll(task => task.Mm is null || task.Signal.Ended);
        _regions.RemoveAll(region => region.Task.Mm is null || region.Task.Signal.Ended);
    }

    private void PassTime(int rest)
    {
        Tell("time passes");
        Pass(rest % 3 == 0 ? 1_000_000 : rest % 3 == 1 ? 50_000_000 : 8_000_000_000);
    }

    /// <summary>The machine's time goes on in steps, so that what is done again and again has its time.</summary>
    private void Pass(long ns)
    {
        for (int step = 0; step < 20; step++)
        {
            machine.SpendAndRunDue(ns / 20);
        }
    }

    /// <summary>A write that somebody could mean, to some cgroup; by root or by a task, which may not be allowed to.</summary>
    private void Write(int rest)
    {
        Cgroup cgroup = machine.Hierarchy.Find(Pick(Paths, rest)) ?? machine.Hierarchy.Root;
        (string file, string value) = ControlWrites.Pick(_v2, rest / 8, _tasks.Count > 0 ? Pick(_tasks, rest).Pid : 1);
        string path = file.StartsWith('/') ? file : machine.CgroupDirectory(cgroup) + "/" + file;
        machine.Current = rest % 5 == 0 && _tasks.Count > 0 && Runs(Pick(_tasks, rest)) ? Pick(_tasks, rest) : null;
        Tell($"{machine.Current?.Pid ?? 0} writes {value} to {path}");
        Errno errno = machine.Write(path, value, nonBlocking: rest % 3 == 0);
        machine.Current = null;
        tally.Writes++;
        tally.Refused += errno == Errno.None ? 0 : 1;
        machine.Files.Read(path);
    }

    private static bool Runs(TaskStruct task) => task is { State: TaskState.Running, FatalSignalPending: false } && !task.Cgroup.Frozen;

    /// <summary>A socket, a file or its name goes.</summary>
    private void Close(int rest)
    {
        Tell("something is closed");
        if (rest % 3 == 0 && _sockets.Count > 0)
        {
            machine.Sockets.Close(Pick(_sockets, rest));
            _sockets.RemoveAll(socket => socket.Closed);
        }
        else if (rest % 3 == 1 && _files.Count > 0)
        {
            FileHandle file = Pick(_files, rest);
            _files.Remove(file);
            machine.CloseData(file);
        }
        else
        {
            machine.UnlinkData(Pick(DataFiles, rest));
        }
    }

    /// <summary>The killed leave when they next get a CPU.</summary>
    private void Reap()
    {
        machine.Current = null;
        foreach (TaskStruct task in _tasks)
        {
            if (task.FatalSignalPending && !task.Signal.Ended)
            {
                machine.ExitGroup(task.Signal, 0, 9);
            }
        }
    }

    public void EndAll()
    {
        Tell("all end");
        machine.Current = null;
        foreach (TaskStruct task in _tasks)
        {
            machine.ExitGroup(task.Signal, 0, 0);
        }
        foreach (SocketAccount socket in _sockets)
        {
            machine.Sockets.Close(socket);
        }
        foreach (FileHandle file in _files)
        {
            machine.CloseData(file);
        }
        foreach (string file in DataFiles)
        {
            machine.UnlinkData(file);
        }
        Pass(120_000_000_000);
        foreach (string path in Paths.Reverse())
        {
            machine.Rmdir(path);
        }
        machine.Files.Write("/proc/sys/vm/drop_caches", "3").ShouldBe(Errno.None);
        for (int cpu = 0; cpu < machine.Options.Cpus; cpu++)
        {
            machine.CurrentCpu = cpu;
            machine.Lru.Drain(cpu);
        }
        Pass(120_000_000_000);
    }

    /// <summary>All cgroups were removed, and nothing is charged to anybody but pages on their way out of the swap cache.</summary>
    public bool NothingIsLeft()
    {
        foreach (string path in Paths)
        {
            machine.Hierarchy.Find(path).ShouldBeNull($"{path} could not be removed");
        }
        machine.Frames.CountCharged(machine.Hierarchy.HighestId).Skip(1).Sum().ShouldBeLessThanOrEqualTo(machine.Swap.Cached);
        return true;
    }
}
