using Ullage.Abi;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Files;

namespace Ullage.Model.Tests.Limits;

/// <summary>What the sequences came to: a property that never reaches its subject shows nothing.</summary>
internal sealed class ControlTally
{
    public long Writes { get; set; }

    public long Refused { get; set; }

    public long Moves { get; set; }

    public long Removals { get; set; }

    public long Sockets { get; set; }

    public long SwappedOut { get; set; }

    public long FilePages { get; set; }
}

/// <summary>Turns numbers into control writes, moves, charges, uncharges and removals.</summary>
internal sealed class ControlPlayer(Machine machine, ControlTally tally)
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
                Tell($"mkdir {Pick(Paths, rest)}");
                machine.Mkdir(Pick(Paths, rest));
                break;
            case 1 or 2:
                Tell($"rmdir {Pick(Paths, rest)}");
                tally.Removals += machine.Rmdir(Pick(Paths, rest)) == Errno.None ? 1 : 0;
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

    private void PlayTask(int what, int rest)
    {
        if (_tasks.Count == 0 || !Runs(Pick(_tasks, rest)))
        {
            return;
        }
        TaskStruct task = Pick(_tasks, rest);
        machine.As(task);
        switch (what)
        {
            case 12 or 13:
                Move(task, rest / 3);
                break;
            case 14:
                Map(task, 1 + (rest % 500), rest / 500);
                break;
            case 15 or 16 or 17:
                Touch(task, rest);
                break;
            case 18:
                Give(rest);
                break;
            case 19 or 20:
                UseFile(task, rest);
                break;
            case 21:
                UseSocket(task, rest);
                break;
            case 22:
                ForkCloneOrDie(task, rest);
                break;
            case 23:
                LookUp(task, rest);
                break;
            case 24:
                UseSocket(task, rest / 2);
                break;
            default:
                Move(task, rest / 5);
                break;
        }
    }

    private void Move(TaskStruct task, int rest)
    {
        if (machine.Hierarchy.Find(Pick(Paths, rest)) is { } cgroup)
        {
            if (!_v2 && cgroup.OwnMemcg is { } memcg && !machine.Era.Cgroups.ChargeMovingGone)
            {
                memcg.MoveChargeAtImmigrate = (ulong)(rest / 8 % 4);
            }
            Tell($"{task.Pid} moves to {cgroup}, flags {cgroup.OwnMemcg?.MoveChargeAtImmigrate}");
            Errno errno = machine.Attach(cgroup, task.Pid, wholeProcess: rest % 3 > 0);
            tally.Moves += errno == Errno.None ? 1 : 0;
        }
    }

    private void Map(TaskStruct task, int pages, int kind)
    {
        Tell($"{task.Pid} maps {pages}, kind {kind % 3}, {(kind % 7 == 0 ? "populated" : "")}");
        VmaFlags flags = VmaFlags.Read | VmaFlags.Write | (kind % 3 > 0 ? VmaFlags.Shared : VmaFlags.None);
        (Errno errno, long address) = kind % 3 < 2 || File(kind) is not { } file ? machine.Mmap(task, pages * Page, flags) : machine.MmapData(task, file, pages * Page, flags);
        if (errno == Errno.None)
        {
            _regions.Add((task, address, pages));
            if (kind % 7 == 0)
            {
                machine.Populate(task, address, pages * Page);
            }
        }
    }

    private void Touch(TaskStruct task, int rest)
    {
        Tell($"{task.Pid} of {task.Cgroup} touches all it has");
        foreach ((TaskStruct owner, long address, int pages) in _regions.Where(region => region.Task == task))
        {
            for (int page = rest % 3; page < pages; page++)
            {
                FaultOutcome outcome = machine.Touch(owner, address + (page * Page), write: rest % 4 > 0);
                if (outcome == FaultOutcome.Bus)
                {
                    break; // beyond the file's end
                }
                if (outcome is FaultOutcome.Killed or FaultOutcome.WaitForOom || !Runs(task))
                {
                    return;
                }
            }
        }
    }

    private void Give(int rest)
    {
        if (_regions.Count == 0)
        {
            return;
        }
        (TaskStruct owner, long address, int pages) = Pick(_regions, rest);
        Tell($"{owner.Pid} gives back {pages}, {(rest % 2 == 0 ? "advice" : "munmap")}");
        machine.As(owner);
        if (rest % 2 == 0)
        {
            machine.Madvise(owner, address, pages * Page, rest % 4 == 0 ? Advice.DontNeed : Advice.Free);
            return;
        }
        machine.Munmap(owner, address, pages * Page);
        _regions.RemoveAll(region => region.Address == address && region.Task == owner);
    }

    private FileHandle? File(int rest)
    {
        if (_files.Count < 4 && machine.OpenData(Pick(DataFiles, rest), create: true) is { File: { } opened })
        {
            _files.Add(opened);
        }
        return _files.Count == 0 ? null : Pick(_files, rest);
    }

    private void UseFile(TaskStruct task, int rest)
    {
        if (File(rest) is not { } file)
        {
            return;
        }
        Tell($"{task.Pid} of {task.Cgroup} uses a file {rest / 700 % 6}");
        long offset = rest % 700 * Page;
        long bytes = (1 + (rest % 300)) * Page;
        switch (rest / 700 % 6)
        {
            case 0 or 1:
                tally.FilePages += machine.WriteData(task, file, offset, bytes).Bytes / Page;
                break;
            case 2 or 3:
                tally.FilePages += machine.ReadData(task, file, offset / 4, bytes).Bytes / Page;
                break;
            case 4:
                machine.TruncateData(file, offset);
                break;
            default:
                machine.SyncData(file);
                break;
        }
    }

    private void UseSocket(TaskStruct task, int rest)
    {
        if (_sockets.Count < 6)
        {
            _sockets.Add(machine.Sockets.Open(task));
            tally.Sockets++;
        }
        SocketAccount socket = Pick(_sockets, rest);
        Tell($"socket of {socket.Memcg}");
        if (rest % 5 == 0)
        {
            machine.Sockets.Uncharge(socket, socket.Pages / 2);
            return;
        }
        machine.Sockets.TryCharge(socket, 1 + (rest % 200), mayWait: rest % 3 > 0, mustSucceed: rest % 7 == 0);
        _ = machine.Sockets.IsUnderPressure(socket);
    }

    private void ForkCloneOrDie(TaskStruct task, int rest)
    {
        Tell($"{task.Pid} {(rest % 4 == 0 ? "exits" : rest % 4 == 1 ? "clones" : "forks")}");
        if (rest % 4 == 0)
        {
            machine.ExitGroup(task.Signal, 0, 0);
        }
        else if (rest % 4 == 1)
        {
            machine.Clone(task);
        }
        else if (machine.Fork(task).Child is { } child)
        {
            _tasks.Add(child);
            _regions.AddRange([.. _regions.Where(region => region.Task == task).Select(region => (child, region.Address, region.Pages))]);
        }
    }

    private void LookUp(TaskStruct task, int rest)
    {
        Tell($"{task.Pid} of {task.Cgroup} looks up names");
        DiskDirectory directory = machine.Directory("/data/d");
        for (int i = 0; i < rest % 400 && Runs(task); i++)
        {
            machine.Stat(task, directory, rest + i);
        }
    }

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
